"""Binding: what a filter's value is among the values of a column's type."""

import datetime as dt
import math
import struct
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import polars as pl

from neurochain.errors import ExpressionError
from neurochain.tables.filters.filter import Filter
from neurochain.tables.filters.steps import has_steps, limits, step_of, value_at, zone_of

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
    every one that is not null; where greater and less are asked for it is an error. A list loses what is `NOTHING`. Between two values of
    the type lies none: ``hour < 7.5`` becomes ``hour <= 7``, and what all values meet becomes ``is not null``.

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
    >>> bound(Filter("hour", "<", 7.5), pl.Int8()), bound(Filter("hour", "<", 1000), pl.Int8())
    (Filter(column='hour', operator='<=', value=7), Filter(column='hour', operator='is not null', value=None))
    """
    if given.operator in ("is null", "is not null"):
        return given
    is_list_column = isinstance(dtype, pl.List | pl.Array)
    if given.operator.startswith("includes"):
        if not is_list_column:
            raise ExpressionError(
                f"Filter on {given.column!r}: {given.operator!r} asks for columns of lists; this is one of {_said(dtype)}."
            )
        dtype = dtype.inner if isinstance(dtype.inner, pl.DataType) else dtype.inner()  # type: ignore[attr-defined]
        is_list_column = isinstance(dtype, pl.List | pl.Array)
    if is_list_column or isinstance(dtype, pl.Struct):
        raise ExpressionError(
            f"Filter on {given.column!r}: it holds {_said(dtype)}, which {given.operator!r} does not compare."
        )
    if given.operator == "contains":
        if not isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
            raise ExpressionError(
                f"Filter on {given.column!r}: 'contains' asks for texts; the column holds {_said(dtype)}."
            )
        return given
    if given.operator == "between":
        low, high = given.value
        return _between(given, low, high, dtype)
    if given.operator in ORDERED:
        return _ordered(given, dtype)
    if isinstance(given.value, list | tuple | set | frozenset | range):
        values: Iterable[Any] = (_equal(v, dtype, given) for v in given.value)
        if given.operator != "includes all":
            values = (v for v in values if v is not NOTHING)
        return given._replace(value=list(values))
    return given._replace(value=_equal(given.value, dtype, given))


def _equal(value: Any, dtype: pl.DataType, given: Filter) -> Any:
    """The value of the column that one is equal to; `NOTHING` where there is none."""
    found = _value(value, dtype, given)
    if found is NOTHING or not has_steps(dtype):
        return found
    if _beyond(found):
        return NOTHING
    step = step_of(found, dtype)
    least, most = limits(dtype)
    if step.denominator > 1 or not least <= step <= most:
        return NOTHING
    return value_at(int(step), dtype)


def _ordered(given: Filter, dtype: pl.DataType) -> Filter:
    """A condition of ``<``, ``<=``, ``>`` or ``>=`` with a value that the column can have; or one of all or of none."""
    if isinstance(dtype, pl.Null):
        return given._replace(operator="=", value=NOTHING)
    found = _value(given.value, dtype, given)
    if found is NOTHING:
        raise ExpressionError(
            f"Filter on {given.column!r}: {given.value!r} is neither more nor less than {_said(dtype)}, which the column holds."
        )
    if not has_steps(dtype):
        return given._replace(value=found)
    is_less = given.operator[0] == "<"
    every, none = (
        given._replace(operator="is not null", value=None),
        given._replace(operator="=", value=NOTHING),
    )
    least, most = limits(dtype)
    if _beyond(found):  # a NaN is more than all numbers, as Polars and PostgreSQL sort it
        return every if is_less == (found != -math.inf) else none
    step = step_of(found, dtype)
    whole = math.floor(step) if is_less else math.ceil(step)
    is_own = given.operator[1:] == "=" or step != whole
    last = whole if is_own else whole - 1 if is_less else whole + 1  # the outermost step that meets it
    if last < least or last > most:
        return every if is_less == (last > most) else none
    if last == (most if is_less else least):
        return every
    try:
        if last == (
            least if is_less else most
        ):  # Polars 1.35 fails on ranges of one step at the end of a type
            return given._replace(operator="=", value=value_at(last, dtype))
        operator = given.operator if step == whole else given.operator[0] + "="
        return given._replace(operator=operator, value=value_at(whole, dtype))
    except OverflowError:
        return every if is_less == (whole > 0) else none


def _between(given: Filter, low: Any, high: Any, dtype: pl.DataType) -> Filter:
    lower = _ordered(given._replace(operator=">=", value=low), dtype)
    upper = _ordered(given._replace(operator="<=", value=high), dtype)
    for one, other in ((lower, upper), (upper, lower)):
        if one.value is NOTHING:
            return one
        if one.operator == "is not null":
            return other
    is_crossed = not isinstance(dtype, pl.Enum) and lower.value > upper.value
    if is_crossed or (lower.operator != upper.operator and "=" in (lower.operator, upper.operator)):
        return given._replace(operator="=", value=NOTHING)  # the greatest value of the type, and one below it
    if lower.operator == "=":
        return lower
    return given._replace(value=[lower.value, upper.value])


def _value(value: Any, dtype: pl.DataType, given: Filter) -> Any:
    """A value of the kind that the column holds, if not one that it can hold."""
    if isinstance(dtype, pl.Null):
        return NOTHING
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):  # a numpy scalar
        value = value.astype("M8[us]").item() if value.dtype.kind == "M" else value.item()
    found = _text(value, dtype) if isinstance(value, str) else _as(value, dtype)
    if found is None:
        raise ExpressionError(
            f"Filter on {given.column!r}: {value!r} ({type(value).__name__}) cannot be compared with {_said(dtype)}, which the column holds."
        )
    return found


def _text(value: str, dtype: pl.DataType) -> Any:
    if isinstance(dtype, pl.Enum):
        return value if value in dtype.categories else NOTHING
    if isinstance(dtype, pl.String | pl.Categorical):
        return value
    try:
        if dtype.is_numeric():
            if value != value.strip() or "_" in value:
                return NOTHING
            if dtype.is_integer():
                return int(value)
            if isinstance(dtype, pl.Decimal):
                number = Decimal(value)
                return number if number.is_finite() else NOTHING
            return _float(float(value), dtype)
        if isinstance(dtype, pl.Boolean):
            return {"true": True, "false": False}.get(value.lower(), NOTHING)
        if isinstance(dtype, pl.Date):
            return dt.date.fromisoformat(value)
        if isinstance(dtype, pl.Datetime):
            return _zoned(dt.datetime.fromisoformat(value), dtype)
        if isinstance(dtype, pl.Time):
            return dt.time.fromisoformat(value)
    except (ValueError, OverflowError, InvalidOperation):
        return NOTHING
    return NOTHING


def _as(value: Any, dtype: pl.DataType) -> Any:
    """Value among those of a type that is no text's; None where it is of another kind."""
    if isinstance(value, bool):
        return value if isinstance(dtype, pl.Boolean) else None
    if isinstance(value, int | float | Decimal):
        if not dtype.is_numeric():
            return None
        if isinstance(value, Decimal) and not value.is_finite():
            value = float(value)
        return _float(value, dtype) if dtype.is_float() else value
    if isinstance(value, dt.datetime):
        return _zoned(value, dtype) if isinstance(dtype, pl.Datetime) else None
    if isinstance(value, dt.date):
        if isinstance(dtype, pl.Datetime):
            return _zoned(dt.datetime(value.year, value.month, value.day), dtype)
        return value if isinstance(dtype, pl.Date) else None
    kinds = {dt.time: pl.Time, dt.timedelta: pl.Duration, bytes: pl.Binary}
    return value if any(isinstance(value, a) and isinstance(dtype, b) for a, b in kinds.items()) else None


def _float(value: int | float | Decimal, dtype: pl.DataType) -> float:
    """The nearest number that a column of floats can hold."""
    try:
        found = float(value)
        return struct.unpack("f", struct.pack("f", found))[0] if isinstance(dtype, pl.Float32) else found
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _beyond(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _zoned(value: dt.datetime, dtype: pl.Datetime) -> dt.datetime:
    """A time without a zone is meant in the column's zone; one with a zone, of a column without, in UTC."""
    if dtype.time_zone is None:
        return value if value.tzinfo is None else value.astimezone(dt.UTC).replace(tzinfo=None)
    return value if value.tzinfo is not None else value.replace(tzinfo=zone_of(dtype))


def _said(dtype: pl.DataType) -> str:
    return f"values of type {dtype}"
