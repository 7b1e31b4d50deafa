"""To HDF5: one dataset per column, as `neurochain.export.stacked` says."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from neurochain.chain.chain import Chain
from neurochain.chain.run import batches
from neurochain.errors import SchemaError, require
from neurochain.export.columns import columns
from neurochain.export.origin import metadata
from neurochain.export.stacked import chunk_shape, stack
from neurochain.export.target import note_export, rows_at_once
from neurochain.storage.beside import written_beside

CHUNK_BYTES = 1_000_000  # what h5py's cache of a dataset holds
REFERENCE = 16  # bytes of a text's, in its chunk


def to_hdf5(chain: Chain, path: str | os.PathLike[str]) -> Path:
    """Write all rows; see `Chain.to_hdf5`."""
    h5py: Any = require("h5py", "hdf5", "to_hdf5()")
    with written_beside(path, "to_hdf5") as (beside, target):
        state, run = chain.execute()
        schema = state.schema
        found = columns(schema)
        frames = batches(state.frame.select(list(schema.leaves())), rows_at_once(schema))
        with h5py.File(beside, "w") as file, run.progress.step(f"write {target.name}") as progress:
            for key, text in metadata(schema, run).items():
                file.attrs[key] = text
            rows = stack(_Datasets(h5py, file), frames, found, progress.advance)
            file.attrs["rows"] = rows
        note_export(run, "hdf5", rows)
    return target


class _Datasets:
    """Datasets of an open file that grow."""

    def __init__(self, h5py: Any, file: Any) -> None:
        self._text, self._file = h5py.string_dtype("utf-8"), file

    def group(self, name: str, attributes: dict[str, Any]) -> None:
        self._file.create_group(name).attrs.update(attributes)

    def create(
        self,
        name: str,
        dtype: np.dtype[Any] | None,
        shape: tuple[int, ...],
        axes: tuple[str | None, ...],
        attributes: dict[str, Any],
        rows: int = 0,
    ) -> None:
        made = self._file.create_dataset(
            name,
            shape=(rows, *shape),
            maxshape=(None, *(n or None for n in shape)),
            chunks=chunk_shape(shape, axes, REFERENCE if dtype is None else dtype.itemsize, CHUNK_BYTES),
            dtype=self._text if dtype is None else _stored(dtype),
        )
        made.attrs.update(attributes)
        if dtype is not None and dtype.kind in "mM":
            made.attrs["dtype"] = dtype.name
        for dimension, axis in zip(made.dims, axes, strict=True):
            dimension.label = axis or ""

    def append(self, name: str, block: np.ndarray[Any, Any]) -> None:
        if not len(block):
            return
        dataset = self._file[name]
        start = len(dataset)
        dataset.resize(start + len(block), axis=0)
        if block.dtype != object:
            dataset[start:] = block.view(_stored(block.dtype))
            return
        for row, text in enumerate(block, start):
            if "\0" in text:
                raise SchemaError(
                    f"Column {name!r} holds a text with a NUL character in row {row:,}, which HDF5 cannot hold. "
                    "Replace it, or make the column bytes."
                )
        dataset[start:] = block


def _stored(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """HDF5 has no dates: they are counts of their unit."""
    return np.dtype(np.int64) if dtype.kind in "mM" else dtype
