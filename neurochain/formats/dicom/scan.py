"""Scan of a DICOM data set: where the elements lie, and the bytes of those that are wanted.

Only top-level elements are looked at; sequences are stepped over. Nothing is decoded here, nothing is
allocated from a length that the file states. PS3.5 chapter 7 (data elements), 7.5 (sequences), A.4 (compressed
pixel data); PS3.10 chapter 7 (preamble and meta information):
https://dicom.nema.org/medical/dicom/current/output/html/part05.html
"""

import re
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from neurochain.errors import FormatError
from neurochain.formats.dicom.likes import LONGEST, Element, Like, Likes

__all__ = ["CutShort", "Refused", "Scan", "Walk", "is_bare", "scan"]

PIXEL_TAGS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
OFFSET_TABLES = (0x7FE00001, 0x7FE00002)  # extended: where compressed frames begin, and their lengths
UNDEFINED = 0xFFFFFFFF
INFLATE_LIMIT = 16 * 2**20  # of a deflated header; real ones are below 1 MB
DEEPEST = 32  # sequences in sequences; real files have below 10

EXPLICIT_BIG = "1.2.840.10008.1.2.2"
IMPLICIT = "1.2.840.10008.1.2"
DEFLATED = frozenset({"1.2.840.10008.1.2.1.99"})

_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_LITTLE = tuple((struct.Struct(f).unpack_from, struct.Struct("<I").unpack_from) for f in ("<I2sH", "<II"))
_BIG = tuple((struct.Struct(f).unpack_from, struct.Struct(">I").unpack_from) for f in (">I2sH", ">II"))
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD


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


_BARE = re.compile(
    rb"\x08\x00\x16\x00(?:UI..|..\x00\x00)1\.2\.840\.10008\.|\x00\x08\x00\x16UI..1\.2\.840\.10008\.",
    re.DOTALL,
)


def is_bare(head: bytes) -> bool:
    """Whether a data set begins at the first byte, without preamble.

    Its first element must be of group 0002 or 0008 with a plausible length, and a SOP Class UID must follow.
    """
    if len(head) < 8:
        return False
    group, element, vr, length = struct.unpack_from("<HH2sH", head)
    if group in (0x0002, 0x0008) and element <= 0x0102:
        plausible = vr in _SHORT or vr in _LONG or (length == 0 and int.from_bytes(vr, "little") <= 1024)
    else:
        plausible = head[:2] == b"\x00\x08" and vr in _SHORT
    return plausible and _BARE.search(head, 0, 2048) is not None


def scan(
    head: bytes, size: int, wanted: Wanted, more: More | None = None, likes: Likes | None = None
) -> Scan:
    """Scan the first bytes of a file.

    Parameters
    ----------
    head : bytes
        From the file's start.
    size : int
        Of the whole file, bytes. An element that goes beyond it is cut.
    wanted : Wanted
        Tags whose values to keep.
    more : More, optional
        Gives bytes behind `head`.
    likes : Likes, optional
        Headers that were met before, to be quick where this one is like them.

    Raises
    ------
    CutShort
        `head` ends inside the header and the file goes on.
    Refused
        The bytes are no data set that this scanner understands.
    FormatError
        The data set is deflated, and damaged or not plausible.
    """
    found = Scan()
    at = 132 if head[128:132] == b"DICM" else 0
    walk = Walk(head, size, wanted, found, more, likes)
    at = walk.meta(at)
    syntax = found.transfer_syntax
    if syntax in DEFLATED:
        _scan_deflated(head, at, size, wanted, found)
        return found
    if at == len(head) and at < size:
        raise CutShort(at + 8)
    guess = head[at + 4 : at + 6]
    explicit = guess in _SHORT or guess in _LONG
    if not explicit and guess.isalpha() and guess.isupper():
        raise Refused(f"the first element has the value representation {guess!r}")
    if syntax is None:
        found.big_endian = explicit and head[at : at + 1] == b"\0" and head[at + 1 : at + 2] != b"\0"
    else:
        found.big_endian = syntax == EXPLICIT_BIG
    walk.data_set(at, implicit=not explicit, big=found.big_endian)
    return found


def _scan_deflated(head: bytes, at: int, size: int, wanted: Wanted, found: Scan) -> None:
    """Scan a data set that is deflated from byte `at` on.

    Nothing of it is left to pydicom, which inflates without bounds.
    """
    found.deflated_at = at
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = inflater.decompress(head[at:], INFLATE_LIMIT)
    except zlib.error as error:
        raise FormatError(
            f"its deflated data set, from byte {at:,} on, cannot be inflated ({error})"
        ) from error
    over = inflater.eof or len(head) >= size
    full = len(data) >= INFLATE_LIMIT
    try:
        Walk(data, len(data) if over and not full else 2**63, wanted, found).data_set(0, implicit=False)
    except Refused as refused:
        raise FormatError(f"its deflated data set cannot be read: {refused}") from None
    except CutShort:
        if full:
            raise FormatError(f"its deflated header is larger than {INFLATE_LIMIT:,} bytes") from None
        raise CutShort(len(head) + 1) from None


class Walk:
    """Walk over the elements of one byte string."""

    def __init__(
        self,
        data: bytes,
        size: int,
        wanted: Wanted,
        found: Scan,
        more: More | None = None,
        likes: Likes | None = None,
    ) -> None:
        self.data = data
        self.base = 0  # where in the file `data` begins
        self.size = size
        self.wanted = wanted
        self.found = found
        self.more = more
        self.likes = likes
        self.big = self.implicit = False

    def meta(self, at: int) -> int:
        """Step over the meta information, which is always explicit and little endian."""
        data = self.data
        while data[at : at + 2] == b"\x02\x00":
            if at + 12 > len(data):
                if len(data) >= self.size:
                    self._cut(at, 12)
                    return len(data)
                raise CutShort(at + 12)
            tag, vr, length = struct.unpack_from("<I2sH", data, at)
            value = at + 8
            if vr in _LONG:
                length, value = struct.unpack_from("<I", data, at + 8)[0], at + 12
            elif vr not in _SHORT:
                raise Refused(f"the meta information at byte {at} has no known value representation")
            if value + length > len(data):
                if value + length > self.size:
                    self._cut(at, value + length - at)
                    return len(data)
                raise CutShort(value + length)
            if tag in (0x00020002, 0x00100002):
                uid = data[value : value + length].decode("latin-1").strip("\0 ") or None
                if tag == 0x00100002:
                    self.found.transfer_syntax = uid
                else:
                    self.found.media_class = uid
            at = value + length
        return at

    def data_set(self, at: int, implicit: bool, big: bool = False) -> None:
        """Walk until Pixel Data or the end; fill in what was found."""
        found, likes = self.found, self.likes
        self.big, self.implicit = big, implicit
        found.start, found.implicit, found.learns = at, implicit, likes is not None
        at = self._known(at, likes) if likes is not None else at
        if at >= 0:
            self._some(at, -1, found.values)
        found.data = self.data

    def _known(self, at: int, likes: Likes) -> int:
        """Walk as far as the header is like one that was met before; where it is no longer."""
        values, trace = self.found.values, self.found.trace
        like = likes.like(self.implicit, self.big, self.data, at)
        if like is None:
            return at
        fresh: dict[int, tuple[bytes, bytes]] = {}
        for run in like.runs:
            end = at + len(run.data)
            while end > len(self.data) and self.base + end <= self.size:
                if not run.data.startswith(self.data[at:]):
                    return at
                at = self._go_on(CutShort(self.base + end, at))
                end = at + len(run.data)
            if not self.data.startswith(run.data, at):
                return at
            at = end
            values.update(run.values)
            trace.extend(run.elements)
            if run.others:
                varied: dict[int, tuple[bytes, bytes]] = {}
                at = self._some(at, run.others, varied)
                values.update(varied)
                fresh.update(varied)
                if at < 0:
                    return at
        varied = {}
        if self._some(at, -1, varied) < 0:
            values.update(varied)
            fresh.update(varied)
            self.found.like, self.found.fresh = like, fresh
        return -1

    def _some(self, at: int, count: int, values: dict[int, tuple[bytes, bytes]]) -> int:
        """Walk over so many elements, all where `count` is negative, fetching more bytes where there are any.

        Returns where they end, or -1 behind the last of the header.
        """
        last = len(self.found.trace) + count
        while True:
            try:
                return self._elements(at, last - len(self.found.trace) if count > 0 else -1, values)
            except CutShort as short:
                at = self._go_on(short)

    def _go_on(self, short: CutShort) -> int:
        """Bytes behind those at hand; where the walk goes on in them."""
        if self.more is None:
            raise short
        have = self.base + len(self.data)
        start = short.needed if short.skips is not None and short.needed > have + self.more.gap else have
        piece = self.more(start, short.needed, short.needed > have + 1024, self.base)
        if start == have:
            self.data += piece
            return short.at
        self._step_over(short.at, short.needed - self.base - short.at)
        self.found.trace.append((short.skips or 0, None))
        self.data, self.base = piece, start
        return 0

    def _step_over(self, at: int, length: int) -> None:
        if self.found.first is None and self.more is not None and length > self.more.gap:
            self.found.first = self.base + at + 12

    def _elements(self, at: int, left: int, values: dict[int, tuple[bytes, bytes]]) -> int:
        data, found, implicit, base = self.data, self.found, self.implicit, self.base
        table = (self.wanted.big if self.big else self.wanted.little).get
        unpack, unpack_long = (_BIG if self.big else _LITTLE)[implicit]
        trace = found.trace.append
        total, vr = len(data), b""
        while at + 8 <= total and left:
            value = at + 8
            if implicit:
                tag, length = unpack(data, at)
            else:
                tag, vr, length = unpack(data, at)
                if vr not in _SHORT:
                    if vr not in _LONG:
                        if not data[at:].strip(b"\0"):
                            break  # zeros that fill up the last block
                        raise Refused(f"the element at byte {base + at} has the value representation {vr!r}")
                    value = at + 12
                    if value > total:
                        break
                    length = unpack_long(data, at + 8)[0]
            known = table(tag)
            if known is not None and known in PIXEL_TAGS:
                found.pixel = (known, vr, base + value, None if length == UNDEFINED else length)
                found.end = base + at
                return -1
            if length == UNDEFINED:
                end = self.sequence_end(value, implicit or vr == b"UN", 0)
                if end > total:
                    self._end(at, end)
                    return -1
            else:
                end = value + length
                if end > total:
                    if base + end <= self.size:
                        raise CutShort(base + end, at, tag if known is None else None)
                    self._cut(base + at, end - at)
                    return -1
                if known is not None:
                    values[known] = (vr, data[value:end])
            if end - at <= LONGEST:
                trace((tag, data[at:end]))
            else:
                trace((tag, None))
                if known is None and length != UNDEFINED:
                    self._step_over(at, length)
            at = end
            left -= 1
        if not left:
            return at
        found.end = base + total
        if at < total and data[at:].strip(b"\0"):
            self._end(at, at + 12)
        elif base + total < self.size:
            raise CutShort(base + total + 8, at)
        return -1

    def _end(self, at: int, end: int) -> None:
        """Element [at, end) does not fit in the bytes at hand; `end` is the least that it needs."""
        if self.base + end <= self.size or self.base + len(self.data) < self.size:
            raise CutShort(min(self.base + end, self.size), at)
        self._cut(self.base + at, end - at)

    def _cut(self, at: int, length: int) -> None:
        self.found.end = self.base + len(self.data)
        self.found.cut = (
            f"the file is cut short: the element at byte {at:,} needs {length:,} bytes, and the "
            f"{'inflated data set' if self.found.deflated_at is not None else 'file'} ends at byte {self.size:,}"
        )

    def sequence_end(self, at: int, implicit: bool, depth: int) -> int:
        """End of a sequence (or of compressed fragments) of undefined length that begins at `at`."""
        unpack = struct.Struct(">HHI" if self.big else "<HHI").unpack_from
        while at + 8 <= len(self.data):
            group, element, length = unpack(self.data, at)
            tag = group << 16 | element
            if tag == _SEQUENCE_END:
                return at + 8
            if tag != _ITEM:
                raise Refused(f"a sequence has no item at byte {at}")
            at = self._item(at + 8, implicit, depth) if length == UNDEFINED else at + 8 + length
        return max(at, len(self.data)) + 8

    def _item(self, at: int, implicit: bool, depth: int) -> int:
        """End of an item of undefined length whose elements begin at `at`."""
        if depth >= DEEPEST:
            raise Refused(f"sequences are nested more than {DEEPEST} deep at byte {at}")
        order = ">" if self.big else "<"
        unpack = struct.Struct(order + "HHI").unpack_from
        while at + 12 <= len(self.data):
            group, element, length = unpack(self.data, at)
            if group == 0xFFFE:
                if element == _ITEM_END & 0xFFFF:
                    return at + 8
                raise Refused(f"an item has no end at byte {at}")
            value, vr = at + 8, b"UN"
            if not implicit:
                vr = self.data[at + 4 : at + 6]
                if vr in _LONG:
                    length, value = struct.unpack_from(order + "I", self.data, at + 8)[0], at + 12
                elif vr in _SHORT:
                    length = struct.unpack_from(order + "H", self.data, at + 6)[0]
                else:
                    raise Refused(f"the element at byte {at} has the value representation {vr!r}")
            if length == UNDEFINED:
                at = self.sequence_end(value, implicit or vr == b"UN", depth + 1)
            else:
                at = value + length
        if at + 8 <= len(self.data) and unpack(self.data, at)[:2] == (0xFFFE, _ITEM_END & 0xFFFF):
            return at + 8
        return max(at, len(self.data)) + 8
