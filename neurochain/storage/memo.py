"""Memo: what a reader may remember between calls, without knowing where."""

import hashlib
import os
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from neurochain.storage.cache import cache_folder, forget_oldest

MARK = b"neurochain memo 1\n"
DIGEST = 16  # bytes


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
        path = self._path(key)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        start = len(MARK) + DIGEST
        value = data[start:]
        if data[: len(MARK)] != MARK or data[len(MARK) : start] != _digest(key, value):
            return None
        with suppress(OSError):
            os.utime(path)
        return value

    def put(self, key: str, value: bytes) -> None:
        """As in `Memo`; a disk that is full or read-only is no error."""
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix="new-", delete=False) as file:
                file.write(MARK + _digest(key, value) + value)
            Path(file.name).replace(path)
        except OSError:
            return
        self._written += len(value)
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


def _digest(key: str, value: bytes) -> bytes:
    return hashlib.blake2b(key.encode() + b"\0" + value, digest_size=DIGEST).digest()
