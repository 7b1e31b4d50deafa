"""Offer: how ROAPI reads a table: where it lies, or from a copy that is written for it."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from neurochain.errors import NeurochainError, TableError
from neurochain.storage import split_uri
from neurochain.tables.filters.condition import Condition
from neurochain.tables.function import FunctionTable
from neurochain.tables.parquet.table import ParquetTable
from neurochain.tables.reach import local_or_uri, object_store_options
from neurochain.tables.table import Table

if TYPE_CHECKING:
    from neurochain.tables.catalog import Catalog

__all__ = ["LeftOut", "Offer", "Offers", "offers_of"]

FAILURES = (NeurochainError, OSError, pl.exceptions.PolarsError)
AS_DECLARED = (
    "unique_columns",
    "columns",
    "timestamp",
)  # what ROAPI knows nothing of; nor of `version`, which may be 0
SCHEMES = ("file", "s3", "gs", "az", "abfs", "abfss")  # that ROAPI lists


@dataclass(frozen=True)
class Offer:
    """A table as it is served.

    Attributes
    ----------
    database, name : str
        Lower case, as SQL without quotes reads them.
    uri : str
        As ROAPI takes it.
    format : {"parquet", "delta"}
    columns, partitions : Schema
        Of the files, and of their folders.
    copied : bool
        ROAPI reads a copy of its rows, of when it was written.
    table : Table
    """

    database: str
    name: str
    uri: str
    format: str
    columns: pl.Schema
    partitions: pl.Schema
    copied: bool
    table: Table

    @property
    def flat(self) -> str:
        """Name in REST and GraphQL, which know no databases."""
        return f"{self.database}_{self.name}"

    @property
    def schema(self) -> pl.Schema:
        """All columns."""
        return pl.Schema({**self.columns, **self.partitions})


@dataclass(frozen=True)
class LeftOut:
    """A table that is not served, and why."""

    database: str
    name: str
    reason: str


@dataclass(frozen=True)
class Offers:
    """What is served of a catalog.

    Attributes
    ----------
    tables : tuple of Offer
    left_out : tuple of LeftOut
    environment : dict of str to str
        How ROAPI reaches object storage; it holds credentials.
    """

    tables: tuple[Offer, ...]
    left_out: tuple[LeftOut, ...]
    environment: Mapping[str, str]

    def otherwise(self, offer: Offer, folder: Path, reason: str) -> "Offers":
        """The same, with a copy of a table that ROAPI cannot read where it lies, or without it where it cannot read the copy either.

        Parameters
        ----------
        offer : Offer
            The table.
        folder : path
            For the copy.
        reason : str
            Why it cannot.
        """
        rest = tuple(o for o in self.tables if o is not offer)
        if not offer.copied:
            try:
                copy = _copied(offer.database, offer.name, offer.table, folder / f"{offer.flat}_copy")
                return replace(self, tables=(*rest, copy))
            except FAILURES as error:
                reason = f"{reason}; nor can it be copied: {error}"
        return replace(
            self, tables=rest, left_out=(*self.left_out, LeftOut(offer.database, offer.name, reason))
        )


def offers_of(catalog: "Catalog", folder: Path) -> Offers:
    """What can be served of a catalog.

    Parameters
    ----------
    catalog : Catalog
        All its tables are looked at.
    folder : path
        An empty folder for copies.

    Raises
    ------
    TableError
        Two tables would have one name.
    """
    tables: list[Offer] = []
    left_out: list[LeftOut] = []
    environments: dict[str, dict[str, str]] = {}
    _check_names(catalog)
    for database, table in catalog.tables():
        try:
            offer = _offer(database.lower(), table, folder)
            _reached(offer, environments)
        except FAILURES as error:
            left_out.append(LeftOut(database, table.name, str(error)))
            continue
        tables.append(offer)
    environment = {key: value for one in environments.values() for key, value in one.items()}
    return Offers(tuple(tables), tuple(left_out), environment)


def _check_names(catalog: "Catalog") -> None:
    said: dict[str, str] = {}
    for database, table in catalog.tables():
        here = f"{database}.{table.name}"
        if (there := said.setdefault(f"{database}_{table.name}".lower(), here)) != here:
            raise TableError(
                f"{there} and {here} would both be served as {here.replace('.', '_').lower()!r}. Rename one of them."
            )


def _offer(database: str, table: Table, folder: Path) -> Offer:
    name = table.name.lower()
    if isinstance(table, FunctionTable) and table.required:
        raise TableError(
            f"it is a function of {', '.join(table.required)}, and SQL over the network has no parameters for it"
        )
    uri = str(getattr(table, "uri", ""))
    if isinstance(table, ParquetTable) and (place := _parquet_place(table, folder / f"{database}_{name}")):
        schema = table.read_schema()
        types = {c: schema[c] for c in table.partition_columns}
        columns = {c: kind for c, kind in schema.items() if c not in types}
        return Offer(database, name, place, "parquet", pl.Schema(columns), pl.Schema(types), False, table)
    if table.kind == "delta" and not _is_declared_otherwise(table):
        _check_scheme(uri)
        place = _place(uri)
        place = place if "://" in place else Path(place).as_uri()  # a space in a path is no URI
        return Offer(database, name, place, "delta", table.read_schema(), pl.Schema(), False, table)
    return _copied(database, name, table, folder / f"{database}_{name}")


def _is_declared_otherwise(table: Table) -> bool:
    """Whether a Delta table has other rows than those that lie in its latest version."""
    return (
        any(getattr(table, name, None) for name in AS_DECLARED) or getattr(table, "version", None) is not None
    )


def _copied(database: str, name: str, table: Table, folder: Path) -> Offer:
    """Write the rows of a table beside the others that ROAPI reads."""
    folder.mkdir(parents=True)
    frame = table.scan(Condition())
    schema = frame.collect_schema()
    frame.sink_parquet(folder / "rows.parquet", compression="lz4")
    return Offer(database, name, f"{folder}{os.sep}", "parquet", schema, pl.Schema(), True, table)


def _parquet_place(table: ParquetTable, folder: Path) -> str:
    """Where ROAPI finds the files in folders that are called ``date=2024-04-28``."""
    _check_scheme(table.uri)
    if table.partitioning_scheme == "hive" or not table.partition_columns:
        return f"{_place(table.uri)}/"
    if split_uri(table.uri)[0] != "file":
        raise TableError(
            "its folders are called 2024-04-28/ and not date=2024-04-28/, and ROAPI reads the latter alone; on a disk links would do"
        )
    root = Path(split_uri(table.uri)[1])
    for path, names in _folders(root, table.partition_columns):
        link = folder.joinpath(
            *(f"{column}={value}" for column, value in zip(table.partition_columns, names, strict=True))
        )
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path.absolute(), target_is_directory=True)
    folder.mkdir(parents=True, exist_ok=True)
    return f"{folder}{os.sep}"


def _folders(root: Path, columns: tuple[str, ...]) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Folders of the last partition, with the names on the way there."""
    if not columns:
        yield root, ()
        return
    for below in sorted(root.iterdir()):
        if below.is_dir() and below.name[0] not in "._":
            for path, names in _folders(below, columns[1:]):
                yield path, (below.name, *names)


def _check_scheme(uri: str) -> None:
    scheme = split_uri(uri)[0]
    if scheme not in SCHEMES:
        raise TableError(f"it lies on {scheme}://, where ROAPI cannot list")


def _place(uri: str) -> str:
    place = local_or_uri(uri.rstrip("/"))
    return str(Path(place).expanduser().absolute()) if "://" not in place else place


def _reached(offer: Offer, environments: dict[str, dict[str, str]]) -> None:
    """Keep in mind by which environment ROAPI reaches a table.

    Raises
    ------
    TableError
        Another table is reached otherwise: ROAPI knows one way for each kind of storage.
    """
    scheme = split_uri(offer.uri)[0]
    if offer.copied or scheme == "file":
        return
    options: dict[str, Any] = object_store_options(offer.uri)
    wanted = {key.upper(): str(value) for key, value in options.items()}
    known = environments.setdefault(scheme, wanted)
    if differing := [key for key in {**known, **wanted} if known.get(key) != wanted.get(key)]:
        raise TableError(
            f"it is reached with another {', '.join(sorted(differing))} than a table before it, and ROAPI knows one for {scheme}://"
        )
