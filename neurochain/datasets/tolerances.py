"""Tolerances: how far a float may be off that is computed again, and how far it is."""

import math
from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Array, DataType, List, Ragged, Scalar, value_types
from neurochain.errors import VersionError, suggestion

_FLOATS = "fc"


def check_distances(tolerances: Mapping[str, float]) -> None:
    """Refuse what is no distance.

    Raises
    ------
    VersionError
        A number is negative or not finite, or it is no number.
    """
    for column, value in tolerances.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise VersionError(
                f"save(tolerance={{{column!r}: {value!r}}}): give the distance that a value made again may be off, in "
                "the column's unit, 0 or more."
            )


def check_columns(tolerances: Mapping[str, float], schema: Schema) -> None:
    """Refuse tolerances of columns that hold no floats.

    Raises
    ------
    VersionError
        There is no such column of floats.
    """
    if not tolerances:
        return
    floats = list(float_columns(schema))
    for name in tolerances:
        if name not in floats:
            raise VersionError(
                f"save(tolerance={{{name!r}: …}}) names no column of floats. {suggestion(name, floats)}"
            )


def float_columns(schema: Schema) -> Iterator[str]:
    """Dotted names of the columns that hold floats, alone, in arrays or in lists."""
    for f in schema.values():
        yield from (name for name, kind in value_types(f) if _dtype(kind) is not None)


def distance(a: pl.Series, b: pl.Series, kind: DataType) -> float | None:
    """How far values of two flat columns are apart at most; None where they cannot be subtracted.

    Parameters
    ----------
    a, b : Series
        Of equal length. Of a ragged array the data.
    kind : DataType
        Of both.

    Notes
    -----
    Nulls and NaN are apart from everything but their like; so are arrays of other lengths.
    """
    dtype = _dtype(kind)
    if dtype is None:
        return None
    farthest = 0.0
    for x, y in zip(a, b, strict=True):
        if x is None and y is None:
            continue
        if x is None or y is None:
            return math.inf
        left, right = _values(x, kind, dtype), _values(y, kind, dtype)
        if left.shape != right.shape:
            return math.inf
        same = (left == right) | (np.isnan(left) & np.isnan(right))
        if same.all():
            continue
        with np.errstate(invalid="ignore"):
            apart = float(np.abs(left[~same] - right[~same]).max())
        farthest = math.inf if math.isnan(apart) else max(farthest, apart)
    return farthest


def _values(
    value: object, kind: DataType, dtype: np.dtype[np.generic]
) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    if isinstance(kind, Array | Ragged):
        raw = np.frombuffer(value, dtype)  # type: ignore[call-overload]  # bytes, as arrays lie on disk
    else:
        raw = np.asarray(pl.Series([value]).explode() if isinstance(value, pl.Series) else value)
    found: np.ndarray[tuple[int, ...], np.dtype[np.generic]] = np.atleast_1d(raw).astype(
        np.complex128 if dtype.kind == "c" else np.float64
    )
    return found


def _dtype(kind: DataType) -> np.dtype[np.generic] | None:
    """Type of the floats that a column holds; None where it holds none."""
    while isinstance(kind, List):
        kind = kind.item
    if isinstance(kind, Scalar):
        return np.dtype(kind.name) if kind.name.startswith("float") else None
    if isinstance(kind, Array | Ragged):
        dtype = np.dtype(kind.dtype).newbyteorder("<")
        return dtype if dtype.kind in _FLOATS else None
    return None
