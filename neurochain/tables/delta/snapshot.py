"""Snapshot: one version of a Delta table, as its log describes it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import polars as pl

from neurochain.errors import TableError
from neurochain.tables.delta.features import physical_names, refuse_unknown
from neurochain.tables.delta.opening import opened, said_plainly
from neurochain.tables.reach import local_or_uri

__all__ = ["MAXIMA", "MINIMA", "MODIFIED", "NULLS", "PATH", "ROWS", "SIZE", "Snapshot"]

PATH, SIZE, ROWS, MODIFIED = "\0path", "\0size", "\0rows", "\0modified"
MINIMA, MAXIMA, NULLS = "\0min", "\0max", "\0null_count"
NAMES = {
    "path": PATH,
    "size_bytes": SIZE,
    "num_records": ROWS,
    "modification_time": MODIFIED,
    "min": MINIMA,
    "max": MAXIMA,
    "null_count": NULLS,
}


@dataclass(frozen=True)
class Snapshot:
    """One version.

    Attributes
    ----------
    uri : str
        Of the table.
    version : int
    id : str
        Of the table, which a table that is made anew in its place does not have.
    schema : Schema
        Of all columns.
    physical : dict of str to str
        What columns are called in the files and their statistics.
    partition_columns : tuple of str
    files : DataFrame
        Columns `PATH` (below the table's folder), `SIZE`, `ROWS` (that were written; null where that is not said), `MODIFIED`, the records
        `MINIMA`, `MAXIMA` and `NULLS` with a field for each column of which the log knows something, and the partition columns.
    kept : dict of str to Series of bool
        By path, which rows have not been deleted since the file was written; not there where none was.
    """

    uri: str
    version: int
    id: str
    schema: pl.Schema
    physical: dict[str, str]
    partition_columns: tuple[str, ...]
    files: pl.DataFrame
    kept: Mapping[str, pl.Series]

    @classmethod
    def read(cls, uri: str, version: int | None, where: str) -> "Snapshot":
        """Read the log, and nothing else.

        Parameters
        ----------
        uri : str
            Of the table.
        version : int or None
            None is the latest one.
        where : str
            Which table, for messages.

        Raises
        ------
        StorageError
            There is no table, or it cannot be reached.
        VersionError
            There is no such version.
        TableError
            It asks for what is not read here.
        """
        handle = opened(uri, version, where)
        with said_plainly(where, uri):
            protocol, metadata = handle.protocol(), handle.metadata()
            features = protocol.reader_features
            refuse_unknown(protocol.min_reader_version, features, where)
            fields = json.loads(handle.schema().to_json())["fields"]
            schema = pl.Schema(handle.schema())
            files = _files(pl.DataFrame(handle.get_add_actions()), metadata.partition_columns)
            kept = _kept(handle) if "deletionVectors" in (features or ()) else {}
        for name in metadata.partition_columns:
            if schema[name] == pl.Binary:
                raise TableError(
                    f"{where} is partitioned by {name!r}, which holds bytes: that is not read here."
                )
        return cls(
            uri=uri,
            version=handle.version(),
            id=str(metadata.id),
            schema=schema,
            physical=physical_names(fields, metadata.configuration, where),
            partition_columns=tuple(metadata.partition_columns),
            files=files,
            kept=kept,
        )

    def address(self, path: str) -> str:
        """Where a file of `files` lies, as Polars takes it: below the table, or elsewhere if its path says so."""
        return local_or_uri(path if "://" in path else f"{self.uri.rstrip('/')}/{path}")

    @property
    def rows(self) -> int | None:
        """Number of rows; None where a file does not say how many it has."""
        if self.files[ROWS].null_count():
            return None
        return int(self.files[ROWS].sum()) - sum(int((~k).sum()) for k in self.kept.values())


def _files(actions: pl.DataFrame, partition_columns: list[str]) -> pl.DataFrame:
    found = actions.rename({a: b for a, b in NAMES.items() if a in actions.columns})
    values = found["partition"].struct.unnest() if partition_columns else pl.DataFrame()
    plain = found.select(n for n in NAMES.values() if n in found.columns)
    return pl.concat([plain, values], how="horizontal").with_columns(
        pl.Series(PATH, [unquote(path) for path in plain[PATH]], dtype=pl.String),
        pl.col(MODIFIED).cast(pl.Datetime("ms", "UTC")),
    )


def _kept(handle: Any) -> dict[str, pl.Series]:
    found = pl.DataFrame(handle.deletion_vectors())
    root = str(handle.table_uri).rstrip("/") + "/"
    return {
        unquote(uri.removeprefix(root)): kept
        for uri, kept in zip(found["filepath"], found["selection_vector"], strict=True)
    }
