"""ContentHash: one hash over the logical rows of a dataset, however they are cut into parts.

SHA-256 per flat column per 65,536 rows, then one over all of them. Null, NaN and -0.0 are canonical. Where a
file lies, when it was modified and its etag are left out: the same data elsewhere have the same hash.
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

BLOCK = 65_536
SCHEME = 1
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
        self._waiting: list[pl.DataFrame] = []
        self._rows = 0
        self.rows = 0

    def update(self, frame: pl.DataFrame) -> None:
        """Add rows."""
        self.rows += frame.height
        self._waiting.append(frame.select([name for name, _ in self._leaves]) if self._leaves else frame)
        self._rows += frame.height
        if self._rows >= BLOCK:
            joined = pl.concat(self._waiting, how="vertical_relaxed")
            whole = joined.height // BLOCK * BLOCK
            for start in range(0, whole, BLOCK):
                self._block(joined.slice(start, BLOCK))
            self._waiting, self._rows = [joined.slice(whole)], joined.height - whole

    def hexdigest(self) -> str:
        """Hash of all rows so far; the last call."""
        if self._rows:
            self._block(pl.concat(self._waiting, how="vertical_relaxed"))
            self._waiting, self._rows = [], 0
        self._digest.update(str(self.rows).encode())
        return self._digest.hexdigest()

    def _block(self, frame: pl.DataFrame) -> None:
        for name, kind in self._leaves:
            column = hashlib.sha256()
            for chunk in _leaf_bytes(frame[name], kind):
                column.update(chunk)
            self._digest.update(column.digest())


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


def _leaf_bytes(series: pl.Series, kind: DataType) -> Iterable[Any]:
    if isinstance(kind, Array | Ragged):
        yield from _validity(series)
        dtype = np.dtype(kind.dtype).newbyteorder("<")
        values = series.drop_nulls()
        if isinstance(kind, Ragged):
            yield np.ascontiguousarray(values.bin.size().cast(pl.UInt64).to_numpy())
        raw = b"".join(values.to_list())
        yield raw if dtype.kind not in "fc" else _canonical_floats(np.frombuffer(raw, dtype))
        return
    yield from _series_bytes(series, kind)


def _validity(series: pl.Series) -> Iterable[Any]:
    if series.null_count():
        yield b"\1"
        yield np.packbits(series.is_not_null().to_numpy()).tobytes()
    else:
        yield b"\0"


def _canonical_floats(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
        out: np.ndarray[Any, Any] = np.add(values, 0.0, dtype=values.dtype)  # -0.0 + 0.0 is 0.0
    real = out.view(out.real.dtype) if out.dtype.kind == "c" else out
    nan = np.isnan(real)
    if nan.any():
        real[nan] = np.nan
    return out


def _series_bytes(series: pl.Series, kind: DataType) -> Iterable[Any]:
    dtype = series.dtype
    if isinstance(dtype, pl.Null):
        yield str(len(series)).encode()
        return
    yield from _validity(series)
    values = series.drop_nulls() if series.null_count() else series
    if isinstance(dtype, pl.Boolean):
        yield np.packbits(values.to_numpy()).tobytes()
    elif isinstance(dtype, pl.String):
        yield np.ascontiguousarray(values.str.len_bytes().cast(pl.UInt64).to_numpy())
        yield "".join(values.to_list()).encode()
    elif isinstance(dtype, pl.Binary):
        yield np.ascontiguousarray(values.bin.size().cast(pl.UInt64).to_numpy())
        yield b"".join(values.to_list())
    elif isinstance(kind, List):
        yield np.ascontiguousarray(values.list.len().cast(pl.UInt64).to_numpy())
        inner = values.filter(values.list.len() > 0).explode()
        yield from _series_bytes(inner, kind.item)
    elif isinstance(kind, Record):
        for f in kind.fields:
            if kind.name != "File" or f.name not in LOCATION:
                yield f.name.encode()
                yield from _series_bytes(values.struct.field(f.name), f.type)
    elif dtype.is_float():
        yield _canonical_floats(np.ascontiguousarray(values.to_numpy()))
    else:
        physical = values.to_physical() if dtype.is_temporal() else values
        array = physical.to_numpy()
        yield np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
