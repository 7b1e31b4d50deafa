"""ColumnSummary: a column at a glance, as plain JSON: between what values it lies, and how they are spread."""

from typing import Any

import numpy as np
import polars as pl

from neurochain.datasets.plain import plain
from neurochain.datasets.types import Array, Ragged

__all__ = ["of_arrays", "of_numbers", "of_series"]

BINS = 40
COUNTED = 100_000  # values of which the different ones are counted; beyond, they are estimated
TOP = 12  # most frequent values
LOOKED_AT = 2_000_000  # values of arrays
QUANTILES = (0.01, 0.25, 0.5, 0.75, 0.99)


def of_series(values: pl.Series) -> dict[str, Any]:
    """Summary of a flat column's values that are not null: of numbers, of times, of lists by their lengths, of others the most frequent ones.

    Examples
    --------
    >>> of_series(pl.Series(["b", "a", "b", None]))
    {'distinct': 2, 'top': [['b', 2], ['a', 1]]}
    """
    if isinstance(values.dtype, pl.List):
        return {"of": "lengths", **of_numbers(values.list.len().drop_nulls())}
    if values.dtype.is_numeric():
        return of_numbers(values.drop_nulls())
    if values.dtype.is_temporal():
        return _of_times(values.drop_nulls())
    return _of_others(values.drop_nulls())


def of_arrays(scan: pl.LazyFrame, path: str, kind: Array | Ragged) -> dict[str, Any]:
    """Summary of the values of arrays, of as many of the first rows as there is time for.

    Parameters
    ----------
    scan : LazyFrame
        Flat columns.
    path : str
        Of the column.
    kind : Array or Ragged
        What it holds.
    """
    width = int(np.prod(kind.shape)) if isinstance(kind, Array) else 1024
    held = path if isinstance(kind, Array) else f"{path}.data"
    some = scan.select(held).head(max(LOOKED_AT // max(width, 1), 1)).collect().to_series()
    if kind.dtype.startswith(("complex", "datetime", "timedelta")):
        return {"nulls": some.null_count(), "of": f"{len(some):,} rows"}
    values = np.frombuffer(b"".join(v for v in some.to_list() if v is not None), kind.dtype)
    return {
        "nulls": some.null_count(),
        "of": f"{len(values):,} values of {len(some):,} rows",
        **of_numbers(pl.Series(values[:LOOKED_AT])),
    }


def of_numbers(values: pl.Series) -> dict[str, Any]:
    """Range, mean, spread, quantiles and a histogram of numbers."""
    finite = values.filter(values.is_finite()) if values.dtype.is_float() else values
    found: dict[str, Any] = {**_distinct(values), "not_finite": len(values) - len(finite)}
    if not len(finite):
        return found
    numbers = finite.to_numpy()
    low, high = numbers.min(), numbers.max()
    counts, edges = np.histogram(numbers.astype(np.float64), _bins(low, high, values.dtype.is_integer()))
    quantiles = np.quantile(numbers, QUANTILES)
    return {
        **found,
        "min": plain(low),
        "max": plain(high),
        "mean": plain(finite.mean()),
        "std": plain(finite.std(ddof=0)),
        "quantiles": {str(q): plain(v) for q, v in zip(QUANTILES, quantiles, strict=True)},
        "histogram": {"edges": [plain(e) for e in edges], "counts": counts.tolist()},
    }


def _distinct(values: pl.Series) -> dict[str, Any]:
    """How many different values there are: counted, or of many estimated."""
    if len(values) <= COUNTED:
        return {"distinct": values.n_unique(), "about": False}
    estimated: int = values.to_frame().select(pl.first().approx_n_unique()).item()
    return {"distinct": min(estimated, len(values)), "about": True}


def _bins(low: Any, high: Any, whole: bool) -> Any:
    """Edges of bins: of whole numbers, each bin holds as many of them as the others, or those that are rare would look frequent."""
    first, last = float(low), float(high)
    if whole and last - first < 2**52:
        step = max(np.ceil((last - first + 1) / BINS), 1.0)
        return first - 0.5 + step * np.arange(np.ceil((last - first + 1) / step) + 1)
    if first == last:
        return np.array([first - 0.5, last + 0.5])
    return np.linspace(first, last, BINS + 1)


def _of_times(values: pl.Series) -> dict[str, Any]:
    if not len(values):
        return {"distinct": 0}
    ticks = values.to_physical().to_numpy()
    counts, edges = np.histogram(ticks.astype(np.float64), min(BINS, max(len(values), 1)))
    at = pl.Series(edges.round().astype(np.int64)).cast(values.to_physical().dtype, strict=False)
    return {
        **_distinct(values),
        "min": plain(values.min()),
        "max": plain(values.max()),
        "histogram": {
            "edges": [plain(v) for v in at.cast(values.dtype).to_list()],
            "counts": counts.tolist(),
        },
    }


def _of_others(values: pl.Series) -> dict[str, Any]:
    """The most frequent values."""
    if isinstance(values.dtype, pl.Binary | pl.Struct | pl.List):
        return {"distinct": None}
    counted = values.alias("value").value_counts()
    first = counted.top_k(TOP, by=["count", "value"], reverse=[False, True])
    ordered = first.sort(
        "count", "value", descending=[True, False]
    )  # of those that come as often, always the same ones
    return {
        "distinct": counted.height,
        "top": [[plain(v), n] for v, n in ordered.select("value", "count").iter_rows()],
    }
