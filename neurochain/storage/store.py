"""Store: the small protocol behind which bytes lie, and the way from a URI to one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from neurochain.errors import PatternError
from neurochain.storage.pattern import Globs


@dataclass(frozen=True, slots=True)
class Entry:
    """One object as a store lists it.

    Attributes
    ----------
    path : str
        Within the store: absolute for local disks, ``bucket/key`` for object stores.
    size : int
        Bytes.
    etag : str
        Changes whenever the content may have changed.
    mtime : datetime or None
        Last modification, UTC.
    """

    path: str
    size: int
    etag: str
    mtime: datetime | None


class Store(Protocol):
    """Bytes at paths. Implementations are safe to use from several threads."""

    def uri(self, path: str) -> str:
        """URI of a path in this store."""
        ...

    def stat(self, path: str) -> Entry:
        """One object. Raises StorageError where there is none."""
        ...

    def is_folder(self, path: str) -> bool:
        """Whether a folder (or a key prefix with objects below it) lies at the path."""
        ...

    def list(self, root: str, globs: Globs, companion: str | None = None) -> Iterator[tuple[Entry, bool]]:
        """Objects below a root that the globs mean, each with True; in no promised order.

        With `companion` (a suffix such as ``".json"``), the objects with that suffix that lie in the same
        folders come too, with False, unless the globs mean them.
        """
        ...

    def read_range(self, path: str, start: int, end: int, etag: str | None = None) -> bytes:
        """Bytes [start, end), exactly ``end - start`` of them.

        Raises
        ------
        FileChangedError
            The object no longer has this etag, or is shorter than `end`.
        StorageError
            It could not be read.
        """
        ...

    def local_path(self, path: str) -> Path | None:
        """Path on this machine's disk, or None where the store is not a local one."""
        ...


def split_uri(uri: str) -> tuple[str, str]:
    """Split a URI into its scheme (``"file"`` for a plain path) and the rest.

    Examples
    --------
    >>> split_uri("s3://bucket/key")
    ('s3', 'bucket/key')
    """
    scheme, separator, rest = uri.partition("://")
    if not separator:
        return "file", uri
    if not scheme or not scheme.replace("+", "").replace("-", "").replace(".", "").isalnum():
        raise PatternError(f"{uri!r} is no URI: {scheme!r} is no scheme. Write s3://bucket/key or a path.")
    return scheme.lower(), rest


@lru_cache(maxsize=64)
def store_for(scheme: str) -> Store:
    """Store that serves a scheme; one per process."""
    if scheme == "file":
        from neurochain.storage.local import LocalStore  # the two stores know this protocol, not it them

        return LocalStore()
    from neurochain.storage.remote import FsspecStore  # as above; and fsspec costs 60 ms to import

    return FsspecStore(scheme)
