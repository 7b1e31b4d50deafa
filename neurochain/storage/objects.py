"""ObjectStore: buckets of S3, Google Cloud and Azure, and web servers, by way of obstore.

obstore repeats what fails on the way (503, 429, timeouts, connections that break off) with pauses that grow and
vary. What it does not check is checked here: that as many bytes come as were asked for, and of the same object.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from itertools import zip_longest
from typing import Any
from urllib.parse import unquote

import obstore
from obstore.exceptions import (
    BaseError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)

from neurochain.errors import FileChangedError, PatternError, StorageError
from neurochain.storage.access import access_to
from neurochain.storage.buckets import connect
from neurochain.storage.folders import FolderSum, is_whole, outermost
from neurochain.storage.links import LinkMeter
from neurochain.storage.pattern import Globs, Rule
from neurochain.storage.planner import Link, Range, clipped
from neurochain.storage.store import Entry
from neurochain.storage.walk import Walk

WEB = frozenset(["http", "https"])
NO_SUFFIX = frozenset(
    ["az", "azure", "adl", "abfs", "abfss"]
)  # stores that give no last bytes without a first one
METADATA = "169.254.169.254"
CREDENTIALS = "If it is public, say anon=True; else storage_options={'profile': …}, or set the credentials in the environment."
AT_ONCE = 16  # requests for the ranges of one object
MANY_AT_ONCE = 64  # for objects of their own
MOST_PARTS = 1000  # folders that are listed as wholes beside each other
PAGE = 1000  # objects of a listing that come together
Task = tuple[
    str, Rule | None, bool
]  # a folder, what is meant in it (None: itself), and whether it is listed as a whole
Page = list[tuple[Entry, bool]]


class ObjectStore:
    """Objects of one kind of store. Paths are ``bucket/key``; of web servers ``host/path``.

    Parameters
    ----------
    scheme : str
        ``"s3"``, ``"gs"``, ``"az"``, ``"http"`` …
    """

    is_remote = True

    def __init__(self, scheme: str) -> None:
        self.scheme = scheme
        self._meter = LinkMeter(Link(at_once=AT_ONCE))
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="neurochain-ranges")
        self._many = ThreadPoolExecutor(MANY_AT_ONCE, thread_name_prefix="neurochain-objects")

    @property
    def link(self) -> Link:
        """As measured so far."""
        return self._meter.link

    def uri(self, path: str) -> str:
        return f"{self.scheme}://{path}"

    def local_path(self, path: str) -> None:
        return None

    def stat(self, path: str) -> Entry:
        if is_whole(path):
            if self.scheme in WEB:  # which lists nothing: whether a file in it has changed cannot be seen
                return Entry(path, 0, "", None)
            if (whole := self._gathered(path)) is not None:
                return whole
        found = self._head(path)
        if found is not None:
            return found
        if self.is_folder(path):
            raise StorageError(
                f"{self.uri(path)} is a folder. Use read_storage({self.uri(path)!r}) for the files in it."
            )
        raise StorageError(f"{self.uri(path)} does not exist.") from FileNotFoundError(path)

    def is_folder(self, path: str) -> bool:
        if self.scheme in WEB:
            return False
        store, key = self._open(path)
        with self._in_words(path):
            return bool(next(iter(obstore.list(store, key or None, chunk_size=1)), None))

    def list(self, root: str, globs: Globs, companions: tuple[str, ...] = ()) -> Iterator[tuple[Entry, bool]]:
        """As in `Store`: folder by folder, several at once; all below a folder in one go where a glob says ``**``."""

        def look(task: Task) -> Iterator[Task | Page]:
            folder, rule, whole = task
            return self._look(folder, rule, whole, companions)

        for page in Walk(look).run([(root.strip("/"), globs.top, False)]):
            yield from page

    def few(self, root: str, globs: Globs) -> Sequence[Entry] | None:
        if self.scheme in WEB:
            return None
        folder = root.strip("/")
        store, key = self._open(folder)
        with self._in_words(folder):
            page = next(iter(obstore.list(store, key or None, chunk_size=PAGE)), [])
        if len(page) >= PAGE:
            return None
        return [entry for found in self._everything(folder, globs.top, (), [page]) for entry, _ in found]

    def read_range(self, path: str, start: int, end: int, etag: str | None = None) -> bytes:
        if start == end:
            return b""
        store, key = self._open(path)
        with self._present(path), self._meter.request(end - start):
            answer = obstore.get(store, key, options=_options(start, end, etag))
            data = bytes(answer.bytes())
        return self._whole(path, (start, end), etag, answer.meta, data)

    def read_each(self, path: str, ranges: Sequence[Range], etag: str | None = None) -> Sequence[bytes]:
        if len(ranges) < 2:
            return [self.read_range(path, start, end, etag) for start, end in ranges]
        return [*self._pool.map(lambda r: self.read_range(path, r[0], r[1], etag), ranges)]

    def read_present(
        self, paths: Sequence[str], start: int, end: int | None, most: int
    ) -> Sequence[tuple[Entry, bytes] | None]:
        if len(paths) < 2:
            return [self._present_part(path, start, end, most) for path in paths]
        return [*self._many.map(lambda path: self._present_part(path, start, end, most), paths)]

    def folders(self, path: str) -> Sequence[str]:
        if self.scheme in WEB:
            raise StorageError(f"{self.uri(path)} is on a web server, which lists nothing.")
        store, key = self._open(path)
        with self._in_words(path):
            found = obstore.list_with_delimiter(store, key or None)["common_prefixes"]
        return sorted(prefix.rpartition("/")[2] for prefix in found)

    def _present_part(self, path: str, start: int, end: int | None, most: int) -> tuple[Entry, bytes] | None:
        """What an object is, and some of its bytes; None where there is none."""
        store, key = self._open(path)
        options: Any = {}
        if start < 0 and self.scheme in NO_SUFFIX:
            if (found := self._head(path)) is None:
                return None
            start, end = clipped(found.size, start, end)
        if start < 0 and end is None:
            options["range"] = {"suffix": -start}
        elif start or end is not None:
            options["range"] = {"offset": start} if end is None else (start, end)
        try:
            with self._in_words(path):
                answer = obstore.get(store, key, options=options or None)
                entry = _entry(path, answer.meta)
                first, last = clipped(entry.size, start, end)
                data = bytes(answer.bytes()) if last - first <= most else b""
        except FileNotFoundError:
            return None
        if last - first <= most:
            self._whole(path, (first, last), None, answer.meta, data)
        return entry, data

    def _look(
        self, folder: str, rule: Rule | None, whole: bool, companions: tuple[str, ...]
    ) -> Iterator[Task | Page]:
        """Files in a folder that are meant, page by page, and the folders to look into."""
        if rule is None:
            entry = self._gathered(folder)
            yield [] if entry is None else [(entry, True)]
            return
        files, folders = rule.literal_files, rule.literal_folders
        if files is not None and folders is not None and (self.scheme in WEB or not (companions and files)):
            for name in folders:
                if (below := rule.enter(name)) is not None:
                    yield f"{folder}/{name}", below, False
            if files:  # one by one: their folder may hold a million
                heads = self._pool.map(self._there, [f"{folder}/{name}" for name in files])
                yield [(entry, True) for entry in heads if entry is not None]
            return
        if self.scheme in WEB:
            raise PatternError(
                f"{self.uri(folder)} is on a web server, which lists nothing. Name the files: read_storage([url, …])."
            )
        if whole:
            yield from self._everything(folder, rule, companions)
            return
        store, key = self._open(folder)
        with self._in_words(folder):
            found = obstore.list_with_delimiter(store, key or None)
        folders = [prefix.rpartition("/")[2] for prefix in found["common_prefixes"]]
        if (
            rule.is_deep and len(folders) > MOST_PARTS
        ):  # a request for each would be more than pages there are
            yield from self._everything(folder, rule, companions)
            return
        yield self._chosen(folder, found["objects"], lambda _: rule, companions)
        for name in folders:
            if is_whole(name) and rule.matches(name):
                yield f"{folder}/{name}", None, True
            if (below := rule.enter(name)) is not None:
                yield f"{folder}/{name}", below, below.is_deep and len(folders) > 1

    def _everything(
        self, folder: str, rule: Rule, companions: tuple[str, ...], pages: Iterable[Any] | None = None
    ) -> Iterator[Page]:
        """All files below a folder that are meant; of pages of its listing that are here already."""
        store, key = self._open(folder)
        rules: dict[str, Rule | None] = {key: rule}

        def rule_of(parent: str) -> Rule | None:
            if parent not in rules:
                above, _, name = parent.rpartition("/")
                outer = rule_of(above)
                rules[parent] = None if outer is None else outer.enter(name)
            return rules[parent]

        wholes: dict[str, FolderSum] = {}
        with self._in_words(folder):
            for page in obstore.list(store, key or None, chunk_size=PAGE) if pages is None else pages:
                _add_wholes(wholes, page, len(key) + 1 if key else 0, rule_of)
                yield self._chosen(folder, page, rule_of, companions)
        bucket = folder.partition("/")[0]
        yield [(_whole_entry(f"{bucket}/{path}", found), True) for path, found in wholes.items()]

    def _gathered(self, path: str) -> Entry | None:
        """A folder that counts as one object; None where there is none."""
        store, key = self._open(path)
        found = FolderSum()
        with self._in_words(path):
            for page in obstore.list(store, key, chunk_size=PAGE):
                _add(found, page, len(key) + 1)
        return _whole_entry(path, found) if found.count else None

    def _there(self, path: str) -> Entry | None:
        """An object, or a folder that counts as one; None where there is neither."""
        if not is_whole(path):
            return self._head(path)
        if self.scheme in WEB:
            raise PatternError(
                f"{self.uri(path)} is on a web server, which lists nothing: whether a file in it changes cannot be seen, "
                "so it makes no row. Open it: nc.open(url)."
            )
        return self._gathered(path) or self._head(path)

    def _chosen(self, folder: str, objects: Sequence[Any], rule_of: Any, companions: tuple[str, ...]) -> Page:
        bucket, _, own = folder.partition("/")
        chosen = []
        for found, behind in zip_longest(objects, objects[1:]):
            key = found["path"]
            if key == own:  # a mark that says that there is such a folder
                continue
            parent, _, name = key.rpartition("/")
            rule = rule_of(parent)
            if rule is None:
                continue
            matched = rule.matches(name)
            if not (matched or (companions and name.endswith(companions) and not name.startswith("."))):
                continue
            if not found["size"] and self._is_mark(bucket, key, behind):
                continue
            chosen.append((_entry(f"{bucket}/{key}", found), matched))
        return chosen

    def _is_mark(self, bucket: str, key: str, behind: Any) -> bool:
        """Whether an empty object only says that there is a folder: its key ends with a slash, which obstore leaves out."""
        if behind is not None and behind["path"].startswith(f"{key}/"):
            return True
        return "." not in key.rpartition("/")[2] and self._head(f"{bucket}/{key}") is None

    def _head(self, path: str) -> Entry | None:
        """One object, or None where there is none."""
        store, key = self._open(path)
        if not key:
            return None
        try:
            with self._in_words(path):
                return _entry(path, obstore.head(store, key))
        except FileNotFoundError:
            return None

    def _open(self, path: str) -> tuple[Any, str]:
        bucket, _, key = path.partition("/")
        if not bucket:
            raise PatternError(f"{self.uri(path)!r} names no bucket. Write {self.scheme}://bucket/key.")
        store = _connected(self.scheme, bucket, access_to(self.uri(path)))
        return store, unquote(key) if self.scheme in WEB else key

    def _whole(self, path: str, asked: Range, etag: str | None, meta: Any, data: bytes) -> bytes:
        """What came, if it is what was asked for, of the object that was meant."""
        start, end = asked
        if etag is not None and _etag(meta) != etag:
            raise self._changed(path)
        if len(data) != end - start:
            raise FileChangedError(
                f"{self.uri(path)} gave {len(data):,} bytes for [{start:,}, {end:,}): it was shortened since it was "
                "listed, or its server breaks off. Run the chain again."
            )
        return data

    def _changed(self, path: str) -> FileChangedError:
        return FileChangedError(
            f"{self.uri(path)} has changed since it was listed. Run the chain again to read the new content."
        )

    @contextmanager
    def _present(self, path: str) -> Iterator[None]:
        try:
            with self._in_words(path):
                yield
        except FileNotFoundError:
            raise StorageError(f"{self.uri(path)} does not exist (any more).") from None
        except PreconditionError:
            raise self._changed(path) from None

    @contextmanager
    def _in_words(self, path: str) -> Iterator[None]:
        try:
            yield
        except (PreconditionError, FileNotFoundError):
            raise
        except (PermissionDeniedError, UnauthenticatedError) as error:
            raise StorageError(f"{self.uri(path)} cannot be read: {_reason(error)}. {CREDENTIALS}") from error
        except BaseError as error:
            if METADATA in str(error):  # asked for the role of a machine, where nothing else gave credentials
                raise StorageError(
                    f"{self.uri(path)} cannot be read: there are no credentials. {CREDENTIALS}"
                ) from error
            raise StorageError(f"{self.uri(path)} cannot be read: {_reason(error)}.") from error


@lru_cache(maxsize=256)
def _connected(scheme: str, bucket: str, access: Any) -> Any:
    return connect(scheme, bucket, access)


def _options(start: int, end: int, etag: str | None) -> Any:
    options: dict[str, Any] = {"range": (start, end)}
    if etag is not None and not etag.startswith(("W/", "~")):
        options["if_match"] = f'"{etag}"'
    return options


def _entry(path: str, found: Any) -> Entry:
    return Entry(path, int(found["size"]), _etag(found), found["last_modified"])


def _add(found: FolderSum, objects: Sequence[Any], skip: int) -> None:
    """Count objects of a folder whose key, with a slash, has so many characters."""
    for one in objects:
        if len(one["path"]) > skip:
            found.add(one["path"][skip:], int(one["size"]), _etag(one), one["last_modified"])


def _add_wholes(wholes: dict[str, FolderSum], objects: Sequence[Any], skip: int, rule_of: Any) -> None:
    """Count objects that lie in folders which count as one, and are meant as such."""
    for one in objects:
        inner = outermost(one["path"][skip:])
        if inner is None:
            continue
        path = one["path"][: skip + len(inner)]
        if path not in wholes:
            parent, _, name = path.rpartition("/")
            rule = rule_of(parent)
            if rule is None or not rule.matches(name):
                continue
            wholes[path] = FolderSum()
        _add(wholes[path], [one], len(path) + 1)


def _whole_entry(path: str, found: FolderSum) -> Entry:
    return Entry(path, found.size, found.etag, found.mtime)


def _etag(found: Any) -> str:
    """Identity of an object's content; begins with ``~`` where the server gives none."""
    etag = found["e_tag"]
    if etag:
        return f"W/{etag[2:].strip(chr(34))}" if etag.startswith("W/") else etag.strip('"')
    return f"~{found['size']:x}-{found['last_modified'].isoformat()}"


def _reason(error: BaseException) -> str:
    """The part of obstore's message that says what happened."""
    line = str(error).split("\n")[0].strip()
    for mark in (" - Server returned ", " - HTTP error: "):
        if mark in line:
            return line.partition(mark)[2].partition(": <")[0].rstrip(".: ")
    return line.rstrip(".: ")
