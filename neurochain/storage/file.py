"""File: one object in storage, and the ways to read it."""

import io
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

from neurochain.errors import FileChangedError, StorageError
from neurochain.storage.copies import copied
from neurochain.storage.extents import apart, extent_cache
from neurochain.storage.flights import FLIGHTS
from neurochain.storage.folders import check_below, is_whole
from neurochain.storage.local import CAN_FILL, LocalStore, entries_below, local_absolute
from neurochain.storage.planner import Cost, cut, plan
from neurochain.storage.rangeio import RangeIO
from neurochain.storage.reads import NotFetchedError, ReadLog, active_log
from neurochain.storage.recent import RECENT
from neurochain.storage.scheme import place_of, split_uri, store_for
from neurochain.storage.store import Entry, Store

BUFFER = 64 * 1024  # of open(): one request serves the many small reads that parsers make


@dataclass(frozen=True)
class File:
    r"""One object in storage. Nothing is read until it is asked for.

    Attributes
    ----------
    uri : str
        Where it lies: an absolute path, or ``scheme://…``.
    size : int
        Bytes.
    etag : str
        Identity of the content; of a local file (size, mtime_ns, ctime_ns, inode). Reads fail with
        FileChangedError when the file no longer has it.
    mtime : datetime or None
        Last modification, UTC.
    companions : str or None
        JSON object: name and etag of the files beside it that belong to it, where it was listed.

    Examples
    --------
    >>> file = File.at("scan.nii")                                # doctest: +SKIP
    >>> file.read_range(0, 4)                                     # doctest: +SKIP
    b'\x5c\x01\x00\x00'
    """

    uri: str
    size: int
    etag: str = ""
    mtime: datetime | None = None
    _log: ReadLog | None = field(default_factory=active_log, repr=False, compare=False)
    companions: str | None = field(default=None, repr=False, compare=False)

    @classmethod
    def at(cls, uri: str | os.PathLike[str]) -> "File":
        """File at a URI or path, as it is now.

        Raises
        ------
        StorageError
            There is none, or it is a folder that does not count as one object.
        """
        scheme, rest = split_uri(os.fspath(uri))
        rest = rest.rstrip("/") if is_whole(rest) else rest
        store = store_for(scheme)
        entry = store.stat(local_absolute(rest) if scheme == "file" else rest)
        return cls.of(entry, store)

    @classmethod
    def of(cls, entry: Entry, store: Store) -> "File":
        """File of a listed entry."""
        return cls(store.uri(entry.path), entry.size, entry.etag, entry.mtime)

    @property
    def name(self) -> str:
        """Last part of the path: ``"scan.nii.gz"``."""
        return self.uri.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """Lower-case ending with its dot; ``.nii.gz`` counts as one."""
        name = self.name.lower()
        ending = os.path.splitext(name)[1]
        if ending in (".gz", ".bz2", ".zst", ".xz"):
            inner = os.path.splitext(name[: -len(ending)])[1]
            return inner + ending
        return ending

    def beside(self, name: str) -> "File":
        """File of another name in the same folder; what is read of it counts for this one's row.

        Parameters
        ----------
        name : str
            Of a file, without folders.

        Raises
        ------
        FileChangedError
            It belongs to this file, and has changed since they were listed.
        StorageError
            There is none, or `name` leads out of the folder.
        """
        if "/" in name:
            raise StorageError(f"{self.uri} names {name!r}: what belongs to a file lies in the same folder.")
        return self._related(name)

    def below(self, path: str) -> "File":
        """File in a folder beside this one; what is read of it counts for this one's row.

        Parameters
        ----------
        path : str
            Relative to this file's folder, with slashes: ``"continuous/probe/continuous.dat"``.

        Raises
        ------
        FileChangedError, StorageError
            As `beside`.
        """
        return self._related(path)

    def within(self, path: str) -> "File":
        """File in this one, which is a folder that counts as one object; what is read of it counts for this one's row.

        Parameters
        ----------
        path : str
            Relative to it: ``"0/zarr.json"``. `Members` reads many, and such as may not be there.

        Raises
        ------
        StorageError
            As `below`.
        """
        return self._related(path, inside=True)

    def _related(self, path: str, inside: bool = False) -> "File":
        """File at a path relative to this one's folder, or to this one where it is a folder."""
        check_below(path, self.uri)
        store, own = self._where()
        if inside:
            path = f"{self.name}/{path}"
        if self._log is not None and store.is_remote and not self._log.waits:
            raise NotFetchedError(f"{path} beside {self.uri} was not looked for ahead.")
        entry = store.stat(f"{own.rpartition('/')[0]}/{path}")
        etag = json.loads(self.companions).get(path) if self.companions else None
        if etag is not None and entry.etag != etag:
            raise FileChangedError(
                f"{store.uri(entry.path)} has changed since it was listed. Run the chain again."
            )
        return File(store.uri(entry.path), entry.size, entry.etag, entry.mtime, self._log)

    def read(self) -> bytes:
        """All bytes."""
        return self.read_range(0, self.size)

    def read_range(self, start: int, end: int, note: bool = True) -> bytes:
        """Bytes [start, end); beyond the file's end there are none.

        Parameters
        ----------
        start, end : int
            Half-open.
        note : bool
            Whether lineage names the range; what only helps to find others need not stand there. It counts as pulled.

        Raises
        ------
        ValueError
            `start` is negative or behind `end`.
        FileChangedError
            The file is no longer the one that was listed.
        StorageError
            It cannot be read.
        """
        start, end = self._checked(start, end)
        if start >= end:
            return b""
        ahead = self._log.fetched(self.uri, start, end) if self._log is not None else b""
        if ahead and self._log is not None and note:
            self._log.add(self.uri, self.etag, start, ahead, self._pull)
        start += len(ahead)
        if start == end:
            return ahead
        store, _ = self._where()
        if store.is_remote:
            return ahead + self.read_ranges([(start, end)], note)[0]
        data = self._pull(start, end)
        if self._log is not None:
            self._log.count(len(data), 1)
            if note:
                self._log.add(self.uri, self.etag, start, data, self._pull)
        return ahead + data

    def read_ranges(self, ranges: Sequence[tuple[int, int]], note: bool = True) -> list[bytes]:
        """Bytes of several ranges [start, end), in as few and as many requests as is quickest.

        Where little lies between two ranges it is pulled with them; a large range comes in pieces at once. Of a file
        elsewhere, what was pulled before is taken from the cache.

        Parameters
        ----------
        ranges : sequence of (int, int)
            In any order.
        note : bool
            As in `read_range`.

        Raises
        ------
        ValueError, FileChangedError, StorageError
            As `read_range`.

        Examples
        --------
        >>> head, tail = file.read_ranges([(0, 348), (file.size - 128, file.size)])     # doctest: +SKIP
        """
        wanted = [self._checked(start, end) for start, end in ranges]
        if self._log is not None and not self._log.waits:
            return [self.read_range(start, end, note) for start, end in wanted]
        store, _ = self._where()
        cache = extent_cache() if note and store.is_remote and self.etag and self._keeps else None
        link = store.link
        asked = time.monotonic()
        if cache is None:
            requests = plan(wanted, link, self._cost)
            pieces = pulled = list(zip((a for a, _ in requests), self._pull_each(requests), strict=True))
        else:
            held, pulled, shared = FLIGHTS.pull(
                (self.uri, self.etag),
                wanted,
                partial(cache.find, self.uri, self.etag, wanted),
                lambda ranges: plan(ranges, link, self._cost),
                self._pull_each,
                partial(cache.keep, self.uri, self.etag),
            )
            pieces = apart([*held, *pulled, *shared])
        found = cut(wanted, [(a, a + len(data)) for a, data in pieces], [data for _, data in pieces])
        if self._log is not None:
            waited = time.monotonic() - asked if store.is_remote else 0.0
            self._log.count(sum(len(data) for _, data in pulled), len(pulled), waited)
            for (start, _), data in zip(wanted, found, strict=True):
                if data and note:
                    self._log.add(self.uri, self.etag, start, data, self._pull)
        return found

    def fill(self, starts: Sequence[int], length: int, into: memoryview) -> bool:
        """Read blocks of one length into memory that is there, where that is quicker than `read_ranges`.

        Parameters
        ----------
        starts : sequence of int
            First byte of each.
        length : int
            Bytes of each.
        into : memoryview
            Of ``len(starts) * length`` bytes, writable.

        Returns
        -------
        bool
            Whether they were read: not of files elsewhere, nor where somebody notes what is read, nor beyond the file's end.

        Raises
        ------
        FileChangedError, StorageError
            As `read_range`.
        """
        store, path = self._where()
        noted = self._log is not None
        if noted or not isinstance(store, LocalStore) or not CAN_FILL or max(starts) + length > self.size:
            return False
        store.fill(path, starts, length, into, self.etag or None)
        return True

    @property
    def held(self) -> int:
        """How many of the first bytes are here without a request."""
        return self._log.held(self.uri) if self._log is not None else 0

    def hold(self, end: int) -> None:
        """Have the first `end` bytes of a file elsewhere, for the reads within them that follow: in one request.

        None is made where this process read them not long ago. Without a log, and on a disk of this machine, nothing is done.

        Raises
        ------
        FileChangedError, StorageError
            As `read_range`.
        """
        store, _ = self._where()
        if not store.is_remote or self._log is None:
            return
        end = min(end, self.size)
        head = RECENT.find(self.uri, self.etag, end)
        if head is None:
            head = self.read_range(0, end)
        else:
            self._log.add(self.uri, self.etag, 0, head, self._pull)
        self._log.hold(self.uri, 0, head)

    @property
    def is_remote(self) -> bool:
        """Whether its bytes come from elsewhere."""
        return self._where()[0].is_remote

    @property
    def gap(self) -> int:
        """Bytes between two ranges that are better read along than left out."""
        return self._where()[0].link.gap(self._cost)

    @property
    def _cost(self) -> Cost:
        return "time" if self._log is None else self._log.io

    @property
    def _keeps(self) -> bool:
        return self._log is None or self._log.keeps

    def _checked(self, start: int, end: int) -> tuple[int, int]:
        if start < 0 or end < start:
            raise ValueError(f"read_range({start}, {end}): a range needs 0 <= start <= end.")
        return min(start, self.size), min(end, self.size)

    def open(self, mode: str = "rb", buffer_size: int = BUFFER, encoding: str = "utf-8") -> IO[Any]:
        """Seekable, buffered, read-only file object that reads by range.

        Parameters
        ----------
        mode : {"rb", "r"}
            Bytes or text.
        buffer_size : int
            Bytes pulled at least at a time.
        encoding : str
            Of text.
        """
        if mode not in ("rb", "r", "rt"):
            raise ValueError(f"open(mode={mode!r}): files are read-only; mode is 'rb' or 'r'.")
        buffered = io.BufferedReader(RangeIO(self.size, self.read_range, self.uri), buffer_size)
        return buffered if mode == "rb" else io.TextIOWrapper(buffered, encoding=encoding)

    def local_path(self) -> Path:
        """Path on this machine's disk; a remote file, unless it is a folder, is copied there whole, once per content.

        Counts as reading the whole file, since nobody sees what is read through the path. Prefer
        `open` or `read_range`.
        """
        store, path = self._where()
        local = store.local_path(path)
        if local is None:
            local = copied(self.uri, self.etag, self.size, self._pull)
        elif self.etag and store.stat(path).etag != self.etag:
            raise FileChangedError(f"{self.uri} has changed since it was listed. Run the chain again.")
        if self._log is not None:
            inside = [File.of(entry, store) for entry in entries_below(path)] if local.is_dir() else [self]
            for file in inside:
                self._log.add_whole(file.uri, file.etag, file.size, file._pull)
        return local

    def _where(self) -> tuple[Store, str]:
        return place_of(self.uri)

    def _pull(self, start: int, end: int) -> bytes:
        return self._pull_each([(start, end)])[0]

    def _pull_each(self, ranges: Sequence[tuple[int, int]]) -> Sequence[bytes]:
        store, path = self._where()
        return store.read_each(path, ranges, self.etag or None)

    def __reduce__(self) -> tuple[Any, ...]:
        # A log belongs to one row in one process.
        return _unpickled, (self.uri, self.size, self.etag, self.mtime, self.companions)


def _unpickled(uri: str, size: int, etag: str, mtime: datetime | None, companions: str | None) -> File:
    return File(uri, size, etag, mtime, companions=companions)
