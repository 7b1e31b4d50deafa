"""Walk over the elements of a DICOM data set.

PS3.5 chapter 7 (data elements, sequences): https://dicom.nema.org/medical/dicom/current/output/html/part05.html
"""

import struct

from neurochain.formats.dicom.layout import (
    LONG,
    PIXEL_TAGS,
    SHORT,
    UNDEFINED,
    CutShort,
    More,
    Refused,
    Scan,
    Wanted,
)
from neurochain.formats.dicom.likes import LONGEST, Likes

__all__ = ["Walk"]

DEEPEST = 32  # sequences in sequences; real files have below 10
_LITTLE = tuple((struct.Struct(f).unpack_from, struct.Struct("<I").unpack_from) for f in ("<I2sH", "<II"))
_BIG = tuple((struct.Struct(f).unpack_from, struct.Struct(">I").unpack_from) for f in (">I2sH", ">II"))
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD


class Walk:
    """Walk over the elements of one byte string, and of what is fetched behind it.

    Parameters
    ----------
    data : bytes
        From the file's start.
    size : int
        Of the whole file, bytes.
    wanted : Wanted
        Tags whose values to keep.
    found : Scan
        To be filled in.
    more : More, optional
        Gives bytes behind `data`; without it they are missed with CutShort.
    likes : Likes, optional
        Headers that were met before.
    """

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
            if vr in LONG:
                length, value = struct.unpack_from("<I", data, at + 8)[0], at + 12
            elif vr not in SHORT:
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
        """Note the first element that is better left out."""
        if self.found.first is None and self.more is not None and length > self.more.gap:
            self.found.first = self.base + at + 12

    def _elements(self, at: int, left: int, values: dict[int, tuple[bytes, bytes]]) -> int:
        """As `_some`, as far as the bytes at hand go; CutShort where they end."""
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
                if vr not in SHORT:
                    if vr not in LONG:
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
                raise Refused(f"a sequence has no item at byte {self.base + at}")
            at = self._item(at + 8, implicit, depth) if length == UNDEFINED else at + 8 + length
        return max(at, len(self.data)) + 8

    def _item(self, at: int, implicit: bool, depth: int) -> int:
        """End of an item of undefined length whose elements begin at `at`."""
        if depth >= DEEPEST:
            raise Refused(f"sequences are nested more than {DEEPEST} deep at byte {self.base + at}")
        order = ">" if self.big else "<"
        unpack = struct.Struct(order + "HHI").unpack_from
        while at + 12 <= len(self.data):
            group, element, length = unpack(self.data, at)
            if group == 0xFFFE:
                if element == _ITEM_END & 0xFFFF:
                    return at + 8
                raise Refused(f"an item has no end at byte {self.base + at}")
            value, vr = at + 8, b"UN"
            if not implicit:
                vr = self.data[at + 4 : at + 6]
                if vr in LONG:
                    length, value = struct.unpack_from(order + "I", self.data, at + 8)[0], at + 12
                elif vr in SHORT:
                    length = struct.unpack_from(order + "H", self.data, at + 6)[0]
                else:
                    raise Refused(f"the element at byte {self.base + at} has the value representation {vr!r}")
            if length == UNDEFINED:
                at = self.sequence_end(value, implicit or vr == b"UN", depth + 1)
            else:
                at = value + length
        if at + 8 <= len(self.data) and unpack(self.data, at)[:2] == (0xFFFE, _ITEM_END & 0xFFFF):
            return at + 8
        return max(at, len(self.data)) + 8
