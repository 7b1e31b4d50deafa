"""The chain of tags of a FIF file, followed from one to the next.

Small tags are found by windows that hold many of them; buffers of samples, which are large and alike, by looking at a
few of them how far they go on.
"""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.storage import File

__all__ = ["MOST_TAGS", "TAG", "Held", "Integers", "follow"]

TAG = struct.Struct(">4i")  # in front of what it holds: kind, type, size, place of the next or 0
BUFFER = 300
MOST_TAGS = 500_000  # of a file: one of 2 GB, the largest there is, has some thousands
WINDOW = 4096, 64 * 1024  # bytes in which tags are looked for, at first and at most
MOST_HELD, MOST_PIECES = 2**20, 16  # bytes of a piece of a file that is held, and pieces

Integers = np.ndarray[Any, np.dtype[np.int64]]


class Held:
    """A file of which what was pulled is held, so that it is not pulled twice.

    Parameters
    ----------
    file : File
    head : bytes
        Its first bytes.
    """

    def __init__(self, file: File, head: bytes) -> None:
        self.file = file
        self._pieces = [(0, head)]

    def piece(self, start: int, end: int) -> tuple[int, bytes]:
        """A piece that holds bytes [start, end), and where it begins; what is not held is pulled."""
        end = min(end, self.file.size)
        for at, data in self._pieces:
            if at <= start and end <= at + len(data):
                return at, data
        near = (p for p in self._pieces if p[0] <= start <= p[0] + len(p[1]) <= p[0] + MOST_HELD)
        at, data = next(near, (start, b""))
        data += self.file.read_range(at + len(data), end)
        self._pieces = [*[p for p in self._pieces if p[0] != at][-MOST_PIECES:], (at, data)]
        return at, data

    def read_ranges(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Bytes of several ranges [start, end); those that are not held are pulled together."""
        found = [self._found(start, end) for start, end in ranges]
        pulled = iter(
            self.file.read_ranges([r for r, data in zip(ranges, found, strict=True) if data is None])
        )
        return [next(pulled) if data is None else data for data in found]

    def _found(self, start: int, end: int) -> bytes | None:
        for at, data in self._pieces:
            if at <= start and end <= at + len(data):
                return data[start - at : end - at]
        return None


def follow(held: Held) -> Integers:
    """Kind, type, size and place of each tag, shape (n_tags, 4).

    Raises
    ------
    FormatError
        The chain leads out of the file, or round in a circle.
    StorageError
        The bytes cannot be had.
    """
    return _Chain(held).followed()


class _Chain:
    """The chain of tags, as far as it was followed."""

    def __init__(self, held: Held) -> None:
        self._held, self._file = held, held.file
        self._at, self._window = held.piece(0, WINDOW[0])
        self._step = WINDOW[0]

    def followed(self) -> Integers:
        """All tags."""
        rows: list[tuple[int, int, int, int]] = []
        seen: set[int] = set()
        place, end = 0, self._file.size
        while place != end:
            if place in seen:
                raise FormatError(f"its tags lead round in a circle: that at byte {place:,} comes twice")
            if not 0 <= place <= end - TAG.size:
                raise FormatError(
                    f"the file is cut short: a tag stands at byte {place:,}, and the file ends at byte {end:,}"
                )
            kind, type_, size, following = TAG.unpack(self._head_of(place))
            if size < 0 or (following == 0 and place + TAG.size + size > end):
                raise FormatError(
                    f"the file is cut short: the tag at byte {place:,} says that it has {size:,} bytes, and the file ends "
                    f"at byte {end:,}"
                )
            buffer = kind == BUFFER and following == 0
            more = self._alike((kind, type_, size, following), place) if buffer else 0
            if len(rows) + more >= MOST_TAGS:
                raise FormatError(f"it holds more than {MOST_TAGS:,} tags; no more are read")
            places = range(place, place + (more + 1) * (TAG.size + size), TAG.size + size)
            rows.extend((kind, type_, size, at) for at in places)
            seen.update(places)
            if following == -1:
                break
            place = places[-1] + TAG.size + size if following == 0 else following
        return np.array(rows, np.int64).reshape(-1, 4)

    def _head_of(self, place: int) -> bytes:
        """The 16 bytes of a tag."""
        edge = self._at + len(self._window)
        if not self._at <= place <= edge - TAG.size:
            goes_on = self._at <= place <= edge
            self._step = min(2 * self._step, WINDOW[1]) if goes_on else WINDOW[0]
            self._at, self._window = self._held.piece(place, (edge if goes_on else place) + self._step)
        return self._window[place - self._at : place - self._at + TAG.size]

    def _alike(self, row: tuple[int, int, int, int], place: int) -> int:
        """Tags like one that follow it at once. Where one stands at its place, those before it are taken to stand too:
        16 bytes that say the same, that far on, are no chance. Small ones are followed one by one, since a few other
        tags between them may be as long as one of them.
        """
        stride = TAG.size + row[2]
        if row[2] < WINDOW[0]:
            return 0
        none = (self._file.size - place) // stride  # the first that would end behind the file
        if self._file.size - place <= self._file.gap:  # one request for all of it is as quick
            self._at, self._window = self._held.piece(place, self._file.size)
            return 0
        if none < 2:
            return 0
        apart = self._file.gap // stride + 2  # nearer ones would be pulled with all that lies between them
        some = [1]
        while some[-1] + apart < none - 1:
            some.append(some[-1] + apart)
            apart *= 2
        some.append(none - 1)
        last, none = self._bounds(row, place, 0, none, some)
        while none - last > 1:
            last, none = self._bounds(row, place, last, none, [(last + none) // 2])
        return last

    def _bounds(
        self, row: tuple[int, int, int, int], place: int, last: int, none: int, some: list[int]
    ) -> tuple[int, int]:
        """The last of some tags that is like the first, and the first that is not."""
        places = [place + i * (TAG.size + row[2]) for i in some]
        for i, head in zip(some, self._file.read_ranges([(p, p + TAG.size) for p in places]), strict=True):
            if TAG.unpack(head) != row:
                return last, i
            last = i
        return last, none
