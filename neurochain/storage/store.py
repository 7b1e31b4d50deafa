"""Store: the small protocol behind which bytes lie."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

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
