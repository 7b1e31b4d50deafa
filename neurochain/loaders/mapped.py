"""Mapped: a column's values in a ``.npy`` file, of which rows are taken.

It is mapped into memory; one that is large for this machine is read row by row instead, since what is touched of a map counts
as this process's memory until the system wants it back.
"""

import os
import weakref
from collections.abc import Iterable
from concurrent.futures import Future
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from neurochain.errors import LoaderError

LARGE = 1 / 8  # of this machine's memory
NOW = getattr(os, "RWF_NOWAIT", 0)  # Linux: an error, where the disk would be waited for

Values = np.ndarray[Any, np.dtype[Any]]
Span = tuple[int, int]


class Mapped:
    """An array that lies in a file; it travels to other processes as the file's path.

    Parameters
    ----------
    path : Path
        Of the ``.npy`` file.
    there : Path, optional
        Where it lies until it has its name.

    Attributes
    ----------
    placing : Future or None
        Done when it has.
    waits : int
        How often the disk was waited for, where it is read and not mapped.
    """

    def __init__(self, path: Path, there: Path | None = None) -> None:
        self.path = path
        self.placing: Future[None] | None = None
        self.waits = 0
        self._values: Values | None = None if there is None else _loaded(there)
        self._open: int | None = None
        self._head = 0
        if there is not None and self.is_large:
            self._opened(there)

    @property
    def values(self) -> Values:
        """The array, read-only.

        Raises
        ------
        LoaderError
            The file is gone, or is not whole.
        """
        if self._values is None:
            self._values = _loaded(self.path)
            if self.is_large:  # now, since its name may go where there is little room
                self._opened(self.path)
        return self._values

    @cached_property
    def is_large(self) -> bool:
        """Whether it is read, and not mapped."""
        return hasattr(os, "preadv") and self.values.nbytes > LARGE * memory()

    def take(self, rows: np.ndarray[Any, np.dtype[np.int64]], out: Values) -> Values:
        """Entries along the first axis, by their numbers, which are not checked.

        Parameters
        ----------
        rows : ndarray of int
            Each at least 0 and below their number.
        out : ndarray, shape (len(rows), …)
            Where they go.
        """
        if not self.is_large or not self._opened():
            # With mode="raise" numpy gathers into a copy of `out` first.
            return self.values.take(rows, axis=0, out=out, mode="clip")
        if len(rows) > 1 and bool((np.diff(rows) == 1).all()):
            self._read(int(rows[0]), out)
            return out
        assert self._open is not None
        wanted, size, at = out.reshape(-1).view(np.uint8).data, self._size, 0
        for row in rows.tolist():
            try:
                whole = os.preadv(self._open, [wanted[at : at + size]], self._head + row * size, NOW) == size
            except OSError:
                whole = False
            if not whole:
                self._read(row, out[at // size : at // size + 1])
            at += size
        return out

    def piece(self, start: int, end: int) -> Values:
        """A copy of the entries [start, end), which may be written to."""
        if not self.is_large or not self._opened():
            return self.values[start:end].copy()
        out = np.empty((end - start, *self.values.shape[1:]), self.values.dtype)
        self._read(start, out)
        return out

    def announce(self, spans: Iterable[Span]) -> None:
        """Ask the kernel to read entries, by [start, end) along the first axis, that will be taken soon."""
        if not self._opened():  # it has no name yet, or none any more: whoever takes them waits
            return
        assert self._open is not None
        file, head, size = self._open, self._head, self._size
        for start, end in spans:
            os.posix_fadvise(file, head + start * size, (end - start) * size, os.POSIX_FADV_WILLNEED)

    def _read(self, start: int, out: Values) -> None:
        """Fill an array with the entries from one on."""
        assert self._open is not None
        wanted = out.reshape(-1).view(np.uint8).data
        at, done = self._head + start * self._size, 0
        flags = NOW
        while done < len(wanted):
            try:
                got = os.preadv(self._open, [wanted[done:]], at + done, flags)
            except BlockingIOError:
                self.waits += 1
                flags = 0
                continue
            except OSError:  # a file system that cannot say whether it would wait
                if not flags:
                    raise
                flags = 0
                continue
            if not got and not flags:
                raise LoaderError(
                    f"{self.path} has become shorter since it was opened. Make the loader again."
                )
            self.waits += bool(flags) and done + got < len(wanted)
            flags, done = 0, done + got

    @property
    def _size(self) -> int:
        """Bytes of an entry."""
        return self.values.nbytes // max(len(self.values), 1)

    def _opened(self, path: Path | None = None) -> bool:
        """Whether its file is open, or could be opened by its name."""
        if self._open is None:
            try:
                self._open = os.open(path or self.path, os.O_RDONLY)
            except OSError:
                return False
            weakref.finalize(self, os.close, self._open)
            self._head = os.fstat(self._open).st_size - self.values.nbytes
        return True

    def __getstate__(self) -> dict[str, Any]:
        if self.placing is not None:
            self.placing.result()
        kept = {name: value for name, value in self.__dict__.items() if name != "is_large"}  # of this machine
        return {**kept, "placing": None, "waits": 0, "_values": None, "_open": None}


@lru_cache(1)
def memory() -> int:
    """Bytes of this machine's memory; without end where nobody says."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 2**63


def _loaded(path: Path) -> Values:
    try:
        mapped = np.load(path, mmap_mode="r")
    except FileNotFoundError:
        raise LoaderError(
            f"{path} is gone: the cache folder was emptied since the loader was made. Make the loader again."
        ) from None
    except (OSError, ValueError) as error:
        raise LoaderError(
            f"{path} cannot be mapped ({error}). Delete it, and make the loader again."
        ) from error
    return np.asarray(mapped)  # of numpy's own class, which is quicker to take rows of
