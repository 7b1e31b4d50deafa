"""Memo: what a reader may remember between calls, without knowing where."""

import hashlib
import os
import struct
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from io import FileIO
from pathlib import Path
from typing import Protocol

from neurochain.storage.cache import cache_folder, forget_oldest

MARK = b"neurochain memo 2\n"
DIGEST = 16  # bytes
COUNT, ENTRY = struct.Struct("<I"), struct.Struct(f"<Q{DIGEST}s")


class Memo(Protocol):
    """Small bytes by key (a seek index, a chunk table, a list of keyframes).

    A key names the reader, what is remembered, and the file's uri and etag, so that a changed file
    has other keys. What is remembered may be forgotten at any time.
    """

    def get(self, key: str) -> bytes | None:
        """Bytes put under the key, or None."""
        ...

    def put(self, key: str, value: bytes) -> None:
        """Remember bytes under the key."""
        ...

    def get_one(self, key: str, number: int) -> bytes | None:
        """One of the values put together under the key, or None; the others are not read."""
        ...

    def put_many(self, key: str, values: Sequence[bytes]) -> None:
        """Remember several values under one key."""
        ...


class FolderMemo:
    """Memo in a folder that processes share. What was not used for longest is forgotten first.

    Parameters
    ----------
    folder : Path
        Made at the first `put`.
    limit : int
        Bytes to keep.
    """

    def __init__(self, folder: Path, limit: int = 2 * 10**9) -> None:
        self.folder, self.limit = folder, limit
        self._written = limit  # the first put looks how much there is

    def get(self, key: str) -> bytes | None:
        """As in `Memo`; what was damaged on disk counts as forgotten."""
        return self.get_one(key, 0)

    def put(self, key: str, value: bytes) -> None:
        """As in `Memo`; a disk that is full or read-only is no error."""
        self.put_many(key, [value])

    def get_one(self, key: str, number: int) -> bytes | None:
        """As in `Memo`; what was damaged on disk counts as forgotten."""
        path = self._path(key)
        try:
            with path.open("rb", buffering=0) as file:
                found = _one(file, key, number)
                if found is not None:
                    with suppress(OSError):
                        os.utime(file.fileno())
        except OSError:
            return None
        return found

    def put_many(self, key: str, values: Sequence[bytes]) -> None:
        """As in `Memo`; a disk that is full or read-only is no error."""
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix="new-", delete=False) as file:
                file.write(_together(key, values))
            Path(file.name).replace(path)
        except OSError:
            return
        self._written += sum(map(len, values))
        if self._written > self.limit // 10:
            self._written = 0
            forget_oldest(self.folder, self.limit)

    def _path(self, key: str) -> Path:
        name = hashlib.blake2b(key.encode(), digest_size=20).hexdigest()
        return self.folder / name[:2] / name


def cache_memo() -> FolderMemo:
    """Memo of this user's programs, in the cache folder."""
    return _memo_in(cache_folder())


@lru_cache(maxsize=8)
def _memo_in(folder: Path) -> FolderMemo:
    return FolderMemo(folder / "memo")


def _together(key: str, values: Sequence[bytes]) -> bytes:
    """Values as they lie on disk: how many, and of each its length and its hash; then they themselves."""
    entries = [ENTRY.pack(len(value), _digest(key, number, value)) for number, value in enumerate(values)]
    return b"".join((MARK, COUNT.pack(len(values)), *entries, *values))


def _one(file: FileIO, key: str, number: int) -> bytes | None:
    """One value of those that lie in a file; None where it is not there, or damaged."""
    head = file.read(len(MARK) + COUNT.size)
    if len(head) < len(MARK) + COUNT.size or not head.startswith(MARK):
        return None
    (count,) = COUNT.unpack_from(head, len(MARK))
    table = file.read((number + 1) * ENTRY.size) if number < count else b""
    if len(table) < (number + 1) * ENTRY.size:
        return None
    entries = list(ENTRY.iter_unpack(table))
    length, digest = entries[number]
    start = len(head) + count * ENTRY.size + sum(size for size, _ in entries[:number])
    if start + length > os.fstat(file.fileno()).st_size:  # cut off, or no length at all
        return None
    file.seek(start)
    value: bytes = file.read(length)
    return value if len(value) == length and _digest(key, number, value) == digest else None


def _digest(key: str, number: int, value: bytes) -> bytes:
    digest = hashlib.blake2b(f"{number} {key}\0".encode(), digest_size=DIGEST)
    digest.update(value)
    return digest.digest()
