"""ScannedSource: rows of a declared table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from neurochain.chain.run import Run, State, batches
from neurochain.chain.sources.records import RecordsSource
from neurochain.chain.sources.table import flatten
from neurochain.datasets.activity import Input
from neurochain.datasets.project import Project
from neurochain.datasets.schema import Schema
from neurochain.datasets.secrets import screened
from neurochain.errors import ExpressionError, SchemaError, StorageError

STATE = ("state", "files", "bytes", "size", "modified", "timestamp", "created")
"""What is said of a table's storage, and is no part of which rows were meant."""


@dataclass(frozen=True)
class ScannedSource:
    """Rows of a declared table, as they were read.

    Attributes
    ----------
    rows : RecordsSource
        The rows; on disk where they are many.
    reference : dict
        Plain JSON: the table, and what was asked of it.
    """

    rows: RecordsSource
    reference: dict[str, Any]

    @classmethod
    def of(
        cls,
        project: Project,
        frame: pl.LazyFrame,
        reference: Mapping[str, Any],
        key: str | Sequence[str] | None = None,
    ) -> "ScannedSource":
        """Read all rows of a frame.

        Parameters
        ----------
        project : Project
            Where they lie, as far as they are many.
        frame : LazyFrame
            The rows.
        reference : mapping
            Plain JSON: the table (``table``, ``kind``, where it has one a ``version``), and what was asked of it.
        key : str or sequence of str, optional
            Columns that identify a row.

        Raises
        ------
        SchemaError
            A column cannot stand in a chain, or the key does not tell the rows apart.
        StorageError
            They cannot be read.
        """
        name = reference["table"]
        said: dict[str, Any] = screened(dict(reference))
        if key is not None:
            said["key"] = key if isinstance(key, str) else list(key)
        return cls(
            RecordsSource.of_frames(project, _frames(frame, name), lambda: _empty(frame, name), key), said
        )

    @property
    def schema(self) -> Schema:
        return self.rows.schema

    @property
    def has_version(self) -> bool:
        """Whether the same rows can be had again from the table."""
        return "version" in self.reference

    def open(self, run: Run) -> State:
        given = Input("scan", {**self.reference, **self.to_json(), "rows": self.rows.rows})
        if self.has_version:
            given.reference["schema"] = self.rows.schema.to_json()
            run.activity.inputs.append(given)
        else:
            run.keep(given, self.rows.frame, self.rows.schema)
        return State(self.rows.frame, self.rows.schema)

    def to_json(self) -> dict[str, Any]:
        meant = {name: value for name, value in self.reference.items() if name not in STATE}
        return {**meant, "source": "scan", "content": self.rows.digest}


def _frames(frame: pl.LazyFrame, name: str) -> Iterator[tuple[pl.DataFrame, Schema]]:
    try:
        for batch in batches(frame):
            schema, flat = flatten(batch)
            yield flat, schema
    except (ExpressionError, OSError, SchemaError) as error:
        raise _named(error, name) from error


def _empty(frame: pl.LazyFrame, name: str) -> Schema:
    try:
        return flatten(frame.collect_schema().to_frame())[0]
    except SchemaError as error:
        raise _named(error, name) from error


def _named(error: Exception, name: str) -> Exception:
    if isinstance(error, SchemaError):
        return SchemaError(f"Table {name!r}: {error}")
    reason = str(error.__cause__ or error).partition("\n")[0]
    return StorageError(f"Table {name!r} cannot be read to its end: {reason}")
