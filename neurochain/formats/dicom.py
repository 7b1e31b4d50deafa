"""DicomReader: DICOM files, header and pixels.

PS3.10 (files), PS3.5 (data sets): https://dicom.nema.org/medical/dicom/current/
"""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats import dicom_geometry as geometry
from neurochain.formats.dicom_pixels import absence_problem, is_encapsulated, pixel_problem, pixels
from neurochain.formats.dicom_pydicom import scan_with_pydicom
from neurochain.formats.dicom_record import DicomRecord
from neurochain.formats.dicom_scan import CutShort, Refused, Scan, is_bare, scan
from neurochain.formats.dicom_values import WANTED, decode
from neurochain.formats.reader import FileHeader
from neurochain.formats.recording import Recording
from neurochain.formats.volume import Volume
from neurochain.storage import File, Memo

__all__ = ["DicomReader"]

HEAD_LIMIT = 64 * 2**20  # the longest header met has 291 KB; beyond this pydicom steps through the file


class DicomReader:
    """Reader of DICOM files: with or without preamble, of every transfer syntax."""

    name = "dicom"
    formats = ("dicom",)
    array: Literal["volume", "recording"] = "volume"
    record = DicomRecord
    suffixes = (".dcm", ".dicom", ".dic", ".ima")
    head_size = 64 * 1024  # headers: 17 KB median, 291 KB largest of 308 real files
    companions: Mapping[str, tuple[str, ...]] = {}

    def matches(self, head: bytes, name: str) -> bool:
        """Whether the file has DICOM's mark at byte 128, or begins with a data set."""
        return head[128:132] == b"DICM" or is_bare(head)

    def read_header(self, file: File, head: bytes) -> FileHeader:
        """Header of a DICOM file; the head grows until Pixel Data or the end of the file is reached."""
        found, record, head = _scanned(file, head)
        header: dict[str, Any] = {"format": "dicom", "modality": record.get("Modality")}
        error = found.cut
        if found.pixel is not None:
            header["shape"] = geometry.shape(record)
            header["dtype"] = geometry.stored_dtype(record, found.pixel[0])
            if error is None:
                error = pixel_problem(file, head, found, record)
        elif error is None:
            error = absence_problem(file, found, record)
        header["voxel_sizes"] = geometry.voxel_sizes(record)
        header["affine"] = geometry.affine(record)
        if error is not None:
            header["error"] = error
        return FileHeader(header, "dicom", record, record["header_end"])

    def volume(self, file: File, memo: Memo | None = None) -> Volume:
        """Pixels as [frame,] row, column[, sample]; rescaled where the file states slope or intercept."""
        head = file.read_range(0, self.head_size)
        if not self.matches(head, file.name):
            raise FormatError(f"{file.uri} is no DICOM file: it begins with {head[:8]!r}.")
        found, record, head = _scanned(file, head)
        problem = found.cut
        if problem is None and found.pixel is not None:
            problem = pixel_problem(file, head, found, record)
        if problem is not None:
            raise FormatError(f"{file.uri}: {problem}.")
        array, axes = pixels(file, found, record, head, memo)
        flat = geometry.affine(record)
        slope, intercept = record.get("RescaleSlope"), record.get("RescaleIntercept")
        scaling = (1.0 if slope is None else slope, 0.0 if intercept is None else intercept)
        return Volume(
            file,
            "dicom",
            self.volume,
            array,
            axes,
            affine=None if flat is None else np.array(flat).reshape(4, 4),
            voxel_sizes=tuple(geometry.voxel_sizes(record) or ()),
            scaling=None if scaling == (1.0, 0.0) else scaling,
        )

    def recording(self, file: File, memo: Memo | None = None) -> Recording:
        """DICOM files hold images; waveforms in them are not read yet."""
        raise FormatError(
            f"{file.uri} is a DICOM file, not a recording: open it as a volume. Waveforms in DICOM are not read."
        )


def _scanned(file: File, head: bytes) -> tuple[Scan, dict[str, Any], bytes]:
    """Scan and decode a header, fetching more where the head ends inside it."""
    try:
        while True:
            try:
                found = scan(head, file.size, WANTED)
                break
            except CutShort as short:
                end = min(file.size, max(4 * len(head), short.needed))
                if end > HEAD_LIMIT or end <= len(head):
                    raise Refused(f"its header goes on after {len(head):,} bytes") from None
                head += file.read_range(len(head), end)
        record = decode(found.values, found.big_endian, strict=found.deflated_at is None)
    except Refused as refused:
        found = scan_with_pydicom(file, str(refused))
        record = decode(found.values, found.big_endian)
    record["transfer_syntax"] = found.transfer_syntax
    record["header_end"] = found.end if found.deflated_at is None else None
    if found.pixel is not None and found.deflated_at is None and not is_encapsulated(found):
        record["pixel_offset"] = found.pixel[2]
    return found, record, head
