"""A column at a glance: how many values, between what, and how they are spread."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from neurochain.datasets.project import Project
from neurochain.datasets.types import Array, List, Ragged
from neurochain.web.api.cells import plain
from neurochain.web.api.datasets import version_of
from neurochain.web.api.held import Held, Holder
from neurochain.web.api.questions import PATH, asked_of

__all__ = ["column_summary"]

BINS = 40
COUNTED = 100_000  # values of which the different ones are counted; beyond, they are estimated
TOP = 12  # most frequent values
QUANTILES = (0.01, 0.25, 0.5, 0.75, 0.99)
LOOKED_AT = 2_000_000  # values of arrays


def column_summary(project: Project, holder: Holder, query: Mapping[str, str]) -> dict[str, Any]:
    """Summary of the column ``path`` of the version ``ref``, of the rows that a filter leaves.

    Raises
    ------
    DatasetNotFoundError, ColumnNotFoundError, ExpressionError, ParameterError, VersionError
        What is asked for is not there.
    """
    version, path = version_of(project, query), PATH.of(query)
    held = holder.of(version)
    held.check(path)
    kind = held.types[path]
    numbers = held.numbers(asked_of(query))
    if isinstance(kind, Array | Ragged):
        return {"path": path, **_of_arrays(held, path, kind, numbers)}
    column = held.column(path)
    values = column if numbers is None else column.gather(numbers)
    common = {"path": path, "count": len(values), "nulls": values.null_count()}
    if isinstance(kind, List):
        lengths = values.list.len().drop_nulls()
        return {**common, "of": "lengths", **_numbers(lengths)}
    if values.dtype.is_numeric():
        return {**common, **_numbers(values.drop_nulls())}
    if values.dtype.is_temporal():
        return {**common, **_times(values.drop_nulls())}
    return {**common, **_top(values.drop_nulls())}


def _numbers(values: pl.Series) -> dict[str, Any]:
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


def _times(values: pl.Series) -> dict[str, Any]:
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


def _top(values: pl.Series) -> dict[str, Any]:
    """The most frequent values."""
    if isinstance(values.dtype, pl.Binary | pl.Struct | pl.List):
        return {"distinct": None}
    counted = values.value_counts(sort=True)
    name = values.name
    return {
        "distinct": counted.height,
        "top": [[plain(v), n] for v, n in counted.head(TOP).select(name, "count").iter_rows()],
    }


def _of_arrays(held: Held, path: str, kind: Array | Ragged, numbers: Any) -> dict[str, Any]:
    """Of arrays, the values of the first rows."""
    count = held.version.rows if numbers is None else len(numbers)
    scan = held.version.scan().select(path if isinstance(kind, Array) else f"{path}.data")
    width = int(np.prod(kind.shape)) if isinstance(kind, Array) else 1024
    some = scan.head(max(LOOKED_AT // max(width, 1), 1)).collect().to_series()
    values = np.frombuffer(b"".join(v for v in some.to_list() if v is not None), kind.dtype)
    if kind.dtype.startswith(("complex", "datetime", "timedelta")):
        return {"count": count, "nulls": some.null_count(), "of": f"{len(some):,} rows"}
    return {
        "count": count,
        "nulls": some.null_count(),
        "of": f"{len(values):,} values of {len(some):,} rows",
        **_numbers(pl.Series(values[:LOOKED_AT])),
    }
