"""Features: columns as Hugging Face's ``datasets`` has them, and batches as Arrow tables of theirs.

Numbers in arrays go from the stored bytes to Arrow's buffers, without Python lists between them.
"""

from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from neurochain.datasets import arrays
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Array, DataType, List, Ragged, Record, Scalar

_VALUES = {
    "bytes": "binary",
    "date": "date32",
    "time": "time64[ns]",
    "datetime": "timestamp[us]",
    "datetime[UTC]": "timestamp[us, tz=UTC]",
    "duration": "duration[us]",
}
_UNITS = ("s", "ms", "us", "ns")


class Features:
    """Features of a schema.

    Parameters
    ----------
    hf, pa : module
        ``datasets`` and ``pyarrow``.
    schema : Schema
    """

    def __init__(self, hf: Any, pa: Any, schema: Schema) -> None:
        self._hf, self._pa, self._schema = hf, pa, schema

    @cached_property
    def features(self) -> Any:
        """As the library has them."""
        return self._hf.Features({f.name: self._feature(f.type) for f in self._schema.values()})

    @cached_property
    def arrow_schema(self) -> Any:
        """Of the Arrow files."""
        return self.features.arrow_schema

    def table(self, batch: pl.DataFrame) -> Any:
        """Flat columns as an Arrow table."""
        schema = self.arrow_schema
        columns = [
            self._column(batch, f.name, f.type, schema.field(f.name).type) for f in self._schema.values()
        ]
        return self._pa.Table.from_arrays(columns, schema=schema)

    def _feature(self, kind: DataType) -> Any:
        hf = self._hf
        match kind:
            case Scalar(name):
                return hf.Value(_VALUES.get(name, name))
            case List(item):
                return hf.List(self._feature(item))
            case Array():
                return self._array(*_numbers(np.dtype(kind.dtype), kind.shape))
            case Ragged(dtype, ndim):
                data = hf.List(self._array(*_numbers(np.dtype(dtype))))
                return data if ndim == 1 else {"data": data, "shape": hf.List(hf.Value("int64"))}
            case Record(name, fields) if name != "File":
                return {f.name: self._feature(f.type) for f in fields}
        return hf.Value("string")

    def _array(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Any:
        hf = self._hf
        if 2 <= len(shape) <= 5 and dtype.kind in "biuf":
            return getattr(hf, f"Array{len(shape)}D")(shape, dtype.name)
        feature = hf.Value(_value(dtype))
        for n in reversed(shape):
            feature = hf.List(feature, length=n or -1)
        return feature

    def _column(self, batch: pl.DataFrame, path: str, kind: DataType, target: Any) -> Any:
        pa = self._pa
        match kind:
            case Array():
                return self._stacked(batch[path], kind, target)
            case Ragged():
                data = self._pieces(batch[f"{path}.data"], kind)
                if kind.ndim == 1:
                    return data
                shapes = batch[f"{path}.shape"].to_arrow().cast(target.field("shape").type)
                missing = pa.array(batch[f"{path}.data"].is_null().to_numpy())
                return pa.StructArray.from_arrays([data, shapes], fields=list(target), mask=missing)
            case Record("File"):
                return batch[f"{path}.uri"].to_arrow().cast(target)
            case Record(_, fields):
                if not fields:
                    return pa.nulls(batch.height, target)
                inner = [
                    self._column(batch, f"{path}.{f.name}", f.type, t.type)
                    for f, t in zip(fields, target, strict=True)
                ]
                missing = np.full(batch.height, not kind.required)
                for column in inner:
                    missing &= np.asarray(column.is_null())
                return pa.StructArray.from_arrays(inner, fields=list(target), mask=pa.array(missing))
            case List():
                return batch.select(_uris(pl.col(path), kind)).to_series().to_arrow().cast(target)
        return batch[path].to_arrow().cast(target)

    def _stacked(self, series: pl.Series, kind: Array, target: Any) -> Any:
        pa, block = self._pa, _values(arrays.decode(series, kind))
        missing = series.is_null().to_numpy()
        if block.ndim == 1:
            return pa.array(block, mask=missing)
        storage = getattr(
            target, "storage_type", None
        )  # of the library's own arrays, which are lists of any length
        made = self._lists(block, storage is None, pa.array(missing))
        return made if storage is None else pa.ExtensionArray.from_storage(target, made)

    def _pieces(self, data: pl.Series, kind: Ragged) -> Any:
        pa, dtype = self._pa, np.dtype(kind.dtype).newbyteorder("<")
        flat = _values(np.frombuffer(bytearray().join(data.drop_nulls().to_list()), dtype))
        values = pa.array(flat) if flat.ndim == 1 else self._lists(flat, True, None)
        lengths = data.bin.size().fill_null(0).to_numpy().astype(np.int64) // dtype.itemsize
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
        return pa.ListArray.from_arrays(offsets, values, mask=pa.array(data.is_null().to_numpy()))

    def _lists(self, block: np.ndarray[Any, Any], fixed: bool, missing: Any) -> Any:
        """Lists, as deep as the shape of a row, over the values of a block; the outermost are null where a row is."""
        pa, values = self._pa, self._pa.array(block.reshape(-1))
        for axis in range(block.ndim - 1, 0, -1):
            mask, size = (missing if axis == 1 else None), block.shape[axis]
            if fixed and size:
                values = pa.FixedSizeListArray.from_arrays(values, size, mask=mask)
            else:
                count = int(np.prod(block.shape[:axis], dtype=np.int64))
                offsets = pa.array(np.arange(count + 1) * size, pa.int32())
                values = pa.ListArray.from_arrays(offsets, values, mask=mask)
        return values


def _numbers(dtype: np.dtype[Any], shape: tuple[int, ...] = ()) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Dtype and shape of what Arrow has for an array.

    A complex number is a last axis of two. Dates are of the nearest unit that it has, those that would lose by it
    (below nanoseconds, durations in months or years) int64.
    """
    if dtype.kind == "c":
        return np.dtype(f"f{dtype.itemsize // 2}"), (*shape, 2)
    if dtype.kind in "mM":
        unit = np.datetime_data(dtype)[0]
        if unit in ("ps", "fs", "as") or (dtype.kind == "m" and unit in ("M", "Y")):
            return np.dtype(np.int64), shape
        if unit not in _UNITS:
            unit = "D" if dtype.kind == "M" and unit in ("D", "W", "M", "Y") else "s"
        return np.dtype(f"{dtype.kind}8[{unit}]"), shape
    return dtype, shape


def _values(block: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    dtype, shape = _numbers(block.dtype, block.shape)
    return block.astype(dtype) if dtype.kind in "mM" else block.view(dtype).reshape(shape)


def _value(dtype: np.dtype[Any]) -> str:
    """The library's name of a dtype."""
    if dtype.kind not in "mM":
        return dtype.name
    unit = np.datetime_data(dtype)[0]
    if unit == "D":
        return "date32"
    return f"{'timestamp' if dtype.kind == 'M' else 'duration'}[{unit}]"


def _uris(value: pl.Expr, kind: DataType) -> pl.Expr:
    """Lists in which a file is its uri."""
    match kind:
        case List(item):
            return value.list.eval(_uris(pl.element(), item))
        case Record("File"):
            return value.struct.field("uri")
        case Record(_, fields):
            inner = [_uris(value.struct.field(f.name), f.type).alias(f.name) for f in fields]
            return pl.when(value.is_not_null()).then(pl.struct(inner))
    return value
