"""Binding: what a filter's value is among the values of a column's type."""

import datetime as dt
from typing import Any, Final

import polars as pl

from neurochain.errors import ExpressionError
from neurochain.tables.filters.filter import Filter

__all__ = ["NOTHING", "bound"]


class _Nothing:
    """The value of no row."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()
"""Stands for a value that no value of the column can be equal to."""

ORDERED = ("<", "<=", ">", ">=", "between")


def bound(given: Filter, dtype: pl.DataType) -> Filter:
    """The filter with its value, or each value of its list, as one of the column's type.

    A text is read as the number, date or time that the column holds. One that is none is `NOTHING`, so that ``=`` matches no row and ``!=``
    every one that is not null; where greater and less are asked for it is an error. A list loses what is `NOTHING`.

    Parameters
    ----------
    given : Filter
        Checked.
    dtype : DataType
        Of the column.

    Raises
    ------
    ExpressionError
        A value can be none of the column: a number for a text, a date for a number; or the column's values have no such operator.

    Examples
    --------
    >>> bound(Filter("i", "=", "7"), pl.Int64()), bound(Filter("i", "=", "1) or (1=1"), pl.Int64())
    (Filter(column='i', operator='=', value=7), Filter(column='i', operator='=', value=NOTHING))
    >>> bound(Filter("day", ">=", "2024-04-28"), pl.Date()).value
    datetime.date(2024, 4, 28)
    """
    if given.value is None:
        return given
    is_list_column = isinstance(dtype, pl.List | pl.Array)
    if given.operator.startswith("includes"):
        if not is_list_column:
            raise ExpressionError(
                f"Filter on {given.column!r}: {given.operator!r} asks for columns of lists; this is one of {_said(dtype)}."
            )
        dtype = dtype.inner if isinstance(dtype.inner, pl.DataType) else dtype.inner()  # type: ignore[attr-defined]
    elif is_list_column or isinstance(dtype, pl.Struct):
        raise ExpressionError(
            f"Filter on {given.column!r}: it holds {_said(dtype)}, which {given.operator!r} does not compare."
        )
    if given.operator == "contains":
        if not isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
            raise ExpressionError(
                f"Filter on {given.column!r}: 'contains' asks for texts; the column holds {_said(dtype)}."
            )
        return given
    if isinstance(given.value, list | tuple | set | frozenset | range):
        values = [_value(v, dtype, given) for v in given.value]
        if given.operator not in ("between", "includes all"):
            values = [v for v in values if v is not NOTHING]
        return given._replace(value=values)
    return given._replace(value=_value(given.value, dtype, given))


def _value(value: Any, dtype: pl.DataType, given: Filter) -> Any:
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        value = value.item()  # a numpy scalar
    found = _text(value, dtype) if isinstance(value, str) else _as(value, dtype)
    if found is None:
        raise ExpressionError(
            f"Filter on {given.column!r}: {value!r} ({type(value).__name__}) cannot be compared with {_said(dtype)}, which the column holds."
        )
    if found is NOTHING and given.operator in ORDERED:
        raise ExpressionError(
            f"Filter on {given.column!r}: {value!r} is neither more nor less than {_said(dtype)}, which the column holds."
        )
    return found


def _text(value: str, dtype: pl.DataType) -> Any:
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return value
    try:
        if dtype.is_integer():
            return _as(int(value), dtype) if value == value.strip() and "_" not in value else NOTHING
        if dtype.is_float() or isinstance(dtype, pl.Decimal):
            return float(value) if "_" not in value else NOTHING
        if isinstance(dtype, pl.Boolean):
            return {"true": True, "false": False}.get(value.lower(), NOTHING)
        if isinstance(dtype, pl.Date):
            return dt.date.fromisoformat(value)
        if isinstance(dtype, pl.Datetime):
            return _zoned(dt.datetime.fromisoformat(value), dtype)
        if isinstance(dtype, pl.Time):
            return dt.time.fromisoformat(value)
    except (ValueError, OverflowError):
        return NOTHING
    return NOTHING


def _as(value: Any, dtype: pl.DataType) -> Any:
    """Value among those of a type that is no text's; None where it is of another kind."""
    if isinstance(value, bool):
        return value if isinstance(dtype, pl.Boolean) else None
    if isinstance(value, int | float):
        if not dtype.is_numeric():
            return None
        return _integer(value, dtype) if dtype.is_integer() else value
    if isinstance(value, dt.datetime):
        if isinstance(dtype, pl.Datetime):
            return _zoned(value, dtype)
        return None
    if isinstance(value, dt.date):
        if isinstance(dtype, pl.Datetime):
            return _zoned(dt.datetime(value.year, value.month, value.day), dtype)
        return value if isinstance(dtype, pl.Date) else None
    kinds = {dt.time: pl.Time, dt.timedelta: pl.Duration, bytes: pl.Binary}
    return value if any(isinstance(value, a) and isinstance(dtype, b) for a, b in kinds.items()) else None


def _integer(value: int | float, dtype: pl.DataType) -> Any:
    """A whole number is compared as one, however large; what lies beyond all integers is compared as a float."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**63 else value
    return value if -(2**63) <= value < 2**63 else float(value)


def _zoned(value: dt.datetime, dtype: pl.Datetime) -> dt.datetime:
    """A time without a zone is meant in the column's zone; one with a zone, of a column without, in UTC."""
    if dtype.time_zone is None:
        return value if value.tzinfo is None else value.astimezone(dt.UTC).replace(tzinfo=None)
    return value if value.tzinfo is not None else value.replace(tzinfo=dt.UTC)


def _said(dtype: pl.DataType) -> str:
    return f"values of type {dtype}"
