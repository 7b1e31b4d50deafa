"""FsspecStore: everything else that fsspec can reach (memory, s3, gs, az, http, sftp …)."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import fsspec

from neurochain.errors import FileChangedError, MissingExtraError, PatternError, StorageError
from neurochain.storage.access import CLOUDS, Access, access_to
from neurochain.storage.folders import FolderSum, is_whole, outermost
from neurochain.storage.pattern import Globs
from neurochain.storage.planner import Link, Range, clipped
from neurochain.storage.store import Entry

HERE = frozenset(["memory", "zip", "tar", "local"])  # protocols whose bytes are on this machine


class FsspecStore:
    """Objects behind an fsspec filesystem. Paths are as that filesystem writes them.

    Parameters
    ----------
    scheme : str
        Protocol name, ``"s3"``.
    """

    link = Link(at_once=8)

    def __init__(self, scheme: str) -> None:
        self.scheme = scheme
        self.is_remote = scheme not in HERE
        _filesystem(scheme, Access())  # there must be a driver

    def uri(self, path: str) -> str:
        return f"{self.scheme}://{path.lstrip('/') if self.scheme == 'memory' else path}"

    def local_path(self, path: str) -> Path | None:
        return None

    def stat(self, path: str) -> Entry:
        try:
            info = self._at(path).info(path)
        except FileNotFoundError as error:
            raise StorageError(f"{self.uri(path)} does not exist.") from error
        except OSError as error:
            raise StorageError(f"{self.uri(path)} cannot be read: {error}.") from error
        if info.get("type") == "directory":
            if is_whole(path) and (whole := self._gathered(path)) is not None:
                return whole
            raise StorageError(f"{self.uri(path)} is a folder. Use read_storage() for the files in it.")
        return self._entry(info)

    def is_folder(self, path: str) -> bool:
        return bool(self._at(path).isdir(path))

    def list(self, root: str, globs: Globs, companions: tuple[str, ...] = ()) -> Iterator[tuple[Entry, bool]]:
        base = root.strip("/")
        for prefix in _literal_prefixes(globs):
            folder = f"{base}/{prefix}".strip("/")
            wholes: dict[str, FolderSum] = {}
            for path, info in self._at(folder).find(folder, detail=True).items():
                relative = path.lstrip("/")[len(base) :].lstrip("/")
                whole = outermost(relative)
                if whole is not None and globs.matches(whole):
                    top = path[: len(path) - len(relative) + len(whole)]
                    self._add(wholes.setdefault(top, FolderSum()), path, info, len(top) + 1)
                matched = globs.matches(relative)
                if matched or (companions and path.endswith(companions)):
                    yield self._entry(info), matched
            for path, found in wholes.items():
                yield Entry(path, found.size, found.etag, found.mtime), True

    def few(self, root: str, globs: Globs) -> Sequence[Entry] | None:
        return None

    def read_range(self, path: str, start: int, end: int, etag: str | None = None) -> bytes:
        if start == end:
            return b""
        try:
            data: bytes = self._at(path).cat_file(path, start=start, end=end)
        except OSError as error:
            raise StorageError(f"{self.uri(path)} cannot be read: {error}.") from error
        if len(data) != end - start:
            raise FileChangedError(
                f"{self.uri(path)} gave {len(data):,} bytes for [{start:,}, {end:,}): "
                "it has changed since it was listed. Run the chain again."
            )
        return data

    def read_each(self, path: str, ranges: Sequence[Range], etag: str | None = None) -> Sequence[bytes]:
        if len(ranges) < 2:
            return [self.read_range(path, start, end, etag) for start, end in ranges]
        with ThreadPoolExecutor(self.link.at_once) as pool:
            return [*pool.map(lambda r: self.read_range(path, r[0], r[1], etag), ranges)]

    def read_present(
        self, paths: Sequence[str], start: int, end: int | None, most: int
    ) -> Sequence[tuple[Entry, bytes] | None]:
        def one(path: str) -> tuple[Entry, bytes] | None:
            try:
                info = self._at(path).info(path)
            except (FileNotFoundError, NotADirectoryError):
                return None
            except OSError as error:
                raise StorageError(f"{self.uri(path)} cannot be read: {error}.") from error
            if info.get("type") == "directory":
                return None
            entry = self._entry(info)
            first, last = clipped(entry.size, start, end)
            return entry, self.read_range(path, first, last) if last - first <= most else b""

        if len(paths) < 2:
            return [one(path) for path in paths]
        with ThreadPoolExecutor(self.link.at_once) as pool:
            return [*pool.map(one, paths)]

    def folders(self, path: str) -> Sequence[str]:
        try:
            found = self._at(path).ls(path, detail=True)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StorageError(f"{self.uri(path)} cannot be listed: {error}.") from error
        names = (i["name"].rstrip("/").rpartition("/")[2] for i in found if i.get("type") == "directory")
        return sorted(names)

    def _gathered(self, path: str) -> Entry | None:
        """A folder that counts as one object; None where it holds no files."""
        found, top = FolderSum(), path.rstrip("/")
        try:
            files = self._at(path).find(path, detail=True)
        except OSError as error:
            raise StorageError(f"{self.uri(path)} cannot be listed: {error}.") from error
        for name, info in files.items():
            self._add(found, name, info, len(top) + 1 + (name.startswith("/") and not top.startswith("/")))
        return Entry(top, found.size, found.etag, found.mtime) if found.count else None

    def _add(self, found: FolderSum, path: str, info: dict[str, Any], skip: int) -> None:
        one = self._entry(info)
        found.add(path[skip:], one.size, one.etag, one.mtime)

    def _at(self, path: str) -> Any:
        return _filesystem(self.scheme, access_to(self.uri(path)))

    def _entry(self, info: dict[str, Any]) -> Entry:
        stamp = (
            info.get("LastModified") or info.get("last_modified") or info.get("created") or info.get("mtime")
        )
        if isinstance(stamp, int | float):
            stamp = datetime.fromtimestamp(stamp, UTC)
        elif isinstance(stamp, str):
            stamp = datetime.fromisoformat(stamp)
        if isinstance(stamp, datetime) and stamp.tzinfo is None:
            stamp = stamp.replace(tzinfo=UTC)
        size = int(info.get("size") or 0)
        etag = info.get("ETag") or info.get("etag") or info.get("md5Hash")
        text = str(etag).strip('"') if etag else f"{size:x}-{stamp.isoformat() if stamp else ''}"
        return Entry(info["name"], size, text, stamp)


@lru_cache(maxsize=256)
def _filesystem(scheme: str, access: Access) -> Any:
    """Filesystem of a protocol, with what was said of it in the words of its driver."""
    options = {**access.public(), **access.credentials(), **access.driver_options()}
    if scheme == "s3":
        client = {
            n: v
            for n, name in (("endpoint_url", "endpoint"), ("region_name", "region"))
            if (v := options.pop(name, None))
        }
        options |= {"client_kwargs": client} if client else {}
    try:
        return fsspec.filesystem(scheme, **options)
    except ImportError as error:
        install = "neurochain[s3]" if scheme in CLOUDS else "the fsspec driver of that protocol"
        raise MissingExtraError(
            f"{scheme}:// cannot be read: its driver is not installed ({error}). Install it with: pip install {install}"
        ) from error
    except ValueError as error:
        raise PatternError(f"{scheme}:// is no protocol that fsspec knows ({error}).") from error


def _literal_prefixes(globs: Globs) -> list[str]:
    """Folders, relative to the root, under which everything must be listed."""
    prefixes, pending = [], [("", globs.top)]
    while pending:
        prefix, rule = pending.pop()
        folders = rule.literal_folders
        if folders is None or rule.literal_files != []:
            prefixes.append(prefix)
            continue
        for name in folders:
            below = rule.enter(name)
            if below is not None:
                pending.append((f"{prefix}/{name}".lstrip("/"), below))
    return sorted(prefixes)
