"""Store: the small protocol behind which bytes lie."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from neurochain.storage.pattern import Globs
from neurochain.storage.planner import Link, Range


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

    @property
    def is_remote(self) -> bool:
        """Whether bytes come from elsewhere, so that it is worth it to keep them."""
        ...

    @property
    def link(self) -> Link:
        """What a request costs."""
        ...

    def uri(self, path: str) -> str:
        """URI of a path in this store."""
        ...

    def stat(self, path: str) -> Entry:
        """One object, or a folder that counts as one. Raises StorageError where there is none."""
        ...

    def is_folder(self, path: str) -> bool:
        """Whether a folder (or a key prefix with objects below it) lies at the path."""
        ...

    def list(self, root: str, globs: Globs, companions: tuple[str, ...] = ()) -> Iterator[tuple[Entry, bool]]:
        """Objects below a root that the globs mean, each with True; in no promised order.

        A folder that counts as one object (`neurochain.storage.folders`) comes in the place of the files in it, unless a glob
        names it and goes on.

        With `companions` (suffixes such as ``".json"``), the objects with one of them that lie in the same
        folders come too, with False, unless the globs mean them.
        """
        ...

    def few(self, root: str, globs: Globs) -> Sequence[Entry] | None:
        """Objects below a root that the globs mean, where a single request tells them all, folders or not.

        None where there is more below it than a page of a listing holds, and of stores that list folder by folder.
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

    def read_each(self, path: str, ranges: Sequence[Range], etag: str | None = None) -> Sequence[bytes]:
        """Several ranges of one object, each by a request of its own, as many at once as the link allows.

        Raises
        ------
        FileChangedError, StorageError
            As `read_range`.
        """
        ...

    def read_present(
        self, paths: Sequence[str], start: int, end: int | None, most: int
    ) -> Sequence[tuple[Entry, bytes] | None]:
        """The same bytes of several objects of which nothing is known, one request each, as many at once as can be.

        Parameters
        ----------
        paths : sequence of str
            Of objects that may not be there.
        start, end : int or None
            Half-open, clipped to each object; a negative `start` counts from its end, and `end` None is its end.
        most : int
            Bytes that are pulled of one object at most; one that would give more comes without bytes.

        Returns
        -------
        sequence of (Entry, bytes) or None
            What the object is now, and its bytes; None where there is none.

        Raises
        ------
        StorageError
            It cannot be told whether there is one, or it could not be read.
        """
        ...

    def folders(self, path: str) -> Sequence[str]:
        """Names of the folders right below a path, sorted; none where there is no folder.

        Raises
        ------
        StorageError
            The store lists nothing, or could not be reached.
        """
        ...

    def local_path(self, path: str) -> Path | None:
        """Path on this machine's disk, or None where the store is not a local one."""
        ...
