"""Steps: values of a type as whole numbers of the smallest difference that it has, so that all comparisons are exact."""

import datetime as dt
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

__all__ = ["has_steps", "limits", "step_of", "value_at", "zone_of"]

PER_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9}
MICROSECOND = dt.timedelta(microseconds=1)
EPOCH = dt.datetime(1970, 1, 1)
INTEGER = re.compile(r"(U?)Int(\d+)")
DAY = 86_400 * 10**9  # nanoseconds


def has_steps(dtype: pl.DataType) -> bool:
    """Whether values of a type are whole numbers of something: not floats, texts, bytes and truth values."""
    return dtype.is_integer() or isinstance(dtype, pl.Decimal | pl.Date | pl.Datetime | pl.Duration | pl.Time)


def limits(dtype: pl.DataType) -> tuple[int, int]:
    """Least and greatest step of a type.

    Examples
    --------
    >>> limits(pl.Int8()), limits(pl.Decimal(3, 1))
    ((-128, 127), (-999, 999))
    """
    if isinstance(dtype, pl.Decimal):
        most = 10 ** (dtype.precision or 38) - 1
        return -most, most
    if isinstance(dtype, pl.Time):
        return 0, DAY - 1
    if isinstance(dtype, pl.Date):
        return dt.date.min.toordinal(), dt.date.max.toordinal()
    match = INTEGER.fullmatch(type(dtype).__name__)
    unsigned, bits = (bool(match[1]), int(match[2])) if match else (False, 64)
    return (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def step_of(value: Any, dtype: pl.DataType) -> Fraction:
    """Where a value lies between the steps of a type.

    Parameters
    ----------
    value : int, float, Decimal, date, datetime, timedelta or time
        Finite, and of the type's kind: a datetime with a zone where the type has one, without where it has none.
    dtype : DataType
        One that `has_steps`.

    Examples
    --------
    >>> step_of(2.5, pl.Int64()), step_of(0.1, pl.Decimal(4, 2))
    (Fraction(5, 2), Fraction(10, 1))
    """
    if isinstance(dtype, pl.Decimal):
        # The shortest text of a float is what a person means by it.
        number = Fraction(Decimal(repr(value)) if isinstance(value, float) else value)
        return number * Fraction(10) ** int(dtype.scale)
    if isinstance(dtype, pl.Datetime):
        plain = value if value.tzinfo is None else value.astimezone(dt.UTC).replace(tzinfo=None)
        return Fraction((plain - EPOCH) // MICROSECOND * PER_SECOND[dtype.time_unit], 10**6)
    if isinstance(dtype, pl.Duration):
        return Fraction(value // MICROSECOND * PER_SECOND[dtype.time_unit], 10**6)
    if isinstance(dtype, pl.Date):
        return Fraction(value.toordinal())
    if isinstance(dtype, pl.Time):
        seconds = (value.hour * 60 + value.minute) * 60 + value.second
        return Fraction((seconds * 10**6 + value.microsecond) * 1000)
    return Fraction(value)


def value_at(step: int, dtype: pl.DataType) -> Any:
    """Value of a step, as Python has it.

    Raises
    ------
    OverflowError
        Python has none: a date beyond the year 9999.

    Examples
    --------
    >>> value_at(10, pl.Decimal(4, 2)), value_at(86_400_000, pl.Datetime("ms"))
    (Decimal('0.10'), datetime.datetime(1970, 1, 2, 0, 0))
    """
    if isinstance(dtype, pl.Decimal):
        return Decimal(step).scaleb(-dtype.scale)
    if isinstance(dtype, pl.Datetime | pl.Duration):
        length = dt.timedelta(microseconds=step * 10**6 // PER_SECOND[dtype.time_unit])
        if isinstance(dtype, pl.Duration):
            return length
        found = EPOCH + length
        return found if dtype.time_zone is None else found.replace(tzinfo=dt.UTC).astimezone(zone_of(dtype))
    if isinstance(dtype, pl.Date):
        return dt.date.fromordinal(step)
    if isinstance(dtype, pl.Time):
        return (EPOCH + dt.timedelta(microseconds=step // 1000)).time()
    return step


def zone_of(dtype: pl.Datetime) -> dt.tzinfo:
    """Zone of a type that has one."""
    try:
        return ZoneInfo(dtype.time_zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return dt.UTC
