"""Batches: whole columns that a function returns, whichever library they are of."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

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
    if isinstance(result, pl.DataFrame):
        return {s.name: s for s in result.get_columns()}
    if isinstance(result, Mapping):
        if not result:
            raise SchemaError(f"{name}() returns no columns. Return at least one.")
        return {str(k): _column(v, str(k)) for k, v in result.items()}
    return {name: _column(result, name)}


def _column(values: Any, name: str) -> Any:
    detach = getattr(values, "detach", None)
    if detach is not None:
        values = detach().cpu().numpy()
    if type(values).__module__.startswith("pyarrow"):
        values = pl.from_arrow(values)
    if isinstance(values, str | bytes) or not hasattr(values, "__len__") or getattr(values, "ndim", 1) == 0:
        raise SchemaError(
            f"map_batches() takes functions that give a column: an array, a series, a list, a dict of them or a frame. "
            f"{name!r} is a {type(values).__name__}. For one result per row use map()."
        )
    return values


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
