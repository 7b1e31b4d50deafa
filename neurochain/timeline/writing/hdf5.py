"""To HDF5: the tree of `neurochain.timeline.writing.tree`, in one file."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurochain.chain.progress import Progress
from neurochain.errors import require
from neurochain.storage.beside import written_beside
from neurochain.timeline.window import Window
from neurochain.timeline.writing.blocks import rows_of
from neurochain.timeline.writing.given import given, samples
from neurochain.timeline.writing.shielded import Shielded, shielded_hdf5
from neurochain.timeline.writing.tree import write_tree

if TYPE_CHECKING:
    from neurochain.timeline.exports import Exports

__all__ = ["to_hdf5"]

CHUNK_BYTES = 2**20  # what h5py's cache of a dataset holds
VERSIONS = "v108", "v108"  # attributes of more than 64 kB came with HDF5 1.8


def to_hdf5(
    timeline: "Exports", windows: Window | Sequence[Window] | None, path: str | os.PathLike[str]
) -> Path:
    """Write windows; see `Timeline.to_hdf5`."""
    text = require("h5py", "timeline", "to_hdf5()").string_dtype("utf-8")
    found = given(timeline, windows, "to_hdf5")
    with (
        written_beside(path, "to_hdf5") as (beside, target),
        shielded_hdf5(beside, "timeline", "to_hdf5()", libver=VERSIONS) as (file, shield),
        Progress().step(f"write {target.name}", samples(found), unit="samples") as step,
    ):
        write_tree(_Group(file, text, shield), timeline, found, step.advance)
    return target


class _Group:
    """Group of HDF5, as `tree.Group` says."""

    def __init__(self, group: Any, text: Any, shield: Shielded) -> None:
        self._group, self._text, self._shield = group, text, shield

    def group(self, name: str) -> "_Group":
        return _Group(self._group.require_group(name), self._text, self._shield)

    def note(self, said: Mapping[str, Any]) -> None:
        _note(self._group, said, self._text)

    def array(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: np.dtype[Any] | None,
        axes: tuple[str, ...],
        rows: int,
        said: Mapping[str, Any],
        fill: Any = None,
    ) -> Any:
        """Contiguous where times come first: then a window is one stretch of the file. Else in chunks along time."""
        chunks = None
        if dtype is not None and axes[0] != "time" and np.prod(shape, dtype=np.int64):
            at = axes.index("time")
            size = dtype.itemsize * int(np.prod(shape, dtype=np.int64)) // shape[at]
            count = min(rows_of(size, CHUNK_BYTES), shape[at])
            chunks = tuple(count if i == at else n for i, n in enumerate(shape))
        made = self._group.create_dataset(
            name, shape, self._text if dtype is None else dtype, chunks=chunks, fillvalue=fill
        )
        _note(made, said, self._text)
        for dimension, axis in zip(made.dims, axes, strict=True):
            dimension.label = axis
        return _Array(made, self._shield)


class _Array:
    """Dataset that stops the writing where the disk is full."""

    def __init__(self, dataset: Any, shield: Shielded) -> None:
        self._dataset, self._shield = dataset, shield

    def __setitem__(self, index: Any, values: Any) -> None:
        self._dataset[index] = values
        self._shield.check()


def _note(node: Any, said: Mapping[str, Any], text: Any) -> None:
    for name, value in said.items():
        if isinstance(value, dict):
            node.attrs[name] = json.dumps(value)
        elif isinstance(value, list) and value and isinstance(value[0], str):
            node.attrs.create(name, np.array(value, dtype=object), dtype=text)
        else:
            node.attrs[name] = value
