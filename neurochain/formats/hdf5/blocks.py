"""Blocks: bytes of a file as HDF5 reads them, in small pieces here and there."""

from collections import OrderedDict

from neurochain.errors import FormatError, StorageError
from neurochain.storage import File
from neurochain.storage.planner import REQUEST_BYTES

__all__ = ["TAIL", "Blocks"]

BLOCK = 64 * 1024  # bytes of a block elsewhere
NEAR = 8 * 1024  # bytes of a block of a file that lies here
AHEAD = 4  # blocks that are fetched with one of a file elsewhere
MOST_AHEAD = 64
LAST = 8  # blocks at the end that are fetched with the first one
TAIL = LAST * BLOCK
"""Bytes at the end of a file elsewhere that are looked at in any case."""
SMALL = 4 * 2**20  # bytes that come in hardly more time than a block does
KEPT = 1024  # blocks of a file that lies here
MOST = 512 * 2**20  # bytes of a file elsewhere that are held until it has been looked through


class Blocks:
    """Bytes of a file in blocks.

    HDF5 has one lock for all its work, so nothing may wait for a network inside of it; nor does it survive an exception
    there (the process ends with a fault of memory, at the latest when Python does). Of a file elsewhere a block that is not
    here is therefore noted, and zeros are given for it: whoever reads calls `fetch`, and begins anew. An error of the
    storage is noted too.

    Parameters
    ----------
    file : File
        To read.

    Attributes
    ----------
    missing : set of int
        Blocks for which zeros were given.
    faults : list of StorageError
        Why what was given since then are no bytes of the file.
    """

    def __init__(self, file: File) -> None:
        self._file = file
        self._size = BLOCK if file.is_remote else NEAR
        self._head = file.read_range(0, file.held)  # was fetched ahead
        self._held: OrderedDict[int, bytes] = OrderedDict()
        self.missing: set[int] = set()
        self.faults: list[StorageError] = []
        if file.is_remote and len(self._head) < min(self._size, file.size):
            # Without the first HDF5 looks for its mark all over the file; in the last is what was described last.
            self.missing |= {
                0,
                *range(max(-(-file.size // self._size) - LAST, 0), -(-file.size // self._size)),
            }
            self.fetch(1)

    def read(self, start: int, end: int) -> bytes:
        """Bytes [start, end), as far as the file goes."""
        end = min(end, self._file.size)
        if end <= len(self._head):
            return self._head[start:end]
        first = start // self._size
        parts = b"".join(self._block(i) for i in range(first, -(-end // self._size)))
        return parts[start - first * self._size : end - first * self._size]

    def fetch(self, ahead: int = AHEAD) -> None:
        """Fetch the blocks that were missing, at once; all of the file, where that takes hardly longer.

        Parameters
        ----------
        ahead : int
            Blocks, of which each is the first.

        Raises
        ------
        FormatError
            What was read is so much that it cannot be what describes data.
        StorageError
            The bytes cannot be had.
        """
        size, known = self._file.size, len(self._head)
        if size - known <= (SMALL if self._file.gap > REQUEST_BYTES else self._size):
            self._head += self._file.read_range(known, size)
        else:
            ranges = [self._from(index, ahead) for index in sorted(self.missing)]
            for (start, _), data in zip(ranges, self._file.read_ranges(ranges), strict=True):
                for at in range(0, len(data), self._size):
                    self._held[(start + at) // self._size] = data[at : at + self._size]
        self.missing.clear()
        if len(self._held) * self._size > MOST:
            raise FormatError(f"what it says of its data lies in more than {MOST:,} bytes")

    def _from(self, index: int, ahead: int) -> tuple[int, int]:
        """Range of a missing block: as long as what is here in front of it, for what goes on like that."""
        run = ahead if self._file.gap > REQUEST_BYTES else 1
        while run < MOST_AHEAD and all(index - i in self._held for i in range(1, run + 1)):
            run *= 2
        return index * self._size, min((index + run) * self._size, self._file.size)

    def _block(self, index: int) -> bytes:
        if index in self._held:
            self._held.move_to_end(index)
            return self._held[index]
        zeros = bytes(min(self._size, self._file.size - index * self._size))
        if self._file.is_remote:
            self.missing.add(index)
            return zeros
        if self.faults:
            return zeros
        try:
            data = self._file.read_range(index * self._size, (index + 1) * self._size)
        except StorageError as error:
            self.faults.append(error)
            return zeros
        self._held[index] = data
        if len(self._held) > KEPT:
            self._held.popitem(last=False)
        return data
