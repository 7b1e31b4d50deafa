"""Members: the files in a folder that counts as one object, read many at once, none of them looked for before."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from neurochain.errors import FileChangedError
from neurochain.storage.extents import extent_cache
from neurochain.storage.file import File
from neurochain.storage.folders import check_below, is_whole
from neurochain.storage.local import local_absolute, local_entry
from neurochain.storage.planner import Range
from neurochain.storage.reads import NotFetchedError
from neurochain.storage.scheme import split_uri, store_for
from neurochain.storage.store import Entry, Store

LARGEST = 256 * 2**20  # bytes of one member that are read as a whole, where the caller says no less


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a folder, and some of its bytes.

    Attributes
    ----------
    file : File
        As it is now; what is read of it counts for the folder's row.
    start : int
        First byte of `data`.
    data : bytes
        Empty where there would have been more than was allowed.
    """

    file: File
    start: int
    data: bytes


class Members:
    """Files in a folder that counts as one object.

    A file that is not there is None, and never an error; one that cannot be read is an error, and never None. One that was
    written since the folder was listed raises FileChangedError, as far as its time says so; on this machine's disks also
    one that went since then.

    Parameters
    ----------
    folder : File
        As `File.at` or a listing gives it.

    Examples
    --------
    >>> Members(File.at("scan.zarr")).read(["zarr.json", ".zarray"])         # doctest: +SKIP
    [Member(file=File(uri='scan.zarr/zarr.json', …), start=0, data=b'{…'), None]
    """

    def __init__(self, folder: File) -> None:
        self.folder = folder
        scheme, self._path = split_uri(folder.uri)
        self._store: Store = store_for(scheme)

    def read(
        self, paths: Sequence[str], start: int = 0, end: int | None = None, most: int = LARGEST
    ) -> list[Member | None]:
        """The same bytes of several files, in one round trip.

        Parameters
        ----------
        paths : sequence of str
            Relative to the folder, with slashes.
        start, end : int or None
            Half-open, clipped to each file; a negative `start` counts from its end, and `end` None is its end.
        most : int
            Bytes of one file at most; of one that has more none come.

        Raises
        ------
        FileChangedError
            A file was written, or went, since the folder was listed.
        StorageError
            A path leads out of the folder, or a file could not be read.
        """
        for path in paths:
            check_below(path, self.folder.uri)
        self._wait()
        held = self._kept(paths, most) if (start, end) == (0, None) else {}
        missing = [path for path in paths if path not in held]
        asked = time.monotonic()
        found = self._store.read_present([f"{self._path}/{path}" for path in missing], start, end, most)
        waited = time.monotonic() - asked if self._store.is_remote else 0.0
        if (log := self.folder._log) is not None:
            log.count(sum(len(one[1]) for one in found if one is not None), len(missing), waited)
        gone = _Gone(self.folder, self._store)
        members = dict(held)
        for path, one in zip(missing, found, strict=True):
            if one is None:
                gone.check(f"{self._path}/{path}")
                members[path] = None
                continue
            entry, data = one
            self._check_time(entry)
            first = max(0, entry.size + start) if start < 0 else start
            members[path] = Member(self._file(entry), first, data)
        if (start, end) == (0, None):
            self._keep({path: members[path] for path in missing})
        for path in paths:
            self._note(path, members[path])
        return [members[path] for path in paths]

    def read_ranges(self, wanted: Sequence[tuple[File, Sequence[Range]]]) -> list[list[bytes]]:
        """Ranges of several files that `read` gave, in one round trip.

        Raises
        ------
        FileChangedError, StorageError
            As `File.read_ranges`.
        """
        if len(wanted) < 2 or not self._store.is_remote:
            return [_ranges(one) for one in wanted]
        with ThreadPoolExecutor(min(len(wanted), self._store.link.at_once)) as pool:
            return [*pool.map(_ranges, wanted)]

    def forget(self, path: str) -> None:
        """Keep nothing of a file whose bytes turned out to be damaged: they may have been on their way."""
        cache = extent_cache() if self._keeps else None
        if cache is not None:
            cache.forget(self._store.uri(f"{self._path}/{path}"), self.folder.etag)

    def folders(self, path: str = "") -> list[str]:
        """Names of the folders right below the folder, or below a path in it.

        Raises
        ------
        StorageError
            The store lists nothing, or could not be reached.
        """
        if path:
            check_below(path, self.folder.uri)
        self._wait()
        return [*self._store.folders(f"{self._path}/{path}".rstrip("/"))]

    def sizes(self, paths: Sequence[str]) -> list[int] | None:
        """Bytes of files, 0 where there is none; None where it would cost a request to know."""
        if self._store.local_path(self._path) is None:
            return None
        found = [local_entry(f"{self._path}/{path}") for path in paths]
        return [0 if entry is None else entry.size for entry in found]

    def _wait(self) -> None:
        log = self.folder._log
        if log is not None and self._store.is_remote and not log.waits:
            raise NotFetchedError(f"Files in {self.folder.uri} were not fetched ahead.")

    def _file(self, entry: Entry) -> File:
        return File(self._store.uri(entry.path), entry.size, entry.etag, entry.mtime, self.folder._log)

    def _check_time(self, entry: Entry) -> None:
        listed = self.folder.mtime
        if listed is not None and entry.mtime is not None and entry.mtime > listed:
            raise FileChangedError(
                f"{self._store.uri(entry.path)} was written since {self.folder.name} was listed. Run the chain again."
            )

    def _kept(self, paths: Sequence[str], most: int) -> dict[str, Member | None]:
        """Whole files that were pulled before, while the folder was what it is now."""
        cache = extent_cache() if self._keeps else None
        found: dict[str, Member | None] = {}
        for path in paths if cache is not None else ():
            uri = self._store.uri(f"{self._path}/{path}")
            pieces = cache.find(uri, self.folder.etag, [(0, most)]) if cache is not None else []
            if len(pieces) == 1 and pieces[0][0] == 0:
                data = pieces[0][1]
                file = File(uri, len(data), "", self.folder.mtime, self.folder._log)
                found[path] = Member(file, 0, data)
        return found

    def _keep(self, members: dict[str, Member | None]) -> None:
        cache = extent_cache() if self._keeps else None
        if cache is not None:
            for member in members.values():
                if member is not None and member.data:
                    cache.keep(member.file.uri, self.folder.etag, [(0, member.data)])

    @property
    def _keeps(self) -> bool:
        log = self.folder._log
        return self._store.is_remote and bool(self.folder.etag) and (log is None or log.keeps)

    def _note(self, path: str, member: Member | None) -> None:
        """Say in the log what was read; of a file that is not there, that it is not."""
        if (log := self.folder._log) is None:
            return
        if member is None:
            uri = self._store.uri(f"{self._path}/{path}")
            log.add(uri, "", 0, b"", lambda start, end: b"")
        elif member.data:
            again = partial(File._pull, member.file)
            log.add(member.file.uri, member.file.etag, member.start, member.data, again)


def unlisted(uri: str) -> File | None:
    """A folder that counts as one object, without a look at what is in it; None where it cannot be one.

    Whether one elsewhere is there shows in what is read of it. Its size, identity and time are not known, so that a change of it shows in no read, and nothing of it is kept that has
    no identity of its own. Listing a large one takes longer than a slice of it.
    """
    if not is_whole(uri):
        return None
    scheme, path = split_uri(uri.rstrip("/"))
    store = store_for(scheme)
    path = local_absolute(path) if scheme == "file" else path
    if store.local_path(path) is not None and not store.is_folder(path):
        return None
    return File(store.uri(path), 0)


class _Gone:
    """Files that are not there, and whether they were when their folder was listed: a folder's time tells."""

    def __init__(self, folder: File, store: Store) -> None:
        self._folder, self._store = folder, store
        self._checked: set[str] = set()

    def check(self, path: str) -> None:
        """Raise FileChangedError where the file may have gone since then."""
        local = self._store.local_path(path)
        if local is None or self._folder.mtime is None:
            return
        for place in local.parents:
            if str(place) in self._checked or len(str(place)) < len(self._folder.uri):
                return
            self._checked.add(str(place))
            found = local_entry(str(place))
            if found is None:  # not there either
                continue
            if found.mtime is not None and found.mtime > self._folder.mtime:
                raise FileChangedError(
                    f"{place} has changed since {self._folder.name} was listed, and {local.name} is not in it. Run the chain "
                    "again."
                )
            return


def _ranges(wanted: tuple[File, Sequence[Range]]) -> list[bytes]:
    file, ranges = wanted
    return file.read_ranges(ranges)
