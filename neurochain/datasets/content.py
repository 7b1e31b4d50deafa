"""ContentHash: one hash over the logical rows of a dataset, however they are cut into parts.

A running SHA-256 for each of what makes up a flat column (which values are null; their lengths, where they differ; the
values), then one over all of them: so no rows are held. Null, NaN and -0.0 are canonical. Where a file lies, when it was
modified and its etag are left out: the same data elsewhere have the same hash.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl

from neurochain.datasets.schema import Schema
from neurochain.datasets.types import (
    Array,
    DataType,
    List,
    Ragged,
    Record,
    Scalar,
    content_type,
    type_to_json,
)

SCHEME = 2
JOINED_BYTES = 1_000_000
LOCATION = frozenset({"uri", "root", "etag", "mtime", "companions"})  # fields of a File that are not content


class ContentHash:
    """Running hash; feed frames in row order.

    Parameters
    ----------
    schema : Schema
        Of the frames.
    """

    def __init__(self, schema: Schema) -> None:
        self._leaves = [leaf for f in schema.values() for leaf in _hashed_leaves(f.name, f.type)]
        self._digest = hashlib.sha256(f"neurochain content {SCHEME}\n".encode())
        for name, kind in self._leaves:
            self._digest.update(f"{name}\t{_canonical_type(kind)}\n".encode())
        self._lanes: dict[tuple[str, int], Any] = {}
        self.rows = 0

    def update(self, frame: pl.DataFrame) -> None:
        """Add rows."""
        self.rows += frame.height
        if not frame.height:
            return
        for name, kind in self._leaves:
            for number, chunks in enumerate(_lanes(frame[name], kind)):
                lane = self._lanes.get((name, number))
                if lane is None:
                    lane = self._lanes[name, number] = hashlib.sha256()
                for chunk in chunks:
                    lane.update(chunk)

    def hexdigest(self) -> str:
        """Hash of all rows so far."""
        whole = self._digest.copy()
        for (name, number), lane in sorted(self._lanes.items()):
            whole.update(f"{name}\t{number}\t{lane.hexdigest()}\n".encode())
        whole.update(str(self.rows).encode())
        return whole.hexdigest()


def _hashed_leaves(path: str, kind: DataType) -> Iterable[tuple[str, DataType]]:
    match kind:
        case Record("File", fields):
            for f in fields:
                if f.name not in LOCATION:
                    yield from _hashed_leaves(f"{path}.{f.name}", f.type)
        case Record(_, fields):
            for f in fields:
                yield from _hashed_leaves(f"{path}.{f.name}", f.type)
        case Ragged():
            yield f"{path}.data", kind
            yield f"{path}.shape", List(Scalar("int64"))
        case _:
            yield path, kind


def _canonical_type(kind: DataType) -> str:
    return json.dumps(type_to_json(content_type(kind)))


def _lanes(series: pl.Series, kind: DataType) -> Iterable[Iterable[Any]]:
    """What makes up a column, each as bytes that follow those of the rows before; as many for any rows of the type."""
    dtype, nulls = series.dtype, series.null_count()
    yield [
        _flags(series.is_not_null()) if 0 < nulls < len(series) else np.full(len(series), not nulls, np.uint8)
    ]
    if nulls == len(series) and not isinstance(kind, List | Record):  # most columns of most headers
        yield from [[]] * _value_lanes(dtype)
        return
    values = series.drop_nulls() if nulls else series
    if isinstance(kind, Array | Ragged):
        yield [_lengths(values.bin.size())] if isinstance(kind, Ragged) else []
        yield _array_bytes(values, np.dtype(kind.dtype).newbyteorder("<"))
    elif isinstance(dtype, pl.Null):
        return
    elif isinstance(dtype, pl.String):
        yield [_lengths(values.str.len_bytes())]
        yield ["".join(values.to_list()).encode()]
    elif isinstance(dtype, pl.Binary):
        yield [_lengths(values.bin.size())]
        yield _joined(values.to_list())
    elif isinstance(kind, List):
        yield [_lengths(values.list.len())]
        yield from _lanes(values.filter(values.list.len() > 0).explode(), kind.item)
    elif isinstance(kind, Record):
        for f in kind.fields:
            if kind.name != "File" or f.name not in LOCATION:
                yield from _lanes(values.struct.field(f.name), f.type)
    elif isinstance(dtype, pl.Boolean):
        yield [_flags(values)]
    elif dtype.is_float():
        yield [_canonical_floats(np.ascontiguousarray(values.to_numpy()))]
    else:
        array = (values.to_physical() if dtype.is_temporal() else values).to_numpy()
        yield [np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))]


def _value_lanes(dtype: pl.DataType) -> int:
    """How many lanes the values of a column make up that is no list and no record."""
    if isinstance(dtype, pl.Null):
        return 0
    return 2 if isinstance(dtype, pl.String | pl.Binary) else 1


def _flags(series: pl.Series) -> np.ndarray[Any, Any]:
    return np.ascontiguousarray(series.to_numpy()).view(np.uint8)


def _lengths(series: pl.Series) -> np.ndarray[Any, Any]:
    return np.ascontiguousarray(series.cast(pl.UInt64).to_numpy(), dtype="<u8")


def _array_bytes(values: pl.Series, dtype: np.dtype[Any]) -> Iterable[Any]:
    for raw in _joined(values.to_list()):
        yield raw if dtype.kind not in "fc" else _canonical_floats(np.frombuffer(raw, dtype))


def _joined(values: list[bytes]) -> Iterable[bytes]:
    """The same bytes one after the other: large ones alone, small ones together."""
    small: list[bytes] = []
    held = 0
    for value in values:
        small.append(value)
        held += len(value)
        if held >= JOINED_BYTES:
            yield b"".join(small) if len(small) > 1 else value
            small, held = [], 0
    if small:
        yield b"".join(small)


def _canonical_floats(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
        out: np.ndarray[Any, Any] = np.add(values, 0.0, dtype=values.dtype)  # -0.0 + 0.0 is 0.0
    real = out.view(out.real.dtype) if out.dtype.kind == "c" else out
    nan = np.isnan(real)
    if nan.any():
        real[nan] = np.nan
    return out
