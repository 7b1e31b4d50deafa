"""SQLTable: a table, a view or a query of a SQL database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import polars as pl
import sqlalchemy as sa

from neurochain.errors import TableError
from neurochain.tables.dtypes import schema_of
from neurochain.tables.facts import Facts
from neurochain.tables.filters.condition import Condition
from neurochain.tables.filters.record import plain
from neurochain.tables.sqltable.address import Address
from neurochain.tables.sqltable.clause import clause
from neurochain.tables.sqltable.columns import (
    SQLColumn,
    declared_columns,
    queried_columns,
    reflected_columns,
)
from neurochain.tables.sqltable.rows import Rows
from neurochain.tables.table import Table

__all__ = ["SQLTable"]


@dataclass(kw_only=True, eq=False, repr=False)
class SQLTable(Table):
    """A table, a view or a query of a database that SQLAlchemy speaks to.

    Filters and columns become part of the query, values as bound parameters. What the database may compare in another way than Polars, such as
    texts by a collation of its own, is compared here. Rows come in batches when they are collected.

    Attributes
    ----------
    url : str
        As of SQLAlchemy: ``sqlite:///lab.db``, ``postgresql+psycopg://user:password@host/lab``; or ``env:NAME`` for the variable of the
        environment that holds it. It is never shown.
    table : str, optional
        Of a table or a view.
    schema_name : str, optional
        In which the table lies; the database's default otherwise.
    query : str, optional
        A ``SELECT``, in place of a table.
    columns : schema or mapping of str to type, optional
        All columns, where the database does not say them, or says others than it holds. They are compared here.
    name, description, owner, docs_filters, docs_columns, deprecated, latency, notebook, links, checks
        As of `Table`.

    Examples
    --------
    >>> trials = SQLTable(name="trials", url="env:LAB_DATABASE", table="trials")
    >>> trials(Filter("session", "==", 7), columns=["start", "end"]).collect()                    # doctest: +SKIP
    """

    kind: ClassVar[str] = "sql"

    url: str = field(repr=False)
    table: str | None = None
    schema_name: str | None = None
    query: str | None = None
    columns: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._address = Address(self.url, self.name)
        if (self.table is None) == (self.query is None):
            raise TableError(f"Table {self.name!r}: say table= or query=, one of them.")
        if self.query is not None and self.schema_name is not None:
            raise TableError(f"Table {self.name!r}: schema_name= belongs to table=, not to query=.")
        self._declared = (
            None if self.columns is None else schema_of(self.columns, f"Table {self.name!r}, columns")
        )
        self._known: list[SQLColumn] | None = (
            None if self._declared is None else declared_columns(self._declared)
        )

    def read_schema(self, **options: Any) -> pl.Schema:
        """As of `Table`: as the database declares them; of a query as it says them, or by its first rows."""
        if "known" not in options:
            self._no_options(options)
            if self._declared is None:
                self._known = self._read_columns()
        return pl.Schema({c.name: c.dtype for c in self._columns()})

    def scan(
        self, condition: Condition, columns: Sequence[str] | None = None, **options: Any
    ) -> pl.LazyFrame:
        """As of `Table`; its columns are asked for once."""
        self._no_options(options)
        return super().scan(condition, columns, known=True)

    def _in_order(
        self,
        condition: Condition,
        columns: Sequence[str] | None,
        key: str | Sequence[str] | None,
        options: Mapping[str, Any],
    ) -> pl.LazyFrame:
        """As of `Table`: a database gives rows in any order, so it is asked for that of the key, else of the primary key."""
        self._no_options(options)
        order = [key] if isinstance(key, str) else list(key or self._primary_key())
        return super().scan(condition, columns, known=True, order=order)

    def _primary_key(self) -> list[str]:
        if self.table is None:
            return []
        with self._address.connected() as connection:
            found = sa.inspect(connection).get_pk_constraint(self.table, schema=self.schema_name)
            return list(found["constrained_columns"])

    def _scan(self, condition: Condition, columns: Sequence[str] | None, **options: Any) -> pl.LazyFrame:
        known = self._columns()
        where = clause(condition, {c.name: c for c in known}, self._address.url.get_dialect().name)
        return Rows(self._address, self._relation(known), known, where, options.get("order", ())).lazy()

    def facts(self) -> Facts:
        """As of `Table`: of SQLite the size and age of the file, of PostgreSQL the size of the table."""
        url = self._address.url
        if url.get_backend_name() == "sqlite" and url.database and Path(url.database).is_file():
            state = Path(url.database).stat()
            return Facts(size=state.st_size, modified=datetime.fromtimestamp(state.st_mtime, UTC))
        if url.get_backend_name() != "postgresql" or self.table is None:
            return Facts()
        with self._address.connected() as connection:
            name = sa.cast(
                sa.literal(connection.dialect.identifier_preparer.format_table(self._named())), sa.Text
            )
            asked = sa.select(sa.func.pg_total_relation_size(sa.func.to_regclass(name)))
            return Facts(size=connection.execute(asked).scalar())

    def reference(self, **options: Any) -> dict[str, Any]:
        """As of `Table`: the database without its credentials, and the table or the query."""
        said = {"schema_name": self.schema_name, "relation": self.table, "query": self.query}
        return {
            **super().reference(),
            "database": self._address.shown,
            **{name: value for name, value in said.items() if value is not None},
        }

    def declared(self) -> dict[str, Any]:
        """As of `Table`; the address only where it holds no credentials."""
        columns = None if self._declared is None else plain(self._declared)
        return {**super().declared(), "columns": columns, "url": self._address.recorded}

    def _columns(self) -> list[SQLColumn]:
        if self._known is None:
            self._known = self._read_columns()
        return self._known

    def _read_columns(self) -> list[SQLColumn]:
        what = f"Table {self.name!r}"
        with self._address.connected() as connection:
            if self.table is not None:
                return reflected_columns(connection, self.table, self.schema_name, what)
            return queried_columns(connection, self._text(), what)

    def _relation(self, known: Sequence[SQLColumn]) -> Any:
        if self.query is None:
            return self._named(*(c.stored for c in known))
        return sa.text(self._text()).columns(*(c.stored for c in known)).subquery("q")

    def _named(self, *columns: Any) -> Any:
        return sa.table(str(self.table), *columns, schema=self.schema_name)

    def _text(self) -> str:
        # In SQLAlchemy's texts a colon begins a parameter; a query has none.
        return (self.query or "").strip().rstrip(";").rstrip().replace("\\", "\\\\").replace(":", "\\:")

    def _no_options(self, options: Mapping[str, Any]) -> None:
        if options:
            raise TableError(
                f"Table {self.name!r}: a SQL table has no option {next(iter(options))!r}: it has no versions."
            )

    def __repr__(self) -> str:
        return f"<SQLTable {self.name!r} of {self.table or 'a query'}>"
