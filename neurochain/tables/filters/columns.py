"""Columns: filters as column expressions, which chains record."""

from functools import reduce
from operator import and_, or_
from typing import Any

import polars as pl

from neurochain.chain.expressions.column import Column
from neurochain.errors import ExpressionError
from neurochain.tables.filters.binding import NOTHING
from neurochain.tables.filters.condition import Condition
from neurochain.tables.filters.filter import Filter

__all__ = ["as_column"]


def as_column(condition: Condition) -> Column | None:
    """A condition that is bound as one column expression; None where nothing is asked.

    Raises
    ------
    ExpressionError
        It asks of an array what a chain does not tell of one.

    Examples
    --------
    >>> as_column(Condition.of(Filter("hour", ">=", 8)))
    Column(hour >= 8)
    """
    if not condition.cases:
        return None
    types = condition.types
    cases = [
        reduce(and_, (_of(t, types.get(t.column)) if isinstance(t, Filter) else t for t in case))
        for case in condition.cases
    ]
    found: Column = reduce(or_, cases)
    return found


def _of(given: Filter, dtype: pl.DataType | None) -> Any:
    column: Any = Column(given.column)
    value = given.value
    if isinstance(dtype, pl.Array | pl.Struct) and given.operator not in ("is null", "is not null"):
        raise ExpressionError(
            f"Filter on {given.column!r}: a chain does not look into arrays. Filter the table's rows, or the chain with map()."
        )
    known, nothing = column.is_not_null(), column.is_null() & column.is_not_null()
    if value is NOTHING:
        return known if given.operator == "!=" else nothing
    match given.operator:
        case "=" | "==":
            return column == value
        case "!=":
            return column != value
        case "<":
            return column < value
        case "<=":
            return column <= value
        case ">":
            return column > value
        case ">=":
            return column >= value
        case "between":
            return (column >= value[0]) & (column <= value[1])
        case "in":
            return reduce(or_, (column == v for v in value), nothing)
        case "not in":
            return reduce(and_, (column != v for v in value), known)
        case "is null":
            return column.is_null()
        case "is not null":
            return known
        case "contains":
            return column.str.contains(value, literal=True)
        case "includes":
            return column.list.contains(value)
        case "includes any":
            return reduce(or_, (_includes(column, v, nothing) for v in value), nothing)
        case _:
            return reduce(and_, (_includes(column, v, nothing) for v in value), known)


def _includes(column: Any, value: Any, nothing: Any) -> Any:
    return nothing if value is NOTHING else column.list.contains(value)
