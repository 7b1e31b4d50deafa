"""Expression: a filter whose values are bound, in Polars."""

from functools import reduce
from operator import and_, or_
from typing import Any

import polars as pl

from neurochain.tables.filters.binding import NOTHING
from neurochain.tables.filters.filter import Filter

__all__ = ["expression"]


def expression(given: Filter) -> pl.Expr:
    """Polars expression of a filter; null where the column is.

    Examples
    --------
    >>> frame = pl.DataFrame({"i": [1, 2, None]})
    >>> frame.filter(expression(Filter("i", "not in", [1])))["i"].to_list()
    [2]
    """
    found: pl.Expr = _of(given)
    return found


def _of(given: Filter) -> Any:
    column: Any = pl.col(given.column)
    value = given.value
    known = column.is_not_null()
    if value is NOTHING:
        return known if given.operator == "!=" else pl.lit(False)
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
            return (column >= value[0]) & (column <= value[1])  # is_between takes a text for a column
        case "in":
            return column.is_in(value) if value else pl.lit(False)
        case "not in":
            return known & ~column.is_in(value) if value else known
        case "is null":
            return column.is_null()
        case "is not null":
            return known
        case "contains":
            return column.cast(pl.String).str.contains(value, literal=True)
        case "includes":
            return column.list.contains(value)
        case "includes any":
            return reduce(or_, (_includes(column, v) for v in value), pl.lit(False))
        case _:
            return known & reduce(and_, (_includes(column, v) for v in value), pl.lit(True))


def _includes(column: Any, value: object) -> pl.Expr:
    return pl.lit(False) if value is NOTHING else column.list.contains(value)
