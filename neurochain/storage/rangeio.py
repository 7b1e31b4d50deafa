"""RangeIO: what is read by ranges, as a raw file object."""

import io
import os
from collections.abc import Callable
from typing import Any


class RangeIO(io.RawIOBase):
    """Raw, seekable, read-only file object.

    Parameters
    ----------
    size : int
        Bytes.
    read : callable
        Bytes [start, end), or fewer of them; none at the end.
    name : str
        As file objects have it.
    """

    def __init__(self, size: int, read: Callable[[int, int], bytes], name: str = "") -> None:
        self._size, self._read, self._name = size, read, name
        self._at = 0

    @property
    def name(self) -> str:
        return self._name

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError(f"seek({offset}, {whence}) goes before the start of the file.")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        data = self._read(self._at, self._at + len(view))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)
