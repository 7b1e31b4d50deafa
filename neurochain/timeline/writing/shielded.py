"""Shielded: a file that HDF5 can always close.

Where a disk is full, HDF5 cannot bring to disk what it has kept back, and fails in closing the file; what it then leaves in
memory ends the process later (measured: h5py 3.16, HDF5 1.14, segmentation fault). So a write that fails is kept in memory
instead, and said to the one who writes, who stops: `check`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neurochain.errors import require

__all__ = ["Shielded", "shielded_hdf5"]


class Shielded:
    """File for the driver of h5py that takes Python's files.

    Parameters
    ----------
    path : Path
        Of a file, which is made.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b", buffering=0)
        self._at = self._size = 0
        self._kept: list[tuple[int, bytes]] = []
        self._error: OSError | None = None

    def check(self) -> None:
        """Say that something could not be written.

        Raises
        ------
        OSError
            It could not.
        """
        if self._error is not None:
            number = self._error.errno or 0
            raise OSError(number, os.strerror(number))

    def write(self, data: Any) -> int:
        """Write at the place that was sought."""
        view = memoryview(data).cast("B")
        done = 0
        try:
            while self._error is None and done < len(view):
                self._file.seek(self._at + done)
                done += self._file.write(view[done:]) or 0
        except OSError as error:
            self._error = error
        if done < len(view):
            self._kept.append((self._at + done, bytes(view[done:])))
        self._at += len(view)
        self._size = max(self._size, self._at)
        return len(view)

    def readinto(self, buffer: Any) -> int:
        """Read from the place that was sought; what nobody wrote is zero."""
        view = memoryview(buffer).cast("B")
        self._file.seek(self._at)
        done = 0
        while done < len(view) and (count := self._file.readinto(view[done:])):
            done += count
        view[done:] = bytes(len(view) - done)
        for start, data in self._kept:
            first, last = max(start, self._at), min(start + len(data), self._at + len(view))
            if first < last:
                view[first - self._at : last - self._at] = data[first - start : last - start]
        self._at += len(view)
        return len(view)

    def read(self, size: int) -> bytes:
        """As `readinto`."""
        data = bytearray(size)
        self.readinto(data)
        return bytes(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Seek a place."""
        self._at = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence] + offset
        return self._at

    def tell(self) -> int:
        """The place."""
        return self._at

    def truncate(self, size: int | None = None) -> int:
        """Set the size."""
        self._size = self._at if size is None else size
        try:
            self._file.truncate(self._size)
        except OSError as error:
            self._error = self._error or error
        return self._size

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@contextmanager
def shielded_hdf5(path: Path, extra: str, verb: str, **options: Any) -> Iterator[tuple[Any, Shielded]]:
    """HDF5 file to write, and what tells whether all of it could be written.

    Parameters
    ----------
    path : Path
        Of the file.
    extra, verb : str
        As of `require`.
    **options
        Of ``h5py.File``.

    Raises
    ------
    OSError
        It could not.
    """
    h5py: Any = require("h5py", extra, verb)
    shield = Shielded(path)
    try:
        with h5py.File(shield, "w", **options) as file:
            yield file, shield
        shield.check()
    finally:
        shield.close()
