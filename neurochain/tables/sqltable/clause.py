"""Clause: what a database can be asked of a condition, with bound parameters.

It may leave more rows than the condition does, never fewer: what it leaves is looked at again in Polars. So nothing is asked that a database
may compare in another way: texts by a collation, times that SQLite keeps as texts in any form, numbers without a scale as floats.
"""

import math
from collections.abc import Mapping
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from neurochain.tables.filters.binding import NOTHING
from neurochain.tables.filters.condition import Condition
from neurochain.tables.filters.filter import Filter
from neurochain.tables.sqltable.columns import SQLColumn

__all__ = ["clause", "selected"]

Clause = ColumnElement[Any]
BYTES = {"sqlite": "BINARY", "postgresql": "C"}
"""Collation by which texts are compared as Polars does it, byte by byte."""
FIND = {"sqlite": sa.func.instr, "postgresql": sa.func.strpos}
MOST = 5000  # values in a list; databases take no more than 32,766 parameters


def clause(condition: Condition, columns: Mapping[str, SQLColumn], dialect: str) -> Clause | None:
    """What a database can be asked; None where that is nothing.

    Parameters
    ----------
    condition : Condition
        Bound.
    columns : mapping of str to SQLColumn
        By name.
    dialect : str
        ``"sqlite"``, ``"postgresql"``.
    """
    cases: list[Clause] = []
    for case in condition.cases:
        terms = [_term(t, columns[t.column], dialect) for t in case if isinstance(t, Filter)]
        asked = [t for t in terms if t is not None]
        if not asked:
            return None
        cases.append(sa.and_(*asked))
    return sa.or_(*cases) if cases else None


def _term(given: Filter, column: SQLColumn, dialect: str) -> Clause | None:
    stored = expression(column)
    operator, value = given.operator, given.value
    if operator == "is null":
        return stored.is_(None)
    if operator == "is not null" or (operator == "!=" and value is NOTHING):
        return stored.isnot(None)
    if value is NOTHING or (operator == "in" and not value):
        return sa.false()
    if not column.is_exact and not _is_equality_of_texts(operator, column):
        return None
    if isinstance(column.dtype, pl.List):
        return _of_list(operator, value, stored, column.dtype, dialect)
    if not _is_comparable(operator, column.dtype, dialect):
        return None
    values = value if isinstance(value, list) else [value]
    if len(values) > MOST or not all(_is_plain(v) for v in values):
        return None
    if isinstance(column.dtype, pl.String):
        return _of_text(operator, value, stored, dialect)
    return _compared(operator, value, stored)


def expression(column: SQLColumn) -> Clause:
    """The column as it is read."""
    return sa.cast(column.stored, sa.Text) if column.is_cast else column.stored


def selected(column: SQLColumn) -> Clause:
    """The column as it is read, under its name."""
    return expression(column).label(column.name) if column.is_cast else column.stored


def _is_equality_of_texts(operator: str, column: SQLColumn) -> bool:
    """Equal texts are equal to a database too, and some that are not."""
    return isinstance(column.dtype, pl.String) and operator in ("=", "==", "in")


def _is_comparable(operator: str, dtype: pl.DataType, dialect: str) -> bool:
    if isinstance(dtype, pl.Boolean):
        return dialect == "postgresql" and operator in ("=", "==", "!=", "in", "not in")
    if isinstance(dtype, pl.Date | pl.Datetime | pl.Time | pl.Decimal):
        return dialect == "postgresql"
    return dtype.is_numeric() or isinstance(dtype, pl.String | pl.Binary)


def _is_plain(value: Any) -> bool:
    """Whether every database takes it as what it is: no NaN, which SQLite takes for a null, and no text with a zero byte."""
    if isinstance(value, float):
        return not math.isnan(value)
    return not (isinstance(value, str) and "\0" in value)


def _of_text(operator: str, value: Any, stored: Clause, dialect: str) -> Clause | None:
    if operator in ("=", "==", "in"):
        return _compared(operator, value, stored)
    if dialect not in BYTES:
        return None
    by_bytes = sa.collate(stored, BYTES[dialect])
    if operator == "contains":
        found: Clause = FIND[dialect](by_bytes, sa.literal(value, sa.Text)) > 0
        return found
    return _compared(operator, value, by_bytes)


def _of_list(operator: str, value: Any, stored: Clause, dtype: pl.List, dialect: str) -> Clause | None:
    inner: Any = dtype.inner
    values = value if isinstance(value, list) else [value]
    asked = [v for v in values if v is not NOTHING]
    if dialect != "postgresql" or not (inner.is_integer() or isinstance(inner, pl.String)):
        return None
    if not all(_is_plain(v) for v in asked) or len(asked) > MOST:
        return None
    kind = getattr(stored.type, "item_type", None)
    found = [sa.literal(v, kind) == sa.func.any(stored) for v in asked]
    if operator == "includes any":
        return sa.or_(sa.false(), *found)
    return sa.false() if len(asked) < len(values) else sa.and_(stored.isnot(None), *found)


def _compared(operator: str, value: Any, stored: Clause) -> Clause | None:
    # As a VARCHAR(5), which the column may be, a longer text would lose its end.
    kind = sa.Text() if isinstance(stored.type, sa.String) else stored.type
    values = [sa.literal(v, kind) for v in (value if isinstance(value, list) else [value])]
    match operator:
        case "=" | "==":
            return stored == values[0]
        case "!=":
            return stored != values[0]
        case "<":
            return stored < values[0]
        case "<=":
            return stored <= values[0]
        case ">":
            return stored > values[0]
        case ">=":
            return stored >= values[0]
        case "between":
            return sa.and_(stored >= values[0], stored <= values[1])
        case "in":
            return stored.in_(values)
        case "not in":
            return stored.not_in(values) if values else stored.isnot(None)
    return None
