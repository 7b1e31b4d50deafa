"""Lent: bytes of a local file where the page cache holds them, for a moment in which nobody can take them away.

To copy bytes out of the page cache takes longer than most that is done with them. They are mapped instead, piece by piece,
so that memory stays flat. A file that somebody shortens while it is mapped would end the process (SIGBUS): so the
mapping stands under a read lease (fcntl(2), F_SETLEASE), for which whoever opens the file to write waits, some milliseconds.
"""

import ctypes
import mmap
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from neurochain.storage.local import local_etag

if sys.platform == "linux":
    import fcntl

    _advise = ctypes.CDLL(None).madvise  # of Python's own, other threads would wait for the disk
    _advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)

__all__ = ["lent"]

POPULATE = 22  # MADV_POPULATE_READ (Linux 5.14), which has no name in Python

Bytes = np.ndarray[Any, np.dtype[np.uint8]]


@contextmanager
def lent(path: str, etag: str, start: int, end: int) -> Iterator[Bytes | None]:
    """Bytes [start, end) of a file; what shows them must be gone, or not be looked at, when they are given back.

    Parameters
    ----------
    path : str
        Of a local file.
    etag : str
        That the file must have; empty where any will do.
    start, end : int
        Bytes, one at least.

    Yields
    ------
    ndarray of uint8, read-only, or None
        None where they must be read: the lease is not to be had (other systems, most network disks, files of other users, files
        that somebody writes), or the file is not as long, has changed, or cannot be read.
    """
    descriptor = _leased(path, etag, end)
    if descriptor is None:
        yield None
        return
    try:
        yield _mapped(descriptor, start, end)
    finally:
        _give_back(descriptor)


def _leased(path: str, etag: str, end: int) -> int | None:
    """Descriptor of an open file that nobody can change until the lease is given back."""
    if sys.platform != "linux":
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        # The signal that somebody waits: one that is ignored, where SIGIO would end the process.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError:
        os.close(descriptor)
        return None
    status = os.fstat(descriptor)
    if end <= status.st_size and etag in ("", local_etag(status)):
        return descriptor
    _give_back(descriptor)
    return None


def _give_back(descriptor: int) -> None:
    if sys.platform == "linux":  # closing would not do while a mapping is there
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    os.close(descriptor)


def _mapped(descriptor: int, start: int, end: int) -> Bytes | None:
    """Bytes of a file, all of them in memory; unmapped when no array shows them."""
    begin = start - start % mmap.ALLOCATIONGRANULARITY
    try:
        pages = mmap.mmap(descriptor, end - begin, mmap.MAP_SHARED, mmap.PROT_READ, offset=begin)
    except OSError:
        return None
    found = np.frombuffer(pages, np.uint8)
    # Of a disk that fails this says so, and a touch would end the process, as with every memmap: that is left to pages which
    # the kernel takes away within these milliseconds and cannot read again.
    if _advise(found.ctypes.data, len(found), POPULATE):
        return None
    return found[start - begin :]
