"""Batches: whole columns that a function returns, whichever library they are of."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.values.given import plain_arrays
from neurochain.errors import SchemaError

_PLAIN = (pl.String, pl.Binary, pl.Boolean, pl.Date, pl.Time)


def batch_columns(result: Any, name: str) -> dict[str, Any]:
    """Columns of a result: a frame's, a mapping's, or one of the given name.

    Raises
    ------
    SchemaError
        It is no column.
    """
    if type(result).__module__.startswith("pyarrow"):
        result = pl.from_arrow(result)
    if type(result).__module__.startswith("pandas") and hasattr(result, "columns"):
        result = {name: result[name] for name in result.columns}
    if isinstance(result, pl.DataFrame):
        return {s.name: _column(s, s.name) for s in result.get_columns()}
    if isinstance(result, Mapping):
        if not result:
            raise SchemaError(f"{name}() returns no columns. Return at least one.")
        return {str(k): _column(v, str(k)) for k, v in result.items()}
    return {name: _column(result, name)}


def _column(values: Any, name: str) -> Any:
    values = plain_arrays([values])[0]
    if isinstance(values, np.ma.MaskedArray):
        raise SchemaError(
            f"Column {name!r}: a masked array has values that are missing. Fill them: array.filled(np.nan), or give a "
            "list with None for them."
        )
    if type(values).__module__.startswith("pyarrow"):
        values = pl.from_arrow(values)
    if isinstance(values, str | bytes) or not hasattr(values, "__len__") or getattr(values, "ndim", 1) == 0:
        raise SchemaError(
            f"map_batches() takes functions that give a column: an array, a series, a list, a dict of them or a frame. "
            f"{name!r} is a {type(values).__name__}. For one result per row use map()."
        )
    return _python(values, name) if isinstance(values, pl.Series) else values


def _python(series: pl.Series, name: str) -> Any:
    """Series as it is, or as Python values where a column cannot be made of it at once."""
    dtype = series.dtype
    if isinstance(dtype, pl.Array):
        if not series.null_count():
            return series.to_numpy()
        return [None if v is None else v.to_numpy() for v in series]
    exact = isinstance(dtype, pl.Datetime | pl.Duration) and dtype.time_unit == "ns"
    if exact and (series.to_physical() % 1000 != 0).any():
        raise SchemaError(
            f"Column {name!r}: {dtype} is more exact than microseconds, which a time here has. Round it: "
            "series.dt.cast_time_unit('us'), or give an array of datetime64[ns]."
        )
    return series.to_list() if dtype.is_nested() else series


def plain_series(name: str, column: Any) -> pl.Series | None:
    """Column of numbers, texts or dates as it is; None where its values must be looked at."""
    if (
        isinstance(column, np.ndarray)
        and column.ndim == 1
        and column.dtype.kind in "biuf"
        and column.dtype != np.float16
    ):
        return pl.Series(name, np.ascontiguousarray(column, dtype=column.dtype.newbyteorder("=")))
    if isinstance(column, pl.Series) and (column.dtype.is_numeric() or isinstance(column.dtype, _PLAIN)):
        return None if column.dtype.is_decimal() else column.alias(name)
    return None
