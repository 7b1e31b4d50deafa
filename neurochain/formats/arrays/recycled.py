"""Recycled: memory that large arrays leave behind, for the next ones.

A large array is memory that the kernel clears when it is first written to, which takes nearly as long as filling it from a file
that is in memory. Window after window of a recording is as large as the last one, and mostly that one is gone by then.
"""

import threading
from typing import Any

import numpy as np

__all__ = ["recycled"]

SMALLEST = 2**17  # bytes: smaller ones come from memory that is not cleared
LARGEST = 64 * 2**20  # bytes of one that is kept
MOST = 96 * 2**20  # bytes that are kept in all

Bytes = np.ndarray[Any, np.dtype[np.uint8]]


class _Pool:
    """Buffers that nobody uses."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: list[Bytes] = []

    def take(self, size: int) -> Bytes:
        """Buffer of `size` bytes or somewhat more."""
        with self._lock:
            for i, buffer in enumerate(self._free):
                if size <= len(buffer) <= 2 * size:
                    return self._free.pop(i)
        return np.empty(size, np.uint8)

    def give_back(self, buffer: Bytes) -> None:
        """Keep a buffer; those that were kept for longest are let go."""
        # A collector may run this while the same thread holds the lock: then the buffer is let go.
        if len(buffer) > LARGEST or not self._lock.acquire(blocking=False):
            return
        try:
            self._free.append(buffer)
            while sum(map(len, self._free)) > MOST:
                del self._free[0]
        finally:
            self._lock.release()


_POOL = _Pool()


class _Lent:
    """A buffer as numpy sees it: it goes back when no array shows it any more."""

    __slots__ = ("__array_interface__", "_buffer")

    def __init__(self, buffer: Bytes, size: int) -> None:
        self._buffer = buffer
        self.__array_interface__ = {
            "data": (buffer.ctypes.data, False),
            "shape": (size,),
            "typestr": "|u1",
            "version": 3,
        }

    def __del__(self) -> None:
        _POOL.give_back(self._buffer)


def recycled(shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Array whose values are whatever the memory held before: as ``np.empty``, of memory that was used already.

    Parameters
    ----------
    shape : tuple of int
        Of the array.
    dtype : dtype
        Of numbers.
    """
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if not SMALLEST <= size <= LARGEST:
        return np.empty(shape, dtype)
    return np.asarray(_Lent(_POOL.take(size), size)).view(dtype).reshape(shape)
