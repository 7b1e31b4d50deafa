"""Cells: values of a table as JSON that a page can show: short, and nothing that JSON lacks."""

from typing import Any

import numpy as np
import polars as pl

from neurochain.datasets import arrays
from neurochain.datasets.plain import plain
from neurochain.datasets.types import Array, DataType, Json, List, Ragged, Record, Scalar

__all__ = ["cells", "plain", "preview"]

LONGEST = 400  # characters of a text
SHOWN = 12  # values of a list or an array


def preview(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Shape, dtype and first values of an array."""
    first = array.reshape(-1)[:SHOWN]
    return {"shape": list(array.shape), "dtype": str(array.dtype), "first": [plain(v) for v in first]}


def cells(column: pl.Series, kind: DataType) -> list[Any]:
    """Values of a flat column, short: texts are cut, of lists and arrays the first values come.

    Parameters
    ----------
    column : Series
        Of an array, the bytes; of a ragged one, a struct of data and shape.
    kind : DataType
        What it holds.
    """
    match kind:
        case Array():
            return [None if v is None else preview(v) for v in arrays.rows(column, kind)]
        case Ragged():
            data, shapes = column.struct.field("data").to_list(), column.struct.field("shape").to_list()
            return [
                None if d is None else preview(np.frombuffer(d, kind.dtype).reshape(s))
                for d, s in zip(data, shapes, strict=True)
            ]
        case List():
            return [None if v is None else _list(v) for v in column.to_list()]
        case Json():
            return [None if v is None else _text(v) for v in column.to_list()]
        case Scalar("bytes"):
            return [plain(v) for v in column.to_list()]
        case Record():
            return [plain(v) for v in column.to_list()]
        case _:
            return [_text(v) if isinstance(v, str) else plain(v) for v in column.to_list()]


def _text(value: str) -> Any:
    return value if len(value) <= LONGEST else {"text": value[:LONGEST], "length": len(value)}


def _list(values: list[Any]) -> dict[str, Any]:
    return {"shape": [len(values)], "first": [plain(v) for v in values[:SHOWN]]}
