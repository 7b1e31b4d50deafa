"""SampleNumbers: numbers of samples since acquisition began, of which few are read to find the gaps."""

import ast
from collections.abc import Iterator

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.openephys.stretches import Integers
from neurochain.storage import File

__all__ = ["SampleNumbers"]

MAGIC = b"\x93NUMPY"
HEAD = 128  # bytes of the header of a one-dimensional .npy
MOST_GAPS = 100_000


class SampleNumbers:
    """Ascending whole numbers, one for each sampling time, in a ``.npy``.

    Parameters
    ----------
    file : File
        The ``.npy``.

    Raises
    ------
    FormatError
        It is none, or of other numbers.
    """

    def __init__(self, file: File) -> None:
        head = file.read_range(0, HEAD)
        end = 10 + int.from_bytes(head[8:10], "little")
        try:
            if not head.startswith(MAGIC) or head[6] != 1 or end > len(head):
                raise ValueError
            said = ast.literal_eval(head[10:end].decode("latin-1"))
            (count,), dtype = said["shape"], np.dtype(said["descr"])
            self.count = int(count)
        except (ValueError, TypeError, KeyError, SyntaxError, IndexError):
            raise FormatError(f"{file.name} is no .npy of one axis") from None
        if dtype.kind != "i" or dtype.itemsize != 8 or self.count < 0 or file.size != end + 8 * self.count:
            raise FormatError(f"{file.name} does not hold {self.count:,} numbers of samples")
        self._file, self._dtype, self._first = file, dtype, end
        self._known: dict[int, int] = {}

    def __getitem__(self, index: int) -> int:
        """Number of one sampling time."""
        if index not in self._known:
            at = self._first + 8 * index
            self._known[index] = int(np.frombuffer(self._file.read_range(at, at + 8), self._dtype)[0])
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
            if self[high] - self[low] == high - low:
                continue
            if high - low == 1:
                found += 1
                if found > MOST_GAPS:
                    raise FormatError(f"{self._file.name} has more than {MOST_GAPS:,} gaps")
                yield high
                continue
            middle = (low + high) // 2
            pending += [(middle, high), (low, middle)]
