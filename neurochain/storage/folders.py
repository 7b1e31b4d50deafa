"""Folders that count as one object: trees of many small files, none of which means anything by itself.

Wherever files are listed, such a folder is one entry in the place of the files in it; only a pattern that names it and
goes on (``x.zarr/**``) means the files themselves.
"""

import hashlib
from datetime import datetime

from neurochain.errors import StorageError

SUFFIXES = (".zarr",)
"""Endings of their names; the one place that says them."""

_BITS = 256
_MODULUS = 2**_BITS


def is_whole(name: str) -> bool:
    """Whether a folder of this name, or at this path, counts as one object.

    Examples
    --------
    >>> is_whole("study/brain.ome.zarr"), is_whole(".zarr"), is_whole("brain.zarr.zip")
    (True, False, False)
    """
    last = name.rstrip("/").rpartition("/")[2].lower()
    return last.endswith(SUFFIXES) and last not in SUFFIXES


def outermost(path: str) -> str | None:
    """The first folder on the way to a file that counts as one object; None where there is none.

    Examples
    --------
    >>> outermost("study/a.zarr/0/b.zarr/c"), outermost("study/a.zarr")
    ('study/a.zarr', None)
    """
    if not any(f"{suffix}/" in path.lower() for suffix in SUFFIXES):
        return None
    names = path.split("/")
    return next(("/".join(names[: i + 1]) for i, name in enumerate(names[:-1]) if is_whole(name)), None)


def check_below(path: str, named_by: str) -> None:
    """Refuse a path that leads out of its folder.

    Raises
    ------
    StorageError
        It does, or is none.
    """
    names = path.split("/")
    if not all(names) or {".", ".."} & set(names) or "\\" in path or "\0" in path:
        raise StorageError(
            f"{named_by} names {path!r}: a file that belongs to another lies in its folder, or below."
        )


class FolderSum:
    """Size, identity and time of a folder, from the files in it as they come: in any order, and none of them is kept.

    Two folders have one etag where they hold the same paths with the same etags: hashes of (path, etag) are added up, so
    that a tree of a million files takes no memory while it is listed.

    Attributes
    ----------
    count : int
        Files.
    size : int
        Bytes of them all.
    mtime : datetime or None
        The latest, UTC.
    """

    def __init__(self) -> None:
        self.count = self.size = self._sum = 0
        self.mtime: datetime | None = None

    def add(self, path: str, size: int, etag: str, mtime: datetime | None) -> None:
        """Count a file at a path within the folder."""
        digest = hashlib.blake2b(f"{path}\0{etag}".encode("utf-8", "surrogateescape"), digest_size=_BITS // 8)
        self._sum = (self._sum + int.from_bytes(digest.digest(), "little")) % _MODULUS
        self.count += 1
        self.size += size
        self.touch(mtime)

    def touch(self, mtime: datetime | None) -> None:
        """Note when something of it changed."""
        if mtime is not None and (self.mtime is None or mtime > self.mtime):
            self.mtime = mtime

    @property
    def etag(self) -> str:
        """Of the folder: changes whenever a file in it may have changed, came, went, or got another name."""
        digest = hashlib.blake2b(self._sum.to_bytes(_BITS // 8, "little"), digest_size=16)
        return f"{self.count:x}-{self.size:x}-{digest.hexdigest()}"
