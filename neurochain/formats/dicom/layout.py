"""Layout of a DICOM data set: what a scan finds, and what it is told to look for."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from neurochain.formats.dicom.likes import Element, Like

__all__ = [
    "LONG",
    "OFFSET_TABLES",
    "PIXEL_TAGS",
    "SHORT",
    "UNDEFINED",
    "CutShort",
    "More",
    "Refused",
    "Scan",
    "Wanted",
]

PIXEL_TAGS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
OFFSET_TABLES = (0x7FE00001, 0x7FE00002)  # extended: where compressed frames begin, and their lengths
UNDEFINED = 0xFFFFFFFF
LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())


class Refused(Exception):
    """The scanner cannot tell; pydicom shall look."""


class CutShort(Exception):
    """The bytes at hand end inside the header; `needed` is the least length that goes on."""

    def __init__(self, needed: int, at: int = 0, skips: int | None = None) -> None:
        super().__init__(needed)
        self.needed = needed
        self.at = at  # the element, in the bytes at hand
        self.skips = skips  # its tag as it was read, where nobody wants the bytes up to `needed`


@dataclass(slots=True)
class Scan:
    """Elements of one data set.

    Attributes
    ----------
    values : dict
        Tag to (value representation, bytes) of the wanted elements; the representation is ``b""`` where the
        file does not state it.
    transfer_syntax : str or None
        As the file says; None where it says nothing.
    media_class : str or None
        SOP class in the meta information: what the file was written as.
    big_endian : bool
        How numbers are stored.
    deflated_at : int or None
        Where a deflated data set begins; None for any other.
    pixel : tuple or None
        Tag, value representation, offset of the value and its length (None when compressed) of Pixel Data.
        The offset counts inflated bytes when the data set is deflated.
    end : int
        Where the header ends: at the Pixel Data element, or where the bytes end.
    cut : str or None
        What is missing at the end of a file that ends inside its header.
    start : int
        Where the elements begin behind the meta information.
    implicit : bool
        Whether the elements leave out their value representation.
    data : bytes
        What was scanned (inflated where it was deflated), for a closer look at what was stepped over. Where bytes
        were left out, only what lies behind them.
    first : int or None
        Where the first bytes lie that are better left out.
    trace : list
        The elements, as `Likes` compares them.
    learns : bool
        Whether it was compared.
    like : Like or None
        What was met before and is like this header but for `fresh`.
    fresh : dict
        As `values`: those that `like` does not know.
    """

    values: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    transfer_syntax: str | None = None
    media_class: str | None = None
    big_endian: bool = False
    deflated_at: int | None = None
    pixel: tuple[int, bytes, int, int | None] | None = None
    end: int = 0
    cut: str | None = None
    start: int = 0
    implicit: bool = False
    data: bytes = b""
    first: int | None = None
    trace: list[Element] = field(default_factory=list)
    learns: bool = False
    like: Like | None = None
    fresh: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)


def swapped(tag: int) -> int:
    """Tag as a little-endian 4-byte number reads it."""
    return tag >> 16 | (tag & 0xFFFF) << 16


class More(Protocol):
    """Bytes of a file behind its first.

    Attributes
    ----------
    gap : int
        Bytes that are better read along than left out.
    """

    @property
    def gap(self) -> int: ...

    def __call__(self, start: int, needed: int, long: bool, base: int) -> bytes:
        """Bytes from `start` to `needed` at least, and some more.

        `long` says that one long element is missing, rather than the rest of a sequence of which nobody knows the
        length. `base` is where the bytes begin that the walk still has.
        """
        ...


class Wanted:
    """Tags whose values are kept; one table for each byte order."""

    def __init__(self, tags: Iterable[int]) -> None:
        self.big = {tag: tag for tag in (*tags, *PIXEL_TAGS)}
        self.little = {swapped(tag): tag for tag in self.big}
