"""Table: rows that a declaration describes, read when they are asked for."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar

import polars as pl

from neurochain.chain.chain import Chain
from neurochain.chain.sources.scanned import ScannedSource
from neurochain.datasets.project import Project, project
from neurochain.errors import ColumnNotFoundError, DeprecatedTableWarning, TableError, suggestion
from neurochain.tables.checks.check import Check
from neurochain.tables.checks.checking import verdicts
from neurochain.tables.facts import Facts
from neurochain.tables.filters.condition import Condition, Filters
from neurochain.tables.filters.filter import Filter
from neurochain.tables.filters.record import condition_json, plain

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
    checks: Sequence[Check] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise TableError(f"A table cannot be called {self.name!r}: letters, digits and _ make a name.")
        Condition.of(self.docs_filters)
        if isinstance(self.checks, Check):
            self.checks = (self.checks,)
        for check in self.checks:
            if not isinstance(check, Check):
                raise TableError(
                    f"Table {self.name!r}: {check!r} is no check. Write checks=[nc.not_null('ts'), nc.check('name', expression)]."
                )

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
        self._say_deprecated()
        return self.scan(Condition.of(filters), columns, **options)

    def chain(
        self,
        filters: Filters = None,
        columns: Sequence[str] | None = None,
        key: str | Sequence[str] | None = None,
        **options: Any,
    ) -> Chain:
        """Begin a chain with rows of the table; they are read once, here, and their lineage names the table and its version.

        What has versions is read again from them where a dataset is reproduced. Of other tables the rows that were read are kept with a
        saved dataset, as those of `read_values` are.

        Parameters
        ----------
        filters, columns, **options
            As the call.
        key : str or sequence of str, optional
            Columns that identify a row; its position by default.

        Raises
        ------
        ColumnNotFoundError, ExpressionError, StorageError
            As the call.
        SchemaError
            A column cannot stand in a chain, or the key does not tell the rows apart.

        Examples
        --------
        >>> spikes.chain(Filter("implant_id", "==", 4595)).map(rate=rate).save("rates")        # doctest: +SKIP
        """
        self._say_deprecated()
        return self._chain(Condition.of(filters), columns, key, options)

    def _chain(
        self,
        condition: Condition,
        columns: Sequence[str] | None,
        key: str | Sequence[str] | None,
        options: Mapping[str, Any],
    ) -> Chain:
        return Chain.of(self.source(project(), condition, columns, key, options))

    def source(
        self,
        into: Project,
        condition: Condition,
        columns: Sequence[str] | None = None,
        key: str | Sequence[str] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> ScannedSource:
        """Rows that are read now, with what lineage says of them.

        Parameters
        ----------
        into : Project
            Where they lie, as far as they are many.
        condition, columns, key, options
            As of `chain`.

        Raises
        ------
        ColumnNotFoundError, ExpressionError, SchemaError, StorageError
            As `chain`.
        """
        given = dict(options or {})
        said = {
            **self._reference(condition, **given),
            "declared": self.declared(),
            "filters": condition_json(condition),
            "picked": None if columns is None else list(columns),
            "options": {name: plain(value) for name, value in given.items()},
        }
        if "version" in said:  # the one that lineage names, whatever is written meanwhile
            given = {**{n: v for n, v in given.items() if n != "timestamp"}, "version": said["version"]}
        return ScannedSource.of(into, self._in_order(condition, columns, key, given), said, key)

    def _in_order(
        self,
        condition: Condition,
        columns: Sequence[str] | None,
        key: str | Sequence[str] | None,
        options: Mapping[str, Any],
    ) -> pl.LazyFrame:
        """Rows as `scan` gives them; sorted where it gives them in no order, so that they are the same each time."""
        return self.scan(condition, columns, **options)

    def check(self, filters: Filters = None, **options: Any) -> pl.DataFrame:
        """Ask the table's checks of its rows, in one reading where that can be.

        Parameters
        ----------
        filters, **options
            As the call: of which rows they must hold; of all by default.

        Returns
        -------
        DataFrame
            A row per check: ``check``, ``holds`` (null where that could not be found out), ``rows`` that were looked at, of these the
            ``failing`` ones, an ``example`` of one, and the ``error`` of a check that could not be computed.

        Raises
        ------
        ColumnNotFoundError, ExpressionError, StorageError
            As the call.

        Examples
        --------
        >>> spikes.check(Filter("date", "==", "2024-04-28")).filter(~pl.col("holds"))                       # doctest: +SKIP
        """
        return verdicts(self.checks, self.scan(Condition.of(filters), **options))

    def _say_deprecated(self) -> None:
        if self.deprecated:
            warnings.warn(
                f"The table {self.name!r} is deprecated: {self.deprecated}",
                DeprecatedTableWarning,
                stacklevel=3,
            )

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

    def _reference(self, condition: Condition, **options: Any) -> dict[str, Any]:
        """As `reference`, of the content that meets a condition, where that can be told."""
        return self.reference(**options)

    def declared(self) -> dict[str, Any]:
        """What its class must be given to make it again, as plain JSON; documentation and credentials are left out."""
        left_out = {f.name for f in fields(Table)}
        mine = ((f.name, getattr(self, f.name)) for f in fields(self) if f.init and f.repr)
        return {name: plain(value) for name, value in mine if name not in left_out}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"
