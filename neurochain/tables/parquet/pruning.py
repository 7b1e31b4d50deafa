"""Pruning: which files of a partitioned folder can hold wanted rows, found by listing as few folders as possible."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import polars as pl

from neurochain.storage import Entry, Globs, Store, split_uri, store_for
from neurochain.tables.filters.condition import Condition
from neurochain.tables.parquet.layout import NULL, Layout

__all__ = ["PATH", "Folder"]

PATH = "\0path"
"""Column of a file's path, relative to the table's folder; ``\\0size``, ``\\0etag`` and ``\\0mtime`` stand beside it."""
COLUMNS = {
    PATH: pl.String(),
    "\0size": pl.Int64(),
    "\0etag": pl.String(),
    "\0mtime": pl.Datetime("us", "UTC"),
}
ENDINGS = (".parquet", ".pq", ".parq")
AT_ONCE = 64  # requests, which wait for the server and not for the processor
GUESSED = 1024  # folders whose names are guessed; of more, listing their parents is no slower


@dataclass(frozen=True)
class Folder:
    """The folder of a table.

    Attributes
    ----------
    uri : str
        Without a slash at its end.
    layout : Layout
        How folders in it are named.
    """

    uri: str
    layout: Layout

    @property
    def store(self) -> Store:
        """Where it lies."""
        return store_for(split_uri(self.uri)[0])

    @property
    def path(self) -> str:
        """In its store."""
        scheme, path = split_uri(self.uri)
        return path if scheme == "file" else path.strip("/")

    def files(self, condition: Condition) -> pl.DataFrame:
        """Files that can hold rows of a condition, sorted by path: columns `PATH` …, and the partitions.

        Folders are named by what must be equal, as far as that is said of the outermost partitions; listed and left out by their names
        below, as far as something is asked of them; and listed whole below that.

        Raises
        ------
        FormatError
            A folder is not called after a value of its partition.
        StorageError
            The store cannot be reached.
        """
        asked = condition.within(self.layout.types)
        guessed, unsure = self._guessed(asked)
        found = self._below(guessed, asked)
        if unsure:
            seen = {_parent(path, self._depth(asked)) for path in found[PATH].to_list()}
            if unsure - seen:  # nothing lies there under this name; perhaps under another (hour=05)
                found = self._below(self._listed([""], 0, asked), asked)
        return found

    def newest(self) -> tuple[str, str] | None:
        """A file of the last partition and its etag, found by listing one folder of each level; None where there is none."""
        folder = ""
        while below := [f for f in self.store.folders(self._full(folder)) if not _is_hidden(f)]:
            folder = f"{folder}{below[-1]}/"
        entries = sorted(self._entries(folder), key=lambda e: e.path)
        if not entries and folder:
            entries = sorted(self._entries(""), key=lambda e: e.path)
        return (self.relative(entries[-1].path), entries[-1].etag) if entries else None

    def relative(self, path: str) -> str:
        """Path of an entry below the folder."""
        return path.strip("/")[len(self.path.strip("/")) :].lstrip("/")

    def _full(self, below: str) -> str:
        return f"{self.path.rstrip('/')}/{below}".rstrip("/") or "/"

    def _depth(self, asked: Condition) -> int:
        """Of how many of the outermost partitions it is said what they are equal to, so that their folders can be named."""
        depth, count = 0, 1
        for column in self.layout.types:
            values = asked.equal_to(column)
            if values is None or any(self.layout.folder(column, v) is None for v in values):
                break
            count *= len(values)
            if count > GUESSED:
                break
            depth += 1
        return depth

    def _guessed(self, asked: Condition) -> tuple[list[str], set[str]]:
        """Folders that can be named and those below them that are wanted; and the named ones that may have another name."""
        depth = self._depth(asked)
        names: list[list[tuple[str, bool]]] = []
        for column in itertools.islice(self.layout.types, depth):
            values = asked.equal_to(column) or []
            names.append(
                [(f"{self.layout.folder(column, v)}/", not self.layout.is_certain(v)) for v in values]
            )
        combined = [
            ("".join(n for n, _ in parts), any(u for _, u in parts)) for parts in itertools.product(*names)
        ]
        return self._listed([path for path, _ in combined], depth, asked), {
            path for path, unsure in combined if unsure
        }

    def _listed(self, folders: list[str], depth: int, asked: Condition) -> list[str]:
        """Go down from folders as long as something is asked of the next partition."""
        for level in range(depth, len(self.layout.types)):
            columns = list(self.layout.types)[: level + 1]
            if not _asks(asked, columns[-1]) or not (restricting := asked.within(columns)):
                break
            found = [
                (f"{parent}{name}/", self._values(f"{parent}{name}/_", columns))
                for parent, names in zip(folders, self._names(folders), strict=True)
                for name in names
                if not _is_hidden(name)
            ]
            frame = _frame({**self.layout.types, PATH: pl.String()}, columns, found)
            folders = _filtered(frame, restricting)[PATH].to_list()
        return folders

    def _values(self, path: str, columns: list[str]) -> tuple[object, ...]:
        return Layout({c: self.layout.types[c] for c in columns}, self.layout.scheme).values(path, self.uri)

    def _names(self, folders: list[str]) -> Iterator[list[str]]:
        yield from _parallel(lambda f: list(self.store.folders(self._full(f))), folders)

    def _entries(self, folder: str) -> list[Entry]:
        found = self.store.list(self._full(folder), Globs([f"**/*{e}" for e in ENDINGS]))
        return [entry for entry, _ in found]

    def _below(self, folders: list[str], asked: Condition) -> pl.DataFrame:
        """All files below folders."""
        entries = [e for part in _parallel(self._entries, folders) for e in part]
        rows = []
        for entry in entries:
            path = self.relative(entry.path)
            if any(map(_is_hidden, path.split("/"))):
                continue
            rows.append((path, entry.size, entry.etag, entry.mtime, *self.layout.values(path, self.uri)))
        schema = {**COLUMNS, **self.layout.types}
        frame = pl.DataFrame(rows, schema=schema, orient="row").sort(PATH)
        return _filtered(frame, asked)


def _parallel(work: Callable[[str], list[Any]], items: Sequence[str]) -> Iterator[list[Any]]:
    if len(items) < 2:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(min(len(items), AT_ONCE)) as pool:
        yield from pool.map(work, items)


def _filtered(frame: pl.DataFrame, asked: Condition) -> pl.DataFrame:
    expression = asked.expression()
    return frame if expression is None else frame.filter(expression)


def _is_hidden(name: str) -> bool:
    """Whether it is what Spark and others write beside."""
    return name.startswith((".", "_")) and name != NULL


def _asks(asked: Condition, column: str) -> bool:
    return column in asked.names()


def _frame(
    types: dict[str, pl.DataType], columns: list[str], found: list[tuple[str, tuple[object, ...]]]
) -> pl.DataFrame:
    schema = {PATH: pl.String(), **{c: types[c] for c in columns}}
    return pl.DataFrame([(path, *values) for path, values in found], schema=schema, orient="row")


def _parent(path: str, depth: int) -> str:
    return "".join(f"{name}/" for name in path.split("/")[:depth])
