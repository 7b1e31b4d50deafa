"""Boxes: how ISO base media (MP4) and QuickTime files are divided.

ISO/IEC 14496-12, 4.2; https://developer.apple.com/documentation/quicktime-file-format
"""

from collections.abc import Iterator
from typing import NamedTuple

from neurochain.errors import FormatError
from neurochain.formats.video.pieces import Pieces

__all__ = ["Box", "boxes", "first", "top_boxes"]

MOST = 100_000  # boxes side by side


class Box(NamedTuple):
    """One box: its kind, and where it and its content lie in the file.

    Attributes
    ----------
    kind : bytes
        Four characters.
    at, start, end : int
        First byte of the box, first of its content, and behind the last.
    """

    kind: bytes
    at: int
    start: int
    end: int

    @property
    def name(self) -> str:
        """Its kind, for messages."""
        return self.kind.decode("latin-1")

    @property
    def size(self) -> int:
        """Bytes of its content."""
        return self.end - self.start


def boxes(pieces: Pieces, start: int, end: int, ahead: int = 2048) -> Iterator[Box]:
    """Boxes that lie in [start, end) of a file.

    Raises
    ------
    FormatError
        One is longer than what it lies in.
    """
    for _ in range(MOST):
        if start + 8 > end:  # QuickTime ends some lists with four zero bytes
            return
        box = _box(pieces, start, end, ahead)
        if box.end > end:
            raise FormatError(
                f"its box {box.name!r} at byte {box.at:,} ends at byte {box.end:,}, and what it lies in at byte {end:,}"
            )
        yield box
        start = box.end
    raise FormatError(f"it has more than {MOST:,} boxes side by side")


def top_boxes(pieces: Pieces) -> Iterator[Box]:
    """Boxes of a whole file; the last one may promise more than there is.

    Raises
    ------
    FormatError
        What lies behind a box is none.
    """
    start = 0
    for _ in range(MOST):
        if start + 8 > pieces.size:
            if any(pieces.read(start, pieces.size)):  # some programs end a file with zeros
                raise FormatError(f"{pieces.size - start} bytes lie behind its last box: it is cut short")
            return
        box = _box(pieces, start, pieces.size, 16)
        yield box
        start = box.end
    raise FormatError(f"it has more than {MOST:,} boxes side by side")


def first(pieces: Pieces, start: int, end: int, kind: bytes) -> Box | None:
    """First box of a kind in [start, end)."""
    return next((box for box in boxes(pieces, start, end) if box.kind == kind), None)


def _box(pieces: Pieces, start: int, end: int, ahead: int) -> Box:
    head = pieces.read(start, start + 8, ahead)
    size, kind, own = int.from_bytes(head[:4], "big"), head[4:], 8
    if size == 1:
        size, own = int.from_bytes(pieces.read(start + 8, start + 16), "big"), 16
    elif size == 0:  # to the end
        size = end - start
    if size < own:
        raise FormatError(
            f"the box at byte {start:,} says that it has {size} bytes, fewer than its own head of {own}"
        )
    return Box(kind, start, start + own, start + size)
