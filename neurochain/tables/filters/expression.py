"""Expression: a filter whose values are bound, in Polars."""

from functools import reduce
from operator import and_, or_
from typing import Any

import polars as pl

from neurochain.tables.filters.binding import NOTHING
from neurochain.tables.filters.filter import Filter

__all__ = ["expression"]


def expression(given: Filter, dtype: pl.DataType | None = None) -> pl.Expr:
    """Polars expression of a filter; null where the column is.

    Parameters
    ----------
    given : Filter
        Bound.
    dtype : DataType, optional
        Of the column: then its values have this very type, and Polars need not find one for the two.

    Examples
    --------
    >>> frame = pl.DataFrame({"i": [1, 2, None]})
    >>> frame.filter(expression(Filter("i", "not in", [1]), pl.Int64()))["i"].to_list()
    [2]
    """
    found: pl.Expr = _of(given, dtype)
    return found


def _of(given: Filter, dtype: pl.DataType | None) -> Any:
    column: Any = pl.col(given.column)
    value = given.value
    known = column.is_not_null()
    if value is NOTHING:
        return known if given.operator == "!=" else pl.lit(False)
    match given.operator:
        case "=" | "==":
            return column == _literal(value, dtype)
        case "!=":
            return column != _literal(value, dtype)
        case "<":
            return column < _literal(value, dtype)
        case "<=":
            return column <= _literal(value, dtype)
        case ">":
            return column > _literal(value, dtype)
        case ">=":
            return column >= _literal(value, dtype)
        case "between":
            return column.is_between(*(_literal(v, dtype) for v in value))
        case "in":
            return _is_in(column, value, dtype) if value else pl.lit(False)
        case "not in":
            return known & ~_is_in(column, value, dtype) if value else known
        case "is null":
            return column.is_null()
        case "is not null":
            return known
        case "contains":
            return column.cast(pl.String).str.contains(value, literal=True)
        case "includes":
            return _includes(column, value, dtype)
        case "includes any":
            return reduce(or_, (_includes(column, v, dtype) for v in value), pl.lit(False))
        case _:
            return known & reduce(and_, (_includes(column, v, dtype) for v in value), pl.lit(True))


def _literal(value: Any, dtype: pl.DataType | None) -> pl.Expr:
    # A text among categories is no category of its own.
    return pl.lit(value) if dtype is None or isinstance(dtype, pl.Categorical) else pl.lit(value, dtype=dtype)


def _is_in(column: pl.Expr, values: list[Any], dtype: pl.DataType | None) -> pl.Expr:
    if dtype is None or isinstance(dtype, pl.Categorical):
        return column.is_in(values)
    return column.is_in(pl.lit(pl.Series([values], dtype=pl.List(dtype))))


def _includes(column: Any, value: object, dtype: pl.DataType | None) -> pl.Expr:
    if value is NOTHING:
        return pl.lit(False)
    inner: Any = getattr(dtype, "inner", None)
    found: pl.Expr = (column.arr if isinstance(dtype, pl.Array) else column.list).contains(
        _literal(value, inner)
    )
    return found
