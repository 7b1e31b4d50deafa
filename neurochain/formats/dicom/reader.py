"""DicomReader: DICOM files, header and pixels.

PS3.10 (files), PS3.5 (data sets): https://dicom.nema.org/medical/dicom/current/
"""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.dicom import geometry
from neurochain.formats.dicom.directory import DIRECTORY
from neurochain.formats.dicom.grid import Grid, grid_of
from neurochain.formats.dicom.identifiers import read_identifiers
from neurochain.formats.dicom.image import Image, scanned
from neurochain.formats.dicom.pixels import absence_problem, pixels
from neurochain.formats.dicom.record import DicomRecord
from neurochain.formats.dicom.scan import is_bare
from neurochain.formats.dicom.stack import stacked
from neurochain.formats.reader import FileHeader
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.volumes.volume import Volume
from neurochain.storage import File, Memo

__all__ = ["DicomReader"]


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
        image = scanned(file, head, header=True)
        found, record = image.found, image.record
        header: dict[str, Any] = {"format": "dicom", "modality": record.get("Modality")}
        error = image.problem
        if found.pixel is not None:
            header["shape"] = geometry.shape(record)
            header["dtype"] = geometry.stored_dtype(record, found.pixel[0])
        elif error is None:
            error = absence_problem(file, found, record)
        header["voxel_sizes"] = geometry.voxel_sizes(record)
        header["affine"] = geometry.affine(record)
        if image.extra and error is None:
            grid, error = _grid(image)
            if grid is not None and found.pixel is not None:
                header |= _stacked(image, grid)
        if error is not None:
            header["error"] = error
        length = record["header_end"] if found.first is None else found.first
        return FileHeader(header, "dicom", record, length)

    def identifiers(self, file: File) -> dict[str, str]:
        """Of patient, physicians, institution and device, and dates, by keyword."""
        return read_identifiers(file)

    def volume(self, file: File, memo: Memo | None = None) -> Volume:
        """Pixels as (row, column[, slice, …][, sample]); rescaled where the file states slope or intercept.

        The slices of a mosaic and of an enhanced image ascend along the normal of their orientation. Frames
        that make no grid in space stay as they are: (frame, row, column[, sample]).
        """
        head = file.read_range(0, self.head_size)
        if not self.matches(head, file.name):
            raise FormatError(f"{file.uri} is no DICOM file: it begins with {head[:8]!r}.")
        image = scanned(file, head)
        found, record, problem, grid = image.found, image.record, image.problem, None
        if image.extra and problem is None:
            grid, problem = _grid(image)
        if problem is not None:
            raise FormatError(f"{file.uri}: {problem}.")
        if found.media_class == DIRECTORY:
            raise FormatError(
                f"{file.uri} is a directory of other files: list them with dicom_directory(file)."
            )
        array, axes = pixels(file, found, record, image.head, memo)
        if grid is not None:
            return stacked("dicom", [file], [array], grid, self.volume)
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


def _grid(image: Image) -> tuple[Grid | None, str | None]:
    """Order of a file's planes in space, or None where they have none; and what is wrong with them."""
    try:
        planes = image.planes(0)
    except FormatError as error:
        return None, str(error)
    if len({plane.labels.get("stack") for plane in planes}) != 1:
        return None, None
    try:
        return grid_of(planes), None
    except FormatError:  # a localizer, or a radial stack: sound, but no grid
        return None, None


def _stacked(image: Image, grid: Grid) -> dict[str, Any]:
    """Fields of `Header` of planes that make a grid."""
    samples = image.record.get("SamplesPerPixel") or 1
    found: dict[str, Any] = {
        "shape": [*grid.shape, *([samples] if samples > 1 else [])],
        "voxel_sizes": list(grid.voxel_sizes),
        "affine": [float(v) for v in grid.affine.ravel()],
    }
    if grid.axes and grid.axes[-1] == "t":
        found["n_samples"] = grid.shape[-1]
    return found
