"""Scan: a table as DuckDB reads it: only the columns that a query uses, and only what its filters leave."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import polars as pl
from polars.io.plugins import register_io_source

from neurochain.errors import SchemaError, TableError
from neurochain.tables.dtypes import dtype_of
from neurochain.tables.filters.condition import Condition
from neurochain.tables.filters.filter import Filter
from neurochain.tables.function import FunctionTable
from neurochain.tables.sql.predicate import condition_of
from neurochain.tables.table import Table

__all__ = ["Scan"]

Opened = Callable[[Condition, Sequence[str]], pl.LazyFrame]


class Scan:
    """A table in a query. DuckDB asks it for rows as often as the query reads them, each time with the filters of that place.

    Attributes
    ----------
    schema : Schema
        All columns. Of a function also its parameters, so that ``where implant_id = 4595`` says them.
    failures : list of exception
        What went wrong while it was read.
    """

    def __init__(self, schema: pl.Schema, opened: Opened, limit: int | None = None) -> None:
        self.schema, self._opened, self._limit = schema, opened, limit
        self._read_first = sorted(schema, key=lambda name: _width(schema[name]))
        self.failures: list[BaseException] = []

    @classmethod
    def of(cls, table: Table, equal: dict[str, list[Any]], limit: int | None = None) -> "Scan":
        """Scan of a table.

        Parameters
        ----------
        table : Table
            Of which rows are read.
        equal : dict of str to list
            Constants that columns of the query are compared with, by lower-case name: parameters with which a function can be asked for its
            columns.
        limit : int, optional
            Rows that are enough.

        Raises
        ------
        StorageError, TableError
            The table's columns cannot be known.
        """
        if isinstance(table, FunctionTable):
            return cls(*_function(table, equal), limit)
        return cls(table.read_schema(), lambda condition, columns: table.scan(condition, columns), limit)

    def frame(self) -> pl.LazyFrame:
        """As DuckDB takes it; its first column is the one that costs least, since ``count(*)`` reads the first."""
        schema = pl.Schema({name: self.schema[name] for name in self._read_first})
        return register_io_source(self._rows, schema=schema, is_pure=True)

    def _rows(
        self,
        with_columns: list[str] | None,
        predicate: pl.Expr | None,
        n_rows: int | None,
        batch_size: int | None,
    ) -> Iterator[pl.DataFrame]:
        wanted = self._read_first if with_columns is None else with_columns
        if n_rows == 0:  # DuckDB asks so for the types
            yield pl.DataFrame(schema={name: self.schema[name] for name in wanted})
            return
        try:
            yield self._read(wanted, predicate, n_rows)
        except Exception as error:
            self.failures.append(error)
            raise

    def _read(self, wanted: list[str], predicate: pl.Expr | None, n_rows: int | None) -> pl.DataFrame:
        used = {*wanted, *(predicate.meta.root_names() if predicate is not None else ())}
        found = self._opened(condition_of(predicate), [name for name in self.schema if name in used])
        if predicate is not None:
            found = found.filter(predicate)
        enough = [n for n in (n_rows, self._limit) if n is not None]
        if enough:
            found = found.head(min(enough))
        return found.select(wanted).collect()


def _function(table: FunctionTable, equal: dict[str, list[Any]]) -> tuple[pl.Schema, Opened]:
    """Columns of a function's table and of its parameters, and how it is called: once for the same parameters."""
    example = dict(table.docs_args)
    for name in table.parameters:
        for value in equal.get(name.lower(), ())[:1]:
            is_float = table.parameters[name].annotation is float and isinstance(value, int)
            example[name] = float(value) if is_float else value
    missing = [name for name in table.required if name not in example]
    if missing:
        raise TableError(
            f"Table {table.name!r} is a function of {', '.join(table.required)}. Say where {missing[0]} = … in the query."
        )
    called: dict[str, pl.LazyFrame] = {}

    def call(values: dict[str, Any]) -> pl.LazyFrame:
        key = repr(sorted(values.items()))
        if key not in called:
            called[key] = table.scan(
                Condition.of([Filter(name, "=", value) for name, value in values.items()])
            )
        return called[key]

    returned = call(example).collect_schema()
    said = {name: _type(table, name, example[name]) for name in example if name not in returned}

    def opened(condition: Condition, columns: Sequence[str]) -> pl.LazyFrame:
        values: dict[str, Any] = {}
        for name in table.parameters:
            found = condition.equal_to(name)
            if found is not None and len(found) > 1:
                raise TableError(
                    f"Table {table.name!r}: the parameter {name!r} has one value at a time. Join several with union all."
                )
            if found:
                values[name] = found[0]
            elif name in table.required:
                raise TableError(
                    f"Table {table.name!r} is a function of {', '.join(table.required)}. Say where {name} = … wherever the query names it, "
                    "without an expression around the parameter."
                )
        given = {name: values.get(name, table.parameters[name].default) for name in said}
        rows = call(values)
        if rows.collect_schema() != returned:
            rows = rows.select(pl.col(n).cast(kind) for n, kind in returned.items())
        return rows.with_columns(pl.lit(given[n], dtype=kind).alias(n) for n, kind in said.items()).select(
            columns
        )

    return pl.Schema({**said, **returned}), opened


def _type(table: FunctionTable, name: str, value: Any) -> pl.DataType:
    """Type of a parameter: as it is annotated, or else that of a value."""
    try:
        return dtype_of(table.parameters[name].annotation, name)
    except SchemaError:
        return pl.Series([value]).dtype


def _width(kind: pl.DataType) -> float:
    """Bytes of a value, about."""
    if isinstance(kind, pl.Boolean):
        return 0.2
    if kind.is_integer() or kind.is_float() or kind.is_temporal():
        return 4 if "32" in str(kind) or kind == pl.Date else 8
    return 1_000_000 if kind.is_nested() or isinstance(kind, pl.Binary) else 100
