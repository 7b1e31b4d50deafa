"""Mapped: a column's values as a ``.npy`` file that is mapped into memory.

The files lie in the cache folder under names that follow from what they hold, so that every process and every loader of the
same rows shares one, and its pages. They can be made again at any time: what was not used for longest goes first.
"""

import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from neurochain.errors import LoaderError, StorageError
from neurochain.storage.cache import cache_folder, forget_oldest

FOLDER = "maps"  # in the cache folder
LIMIT = "NEUROCHAIN_MAPS_BYTES"  # in the environment
SHARE = 0.5  # of what is free on the disk, where nobody said how much
HEAD = 256  # bytes in front of the values, so that rows begin where a page of cache lines does

Values = np.ndarray[Any, np.dtype[Any]]


class Mapped:
    """An array that lies in a file; it travels to other processes as the file's path.

    Parameters
    ----------
    path : Path
        Of the ``.npy`` file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._values: Values | None = None

    @property
    def values(self) -> Values:
        """The array, read-only.

        Raises
        ------
        LoaderError
            The file is gone, or is not whole.
        """
        if self._values is None:
            try:
                mapped = np.load(self.path, mmap_mode="r")
            except FileNotFoundError:
                raise LoaderError(
                    f"{self.path} is gone: the cache folder was emptied since the loader was made. Make the loader again."
                ) from None
            except (OSError, ValueError) as error:
                raise LoaderError(
                    f"{self.path} cannot be mapped ({error}). Delete it, and make the loader again."
                ) from error
            self._values = np.asarray(mapped)  # of numpy's own class, which is quicker to take rows of
        return self._values

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "_values": None}


class MapWriter:
    """Writes one file row by row; it has its name when it is whole.

    Parameters
    ----------
    dtype : numpy.dtype
        Of the values, little endian.
    shape : sequence of int
        Of one row.
    name : str, optional
        Of the file; by default it follows from the bytes.
    """

    def __init__(self, dtype: np.dtype[Any], shape: Sequence[int] = (), name: str = "") -> None:
        self.dtype, self.shape, self.name = dtype, tuple(shape), name
        self.rows = 0
        self._hash = None if name else hashlib.blake2b(f"{dtype.str} {self.shape}".encode(), digest_size=20)
        self._path = folder() / f"new-{secrets.token_hex(8)}"
        with _in_words():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = open(self._path, "xb", opener=_private)  # noqa: SIM115 closed by `close`
            self._file.write(bytes(HEAD))

    def add(self, values: Values) -> None:
        """Append rows, shape (rows, *shape).

        Raises
        ------
        StorageError
            The disk is full.
        """
        block = np.ascontiguousarray(values, self.dtype)
        data: Any = block.reshape(-1).view(np.uint8).data
        if self._hash is not None:
            self._hash.update(data)
        with _in_words():
            self._file.write(data)
        self.rows += len(block)

    def close(self) -> Mapped:
        """Put it in its place.

        Raises
        ------
        StorageError
            The disk is full, or the folder cannot be written.
        """
        head = _head(self.dtype, (self.rows, *self.shape))
        target = place(self.name if self._hash is None else self._hash.hexdigest())
        with _in_words():
            self._file.seek(0)
            self._file.write(head)
            self._file.flush()
            os.fdatasync(self._file.fileno())  # after a power cut it is whole, or not there
            self._file.close()
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(self._path, target)
        return Mapped(target)

    def discard(self) -> None:
        """Leave nothing behind."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._path.unlink()


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"Columns cannot be mapped in {folder()}: {error.strerror}. Make room there, or set NEUROCHAIN_CACHE to a folder "
            "on another disk."
        ) from error


def folder() -> Path:
    """Where the files lie."""
    return cache_folder() / FOLDER


def place(name: str) -> Path:
    """Path of a file."""
    return folder() / name[:2] / f"{name}.npy"


def found(name: str) -> Mapped | None:
    """A file that is there; it was used now."""
    path = place(name)
    try:
        os.utime(path)
    except OSError:
        return None
    return Mapped(path)


def make_room(kept: Sequence[Path]) -> None:
    """Delete what was not used for longest, as far as there is more than is meant to be."""
    for path in kept:
        with suppress(OSError):
            os.utime(path)
    forget_oldest(folder(), _limit())


def _limit() -> int:
    text = os.environ.get(LIMIT)
    if text is not None:
        if not text.isdigit():
            raise StorageError(f"{LIMIT}={text!r} in the environment: give a number of bytes.")
        return int(text)
    held = sum(path.stat().st_size for path in folder().rglob("*.npy"))
    status = os.statvfs(folder())
    return held + int(SHARE * status.f_bavail * status.f_frsize)


def _head(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """Header of a ``.npy`` file of `HEAD` bytes, as its format 1.0 allows."""
    said = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    text = repr(said).encode("latin1")
    room = HEAD - npy.MAGIC_LEN - 2
    if len(text) >= room:
        raise LoaderError(f"Arrays of shape {shape} cannot be mapped: they have too many axes.")
    return npy.magic(1, 0) + room.to_bytes(2, "little") + text.ljust(room - 1) + b"\n"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
