"""Text: values of Arrow as PostgreSQL writes them."""

import datetime as dt
import json
import math
from collections.abc import Callable
from typing import Any

import polars as pl

__all__ = ["oid_of", "texts"]

JSON = 114
TEXT = 25
OIDS: dict[Any, int] = {
    pl.Boolean: 16,
    pl.Binary: 17,
    pl.Int64: 20,
    pl.Int16: 21,
    pl.Int8: 21,
    pl.UInt8: 21,
    pl.Int32: 23,
    pl.UInt16: 23,
    pl.UInt32: 20,
    pl.UInt64: 1700,
    pl.Float32: 700,
    pl.Float64: 701,
    pl.Decimal: 1700,
    pl.Date: 1082,
    pl.Time: 1083,
    pl.Duration: 1186,
}
ARRAYS = {
    16: 1000,
    20: 1016,
    21: 1005,
    23: 1007,
    25: 1009,
    700: 1021,
    701: 1022,
    1082: 1182,
    1114: 1115,
    1184: 1185,
    1700: 1231,
}
EPOCH = dt.timedelta(0)


def oid_of(kind: Any) -> int:
    """Number of PostgreSQL's type for one of Polars; text where there is none, JSON for records.

    Examples
    --------
    >>> oid_of(pl.Int64()), oid_of(pl.Datetime("us", "UTC")), oid_of(pl.List(pl.Float64))
    (20, 1184, 1022)
    """
    match kind:
        case pl.Datetime(time_zone=zone):
            return 1114 if zone is None else 1184
        case pl.List(inner=inner) | pl.Array(inner=inner):
            return ARRAYS.get(oid_of(inner), JSON) if not inner.is_nested() else JSON
        case pl.Struct():
            return JSON
    return OIDS.get(kind.base_type(), TEXT)


def texts(values: pl.Series) -> list[str | None]:
    """Values as texts; a null stays None.

    Examples
    --------
    >>> texts(pl.Series([1.5, float("inf"), None]))
    ['1.5', 'Infinity', None]
    """
    kind: Any = values.dtype
    if isinstance(kind, pl.Datetime):
        return _times(values, kind)
    if isinstance(kind, pl.Time):
        return values.dt.to_string("%H:%M:%S%.6f").to_list()
    if (
        isinstance(kind, pl.String | pl.Categorical | pl.Enum)
        or kind.is_integer()
        or isinstance(kind, pl.Date | pl.Decimal)
    ):
        return values.cast(pl.String).to_list()
    write = _writer(kind)
    return [None if v is None else write(v) for v in values.to_list()]


def _times(values: pl.Series, kind: pl.Datetime) -> list[str | None]:
    if kind.time_zone is None:
        return values.dt.to_string("%Y-%m-%d %H:%M:%S%.6f").to_list()
    return values.dt.convert_time_zone("UTC").dt.to_string("%Y-%m-%d %H:%M:%S%.6f+00").to_list()


def _writer(kind: Any) -> Callable[[Any], str]:
    if isinstance(kind, pl.Boolean):
        return lambda v: "t" if v else "f"
    if kind.is_float():
        return _float
    if isinstance(kind, pl.Binary):
        return lambda v: f"\\x{v.hex()}"
    if isinstance(kind, pl.Duration):
        return _interval
    if oid_of(kind) != JSON and isinstance(kind, pl.List | pl.Array):
        inner = kind.inner
        return lambda v: _array(v, inner)
    return lambda v: json.dumps(_json(v), default=str, ensure_ascii=False) if kind.is_nested() else str(v)


def _float(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def _interval(value: dt.timedelta) -> str:
    sign = "-" if value < EPOCH else ""
    seconds, micros = divmod(abs(value) // dt.timedelta(microseconds=1), 1_000_000)
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{micros:06d}"


def _array(value: Any, inner: Any) -> str:
    """List as ``{1,NULL,"a b"}``."""
    written = texts(pl.Series(value, dtype=inner))
    is_bare = inner.is_numeric() or isinstance(inner, pl.Boolean)
    return "{" + ",".join("NULL" if t is None else t if is_bare else _quoted(t) for t in written) + "}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _json(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_json(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.hex() if isinstance(value, bytes) else value
