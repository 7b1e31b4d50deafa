"""Catalog: databases by name, each a module, or a mapping, that holds tables."""

from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

import polars as pl

from neurochain.errors import TableError, TableNotFoundError, suggestion
from neurochain.tables.filters.condition import Filters
from neurochain.tables.sql.query import sql
from neurochain.tables.table import Table

__all__ = ["Catalog", "Database"]


class Database:
    """Tables by name. Made by `Catalog`.

    Attributes
    ----------
    name : str
    description : str
        The docstring of the module.
    tables : mapping of str to Table
        Sorted by name.
    """

    def __init__(self, name: str, given: ModuleType | Mapping[str, Any] | Sequence[Table]) -> None:
        self.name = name
        self.description = ""
        found: list[Table] = []
        if isinstance(given, ModuleType):
            self.description = (given.__doc__ or "").strip()
            found = [v for v in vars(given).values() if isinstance(v, Table)]
        elif isinstance(given, Mapping):
            found = list(given.values())
        elif isinstance(given, Sequence):
            found = list(given)
        else:
            raise TableError(
                f"Database {name!r} is a {type(given).__name__}; a module that holds tables is needed, or a list of them."
            )
        tables: dict[str, Table] = {}
        for table in found:
            if not isinstance(table, Table):
                raise TableError(f"Database {name!r} holds {table!r}, which is no table.")
            if tables.setdefault(table.name, table) is not table:
                raise TableError(f"Database {name!r} has two tables that are called {table.name!r}.")
        self.tables: Mapping[str, Table] = dict(sorted(tables.items()))

    def table(
        self, name: str, filters: Filters = None, columns: Sequence[str] | None = None, **options: Any
    ) -> pl.LazyFrame:
        """Rows of a table, as calling it gives them.

        Raises
        ------
        TableNotFoundError
            There is no such table; shows what there is.
        ColumnNotFoundError, ExpressionError, StorageError
            As of the table's call.
        """
        return self[name](filters, columns, **options)

    def __getitem__(self, name: str) -> Table:
        if name not in self.tables:
            raise TableNotFoundError(
                f"Database {self.name!r} has no table {name!r}. {suggestion(name, self.tables)}"
            )
        return self.tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)

    def __repr__(self) -> str:
        return f"<Database {self.name!r}: {', '.join(self.tables) or 'no tables'}>"


class Catalog:
    """Databases by name.

    Parameters
    ----------
    databases : mapping of str to module
        Or to a mapping or list of tables.
    name : str, optional
        Of the catalog, for its site.
    description : str, optional
    jupyterhub : str, optional
        Address of a JupyterHub at which notebooks are opened.

    Raises
    ------
    TableError
        A database holds no tables, or two of one name, or has no name that SQL can say.

    Examples
    --------
    >>> catalog = Catalog({"implant": [ParquetTable(name="spikes", uri="s3://bucket/spikes")]})
    >>> catalog.db("implant")
    <Database 'implant': spikes>
    """

    def __init__(
        self,
        databases: Mapping[str, ModuleType | Mapping[str, Any] | Sequence[Table]],
        *,
        name: str = "Catalog",
        description: str = "",
        jupyterhub: str = "",
    ) -> None:
        self.name, self.description, self.jupyterhub = name, description, jupyterhub
        for key in databases:
            if not isinstance(key, str) or not key.isidentifier():
                raise TableError(f"A database cannot be called {key!r}: letters, digits and _ make a name.")
        self.databases: Mapping[str, Database] = {
            key: Database(key, given) for key, given in sorted(databases.items())
        }

    def db(self, name: str) -> Database:
        """A database by name.

        Raises
        ------
        TableNotFoundError
            There is none; shows what there is.
        """
        if name not in self.databases:
            raise TableNotFoundError(
                f"The catalog has no database {name!r}. {suggestion(name, self.databases)}"
            )
        return self.databases[name]

    def dbs(self) -> list[str]:
        """Names of the databases."""
        return list(self.databases)

    def tables(self) -> Iterator[tuple[str, Table]]:
        """All tables, each with the name of its database."""
        for key, database in self.databases.items():
            for table in database.tables.values():
                yield key, table

    def sql(
        self,
        query: str,
        parameters: Mapping[str, Any] | Sequence[Any] | None = None,
        *,
        limit: int | None = None,
    ) -> pl.DataFrame:
        """Answer of a query over these tables and the project's datasets, as `neurochain.sql` gives it.

        Raises
        ------
        TableNotFoundError, DatasetNotFoundError, ColumnNotFoundError, ExpressionError, StorageError, MissingExtraError
            As of `neurochain.sql`.
        """
        return sql(query, self, parameters, limit=limit)

    def __repr__(self) -> str:
        held = ", ".join(f"{key} ({len(d)})" for key, d in self.databases.items())
        return f"<Catalog of {held or 'nothing'}>"
