"""Maps: the folder of mapped columns, and how one gets into it.

The files lie in the cache folder under names that follow from what they hold, so that every process and every loader of the
same rows shares one, and its pages. They can be made again at any time: what was not used for longest goes first.
"""

import hashlib
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from neurochain.errors import LoaderError, StorageError
from neurochain.loaders.mapped import Mapped, Values
from neurochain.storage.cache import cache_folder, forget_oldest

FOLDER = "maps"  # in the cache folder
LIMIT = "NEUROCHAIN_MAPS_BYTES"  # in the environment
SHARE = 0.5  # of what is free on the disk, where nobody said how much
ABANDONED = 86_400  # seconds after which nobody writes a file any more: its process was killed
CAN_GATHER = hasattr(os, "writev")
AT_ONCE = 1024  # pieces that the kernel takes
HEAD = 256  # bytes in front of the values, so that rows begin where a page of cache lines does


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
        self._closed = False
        self._writing: Future[None] | None = None
        self._hash = None if name else hashlib.blake2b(f"{dtype.str} {self.shape}".encode(), digest_size=20)
        self._path = folder() / f"new-{secrets.token_hex(8)}"
        with _in_words():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = open(self._path, "xb", opener=_private)  # noqa: SIM115 closed by `close`
            self._file.write(bytes(HEAD))

    def add(self, values: Values) -> None:
        """Append rows, shape (rows, *shape). They are written while the next ones are made, so they stay as they are.

        Raises
        ------
        StorageError
            The disk is full; said of these rows when the next ones come.
        """
        block = np.ascontiguousarray(values, self.dtype)
        self._begin([block.reshape(-1).view(np.uint8).data])
        self.rows += len(block)

    def add_each(self, values: Sequence[memoryview]) -> None:
        """Append rows of which each lies somewhere else, as bytes: as `add`."""
        self._begin(values)
        self.rows += len(values)

    def _begin(self, pieces: Sequence[memoryview]) -> None:
        self._wait()
        self._writing = _writer().submit(self._write, pieces)

    def _write(self, pieces: Sequence[memoryview]) -> None:
        if self._hash is not None:
            for piece in pieces:
                self._hash.update(piece)
        with _in_words():
            for at in range(0, len(pieces), AT_ONCE):
                _write_all(self._file, pieces[at : at + AT_ONCE])

    def _wait(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def close(self) -> Mapped:
        """The array. It has its place when it is on the disk, which is not waited for: after a power cut it is whole, or not
        there.

        Raises
        ------
        StorageError
            The disk is full, or the folder cannot be written.
        """
        self._wait()
        head = _head(self.dtype, (self.rows, *self.shape))
        target = place(self.name if self._hash is None else self._hash.hexdigest())
        with _in_words():
            self._file.seek(0)
            self._file.write(head)
            self._file.flush()
            target.parent.mkdir(parents=True, exist_ok=True)
        self._closed = True
        made = Mapped(target, self._path)
        made.placing = _under_way[target] = _disk().submit(_place, self._file, self._path, target)
        return made

    def discard(self) -> None:
        """Leave nothing behind of what was not closed."""
        if self._closed:
            return
        with suppress(StorageError):
            self._wait()
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._path.unlink()


def _write_all(file: BinaryIO, pieces: Sequence[memoryview]) -> None:
    """Write pieces that lie apart, without one behind the other being copied first."""
    if len(pieces) == 1 or not CAN_GATHER:
        for piece in pieces:
            file.write(piece)
        return
    file.flush()
    wanted = sum(piece.nbytes for piece in pieces)
    written = os.writev(file.fileno(), pieces)
    for piece in pieces if written < wanted else ():  # a full disk, or more than is written at a time
        if written < piece.nbytes:
            file.write(piece[written:])
        written = max(written - piece.nbytes, 0)


@lru_cache(1)
def _writer() -> ThreadPoolExecutor:
    """Thread that writes."""
    return ThreadPoolExecutor(1, thread_name_prefix="neurochain-maps")


@lru_cache(1)
def _disk() -> ThreadPoolExecutor:
    """Thread that waits for the disk; the interpreter waits for it in the end."""
    return ThreadPoolExecutor(1, thread_name_prefix="neurochain-maps")


_under_way: "dict[Path, Future[None]]" = {}  # files that are on their way to their places


def _place(file: BinaryIO, path: Path, target: Path) -> None:
    try:
        with file:
            os.fdatasync(file.fileno())
        os.replace(path, target)
    except OSError:
        with suppress(OSError):  # another loader makes it again
            path.unlink()
    finally:
        _under_way.pop(target, None)


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
    if (placing := _under_way.get(path)) is not None:
        placing.result()
    try:
        os.utime(path)
    except OSError:
        return None
    return Mapped(path)


def make_room(kept: Sequence[Path]) -> None:
    """Delete what was not used for longest, as far as there is more than is meant to be, once all has its place.

    Raises
    ------
    StorageError
        The limit in the environment is no number.
    """
    limit, where = _limit(), folder()

    def forget() -> None:
        for path in kept:
            with suppress(OSError):
                os.utime(path)
        forget_oldest(where, limit, "*.npy")  # what is being written has no such name yet
        for path in where.glob("new-*"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > ABANDONED:
                    path.unlink()

    _disk().submit(forget)


def settle() -> None:
    """Wait until all that was written has its place."""
    _disk().submit(lambda: None).result()


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
