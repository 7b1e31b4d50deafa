"""To litdata: chunks that ``litdata.StreamingDataset`` reads, one dict per row.

The chunks are litdata's own writer's. It would guess the format of each value from the first row, read a text that is
the path of a file as that file, and write null as zero: so it is given values that say their format, as bytes already.
"""

import json
import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.chain import Chain
from neurochain.chain.run import batches
from neurochain.datasets.types import Array, Ragged, Scalar
from neurochain.errors import ExportError, require
from neurochain.export.columns import (
    NULL,
    Column,
    block,
    columns,
    listed,
    null_names,
    nulls,
    pieces,
    texts,
)
from neurochain.export.origin import LINEAGE, document, dumped
from neurochain.export.target import folder_beside, note_export, rows_at_once

INDEX = "index.json"
SERIALIZERS = {  # litdata's names of formats, and of what writes and reads them
    "bool": "BooleanSerializer",
    "bytes": "BytesSerializer",
    "float": "FloatSerializer",
    "int": "IntegerSerializer",
    "numpy": "NumpySerializer",
    "str": "StringSerializer",
}


def to_litdata(chain: Chain, folder: str | os.PathLike[str], chunk_bytes: int = 64_000_000) -> Path:
    """Write all rows; see `Chain.to_litdata`."""
    serializers: Any = require("litdata.streaming.serializers", "litdata", "to_litdata()")
    writing: Any = require("litdata.streaming.writer", "litdata", "to_litdata()")
    if chunk_bytes < 1:
        raise ExportError(f"to_litdata(chunk_bytes={chunk_bytes!r}): give a whole number, 1 or more.")
    with folder_beside(folder, "to_litdata", LINEAGE, INDEX, "chunk-*.bin") as (beside, target):
        state, run = chain.execute()
        schema = state.schema
        frame = state.frame.select(list(schema.leaves()))
        found = columns(schema)
        partly = null_names(frame, found)
        known = {name: getattr(serializers, made)() for name, made in SERIALIZERS.items()}
        as_given = {name: _AsGiven(name) for name in known}
        writer = writing.BinaryWriter(str(beside), chunk_bytes=chunk_bytes, serializers=as_given)
        with run.progress.step(f"write {target.name}") as progress, warnings.catch_warnings():
            warnings.filterwarnings("ignore", "An item was larger than the target chunk size", UserWarning)
            for batch in batches(frame, rows_at_once(schema)):
                for i, row in enumerate(_rows(batch, found, partly, known), progress.rows):
                    writer.add_item(i, row)
                progress.advance(batch.height)
            writer.done()
        about = document(schema, run, "litdata")
        _write_index(beside, writer, about)
        (beside / LINEAGE).write_bytes(dumped(about))
        note_export(run, "litdata", progress.rows)
    return target


@dataclass(frozen=True, slots=True)
class _Value:
    """A value as the bytes that litdata reads it from."""

    format: str
    data: bytes


@dataclass(frozen=True)
class _AsGiven:
    """What litdata's writer asks for the bytes of values of one format."""

    format: str

    def can_serialize(self, value: Any) -> bool:
        return isinstance(value, _Value) and value.format == self.format

    def serialize(self, value: _Value) -> tuple[bytes, None]:
        return value.data, None


def _rows(
    batch: pl.DataFrame, found: list[Column], partly: set[str], serializers: Mapping[str, Any]
) -> Iterator[dict[str, _Value]]:
    values: dict[str, list[_Value]] = {}
    for column in found:
        format = _format(column)
        encode = serializers[format].serialize
        values[column.name] = [_Value(format, encode(v)[0]) for v in _values(batch, column)]
        if column.name in partly:
            missing = nulls(batch, column)
            flags = np.zeros(batch.height, bool) if missing is None else missing
            values[column.name + NULL] = [_Value("bool", b"\1" if flag else b"\0") for flag in flags]
    for row in zip(*values.values(), strict=True):
        yield dict(zip(values, row, strict=True))


def _format(column: Column) -> str:
    match column.type:
        case Scalar("bytes" as name) | Scalar("bool" as name):
            return name
        case Scalar("null"):
            return "bool"
        case Scalar("uint64") | Array() | Ragged():
            return "numpy"  # litdata's integers have 64 bits with a sign
        case Scalar(name) if name.startswith(("int", "uint", "float")):
            return name.rstrip("0123456789").removeprefix("u")
    return "str"


def _values(batch: pl.DataFrame, column: Column) -> list[Any]:
    """Values of a column, none of them null."""
    if column.type == Scalar("bytes"):
        return batch[column.leaf].fill_null(b"").to_list()
    if isinstance(column.type, Array | Ragged):
        made = pieces(batch, column) if column.ragged else block(batch, column)
        return [_numbers(np.asarray(v)) for v in made]
    if column.type == Scalar("uint64"):
        return [np.asarray(v) for v in block(batch, column)]
    if column.dtype is not None and column.dtype.kind in "mM":
        return [v or "" for v in listed(batch, column)]
    return (
        texts(batch, column).fill_null("").to_list()
        if column.dtype is None
        else block(batch, column).tolist()
    )


def _numbers(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Litdata has no dates: they are counts of their unit."""
    return array.view(np.int64) if array.dtype.kind in "mM" else array


def _write_index(folder: Path, writer: Any, about: dict[str, Any]) -> None:
    """Name the chunks, as the writer's own merging does; that would wait for the other processes of a training."""
    own = folder / f"{writer.rank}.{INDEX}"
    index = json.loads(own.read_text()) if own.exists() else _no_rows(folder, writer)
    own.unlink(missing_ok=True)
    index["config"]["neurochain"] = about
    (folder / INDEX).write_text(json.dumps(index, sort_keys=True))


def _no_rows(folder: Path, writer: Any) -> dict[str, Any]:
    """Index of one chunk without rows: litdata reads no index without chunks, and writes no such chunk."""
    data, name = np.array([0, 8], np.uint32).tobytes(), "chunk-0-0.bin"  # how many rows, and where they end
    (folder / name).write_bytes(data)
    chunk = {"chunk_bytes": len(data), "chunk_size": 0, "dim": None, "filename": name}
    return {"chunks": [chunk], "config": {**writer.get_config(), "data_format": []}}
