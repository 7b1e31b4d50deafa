"""RowValues: a chain's columns as plain Python and numpy values, which need no engine to be read.

They are made once, in the process that makes the dataset: a forked ``DataLoader`` worker must not touch
Polars, whose threads do not survive a fork.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.values.objects import NAMES
from neurochain.datasets import arrays
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Array, DataType, Field, Json, List, Ragged, Record, Scalar
from neurochain.errors import SchemaError, ShapeError
from neurochain.formats import open_array
from neurochain.storage import File


class RowValues:
    """One column as values that need no engine: pickled to workers, or shared with them by a fork.

    Parameters
    ----------
    values : sequence or ndarray
        One entry per row.
    read : callable, optional
        Gives a row's value from its entry in `values` (reads a file).
    """

    def __init__(self, values: Any, read: Callable[[Any], Any] | None = None) -> None:
        self.values = values
        self.read = read

    def __getitem__(self, row: int) -> Any:
        value = self.values[row]
        return value if self.read is None else self.read(value)


def columns_of(frame: pl.DataFrame, schema: Schema) -> tuple[dict[str, RowValues], list[str]]:
    """Columns for a dataset, and a name per row for messages.

    Raises
    ------
    SchemaError
        A column cannot become a tensor or text, or holds nulls.
    """
    columns = {f.name: _column(frame, f.name, f) for f in schema.values()}
    files = next(
        (c for f, c in zip(schema.values(), columns.values(), strict=True) if _is_file(f.type)), None
    )
    names = [f"row {i}" if files is None else f"row {i} ({files.values[i].uri})" for i in range(frame.height)]
    return columns, names


def _is_file(kind: DataType) -> bool:
    return isinstance(kind, Record) and kind.name == "File"


def _column(frame: pl.DataFrame, path: str, field: Field) -> RowValues:
    kind = field.type
    match kind:
        case Record("File"):
            return RowValues(_files(frame, path), read_array)
        case Record(name, fields) if name in NAMES:
            return _column(frame, f"{path}.{fields[0].name}", fields[0])
        case Record(_, fields):
            inner = {f.name: _column(frame, f"{path}.{f.name}", f) for f in fields}
            return RowValues(range(frame.height), _RecordReader(inner))
        case Array():
            _refuse_nulls(frame[path], path)
            return RowValues(_numbers(arrays.decode(frame[path], kind), path))
        case Ragged():
            _refuse_nulls(frame[f"{path}.data"], path)
            data = arrays.decode_ragged(
                frame[f"{path}.data"].to_list(), frame[f"{path}.shape"].to_list(), kind
            )
            return RowValues(data)
        case Scalar("string") | Json():
            _refuse_nulls(frame[path], path)
            return RowValues(frame[path].to_list())
        case Scalar("date" | "time" | "datetime" | "datetime[UTC]"):
            _refuse_nulls(frame[path], path)
            return RowValues([v.isoformat() for v in frame[path].to_list()])
        case Scalar("duration"):
            _refuse_nulls(frame[path], path)
            return RowValues(frame[path].dt.total_microseconds().to_numpy() / 1e6)
        case Scalar(name) if name not in ("bytes", "null"):
            _refuse_nulls(frame[path], path)
            return RowValues(frame[path].to_numpy())
        case List(Scalar(name)) if name not in ("string", "bytes", "null", "date", "time", "datetime"):
            _refuse_nulls(frame[path], path)
            return RowValues([np.asarray(v) for v in frame[path].to_list()])
    raise SchemaError(
        f"Column {path!r} holds {kind}, which is neither a tensor nor a text. "
        "Leave it out with select(), or turn it into an array with map()."
    )


class _RecordReader:
    """A record's fields as a dict; picklable, unlike a closure."""

    def __init__(self, fields: dict[str, RowValues]) -> None:
        self.fields = fields

    def __call__(self, row: int) -> dict[str, Any]:
        return {name: column[row] for name, column in self.fields.items()}


def _refuse_nulls(series: pl.Series, path: str) -> None:
    if series.null_count():
        row = series.is_null().arg_true()[0]
        raise SchemaError(
            f"Column {path!r} is null in {series.null_count():,} rows, row {row} first; a batch has no nulls. "
            f"Drop them with filter(nc.Column({path!r}).is_not_null()), fill them with mutate(), or leave the "
            "column out with select()."
        )


def _numbers(block: np.ndarray[Any, Any], path: str) -> np.ndarray[Any, Any]:
    if block.dtype.kind in "mM":
        raise SchemaError(f"Column {path!r} holds {block.dtype} values, which torch lacks. Use numbers.")
    return block


def _files(frame: pl.DataFrame, path: str) -> list[File]:
    _refuse_nulls(frame[f"{path}.uri"], path)
    leaves = [frame[f"{path}.{name}"].to_list() for name in ("uri", "size", "etag", "mtime")]
    return [File(uri, size, etag, mtime, None) for uri, size, etag, mtime in zip(*leaves, strict=True)]


def read_array(file: File) -> np.ndarray[Any, Any]:
    """Content of a file as float32: NIfTI (x, y, z[, t]), DICOM ([frame,] row, column), EDF (channel, sample).

    Raises
    ------
    FormatError
        The file is of no known format, or has no one array (channels of different rates).
    """
    return np.asarray(open_array(file), dtype=np.float32)


def check_shapes(name: str, values: Sequence[Any], rows: Sequence[str]) -> None:
    """Refuse arrays that no batch can hold.

    Raises
    ------
    ShapeError
        Two rows differ; the message names both.
    """
    shapes = [getattr(v, "shape", None) for v in values]
    for shape, row in zip(shapes, rows, strict=True):
        if shape != shapes[0]:
            raise ShapeError(
                f"Column {name!r}: {rows[0]} has shape {_shape(shapes[0])} and {row} has {_shape(shape)}, so they "
                "fit into no batch. Use batch_size=None or a collate_fn of your own, or bring them to one shape in map()."
            )


def _shape(shape: Any) -> str:
    return "no shape" if shape is None else str(list(shape))
