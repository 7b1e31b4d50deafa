"""SeekPoints: places in a gzip file where inflating can begin, and how it begins there.

A place lies between two blocks of deflated data (RFC 1951, https://www.rfc-editor.org/rfc/rfc1951). What came before
it is needed up to 32 KB back, its window. It may lie inside a byte, while Python's interfaces to inflating take whole bytes:
blocks that hold nothing, as many bits long as are missing, are put before it, so that every bit keeps its position.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from neurochain.formats.arrays.deflate import RAW, inflater

__all__ = ["PADDINGS", "Place", "Range", "SeekPoints", "Window", "inflate_from", "needed_of"]

HEAD = struct.Struct(
    "<5sBBQQIII"
)  # of what indexed_gzip 1 exports: mark, version, …, bytes of a window, points
POINT = np.dtype([("packed", "<u8"), ("inflated", "<u8"), ("bits", "u1"), ("window", "u1")])
MARK = b"GZIDX", 1
REACH = 32 * 1024  # bytes up to which deflated data refers back
STEP = 2**20  # inflated bytes at once, on the way to those that are wanted

Range = tuple[int, int]
Window = bytes


class Place(NamedTuple):
    """Where inflating can begin.

    Attributes
    ----------
    packed, inflated : int
        First whole byte in the file, and what is inflated there.
    bits : int
        Of the byte before that belong to what follows, its highest ones.
    window : int or None
        Number of the window; None at the start of a member of the file, where nothing came before.
    """

    packed: int
    inflated: int
    bits: int
    window: int | None

    @property
    def start(self) -> int:
        """First byte of the file that inflating from here needs."""
        return self.packed - (self.bits > 0)


class SeekPoints:
    """Places of a file, in its order; the last may be its end.

    Parameters
    ----------
    table : bytes
        As `pack` gives it.
    size : int
        Of the file.

    Raises
    ------
    ValueError
        It is no table of such a file.
    """

    def __init__(self, table: bytes, size: int) -> None:
        self._table = np.frombuffer(table, POINT)
        self._size = size
        # Signed, as Python's numbers become in a search; what is too large for that is no byte of a file.
        self._inflated, self._packed = (self._table[at].astype(np.int64) for at in ("inflated", "packed"))
        self._windows = np.cumsum(self._table["window"] != 0)
        self._members = np.flatnonzero(self._table["window"] == 0)
        ordered = all((at[1:] >= at[:-1]).all() for at in (self._inflated, self._packed))
        begins = len(self._members) > 0 and self._members[0] == self._inflated[0] == 0 < self._packed[0]
        if not begins or not ordered or self._table["bits"].max() > 7 or self._packed[-1] > size:
            raise ValueError("These are not the places of a gzip file.")

    @classmethod
    def exported(cls, index: bytes, size: int) -> tuple["SeekPoints", list[Window]]:
        """Places, and their windows, of an index that indexed_gzip has exported.

        Raises
        ------
        ValueError
            It has another form.
        """
        mark, version, _, _, _, _, length, count = HEAD.unpack_from(index)
        if (mark, version) != MARK:
            raise ValueError(f"An index of the form {mark!r} {version} is not known.")
        end = HEAD.size + count * POINT.itemsize
        points = cls(index[HEAD.size : end], size)
        return points, [index[at : at + length] for at in range(end, len(index), length)]

    def pack(self) -> bytes:
        """Bytes that the same places can be made of."""
        return self._table.tobytes()

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, number: int) -> Place:
        packed, inflated, bits, window = self._table[number].tolist()
        return Place(packed, inflated, bits, int(self._windows[number]) - 1 if window else None)

    def inside(self) -> Iterator[Place]:
        """Those that have windows, in the order of these."""
        return (place for place in map(self.__getitem__, range(len(self))) if place.window is not None)

    def around(self, start: int, end: int) -> tuple[int, int]:
        """Number of the place from which bytes [start, end) are inflated, and of the first behind them."""
        first = int(np.searchsorted(self._inflated, start, side="right")) - 1
        return max(first, 0), int(np.searchsorted(self._inflated, end, side="left"))

    def span(self, start: int, end: int) -> Range:
        """Bytes of the file from which inflated bytes [start, end) can be made."""
        first, behind = self.around(start, end)
        at = self[first].start
        return at, max(at, int(self._packed[behind]) if behind < len(self) else self._size)

    def member_after(self, packed: int) -> Place | None:
        """Next start of a member behind a byte of the file."""
        members = self._members[int(np.searchsorted(self._packed[self._members], packed, side="right")) :]
        return self[int(members[0])] if len(members) else None


def inflate_from(
    points: SeekPoints, place: Place, window: Window, data: bytes, skip: int, length: int
) -> bytes:
    """Inflated bytes behind a place.

    Parameters
    ----------
    points : SeekPoints
        Of the file.
    place : Place
        One of them.
    window : bytes
        Its window; empty where it has none.
    data : bytes
        Of the file, from `place.start` on.
    skip, length : int
        Inflated bytes to leave out, and to give; fewer where the file or `data` ends before.

    Raises
    ------
    zlib.error, or another of `deflate.ERRORS`
        They are damaged.
    """
    start, view = place.start, memoryview(data)
    fed = min(place.packed - start, len(view))
    pending: bytes | memoryview = _aligned(view[:fed], place.bits)
    inflating = inflater(RAW, window)
    out: list[bytes] = []
    while length > 0:
        if not pending:
            pending, fed = view[fed:], len(view)
        piece = inflating.decompress(pending, min(skip, STEP) if skip else length)
        if skip:
            skip -= len(piece)
        else:
            length -= len(piece)
            out.append(piece)
        pending = inflating.unconsumed_tail
        if inflating.eof:
            # Files may be joined: another member begins behind the checksum of this one.
            following = points.member_after(start + fed - len(inflating.unused_data))
            if following is None or following.packed >= start + len(view):
                break
            pending, fed = b"", following.packed - start
            inflating = inflater(RAW)
        elif not piece and not pending and fed == len(view):
            break
    return b"".join(out)


def needed_of(points: SeekPoints, place: Place, window: Window, data: bytes | bytearray) -> Window:
    """A window with zeros for what is not referred to behind its place; of images, that is most of it.

    Inflated with other windows, only what was copied out of them differs: their bytes then say where it came from.

    Parameters
    ----------
    points : SeekPoints
        Of the file.
    place : Place
        One of them, that has a window.
    window : bytes
        Its window.
    data : bytes
        The whole file.
    """
    if len(window) != REACH:
        return window
    ahead = bytes(memoryview(data)[place.start : place.start + 2 * REACH])
    low, other, high = (
        np.frombuffer(inflate_from(points, place, marks, ahead, 0, REACH), np.uint8) for marks in _MARKS
    )
    if len(low) < REACH and place.start + len(ahead) < len(data):
        return window  # hardly anything comes of the bytes that were looked at
    copied = low != other
    needed = np.zeros(REACH, np.uint8)
    needed[high[copied].astype(np.uint16) << 8 | low[copied]] = 0xFF
    return (np.frombuffer(window, np.uint8) & needed).tobytes()


_NUMBERS = np.arange(REACH)
_MARKS = [(marks & 0xFF).astype(np.uint8).tobytes() for marks in (_NUMBERS, ~_NUMBERS, _NUMBERS >> 8)]


def _aligned(byte: memoryview, bits: int) -> bytes:
    """Deflated data of which a byte has only its highest bits to give, from the first bit of a byte on."""
    if not byte:
        return b""
    padding, length = PADDINGS[8 - bits]
    first = padding | (byte[0] >> (8 - bits)) << length
    return first.to_bytes((length + bits) // 8, "little")


def _padding(length: int) -> tuple[int, int]:
    """Blocks without content, of `length` bits modulo 8: as a number, lowest bit first, and how many bits."""
    fixed, dynamic = (0b010, 10), _empty_dynamic()
    blocks = [dynamic] if length % 2 else []
    while sum(bits for _, bits in blocks) % 8 != length % 8:
        blocks.append(fixed)
    return _joined(blocks)


def _empty_dynamic() -> tuple[int, int]:
    """Block with Huffman codes of its own that holds the end of the block alone: 93 bits, an odd number.

    Its code lengths 0, 1 and 18 (a run of zeros) have the codes 0, 01 and 11 as they stand in the stream. They say 256
    zeros and a one: the end of the block is the only symbol; then a zero: there are no distances.
    """
    order = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1)
    lengths = {0: 1, 1: 2, 18: 2}
    header = [(0b100, 3), (257 - 257, 5), (1 - 1, 5), (len(order) - 4, 4)]
    codes = [(lengths.get(symbol, 0), 3) for symbol in order]
    zeros = [(0b11, 2), (138 - 11, 7), (0b11, 2), (256 - 138 - 11, 7)]
    return _joined([*header, *codes, *zeros, (0b01, 2), (0, 1), (0, 1)])


def _joined(parts: list[tuple[int, int]]) -> tuple[int, int]:
    value = at = 0
    for part, bits in parts:
        value, at = value | part << at, at + bits
    return value, at


PADDINGS = {length: _padding(length) for length in range(8)}
"""Deflated nothing by its bits modulo 8: (bits as a number, how many)."""
