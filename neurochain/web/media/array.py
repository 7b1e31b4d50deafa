"""Array: values of a row that are an array: a feature, a spectrum, a map.

The answer is that of `neurochain.web.media.packed`, with ``axes``, ``unit`` and ``down``: of how many entries along each axis one
is given, where there are more than a page shows; ``whole`` is the shape of all. ``exact=1`` gives all of up to `EXACT` values.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurochain.datasets import arrays
from neurochain.datasets.types import Array, Ragged, leaf_fields
from neurochain.errors import ColumnNotFoundError, ParameterError, suggestion
from neurochain.web.api.questions import text
from neurochain.web.api.row import flat_row
from neurochain.web.media.asked import flag
from neurochain.web.media.gate import Stop
from neurochain.web.media.packed import pack
from neurochain.web.media.sources import Sources

__all__ = ["array_values", "thinned"]

MOST = 2**20  # values of an answer
EXACT = 2**25
Values = np.ndarray[Any, Any]


def array_values(sources: Sources, query: Mapping[str, str], stop: Stop) -> bytes:
    """The array in ``column`` of the row ``key`` of the version ``ref``.

    Raises
    ------
    DatasetNotFoundError, ColumnNotFoundError, ParameterError, VersionError
        There is none.
    """
    version, column = sources.version(query), text(query, "column")
    leaves = [pair for top in version.schema.values() for pair in leaf_fields(top)]
    fields = {path: f for path, f in leaves if isinstance(f.type, Array | Ragged)}
    if column not in fields:
        raise ColumnNotFoundError(
            f"{version.reference} has no column of arrays that is called {column!r}. {suggestion(column, fields)}"
        )
    field = fields[column]
    row = flat_row(version, text(query, "key"))
    stop()
    if isinstance(field.type, Array):
        (found,) = arrays.rows(row[column], field.type)
    else:
        assert isinstance(field.type, Ragged)
        data, shapes = row[f"{column}.data"].to_list(), row[f"{column}.shape"].to_list()
        (found,) = arrays.decode_ragged(data, shapes, field.type)
    if found is None:
        raise ParameterError(f"This row of {version.reference} has no value in {column!r}.")
    values, kind = _numbers(np.asarray(found))
    shape = values.shape
    values, down = thinned(values, EXACT if flag(query, "exact") else MOST)
    header = {
        "axes": list(field.axes),
        "unit": field.unit,
        "stored": kind,
        "down": down,
        "whole": list(shape),
    }
    return pack(header, values)


def thinned(values: Values, most: int) -> tuple[Values, list[int]]:
    """Every so-manieth entry, along the longest axis first, so that at most so many are left.

    Examples
    --------
    >>> values, down = thinned(np.zeros((3, 100)), 100)
    >>> values.shape, down
    ((3, 25), [1, 4])
    """
    down = [1] * values.ndim

    def lengths() -> list[int]:
        return [-(-n // d) for n, d in zip(values.shape, down, strict=True)]

    while np.prod(lengths(), dtype=object) > most:
        down[int(np.argmax(lengths()))] *= 2
    return values[tuple(slice(None, None, d) for d in down)], down


def _numbers(values: Values) -> tuple[Values, str]:
    """Values as pages have them: complex ones by their size, dates as whole numbers, and what they were."""
    kind = values.dtype.name
    if values.dtype.kind == "c":
        return np.abs(values), kind
    if values.dtype.kind in "mM":
        return values.astype(np.int64), kind
    if values.dtype.kind == "b":
        return values.astype(np.uint8), kind
    return (values.astype(np.float32), kind) if values.dtype == np.float16 else (values, kind)
