"""GivenTable: rows that are there already, under the rules of a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from neurochain.tables.filters.condition import Condition
from neurochain.tables.table import Table

__all__ = ["GivenTable"]


@dataclass(kw_only=True, eq=False, repr=False)
class GivenTable(Table):
    """A frame whose columns are known.

    Attributes
    ----------
    frame : LazyFrame
    columns : Schema
        Of the frame.
    name, description, owner, docs_filters, docs_columns, deprecated, latency, notebook, links, checks
        As of `Table`.
    """

    kind: ClassVar[str] = "given"

    frame: pl.LazyFrame
    columns: pl.Schema

    def read_schema(self, **options: Any) -> pl.Schema:
        """As of `Table`."""
        return self.columns

    def _scan(self, condition: Condition, columns: Sequence[str] | None, **options: Any) -> pl.LazyFrame:
        return self.frame
