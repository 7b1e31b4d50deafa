"""Image: one DICOM file as far as its header tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurochain.formats.dicom.elements import Tree, tree
from neurochain.formats.dicom.frames import further_tags, planes_of
from neurochain.formats.dicom.pixels import is_encapsulated, pixel_problem
from neurochain.formats.dicom.planes import Plane
from neurochain.formats.dicom.scan import CutShort, Refused, Scan, scan
from neurochain.formats.dicom.values import WANTED, decode
from neurochain.formats.dicom.with_pydicom import scan_with_pydicom
from neurochain.storage import File

__all__ = ["Image", "scanned"]

HEAD_LIMIT = 64 * 2**20  # the longest header met has 350 KB; beyond this pydicom steps through the file
STEP = 64 * 1024  # bytes fetched more where sequences go on: enhanced headers have 300 KB
AFTER = 16 * 1024  # bytes fetched behind a long element: what follows Siemens' private headers has 2 KB


@dataclass(slots=True)
class Image:
    """One DICOM file as far as its header tells.

    Attributes
    ----------
    file : File
        It.
    found : Scan
        Where its elements lie.
    record : dict
        Fields of `DicomRecord`.
    extra : dict
        What a closer look at the header has found: private elements and sequences, never indexed.
    problem : str or None
        What is wrong with it: cut short, or with less pixels than it promises.
    head : bytes
        The file's first bytes, as far as they were fetched.
    """

    file: File
    found: Scan
    record: dict[str, Any]
    extra: Tree
    problem: str | None
    head: bytes

    def planes(self, picture: int) -> list[Plane]:
        """Where its images lie; none where it does not say."""
        return planes_of(picture, self.file.name, self.record, self.extra, self.found.big_endian)


def scanned(file: File, head: bytes, series: bool = False, wanted: Mapping[int, Any] | None = None) -> Image:
    """Scan and decode a header, fetching more where the head ends inside it.

    Parameters
    ----------
    file : File
        Of DICOM.
    head : bytes
        Its first bytes.
    series : bool
        Whether to look for what tells the images of a series apart.
    wanted : mapping, optional
        What else to look for, as in `tree`.

    Raises
    ------
    FormatError
        The header cannot be read.
    """
    found = None
    try:
        while found is None:
            try:
                found = scan(head, file.size, WANTED)
            except CutShort as short:
                end = min(
                    file.size, max(short.needed + AFTER, 0 if _is_long(short, head) else len(head) + STEP)
                )
                if end > HEAD_LIMIT or end <= len(head):
                    raise Refused(f"its header goes on after {len(head):,} bytes") from None
                head += file.read_range(len(head), end)
        record = decode(found.values, found.big_endian, strict=found.deflated_at is None)
        looked_at = found
    except Refused as refused:
        # What text needs pydicom leaves the walk over the elements as it was.
        looked_at, found = found or Scan(), scan_with_pydicom(file, str(refused))
        record = decode(found.values, found.big_endian)
    further = further_tags(record, series) | dict(wanted or {})
    extra = tree(looked_at, further) if further and looked_at.data else {}
    looked_at.data = b""  # not kept: a series has thousands of headers
    record["transfer_syntax"] = found.transfer_syntax
    record["header_end"] = found.end if found.deflated_at is None else None
    if found.pixel is not None and found.deflated_at is None and not is_encapsulated(found):
        record["pixel_offset"] = found.pixel[2]
    problem = found.cut
    if problem is None and found.pixel is not None:
        problem = pixel_problem(file, head, found, record)
    return Image(file, found, record, extra, problem, head)


def _is_long(short: CutShort, head: bytes) -> bool:
    """Whether one long element is missing, rather than the rest of a sequence of which nobody knows the length."""
    return short.needed > len(head) + 1024
