"""SampleNumbers: numbers of samples since acquisition began, of which few are read to find the gaps."""

from collections.abc import Iterator

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.arrays.npy import npy_head
from neurochain.formats.openephys.stretches import Integers
from neurochain.storage import File

__all__ = ["SampleNumbers"]

DTYPE = np.dtype("<i8")
HEAD = 128  # bytes of the header of a one-dimensional .npy
MOST_GAPS = 100_000


class SampleNumbers:
    """Ascending whole numbers, one for each sampling time.

    Parameters
    ----------
    file : File
        The ``.npy`` that holds them.
    first : int
        Byte at which they begin.
    count : int
        How many there are.
    """

    def __init__(self, file: File, first: int, count: int) -> None:
        self.count = count
        self._file, self._first = file, first
        self._known: dict[int, int] = {}

    @classmethod
    def of(cls, file: File) -> "SampleNumbers | None":
        """Those of a ``.npy``; None where it holds seconds, as ``timestamps.npy`` does since 0.6.

        Raises
        ------
        FormatError
            It is no such file, or cut short.
        """
        shape, _, dtype, first = npy_head(file, HEAD)
        if len(shape) != 1:
            raise FormatError(f"{file.name} is no .npy of one axis")
        (count,) = shape
        if dtype.kind == "f":
            return None
        if dtype != DTYPE or file.size != first + count * DTYPE.itemsize:
            raise FormatError(f"{file.name} does not hold {count:,} numbers of samples")
        return cls(file, first, count)

    def __getitem__(self, index: int) -> int:
        """Number of one sampling time."""
        if index not in self._known:
            at = self._first + 8 * index
            self._known[index] = int(np.frombuffer(self._file.read_range(at, at + 8), DTYPE)[0])
        return self._known[index]

    @property
    def is_gapless(self) -> bool:
        """Whether they follow one another."""
        return not self.count or self[self.count - 1] - self[0] == self.count - 1

    def blocks(self) -> tuple[Integers, Integers]:
        """Number of the first sample of each stretch without gaps, and how many it has; some twenty reads for each gap."""
        if not self.count:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        begins = [0, *self._breaks()]
        firsts = np.array([self[i] for i in begins], np.int64)
        counts: Integers = np.array([*begins[1:], self.count], np.int64) - np.array(begins, np.int64)
        return firsts, counts

    def _breaks(self) -> Iterator[int]:
        """Indices behind gaps, ascending. What a number is ahead of its index never falls, so halves without gap are seen."""
        pending, found = [(0, self.count - 1)], 0
        while pending:
            low, high = pending.pop()
            ahead = (self[high] - self[low]) - (high - low)
            if ahead < 0:
                raise FormatError(f"{self._file.name}: the numbers of samples do not ascend at {high:,}")
            if not ahead:
                continue
            if high - low == 1:
                found += 1
                if found > MOST_GAPS:
                    raise FormatError(f"{self._file.name} has more than {MOST_GAPS:,} gaps")
                yield high
                continue
            middle = (low + high) // 2
            pending += [(middle, high), (low, middle)]
