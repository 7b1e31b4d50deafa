"""Plain: columns as the numbers, texts and lists that CSV and JSON can hold.

A file is its uri, bytes are base64, dates and times ISO 8601, complex numbers pairs; durations inside arrays are
counts of the array's unit. JSON has no NaN and no infinity: they are null there.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.values.row import column_values
from neurochain.datasets import arrays
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Array, DataType, Json, List, Ragged, Record, Scalar

_TIMES = ("date", "time", "datetime", "datetime[UTC]", "duration")


def nested_columns(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """One column per field: records are structs, arrays are lists."""
    return pl.DataFrame([_nested(frame, f.name, f.type).alias(f.name) for f in schema.values()])


def text_columns(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Columns of single values: the fields of records by their dotted names, lists and arrays as JSON text."""
    return pl.DataFrame([s for f in schema.values() for s in _flat(frame, f.name, f.type)])


def _flat(frame: pl.DataFrame, path: str, kind: DataType) -> Iterator[pl.Series]:
    if isinstance(kind, Record) and kind.name != "File":
        for f in kind.fields:
            yield from _flat(frame, f"{path}.{f.name}", f.type)
        return
    column = _nested(frame, path, kind).alias(path)
    yield _json_text(column) if isinstance(kind, List | Array | Ragged) else column


def _json_text(column: pl.Series) -> pl.Series:
    wrapped = column.alias("_").to_frame().select(pl.struct("_").struct.json_encode()).to_series()
    text = wrapped.str.slice(len('{"_":')).str.head(-1).alias(column.name)
    return text.set(column.is_null(), None)


def _nested(frame: pl.DataFrame, path: str, kind: DataType) -> pl.Series:
    match kind:
        case Scalar() | Json() | List():
            return frame.select(_inside(pl.col(path), kind)).to_series()
        case Array():
            return _array(frame[path], kind)
        case Ragged():
            values = column_values(frame, path, kind)
            return pl.Series(
                path, [None if v is None else listed(v) for v in values], dtype=_list_dtype(kind)
            )
        case Record("File"):
            return frame[f"{path}.uri"]
        case Record(_, fields):
            inner = [_nested(frame, f"{path}.{f.name}", f.type).alias(f.name) for f in fields]
            if not inner:
                return pl.Series(path, [None] * frame.height)
            columns = pl.DataFrame(inner)
            present = pl.any_horizontal(pl.all().is_not_null()) | kind.required
            return columns.select(pl.when(present).then(pl.struct(pl.all()))).to_series()


def _inside(value: pl.Expr, kind: DataType) -> pl.Expr:
    """A value, or an item of lists, of which nothing is flattened."""
    match kind:
        case Scalar("bytes"):
            return value.bin.encode("base64")
        case Scalar(name) if name in _TIMES:
            return value.dt.to_string("iso:strict")
        case List(item):
            return value.list.eval(_inside(pl.element(), item))
        case Record("File"):
            return value.struct.field("uri")
        case Record(_, fields):
            inner = [_inside(value.struct.field(f.name), f.type).alias(f.name) for f in fields]
            return pl.when(value.is_not_null()).then(pl.struct(inner))
        case _:
            return value


def _array(column: pl.Series, kind: Array) -> pl.Series:
    if np.dtype(kind.dtype).kind in "mM":
        block = arrays.rows(column, kind)
        return pl.Series([None if v is None else listed(v) for v in block], dtype=_list_dtype(kind))
    return arrays.polars_series(column, kind)


def listed(value: np.ndarray[Any, Any]) -> Any:
    """Array as nested lists of numbers, of texts where it holds dates."""
    if value.dtype.kind in "mM":
        shown: Any = np.datetime_as_string(value) if value.dtype.kind == "M" else value.view(np.int64)
        known: Any = ~np.isnat(value)
        return np.where(known, shown.astype(object), np.array(None, object)).tolist()
    if value.dtype.kind == "c":
        value = np.stack([value.real, value.imag], axis=-1)
    return value.tolist()


def _list_dtype(kind: Array | Ragged) -> Any:
    dtype = np.dtype(kind.dtype)
    depth = len(kind.shape) if isinstance(kind, Array) else kind.ndim
    inner: Any = {
        "b": pl.Boolean(),
        "M": pl.String(),
        "m": pl.Int64(),
        "i": pl.Int64(),
        "u": pl.UInt64(),
    }.get(dtype.kind, pl.Float64())
    if dtype.kind == "f" and dtype.itemsize < 8:
        inner = pl.Float32()  # written in the few digits that it has
    for _ in range(depth + (dtype.kind == "c")):
        inner = pl.List(inner)
    return inner
