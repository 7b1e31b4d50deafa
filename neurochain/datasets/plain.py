"""Plain: values of a table as JSON that a page can show."""

import datetime as dt
import math
from typing import Any

import numpy as np
import polars as pl

__all__ = ["plain"]

EXACT = 2**53  # whole numbers that a page holds exactly lie below


def plain(value: Any) -> Any:
    """A value as JSON has it: numbers that it lacks, times and bytes as texts.

    Examples
    --------
    >>> plain(float("nan")), plain(2**60), plain(b"ab")
    ('NaN', '1152921504606846976', '2 bytes')
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if -EXACT < value < EXACT else str(value)
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "-∞"
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, pl.Series | np.ndarray):
        value = value.tolist() if isinstance(value, np.ndarray) else value.to_list()
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return str(value)
