"""Rows: what a database gives for a query, in batches, when Polars asks for them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import sqlalchemy as sa
from polars.io.plugins import register_io_source

from neurochain.errors import SchemaError
from neurochain.tables.sqltable.address import Address
from neurochain.tables.sqltable.clause import selected
from neurochain.tables.sqltable.columns import SQLColumn

__all__ = ["Rows"]

BATCH = 20_000  # rows that are taken from the database at once


@dataclass(frozen=True)
class Rows:
    """Rows of a relation that meet a clause; nothing is asked for before they are collected.

    Attributes
    ----------
    address : Address
    relation : FromClause
        A table, or a query.
    columns : sequence of SQLColumn
    where : ColumnElement or None
    order : sequence of str
        Columns by which they are sorted.
    """

    address: Address
    relation: Any
    columns: Sequence[SQLColumn]
    where: Any = None
    order: Sequence[str] = ()

    def lazy(self) -> pl.LazyFrame:
        """As a lazy frame: only the columns are selected that are wanted, and no more rows are taken than are."""
        return register_io_source(self._batches, schema={c.name: c.dtype for c in self.columns})

    def statement(self, names: Sequence[str], limit: int | None = None) -> sa.Select[Any]:
        """The query for some columns."""
        wanted = [c for c in self.columns if c.name in names]
        found = sa.select(*map(selected, wanted)).select_from(self.relation)
        if self.where is not None:
            found = found.where(self.where)
        if self.order:
            found = found.order_by(*(c.stored for n in self.order for c in self.columns if c.name == n))
        return found if limit is None else found.limit(limit)

    def _batches(
        self,
        with_columns: list[str] | None,
        predicate: pl.Expr | None,
        n_rows: int | None,
        batch_size: int | None,
    ) -> Iterator[pl.DataFrame]:
        names = [c.name for c in self.columns] if with_columns is None else with_columns
        needed = {*names, *(predicate.meta.root_names() if predicate is not None else ())}
        # A frame without columns has no rows: where they are counted, one column is read.
        wanted = [c for c in self.columns if c.name in needed] or list(self.columns[:1])
        statement = self.statement([c.name for c in wanted], n_rows if predicate is None else None)
        left = n_rows
        with (
            self.address.connected(stream_results=True, yield_per=BATCH) as connection,
            connection.execute(statement) as result,
        ):
            for rows in result.partitions(BATCH):
                frame = self._frame(wanted, rows)
                if predicate is not None:
                    frame = frame.filter(predicate)
                if left is not None:
                    frame = frame.head(left)
                    left -= frame.height
                yield frame.select(names) if names else frame
                if left == 0:
                    return

    def _frame(self, columns: Sequence[SQLColumn], rows: Sequence[Any]) -> pl.DataFrame:
        try:
            return pl.DataFrame([c.values(v) for c, v in zip(columns, zip(*rows, strict=True), strict=True)])
        except SchemaError as error:
            raise SchemaError(f"Table {self.address.table!r}: {error}") from error
