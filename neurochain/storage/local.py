"""LocalStore: files on this machine's disks.

Reads go through ``pread`` on a descriptor whose etag is checked, so a file that was replaced since it
was listed is an error and never other bytes.
"""

import errno
import os
import stat as stat_
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from neurochain.errors import FileChangedError, StorageError
from neurochain.storage.folders import FolderSum, is_whole
from neurochain.storage.pattern import Globs, Rule
from neurochain.storage.planner import Link, Range, clipped
from neurochain.storage.store import Entry

CAN_FILL = hasattr(os, "preadv")
LARGE = 4 * 2**20  # bytes, from which on two threads read what one could
# What is said of a path at which there is no file, or can be none.
ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EISDIR)

T = TypeVar("T")


def local_etag(status: os.stat_result) -> str:
    """Identity of a local file's content: size, mtime_ns, ctime_ns and inode.

    ctime is there because mtime can be set back (``touch -r``, ``rsync -t``), the inode because a
    rename over the file keeps all times.
    """
    return f"{status.st_size:x}-{status.st_mtime_ns:x}-{status.st_ctime_ns:x}-{status.st_ino:x}"


def _entry(path: str, status: os.stat_result) -> Entry:
    mtime = datetime.fromtimestamp(status.st_mtime_ns // 1000 / 1e6, UTC)
    return Entry(path, status.st_size, local_etag(status), mtime)


def local_absolute(path: str) -> str:
    """Absolute form of a local path; ``~`` is the home folder, links are kept."""
    return os.path.abspath(os.path.expanduser(path))


def local_entry(path: str) -> Entry | None:
    """What lies at a path, a file or a folder; None where there is nothing."""
    try:
        return _entry(path, os.stat(path))
    except OSError:
        return None


class LocalStore:
    """Local disks. Paths are absolute."""

    is_remote = False
    link = Link(latency=10e-6, bandwidth=2e9, at_once=1)

    def uri(self, path: str) -> str:
        return path

    def local_path(self, path: str) -> Path | None:
        return Path(path)

    def stat(self, path: str) -> Entry:
        try:
            status = os.stat(path)
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {error.strerror}.") from error
        if stat_.S_ISDIR(status.st_mode):
            if is_whole(path):
                if (found := _gathered(path)) is not None:
                    return found
                raise StorageError(f"{path} holds no files.") from FileNotFoundError(path)
            raise StorageError(
                f"{path} is a folder, not a file. Use read_storage({path!r}) for the files in it."
            )
        return _entry(path, status)

    def is_folder(self, path: str) -> bool:
        return Path(path).is_dir()

    def list(self, root: str, globs: Globs, companions: tuple[str, ...] = ()) -> Iterator[tuple[Entry, bool]]:
        pending: list[tuple[str, Rule, frozenset[tuple[int, int]]]] = [(root, globs.top, frozenset())]
        while pending:
            folder, rule, above = pending.pop()
            try:
                below = yield from _one_folder(folder, rule, companions)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise StorageError(f"The folder {folder} cannot be listed: {error.strerror}.") from error
            for child, child_rule, is_link in below:
                seen = above
                if is_link or above:  # a link may lead back up: remember the folders on the way down
                    try:
                        status = os.stat(child)
                    except OSError:
                        continue
                    identity = (status.st_dev, status.st_ino)
                    if identity in above:
                        continue
                    seen = above | {identity}
                pending.append((child, child_rule, seen))

    def few(self, root: str, globs: Globs) -> Sequence[Entry] | None:
        return None

    def read_range(self, path: str, start: int, end: int, etag: str | None = None) -> bytes:
        return _of_opened(path, etag, _read, start, end)

    def read_each(self, path: str, ranges: Sequence[Range], etag: str | None = None) -> Sequence[bytes]:
        return _of_opened(path, etag, _read_each, ranges)

    def read_present(
        self, paths: Sequence[str], start: int, end: int | None, most: int
    ) -> Sequence[tuple[Entry, bytes] | None]:
        return [_present(path, start, end, most) for path in paths]

    def folders(self, path: str) -> Sequence[str]:
        try:
            with os.scandir(path) as entries:
                return sorted(entry.name for entry in entries if entry.is_dir())
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise StorageError(f"The folder {path} cannot be listed: {error.strerror}.") from error

    def fill(
        self, path: str, starts: Sequence[int], length: int, into: memoryview, etag: str | None = None
    ) -> None:
        """Read blocks of one length into memory that is there, one behind the other; quicker than `read_each`.

        Raises
        ------
        FileChangedError, StorageError
            As `read_range`.
        """
        _of_opened(path, etag, _fill, starts, length, into)


def _of_opened(path: str, etag: str | None, read: Callable[..., T], *wanted: Any) -> T:
    """What `read(descriptor, path, *wanted)` gives of a file that has the etag.

    It is looked at when all is read: a file that was written before or meanwhile has another one then.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except OSError as error:
        raise StorageError(f"{path} cannot be opened: {error.strerror}.") from error
    try:
        try:
            found = read(descriptor, path, *wanted)
        except FileChangedError:
            _check_unchanged(descriptor, path, etag)
            raise
        _check_unchanged(descriptor, path, etag)
        return found
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}.") from error
    finally:
        os.close(descriptor)


def _read(descriptor: int, path: str, start: int, end: int) -> bytes:
    data = os.pread(descriptor, end - start, start)
    while len(data) < end - start:  # pread may give less than asked, at most 2 GiB at a time
        more = os.pread(descriptor, end - start - len(data), start + len(data))
        if not more:
            raise FileChangedError(
                f"{path} ended at byte {start + len(data):,} where {end:,} were expected: "
                "it was shortened since it was listed. Run the chain again."
            )
        data += more
    return data


def _check_unchanged(descriptor: int, path: str, etag: str | None) -> None:
    if etag is not None and local_etag(os.fstat(descriptor)) != etag:
        raise FileChangedError(
            f"{path} has changed since it was listed. Run the chain again to read the new content."
        )


def _read_each(descriptor: int, path: str, ranges: Sequence[Range]) -> list[bytes]:
    return [_read(descriptor, path, start, end) for start, end in ranges]


def _fill(descriptor: int, path: str, starts: Sequence[int], length: int, into: memoryview) -> None:
    at = 0
    for start in starts:
        block = into[at : at + length]
        if length < LARGE:
            _fill_block(descriptor, path, start, block)
        else:  # the kernel copies more slowly than memory gives
            half = length // 2
            second = _second(os.getpid()).submit(_fill_block, descriptor, path, start + half, block[half:])
            try:
                _fill_block(descriptor, path, start, block[:half])
            finally:
                second.result()
        at += length


def _fill_block(descriptor: int, path: str, start: int, block: memoryview) -> None:
    if os.preadv(descriptor, [block], start) != len(block):
        block[:] = _read(descriptor, path, start, start + len(block))


@lru_cache(maxsize=1)
def _second(process: int) -> ThreadPoolExecutor:
    """Threads of this process that read the second half of what is large; those of one that it was forked from are not here."""
    return ThreadPoolExecutor(max_workers=4, thread_name_prefix="neurochain-halves")


def _one_folder(
    folder: str, rule: Rule, companions: tuple[str, ...]
) -> Generator[tuple[Entry, bool], None, list[tuple[str, Rule, bool]]]:
    """Yield the files of one folder; return the subfolders to enter, each with its rule."""
    below: list[tuple[str, Rule, bool]] = []
    literal_files, literal_folders = rule.literal_files, rule.literal_folders
    if literal_folders is not None and literal_files is not None and not (companions and literal_files):
        # Everything is named: look at those names alone, however large the folder is.
        for name in literal_files:
            path = _join(folder, name)
            try:
                status = os.stat(path)
            except (FileNotFoundError, NotADirectoryError):
                continue
            if stat_.S_ISREG(status.st_mode):
                yield _entry(path, status), True
            elif is_whole(name) and (found := _gathered(path)) is not None:
                yield found, True
        for name in literal_folders:
            child_rule = rule.enter(name)
            if child_rule is not None:
                below.append((_join(folder, name), child_rule, True))
        return below
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if entry.is_dir():
                child_rule = rule.enter(name)
                if child_rule is not None:
                    below.append((entry.path, child_rule, entry.is_symlink()))
                if is_whole(name) and rule.matches(name) and (found := _gathered(entry.path)) is not None:
                    yield found, True
                continue
            matched = rule.matches(name)
            if not matched and not (companions and name.endswith(companions) and not name.startswith(".")):
                continue
            try:
                status = entry.stat()
            except FileNotFoundError:  # a dangling link, or gone since the folder was read
                continue
            if stat_.S_ISREG(status.st_mode):
                yield _entry(entry.path, status), matched
    return below


def entries_below(folder: str, times: FolderSum | None = None) -> Iterator[Entry]:
    """Files in a folder, and in those in it; a sum gets the times of the folders."""
    pending: list[tuple[str, frozenset[tuple[int, int]]]] = [(folder, frozenset())]
    while pending:
        place, above = pending.pop()
        try:
            status = os.stat(place)
            identity = status.st_dev, status.st_ino
            if identity in above:  # a link that leads back up
                continue
            if times is not None:
                times.touch(_entry(place, status).mtime)
            with os.scandir(place) as entries:
                for entry in entries:
                    if entry.is_dir():
                        pending.append((entry.path, above | {identity}))
                        continue
                    file = _status(entry)
                    if stat_.S_ISREG(file.st_mode) or stat_.S_ISLNK(file.st_mode):
                        yield _entry(entry.path, file)
        except FileNotFoundError:  # gone since the folder above was read
            continue
        except OSError as error:
            raise StorageError(f"The folder {place} cannot be listed: {error.strerror}.") from error


def _gathered(folder: str) -> Entry | None:
    """A folder that counts as one object; None where it holds no files."""
    found, skip = FolderSum(), len(folder.rstrip("/")) + 1
    # A file that goes, or another's name that comes, shows in the time of its folder alone.
    for one in entries_below(folder, found):
        found.add(one.path[skip:], one.size, one.etag, one.mtime)
    return Entry(folder, found.size, found.etag, found.mtime) if found.count else None


def _status(entry: os.DirEntry[str]) -> os.stat_result:
    """Of the file that an entry leads to; of the link, where that leads nowhere."""
    try:
        return entry.stat()
    except FileNotFoundError:
        return entry.stat(follow_symlinks=False)


def _present(path: str, start: int, end: int | None, most: int) -> tuple[Entry, bytes] | None:
    """What a file is, and some of its bytes; None where there is none."""
    try:
        # Opening a pipe would wait for somebody to write into it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        if error.errno not in ABSENT:
            raise StorageError(f"{path} cannot be opened: {error.strerror}.") from error
        if os.path.islink(path):
            raise StorageError(
                f"{path} is a link to nothing: its content is not here. Fetch it (datalad get, git annex get)."
            ) from error
        return None
    try:
        status = os.fstat(descriptor)
        if not stat_.S_ISREG(status.st_mode):
            return None
        found = _entry(path, status)
        first, last = clipped(found.size, start, end)
        if last - first > most:
            return found, b""
        data = _read(descriptor, path, first, last)
        _check_unchanged(descriptor, path, found.etag)
        return found, data
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}.") from error
    finally:
        os.close(descriptor)


def _join(folder: str, name: str) -> str:
    return f"{folder}{name}" if folder.endswith("/") else f"{folder}/{name}"
