"""Bytes of a MAT-file: as they lie, or inflated, pulled no further than they are asked for."""

import zlib
from typing import Protocol

from neurochain.errors import FormatError
from neurochain.formats.arrays.inflate import RATIO
from neurochain.storage import File

__all__ = ["Bytes", "FileBytes", "InflatedBytes", "TooFar"]

AHEAD = 16 * 1024  # bytes pulled at least; twice as many with every request that follows upon the last
MOST_AHEAD = 1024 * 1024
INFLATED = 64 * 1024  # bytes inflated at once, and kept behind the last place
FIRST_STEP = 1024  # compressed bytes taken first: most variables are small


class TooFar(Exception):
    """What was asked for lies behind the limit that was set."""


class Bytes(Protocol):
    """What elements are read from, by their places in it."""

    @property
    def size(self) -> int:
        """Bytes that there are at most."""
        ...

    def take(self, start: int, end: int) -> bytes:
        """Bytes [start, end), all of them.

        Raises
        ------
        FormatError
            They end before, or are damaged.
        """
        ...

    def ends_at(self, at: int) -> None:
        """Look whether all of it ends at a place, where that can be seen.

        Raises
        ------
        FormatError
            It does not.
        """
        ...

    def place(self, at: int) -> str:
        """Where a byte stands, for messages."""
        ...


class FileBytes:
    """Bytes of a file, read ahead where they are read one after the other.

    Parameters
    ----------
    file : File
        MAT-file.
    head : bytes
        Its first bytes.

    Attributes
    ----------
    limit : int or None
        Bytes that may be pulled in all before `TooFar` is raised.
    """

    def __init__(self, file: File, head: bytes = b"") -> None:
        self.file = file
        self.size = file.size
        self.limit: int | None = None
        self.pulled = len(head)
        self._start, self._data = 0, head
        self._step = AHEAD

    def take(self, start: int, end: int) -> bytes:
        """Bytes [start, end)."""
        if end > self.size:
            raise FormatError(
                f"the file is cut short: what stands at byte {start:,} goes up to byte {end:,}, and the file ends at "
                f"byte {self.size:,}"
            )
        at = start - self._start
        if at < 0 or at + end - start > len(self._data):
            self._pull(start, end)
            at = 0
        return self._data[at : at + end - start]

    def ends_at(self, at: int) -> None:
        """Nothing to be seen: what lies behind is of another variable."""

    def place(self, at: int) -> str:
        """Where a byte stands."""
        return f"byte {at:,}"

    def _pull(self, start: int, end: int) -> None:
        held = self._start + len(self._data)
        # What is passed over between two reads does not make the second one a new beginning.
        follows = self._start <= start <= held + self._step
        self._step = min(2 * self._step, MOST_AHEAD) if follows else AHEAD
        kept = self._data[start - self._start :] if self._start <= start < held else b""
        at = start + len(kept)
        stop = min(max(end, at + self._step), self.size)
        if self.limit is not None and self.pulled + stop - at > self.limit:
            raise TooFar
        self.pulled += stop - at
        self._start, self._data = start, kept + self.file.read_range(at, stop)
        if len(self._data) < end - start:
            raise FormatError(f"the file is cut short: it ends at byte {self._start + len(self._data):,}")


class InflatedBytes:
    """Bytes inside a compressed element, inflated forward; what lies long before the last place is not kept.

    Parameters
    ----------
    packed : FileBytes
        That hold the element.
    start, end : int
        Its compressed bytes.
    """

    def __init__(self, packed: FileBytes, start: int, end: int) -> None:
        self._packed, self._begin, self._end = packed, start, end
        self.size = (end - start + 1) * RATIO
        self._rewind()

    def take(self, start: int, end: int) -> bytes:
        """Inflated bytes [start, end); those before the last ones are inflated from the start again."""
        if end > self.size:
            raise FormatError(
                f"{self.place(start)} is said to begin something of {end - start:,} bytes, and {self._end - self._begin:,} "
                f"compressed bytes hold at most {self.size:,}"
            )
        if start < self._start:
            self._rewind()
        while self._start + len(self._data) < end:
            self._forward(start, end)
        at = start - self._start
        found = bytes(memoryview(self._data)[at : at + end - start])
        if at > INFLATED:
            self._drop(start)
        return found

    def ends_at(self, at: int) -> None:
        """Look whether the compressed bytes are whole and end here: that is where their checksum stands."""
        if at < self._start:
            self._rewind()
        # The checksum is looked at when more is asked for than there is.
        while not self._inflater.eof and self._start + len(self._data) <= at:
            self._forward(at, at + 1)
        if not self._inflater.eof:
            raise FormatError(f"the compressed bytes are damaged: they go on behind {self.place(at)}")

    def place(self, at: int) -> str:
        """Where a byte stands."""
        return f"byte {at:,} inside the compressed variable at byte {self._begin - 8:,}"

    def _rewind(self) -> None:
        self._at, self._step = self._begin, FIRST_STEP
        self._start, self._data = 0, bytearray()
        self._inflater = zlib.decompressobj()
        self._pending = b""

    def _drop(self, start: int) -> None:
        """Forget what lies before a place."""
        gone = min(max(start - self._start, 0), len(self._data))
        del self._data[:gone]
        self._start += gone

    def _forward(self, start: int, end: int) -> None:
        self._drop(start)
        have = self._start + len(self._data)
        if not self._pending:
            stop = min(self._at + self._step, self._end)
            self._step = min(4 * self._step, MOST_AHEAD)
            self._pending = self._packed.take(self._at, stop) if self._at < stop else b""
            self._at = stop
        if self._inflater.eof or not self._pending:
            raise FormatError(f"{self.place(have)} should hold more, but there the compressed bytes end")
        try:
            # What is skipped comes in pieces, so that it is never held as a whole.
            self._data += self._inflater.decompress(self._pending, max(min(end - have, MOST_AHEAD), INFLATED))
        except zlib.error as error:
            raise FormatError(f"the compressed bytes are damaged at {self.place(have)} ({error})") from error
        self._pending = self._inflater.unconsumed_tail
