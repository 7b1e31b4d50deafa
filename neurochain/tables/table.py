"""Table: rows that a declaration describes, read when they are asked for."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import polars as pl

from neurochain.errors import ColumnNotFoundError, DeprecatedTableWarning, TableError, suggestion
from neurochain.tables.facts import Facts
from neurochain.tables.filters.condition import Condition, Filters
from neurochain.tables.filters.filter import Filter

__all__ = ["Table"]


@dataclass(kw_only=True, eq=False)
class Table(ABC):
    """What is declared of every table.

    Attributes
    ----------
    name : str
        Letters, digits and ``_``.
    description : str
        Markdown is not read: a blank line begins a paragraph.
    owner : str
        Who is asked about it.
    docs_filters : sequence of Filter
        Those of its example in the catalog, and of what is looked at there.
    docs_columns : sequence of str, optional
        Columns of the example.
    deprecated : str
        What to use instead; empty where it is not deprecated.
    latency : str
        How late rows come: ``"within 5 minutes"``.
    notebook : str
        Address of an example.
    links : mapping of str to str
        Title to address.
    checks : sequence of Check
        What must hold of its rows: ``[nc.not_null("ts"), nc.unique("ts")]``.
    """

    kind: ClassVar[str] = "table"
    """Of its storage: ``"parquet"``, ``"delta"``, ``"dataset"``, ``"sql"``, ``"function"``."""

    name: str
    description: str = ""
    owner: str = ""
    docs_filters: Sequence[Filter] = ()
    docs_columns: Sequence[str] | None = None
    deprecated: str = ""
    latency: str = ""
    notebook: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    checks: Sequence[Any] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise TableError(f"A table cannot be called {self.name!r}: letters, digits and _ make a name.")
        Condition.of(self.docs_filters)

    def __call__(
        self, filters: Filters = None, columns: Sequence[str] | None = None, **options: Any
    ) -> pl.LazyFrame:
        """Rows that meet the filters; nothing is read before they are collected, and then only what is needed for them.

        Parameters
        ----------
        filters : Filter, Column expression, list of them, or list of such lists, optional
            All of a list must hold, and one of several lists.
        columns : sequence of str, optional
            Those that are wanted, in this order; all by default.
        **options
            What the kind of table knows besides: ``version=`` of a Delta table.

        Raises
        ------
        ColumnNotFoundError
            A column is not there; shows what there is.
        ExpressionError
            A filter is none.
        StorageError
            The table cannot be reached.
        """
        if self.deprecated:
            warnings.warn(
                f"The table {self.name!r} is deprecated: {self.deprecated}",
                DeprecatedTableWarning,
                stacklevel=2,
            )
        return self.scan(Condition.of(filters), columns, **options)

    def scan(
        self, condition: Condition, columns: Sequence[str] | None = None, **options: Any
    ) -> pl.LazyFrame:
        """As the call, of a condition; says nothing of deprecation.

        Raises
        ------
        ColumnNotFoundError, ExpressionError, StorageError
            As the call.
        """
        schema = self.read_schema(**options)
        asked = condition.bound(schema, f"Table {self.name!r}")
        for name in columns or ():
            if name not in schema:
                raise ColumnNotFoundError(
                    f"Table {self.name!r} has no column {name!r}. {suggestion(name, schema)}"
                )
        found = self._scan(asked, columns, **options)
        if (expression := asked.expression()) is not None:
            found = found.filter(expression)
        return found if columns is None else found.select(columns)

    @abstractmethod
    def read_schema(self, **options: Any) -> pl.Schema:
        """Columns and their types, partition columns included.

        Raises
        ------
        StorageError
            The table cannot be reached, and its declaration does not say them.
        """

    @abstractmethod
    def _scan(self, condition: Condition, columns: Sequence[str] | None, **options: Any) -> pl.LazyFrame:
        """Rows, all columns; those that do not meet the condition may be left out, and are when `scan` is done.

        Parameters
        ----------
        condition : Condition
            Bound: what helps to look at less.
        columns : sequence of str, optional
            Those that will be kept.
        **options
            Of the call.
        """

    @cached_property
    def schema(self) -> pl.Schema:
        """Columns and their types, as they were when first asked for.

        Raises
        ------
        StorageError
            The table cannot be reached, and its declaration does not say them.
        """
        return self.read_schema()

    @property
    def partition_columns(self) -> tuple[str, ...]:
        """Columns by which files are laid out, the outermost first."""
        return ()

    def facts(self) -> Facts:
        """Rows, size and age, as far as storage tells them without reading rows.

        Raises
        ------
        StorageError
            The table cannot be reached.
        """
        return Facts()

    def reference(self, **options: Any) -> dict[str, Any]:
        """Which content a scan would read now, as plain JSON for lineage; ``options`` are those of the call.

        Raises
        ------
        StorageError
            The table cannot be reached.
        """
        return {"table": self.name, "kind": self.kind}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"
