"""Image: one DICOM file as far as its header tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurochain.formats.dicom.elements import Tree, tree
from neurochain.formats.dicom.frames import further_tags, planes_of
from neurochain.formats.dicom.layout import CutShort, Refused, Scan
from neurochain.formats.dicom.likes import Likes
from neurochain.formats.dicom.pixels import is_encapsulated, pixel_problem
from neurochain.formats.dicom.planes import Plane
from neurochain.formats.dicom.scan import scan
from neurochain.formats.dicom.values import WANTED, content, decode, decode_like
from neurochain.formats.dicom.with_pydicom import scan_with_pydicom
from neurochain.storage import File

__all__ = ["Image", "scanned"]

HEAD_LIMIT = 64 * 2**20  # the longest header met has 350 KB; beyond this pydicom steps through the file
STEP = 64 * 1024  # bytes fetched more where sequences go on: enhanced headers have 300 KB
LEAST = (
    8 * 1024
)  # bytes fetched more where that costs next to nothing: what follows long private values has 2 to 6 KB
AFTER = 16 * 1024  # bytes fetched behind a long element: what follows Siemens' private headers has 2 KB
LIKES = Likes()  # of this process: headers that were met last


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


class _More:
    """Bytes of a file behind its first."""

    def __init__(self, file: File, head: bytes, gap: int) -> None:
        self.file, self.gap = file, gap
        self.pieces = [(0, head)]
        self.left_out = False

    def __call__(self, start: int, needed: int, long: bool, base: int) -> bytes:
        """As `More` says."""
        have = self._end
        if start > have:
            self.left_out = True
            end = needed + max(LEAST, min(AFTER, self.gap // 4))
        else:
            along = STEP if self.gap >= STEP else min(STEP, max(LEAST, (start - base) // 2))
            end = max(needed + min(AFTER, along), 0 if long else start + along)
        end = min(self.file.size, end)
        if end - base > HEAD_LIMIT or end < needed:
            raise Refused(f"its header goes on after {have:,} bytes")
        piece = self.file.read_range(start, end)
        self.pieces.append((start, piece))
        return piece

    @property
    def _end(self) -> int:
        start, data = self.pieces[-1]
        return start + len(data)

    def whole(self) -> bytes:
        """All bytes up to the last; those that were left out are fetched."""
        ends = [start + len(data) for start, data in self.pieces]
        holes = [(a, b) for a, (b, _) in zip(ends, self.pieces[1:], strict=False) if a < b]
        found = [*self.pieces, *zip((a for a, _ in holes), self.file.read_ranges(holes), strict=True)]
        return b"".join(data for _, data in sorted(found))


def scanned(
    file: File,
    head: bytes,
    series: bool = False,
    wanted: Mapping[int, Any] | None = None,
    header: bool = False,
) -> Image:
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
    header : bool
        Whether the record is all that is wanted: long values that nobody wants are left out, where that is quicker.

    Raises
    ------
    FormatError
        The header cannot be read.
    """
    found = None
    more = _More(file, head, file.gap if header else 2**63)
    try:
        while found is None:
            try:
                found = scan(head, file.size, WANTED, more, LIKES if header else None)
            except CutShort as short:
                head += more(len(head), short.needed, _is_long(short, head), 0)
        record = _decoded(found)
        looked_at = found
    except Refused as refused:
        # What text needs pydicom leaves the walk over the elements as it was.
        looked_at, found = found or Scan(), scan_with_pydicom(file, str(refused))
        record = decode(found.values, found.big_endian)
    further = further_tags(record, series) | dict(wanted or {})
    if further and more.left_out:
        return scanned(file, more.whole(), series, wanted)
    extra = tree(looked_at, further) if further and looked_at.data else {}
    looked_at.data = b""  # not kept: a series has thousands of headers
    head = b"" if more.left_out else b"".join(data for _, data in more.pieces)
    record["transfer_syntax"] = found.transfer_syntax
    record["header_end"] = found.end if found.deflated_at is None else None
    if found.pixel is not None and found.deflated_at is None and not is_encapsulated(found):
        record["pixel_offset"] = found.pixel[2]
    problem = found.cut
    if problem is None and found.pixel is not None:
        problem = pixel_problem(file, head, found, record)
    return Image(file, found, record, extra, problem, head)


def _decoded(found: Scan) -> dict[str, Any]:
    """What a scanned header says; those that are like it are decoded quicker from then on."""
    if found.like is not None:
        return decode_like(found.like, found.fresh)
    record = decode(found.values, found.big_endian, strict=found.deflated_at is None)
    if found.learns and found.cut is None:
        big = found.big_endian
        LIKES.learn(
            found.implicit,
            big,
            found.trace,
            found.values,
            WANTED.big if big else WANTED.little,
            lambda values: content(values, big),
        )
    return record


def _is_long(short: CutShort, head: bytes) -> bool:
    """Whether one long element is missing, rather than the rest of a sequence of which nobody knows the length."""
    return short.needed > len(head) + 1024
