"""Columns: a batch as numpy blocks and texts, for formats of arrays, which know neither records nor nulls.

Each field of a record is a column of its own, by its dotted name; a file is its uri. What is null is zero, False, an
empty text or an empty array there, and `nulls` says where.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from neurochain.chain.run import batches
from neurochain.datasets import arrays
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Array, DataType, Field, Json, List, Ragged, Record, Scalar
from neurochain.errors import SchemaError
from neurochain.export.plain import nested_columns

NULL = ".null"  # ends the name of the column that says where another has none

_TIMES = {
    "null": "bool",
    "date": "datetime64[D]",
    "time": "timedelta64[ns]",  # since midnight
    "datetime": "datetime64[us]",
    "datetime[UTC]": "datetime64[us]",
    "duration": "timedelta64[us]",
}
_TEXTS = ("string", "bytes")


@dataclass(frozen=True)
class Column:
    """One value of a row that is no record.

    Attributes
    ----------
    name : str
        Dotted where it is the field of a record.
    field : Field
        The column or field itself: its type, unit and axes.
    leaf : str
        The flat column that is null where the value is.
    """

    name: str
    field: Field
    leaf: str

    @property
    def type(self) -> DataType:
        """Its logical type; a file is a text."""
        return self.field.type

    @property
    def dtype(self) -> np.dtype[Any] | None:
        """Dtype of its values in numpy; None for texts, and for lists, which are written as such."""
        match self.type:
            case Scalar("bytes"):
                return np.dtype(np.uint8)
            case Scalar(name) if name != "string":
                return np.dtype(_TIMES.get(name, name))
            case Array(dtype) | Ragged(dtype):
                return np.dtype(dtype).newbyteorder("<")
        return None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a value, where all have one."""
        return self.type.shape if isinstance(self.type, Array) else ()

    @property
    def ragged(self) -> int:
        """Dimensions of values that differ in shape (bytes are one, of uint8); 0 where all have one."""
        if self.type == Scalar("bytes"):
            return 1
        return self.type.ndim if isinstance(self.type, Ragged) else 0


class Flat(NamedTuple):
    """Arrays of several shapes, one after the other.

    Attributes
    ----------
    data : ndarray, shape (n_values,)
        Values of all rows, each in C order.
    lengths : ndarray, shape (rows,), int64
        How many of them each row has.
    shapes : ndarray, shape (rows, ndim), int64
    """

    data: np.ndarray[Any, Any]
    lengths: np.ndarray[Any, Any]
    shapes: np.ndarray[Any, Any]


def columns(schema: Schema) -> list[Column]:
    """Columns of all values of a schema, in order.

    Raises
    ------
    SchemaError
        A column has the name of the one that would say where another is null.
    """
    found = [c for f in schema.values() for c in _columns(f, f.name)]
    names = {c.name for c in found}
    for name in sorted(names):
        if name + NULL in names:
            raise SchemaError(
                f"Column {name + NULL!r} has the name that says where {name!r} is null. Give it another name "
                "with mutate(), and select() without it."
            )
    return found


def _columns(f: Field, path: str) -> Iterator[Column]:
    match f.type:
        case Record("File"):
            yield Column(path, Field(f.name, Scalar("string"), f.unit), f"{path}.uri")
        case Record(_, fields):
            for inner in fields:
                yield from _columns(inner, f"{path}.{inner.name}")
        case Ragged():
            yield Column(path, f, f"{path}.data")
        case _:
            yield Column(path, f, path)


def nulls(batch: pl.DataFrame, column: Column) -> np.ndarray[Any, Any] | None:
    """Where a column is null, shape (rows,), bool; None where it nowhere is."""
    missing = batch[column.leaf].is_null()
    return missing.to_numpy() if missing.any() else None


def null_names(frame: pl.LazyFrame, found: list[Column]) -> set[str]:
    """Names of the columns that are null in some row; the parts of a version know it without being read."""
    if not found:
        return set()
    (counts,) = batches(frame.select(pl.col(c.leaf).null_count() for c in found))
    return {c.name for c, count in zip(found, counts.row(0), strict=True) if count}


def block(batch: pl.DataFrame, column: Column) -> np.ndarray[Any, Any]:
    """Values of a column whose values have one shape, as one array, shape (rows, *shape)."""
    series, dtype = batch[column.leaf], column.dtype
    if isinstance(column.type, Array):
        return arrays.decode(series, column.type)
    if series.dtype == pl.Null():
        return np.zeros(len(series), bool)
    if dtype is not None and dtype.kind in "mM":
        return series.to_physical().cast(pl.Int64).fill_null(0).to_numpy().view(dtype)
    filled = series.fill_null(False if series.dtype == pl.Boolean() else 0)
    return filled.to_numpy()


def texts(batch: pl.DataFrame, column: Column) -> pl.Series:
    """Values of a column of texts; lists are JSON text, which writes NaN and infinity as Python's json does."""
    if not isinstance(column.type, List):
        return batch[column.leaf]
    values = listed(batch, column)
    return pl.Series(column.name, [None if v is None else compact(v) for v in values], dtype=pl.String())


def listed(batch: pl.DataFrame, column: Column) -> list[Any]:
    """Values of a column that is no array, as JSON can hold them; see `neurochain.export.plain`."""
    shown = nested_columns(batch, Schema([Field(column.leaf, column.type)])).to_series().to_list()
    return [_parsed(v) for v in shown] if isinstance(column.type, Json) else shown


def _parsed(text: str | None) -> Any:
    if text is None or not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def compact(value: Any) -> str:
    """JSON text without blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def flat(batch: pl.DataFrame, column: Column) -> Flat:
    """Values of a ragged column, or of one of bytes."""
    data, dtype = batch[column.leaf], column.dtype
    joined = np.frombuffer(bytearray().join(data.drop_nulls().to_list()), dtype)
    if column.type == Scalar("bytes"):
        lengths = data.bin.size().fill_null(0).to_numpy().astype(np.int64)
        return Flat(joined, lengths, lengths[:, None])
    empty = [0] * column.ragged
    shapes = [empty if s is None else s for s in batch[f"{column.name}.shape"].to_list()]
    stacked = np.array(shapes, np.int64).reshape(len(shapes), column.ragged)
    return Flat(joined, stacked.prod(axis=1), stacked)


def pieces(batch: pl.DataFrame, column: Column) -> list[np.ndarray[Any, Any]]:
    """Values of a ragged column, one array per row."""
    data, lengths, shapes = flat(batch, column)
    ends = np.cumsum(lengths)
    return [data[end - n : end].reshape(s) for end, n, s in zip(ends, lengths, shapes, strict=True)]
