"""Columns: what a database says of its columns, and the types that they have here."""

import datetime as dt
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeEngine

from neurochain.errors import SchemaError, StorageError, suggestion

__all__ = ["SQLColumn", "declared_columns", "queried_columns", "reflected_columns"]

SAMPLE = 1000  # rows by which the columns of a query are told, where the database does not say them
Kind = TypeEngine[Any]


@dataclass(frozen=True)
class SQLColumn:
    """A column of a database.

    Attributes
    ----------
    name : str
    dtype : DataType
        Here.
    kind : TypeEngine
        By which SQLAlchemy reads it.
    is_cast : bool
        Whether the database writes it as text, since there is no such type here.
    is_exact : bool
        Whether the database compares the very values that are read.
    """

    name: str
    dtype: pl.DataType
    kind: Kind
    is_cast: bool = False
    is_exact: bool = True

    @property
    def stored(self) -> "ColumnElement[Any]":
        """The column as it is declared in a table of SQLAlchemy."""
        return sa.column(self.name, self.kind)

    def values(self, given: Sequence[Any]) -> pl.Series:
        """Values as the driver gives them.

        Raises
        ------
        SchemaError
            One of them is none of the column's type.
        """
        try:
            return pl.Series(self.name, [_value(v, self.dtype) for v in given], dtype=self.dtype, strict=True)
        except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
            wrong = next((v for v in given if not self._fits(v)), None)
            raise SchemaError(
                f"Column {self.name!r} holds {wrong!r} ({type(wrong).__name__}), which is no {self.dtype}. "
                f"Say what it holds: columns={{{self.name!r}: …}}."
            ) from None

    def _fits(self, value: Any) -> bool:
        try:
            pl.Series([_value(value, self.dtype)], dtype=self.dtype, strict=True)
        except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
            return False
        return True


def reflected_columns(connection: Connection, name: str, schema: str | None, what: str) -> list[SQLColumn]:
    """Columns of a table or view, as the database declares them.

    Raises
    ------
    StorageError
        There is no such table; shows what there is.
    """
    look = sa.inspect(connection)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", sa.exc.SAWarning
            )  # of types that it does not know: they are cast to text
            found = look.get_columns(name, schema=schema)
    except sa.exc.NoSuchTableError:
        found = []
    if not found:
        known = [*look.get_table_names(schema), *look.get_view_names(schema)]
        raise StorageError(f"{what}: the database has no table {name!r}. {suggestion(name, known)}")
    dialect = connection.dialect.name
    return [_column(c["name"], c["type"], dialect) for c in found]


def queried_columns(connection: Connection, query: str, what: str) -> list[SQLColumn]:
    """Columns of what a query gives: those that PostgreSQL says, else by its first rows.

    Raises
    ------
    SchemaError
        Two have one name, or values of one column are of several kinds.
    """
    limit = {"postgresql": " LIMIT 0", "sqlite": f" LIMIT {SAMPLE}"}.get(connection.dialect.name, "")
    result = connection.execute(sa.text(f"SELECT * FROM ({query}) AS q{limit}"))
    described = list(result.cursor.description) if result.cursor is not None else []
    names = [str(d[0]) for d in described]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise SchemaError(f"{what}: the query gives two columns {twice[0]!r}. Give one another name: AS.")
    if not names:
        raise SchemaError(f"{what}: the query gives no columns. Write a SELECT.")
    if connection.dialect.name == "postgresql":
        result.close()
        kinds = _postgresql_kinds(connection, described)
        return [_column(n, k, "postgresql") for n, k in zip(names, kinds, strict=True)]
    rows = result.fetchmany(SAMPLE)
    result.close()
    return [_told(name, [row[i] for row in rows], what) for i, name in enumerate(names)]


def declared_columns(declared: Mapping[str, pl.DataType]) -> list[SQLColumn]:
    """Columns that the user declared, read as the driver gives them."""
    return [SQLColumn(name, dtype, sa.types.NullType(), is_exact=False) for name, dtype in declared.items()]


def _column(name: str, kind: Kind, dialect: str) -> SQLColumn:
    if isinstance(kind, postgresql.DOMAIN):
        kind = kind.data_type
    if dialect == "sqlite":
        return _of_sqlite(name, kind)
    if isinstance(kind, sa.ARRAY) and (kind.dimensions or 1) == 1:
        inner = _column(name, kind.item_type, dialect)
        if not inner.is_cast:
            return SQLColumn(name, pl.List(inner.dtype), kind, is_exact=inner.is_exact)
    match kind:
        case sa.Boolean():
            return SQLColumn(name, pl.Boolean(), kind)
        case sa.Integer():
            return SQLColumn(name, _integer(kind, dialect), kind)
        case sa.Float():
            single = isinstance(kind, sa.REAL) and dialect == "postgresql"
            return SQLColumn(
                name, pl.Float32() if single else pl.Float64(), kind, is_exact=dialect == "postgresql"
            )
        case sa.Numeric():
            if kind.precision is None or kind.precision > 38 or dialect != "postgresql":
                return SQLColumn(name, pl.Float64(), sa.Numeric(asdecimal=False), is_exact=False)
            return SQLColumn(name, pl.Decimal(kind.precision, kind.scale or 0), kind)
        case sa.DateTime():
            zone = "UTC" if kind.timezone else None
            return SQLColumn(name, pl.Datetime("us", zone), kind)
        case sa.Date():
            return SQLColumn(name, pl.Date(), kind)
        case sa.Time() if not kind.timezone:
            return SQLColumn(name, pl.Time(), kind)
        case sa.Interval() | postgresql.INTERVAL():
            return SQLColumn(name, pl.Duration("us"), kind, is_exact=False)
        case sa.LargeBinary() | sa.BINARY() | sa.VARBINARY():
            return SQLColumn(name, pl.Binary(), kind)
        case sa.CHAR() | sa.NCHAR():
            return SQLColumn(name, pl.String(), kind, is_exact=False)  # the database fills it up with blanks
        case sa.Enum() | sa.Uuid() | sa.JSON():
            return SQLColumn(name, pl.String(), kind, is_cast=True)
        case sa.String():
            return SQLColumn(name, pl.String(), kind)
    return SQLColumn(name, pl.String(), kind, is_cast=True)


def _of_sqlite(name: str, kind: Kind) -> SQLColumn:
    """SQLite holds what it is given, whatever was declared: times are texts in any form."""
    raw = sa.types.NullType()
    match kind:
        case sa.Boolean():
            return SQLColumn(name, pl.Boolean(), raw, is_exact=False)
        case sa.Integer():
            return SQLColumn(name, pl.Int64(), raw)
        case sa.Float() | sa.Numeric():
            return SQLColumn(name, pl.Float64(), raw, is_exact=isinstance(kind, sa.Float))
        case sa.DateTime():
            return SQLColumn(name, pl.Datetime("us"), raw, is_exact=False)
        case sa.Date():
            return SQLColumn(name, pl.Date(), raw, is_exact=False)
        case sa.Time():
            return SQLColumn(name, pl.Time(), raw, is_exact=False)
        case sa.LargeBinary():
            return SQLColumn(name, pl.Binary(), raw)
    return SQLColumn(name, pl.String(), raw)


def _integer(kind: Kind, dialect: str) -> pl.DataType:
    if dialect != "postgresql":
        return pl.UInt64() if getattr(kind, "unsigned", False) else pl.Int64()
    if isinstance(kind, sa.SmallInteger):
        return pl.Int16()
    return pl.Int64() if isinstance(kind, sa.BigInteger) else pl.Int32()


def _postgresql_kinds(connection: Connection, described: Sequence[Any]) -> list[Kind]:
    """Types by their numbers in the database."""
    oids = sorted({int(d[1]) for d in described})
    asked = sa.text(
        "SELECT oid, format_type(oid, NULL) FROM pg_catalog.pg_type WHERE oid IN :oids"
    ).bindparams(sa.bindparam("oids", expanding=True))
    names = {int(oid): str(name) for oid, name in connection.execute(asked, {"oids": oids})}
    return [_postgresql_kind(names.get(int(d[1]), ""), d) for d in described]


def _postgresql_kind(name: str, described: Any) -> Kind:
    if name.endswith("[]"):
        return postgresql.ARRAY(_postgresql_kind(name.removesuffix("[]"), None), dimensions=1)
    if name == "numeric" and described is not None and described[4] is not None:
        return sa.Numeric(described[4], described[5] or 0)
    if name.startswith("timestamp"):
        return postgresql.TIMESTAMP(timezone=name.endswith("with time zone"))
    if name.startswith("time"):
        return postgresql.TIME(timezone=name.endswith("with time zone"))
    known: Any = postgresql.base.ischema_names.get(name)
    made: Kind = sa.types.NullType() if known is None or name == "domain" else known()
    return made


def _told(name: str, values: Sequence[Any], what: str) -> SQLColumn:
    """A column by some of its values."""
    values = [v for v in values if v is not None]
    kinds = {type(v) for v in values}
    told: pl.DataType
    if not kinds or kinds == {str}:
        told = pl.String()
    elif kinds == {int}:
        told = pl.Int64()
    elif kinds <= {int, float, Decimal}:
        told = pl.Float64()
    elif kinds == {dt.datetime}:
        told = pl.Datetime("us", "UTC" if values[0].tzinfo else None)
    else:
        known = {
            bytes: pl.Binary,
            bool: pl.Boolean,
            dt.date: pl.Date,
            dt.time: pl.Time,
            dt.timedelta: pl.Duration,
        }
        if len(kinds) > 1 or not kinds <= known.keys():
            listed = ", ".join(sorted(k.__name__ for k in kinds))
            raise SchemaError(
                f"{what}: column {name!r} holds values of several kinds ({listed}). Say what it holds: columns={{…}}."
            )
        told = known[kinds.pop()]()
    return SQLColumn(
        name, told, sa.types.NullType(), is_exact=isinstance(told, pl.Int64 | pl.String | pl.Binary)
    )


def _value(value: Any, dtype: pl.DataType) -> Any:
    """A value of a driver as Polars takes it."""
    if value is None:
        return None
    if isinstance(dtype, pl.Datetime) and isinstance(value, str):
        value = dt.datetime.fromisoformat(value)
    if isinstance(dtype, pl.Datetime) and isinstance(value, dt.datetime):
        if dtype.time_zone is None:
            return value if value.tzinfo is None else value.astimezone(dt.UTC).replace(tzinfo=None)
        return (value if value.tzinfo is not None else value.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    if isinstance(dtype, pl.Date) and isinstance(value, str):
        return dt.date.fromisoformat(value)
    if isinstance(dtype, pl.Time) and isinstance(value, str):
        return dt.time.fromisoformat(value)
    if dtype.is_float() and isinstance(value, int | Decimal) and not isinstance(value, bool):
        return float(value)
    if isinstance(dtype, pl.Boolean) and isinstance(value, int):
        return bool(value)
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(dtype, pl.List):
        return [_value(v, dtype.inner) for v in value]  # type: ignore[arg-type]
    return value
