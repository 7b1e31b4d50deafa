"""ExtentCache: bytes of files elsewhere that were pulled before, kept on this disk as they were asked for.

Every extent is one file, written beside and renamed: processes share the folder without locks, and a kill leaves
nothing half. A hash behind the bytes shows what a disk has lost.
"""

import hashlib
import os
import secrets
import shutil
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from neurochain.errors import StorageError
from neurochain.storage.cache import cache_folder, forget_oldest
from neurochain.storage.planner import Range

LIMIT = "NEUROCHAIN_CACHE_BYTES"  # in the environment; 0 keeps nothing
BYTES = 10 * 10**9
DIGEST = 16  # bytes behind each extent
Piece = tuple[int, bytes]  # first byte, content


class ExtentCache:
    """Extents of files, by address and etag.

    Parameters
    ----------
    folder : Path
        Made at the first `keep`.
    limit : int
        Bytes to keep; what was not used for longest goes first.
    """

    def __init__(self, folder: Path, limit: int = BYTES) -> None:
        self.folder, self.limit = folder, limit
        self._written = limit  # the first that is kept looks how much there is

    def find(self, uri: str, etag: str, wanted: Sequence[Range]) -> list[Piece]:
        """Extents that hold bytes of some ranges, in order; together they may hold less than that."""
        folder = self._folder(uri, etag)
        try:
            names = os.listdir(folder)
        except OSError:
            return []
        found: list[Piece] = []
        for start, end in sorted(filter(None, map(_range_of, names))):
            if any(a < end and start < b for a, b in wanted):
                data = self._read(folder, start, end)
                if data is not None:
                    found.append((start, data))
        return found

    def keep(self, uri: str, etag: str, pieces: Sequence[Piece]) -> None:
        """Keep extents; a disk that is full or read-only is no error."""
        folder = self._folder(uri, etag)
        for start, data in pieces:
            try:
                made, file = _new(folder)
                with file:
                    file.write(data)
                    file.write(_digest(start, data))
                os.replace(made, f"{folder}/{start}-{start + len(data)}")
            except OSError:
                return
            self._written += len(data)
        if self._written > self.limit // 20:
            self._written = 0
            forget_oldest(self.folder, self.limit)

    def forget(self, uri: str, etag: str) -> None:
        """Delete the extents of a file."""
        shutil.rmtree(self._folder(uri, etag), ignore_errors=True)

    def _read(self, folder: str, start: int, end: int) -> bytes | None:
        path = f"{folder}/{start}-{end}"
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError:
            return None
        content = data[:-DIGEST]
        if len(content) != end - start or data[-DIGEST:] != _digest(start, content):
            with suppress(OSError):
                os.unlink(path)
            return None
        with suppress(OSError):
            os.utime(path)
        return content

    def _folder(self, uri: str, etag: str) -> str:
        name = hashlib.blake2b(f"{uri}\n{etag}".encode(), digest_size=20).hexdigest()
        return f"{self.folder}/{name[:2]}/{name}"


def missing(wanted: Sequence[Range], pieces: Sequence[Piece]) -> list[Range]:
    """Parts of ranges that no piece holds.

    Examples
    --------
    >>> missing([(0, 10), (20, 30)], [(2, b"abc"), (18, b"abcd")])
    [(0, 2), (5, 10), (22, 30)]
    """
    return uncovered(wanted, [(start, start + len(data)) for start, data in pieces])


def uncovered(wanted: Sequence[Range], ranges: Sequence[Range]) -> list[Range]:
    """Parts of ranges that lie in none of some others."""
    held = sorted(ranges)
    left = []
    for start, end in wanted:
        at = start
        for a, b in held:
            if b <= at or a >= end:
                continue
            if a > at:
                left.append((at, a))
            at = max(at, b)
        if at < end:
            left.append((at, end))
    return left


def apart(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces in order, cut so that none overlaps another.

    Examples
    --------
    >>> apart([(3, b"def"), (0, b"abcd"), (1, b"b")])
    [(0, b'abcd'), (4, b'ef')]
    """
    found: list[Piece] = []
    at = 0
    for start, data in sorted(pieces, key=lambda p: (p[0], -len(p[1]))):
        first = max(start, at)
        if first < start + len(data):
            found.append((first, data[first - start :]))
            at = start + len(data)
    return found


def extent_cache() -> ExtentCache | None:
    """Cache of this user's programs; None where it was turned off."""
    text = os.environ.get(LIMIT, str(BYTES))
    if not text.isdigit():
        raise StorageError(f"{LIMIT}={text!r} in the environment: give a number of bytes; 0 keeps nothing.")
    return _cache_in(cache_folder(), int(text)) if int(text) else None


@lru_cache(maxsize=8)
def _cache_in(folder: Path, limit: int) -> ExtentCache:
    return ExtentCache(folder / "extents", limit)


def _new(folder: str) -> tuple[str, BinaryIO]:
    """A file under a name of its own, for this user alone; tempfile takes twice as long."""
    path = f"{folder}/new-{secrets.token_hex(8)}"
    try:
        return path, open(path, "xb", opener=_private)
    except FileNotFoundError:
        os.makedirs(folder, exist_ok=True)
        return path, open(path, "xb", opener=_private)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _range_of(name: str) -> Range | None:
    start, _, end = name.partition("-")
    return (int(start), int(end)) if start.isdigit() and end.isdigit() else None


def _digest(start: int, data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=DIGEST, key=start.to_bytes(8, "little")).digest()
