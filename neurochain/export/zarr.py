"""To Zarr: one array per column, as `neurochain.export.stacked` says."""

import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from neurochain.chain.chain import Chain
from neurochain.chain.run import batches
from neurochain.errors import SchemaError, require
from neurochain.export.columns import columns
from neurochain.export.origin import document
from neurochain.export.stacked import chunk_shape, stack
from neurochain.export.target import folder_beside, note_export, rows_at_once

CHUNK_BYTES = 2_000_000  # decompressed at once
SHARD_BYTES = 64_000_000  # in memory, of each column, until they are written as one file
TEXT_BYTES = 64  # guessed, of a text


def to_zarr(chain: Chain, folder: str | os.PathLike[str]) -> Path:
    """Write all rows; see `Chain.to_zarr`."""
    zarr: Any = require("zarr", "zarr", "to_zarr()")
    with folder_beside(folder, "to_zarr", "zarr.json", "*/zarr.json") as (beside, target):
        state, run = chain.execute()
        schema = state.schema
        found = columns(schema)
        frames = batches(state.frame.select(list(schema.leaves())), rows_at_once(schema))
        with run.progress.step(f"write {target.name}") as progress:
            about = {"neurochain": document(schema, run, "zarr")}
            store = _Arrays(zarr, zarr.create_group(str(beside), zarr_format=3, attributes=about))
            rows = stack(store, frames, found, progress.advance)
            store.finish()
        note_export(run, "zarr", rows)
    return target


@dataclass
class _Growing:
    """An array, and rows that wait until they fill a shard."""

    array: Any
    shard: int  # rows
    written: int
    waiting: list[np.ndarray[Any, Any]] = field(default_factory=list)
    held: int = 0


class _Arrays:
    """Arrays of an open group that grow, a whole shard at a time."""

    def __init__(self, zarr: Any, group: Any) -> None:
        self._codecs, self._group = zarr.codecs, group
        self._growing: dict[str, _Growing] = {}

    def group(self, name: str, attributes: dict[str, Any]) -> None:
        self._group.create_group(_allowed(name), attributes=attributes)

    def create(
        self,
        name: str,
        dtype: np.dtype[Any] | None,
        shape: tuple[int, ...],
        axes: tuple[str | None, ...],
        attributes: dict[str, Any],
        rows: int = 0,
    ) -> None:
        itemsize = TEXT_BYTES if dtype is None else dtype.itemsize
        chunk, *sizes = chunk_shape(shape, axes, itemsize, CHUNK_BYTES)
        whole = [-(-max(1, n) // size) * size for n, size in zip(shape, sizes, strict=True)]
        shard = chunk * max(1, SHARD_BYTES // (chunk * itemsize * math.prod(whole)))
        array = self._group.create_array(
            _allowed(name),
            shape=(rows, *shape),
            chunks=(chunk, *sizes),
            shards=(shard, *whole),
            dtype="string" if dtype is None else dtype,
            compressors=self._compressor(dtype),
            dimension_names=axes,
            attributes=attributes,
        )
        self._growing[name] = _Growing(array, shard, rows)

    def _compressor(self, dtype: np.dtype[Any] | None) -> Any:
        if dtype is None or dtype.itemsize == 1:
            return self._codecs.ZstdCodec(level=3)
        return self._codecs.BloscCodec(cname="zstd", clevel=3, shuffle="shuffle", typesize=dtype.itemsize)

    def append(self, name: str, block: np.ndarray[Any, Any]) -> None:
        growing = self._growing[name]
        growing.waiting.append(block)
        growing.held += len(block)
        room = growing.shard - growing.written % growing.shard
        if growing.held >= room:
            self._write(growing, room + (growing.held - room) // growing.shard * growing.shard)

    def finish(self) -> None:
        """Write what waits."""
        for growing in self._growing.values():
            self._write(growing, growing.held)

    def _write(self, growing: _Growing, rows: int) -> None:
        if not rows:
            return
        block = growing.waiting[0] if len(growing.waiting) == 1 else np.concatenate(growing.waiting)
        end = growing.written + rows
        growing.array.resize((end, *growing.array.shape[1:]))
        growing.array[growing.written : end] = block[:rows]
        growing.written, growing.held = end, growing.held - rows
        growing.waiting = [block[rows:].copy()] if growing.held else []


def _allowed(name: str) -> str:
    if name.startswith("__") or name == "zarr.json":
        raise SchemaError(
            f"Column {name!r} has a name that Zarr keeps for itself. Give it another name with mutate(), and "
            "select() without it."
        )
    return name
