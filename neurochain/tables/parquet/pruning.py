"""Pruning: which files of a partitioned folder can hold wanted rows, found by listing as few folders as possible."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

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
PARQUET = Globs([f"**/*{ending}" for ending in (".parquet", ".pq", ".parq")])
AT_ONCE = 64  # requests, which wait for the server and not for the processor
BOTH = AT_ONCE // 2  # folders of which two things are asked at once
GUESSED = 1024  # folders whose names are guessed; of more, listing their parents is no slower
Item = TypeVar("Item")
Found = TypeVar("Found")


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
        named, unsure = self._named(asked)
        found = self._found(named, self._depth(asked), asked)
        if unsure:
            seen = {_parent(path, self._depth(asked)) for path in found[PATH].to_list()}
            if unsure - seen:  # nothing lies there under this name; perhaps under another (hour=05)
                found = self._found([""], 0, asked)
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

    def _named(self, asked: Condition) -> tuple[list[str], set[str]]:
        """Folders that can be named, and those of them that may have another name."""
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
        return [path for path, _ in combined], {path for path, unsure in combined if unsure}

    def _found(self, folders: list[str], depth: int, asked: Condition) -> pl.DataFrame:
        """Files below folders: going down as long as something is asked of the next partition, unless one listing says it all."""
        entries: list[Entry] = []
        for level in range(depth, len(self.layout.types)):
            columns = list(self.layout.types)[: level + 1]
            if not _asks(asked, columns[-1]) or not (restricting := asked.within(columns)):
                break
            below: list[tuple[str, tuple[object, ...]]] = []
            for parent, few, names in self._looked(folders):
                entries += few
                paths = [f"{parent}{name}/" for name in names if not _is_hidden(name)]
                below += [(path, self._values(f"{path}_", columns)) for path in paths]
            frame = _frame({**self.layout.types, PATH: pl.String()}, columns, below)
            folders = _filtered(frame, restricting)[PATH].to_list()
        return self._wanted([*entries, *itertools.chain(*_parallel(self._entries, folders))], asked)

    def _looked(self, folders: list[str]) -> Iterator[tuple[str, Sequence[Entry], Sequence[str]]]:
        """Of each folder all files below it, where one request tells them, or the names of the folders in it."""
        few: dict[str, Sequence[Entry] | None] = {}
        names: dict[str, Sequence[str]] = {}

        def ask_few(folder: str) -> None:
            few[folder] = self.store.few(self._full(folder), PARQUET)

        def ask_names(folder: str) -> None:
            names[folder] = self.store.folders(self._full(folder))

        if self.store.is_remote:
            asked = [partial(ask_few, f) for f in folders]
            if len(folders) <= BOTH:  # at once, so that nothing waits where there are more
                asked += [partial(ask_names, f) for f in folders]
            list(_parallel(lambda ask: ask(), asked))
        list(_parallel(ask_names, [f for f in folders if few.get(f) is None and f not in names]))
        for folder in folders:
            files = few.get(folder)
            yield (folder, [], names[folder]) if files is None else (folder, files, [])

    def _values(self, path: str, columns: list[str]) -> tuple[object, ...]:
        return Layout({c: self.layout.types[c] for c in columns}, self.layout.scheme).values(path, self.uri)

    def _entries(self, folder: str) -> list[Entry]:
        return [entry for entry, _ in self.store.list(self._full(folder), PARQUET)]

    def _wanted(self, entries: list[Entry], asked: Condition) -> pl.DataFrame:
        """Of files those that are wanted, with what their folders tell."""
        rows = []
        for entry in entries:
            path = self.relative(entry.path)
            if any(map(_is_hidden, path.split("/"))):
                continue
            rows.append((path, entry.size, entry.etag, entry.mtime, *self.layout.values(path, self.uri)))
        schema = {**COLUMNS, **self.layout.types}
        frame = pl.DataFrame(rows, schema=schema, orient="row").sort(PATH)
        return _filtered(frame, asked)


def _parallel(work: Callable[[Item], Found], items: Sequence[Item]) -> Iterator[Found]:
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
