"""To Zarr: the tree of `neurochain.timeline.writing.tree`, in a folder."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurochain.chain.progress import Progress
from neurochain.errors import SchemaError, require
from neurochain.storage.beside import folder_beside
from neurochain.timeline.window import Window
from neurochain.timeline.writing.blocks import rows_of
from neurochain.timeline.writing.given import given, samples
from neurochain.timeline.writing.tree import LAYOUT, write_tree

if TYPE_CHECKING:
    from neurochain.timeline.exports import Exports

__all__ = ["to_zarr"]

CHUNK_BYTES = 2**20  # decompressed at once
TEXT_BYTES = 64  # guessed, of a text


def to_zarr(
    timeline: "Exports", windows: Window | Sequence[Window] | None, folder: str | os.PathLike[str]
) -> Path:
    """Write windows; see `Timeline.to_zarr`."""
    zarr: Any = require("zarr", "zarr", "to_zarr()")
    found = given(timeline, windows, "to_zarr")
    for name in timeline:
        if name.startswith("__"):
            raise SchemaError(
                f"to_zarr(): the stream {name!r} has a name that Zarr keeps for itself. Give it another name in nc.timeline()."
            )
    with (
        folder_beside(folder, "to_zarr", _written_by, "zarr.json", "*/zarr.json") as (beside, target),
        Progress().step(f"write {target.name}", samples(found), unit="samples") as step,
    ):
        root = zarr.create_group(str(beside), zarr_format=3)
        write_tree(_Group(root, zarr.codecs), timeline, found, step.advance)
    return target


class _Group:
    """Group of Zarr, as `tree.Group` says."""

    def __init__(self, group: Any, codecs: Any) -> None:
        self._group, self._codecs = group, codecs

    def group(self, name: str) -> "_Group":
        return _Group(self._group.require_group(name), self._codecs)

    def note(self, said: Mapping[str, Any]) -> None:
        self._group.attrs.update(_plain(said))

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
        """Chunks of about a megabyte along time; where there are several, files hold as many as are written at once."""
        at = axes.index("time")
        whole = [max(n, 1) for n in shape]
        itemsize = TEXT_BYTES if dtype is None else dtype.itemsize
        chunk = min(rows_of(itemsize * math.prod(whole) // whole[at], CHUNK_BYTES), rows)
        shard = -(-min(rows, whole[at]) // chunk) * chunk
        chunks, shards = ([n if i == at else size for i, size in enumerate(whole)] for n in (chunk, shard))
        return self._group.create_array(
            name,
            shape=shape,
            chunks=tuple(chunks),
            shards=tuple(shards) if shard > chunk else None,
            dtype="string" if dtype is None else dtype,
            compressors=self._compressor(dtype),
            fill_value=fill,
            dimension_names=axes,
            attributes=_plain(said),
        )

    def _compressor(self, dtype: np.dtype[Any] | None) -> Any:
        if dtype is None or dtype.itemsize == 1:
            return self._codecs.ZstdCodec(level=3)
        return self._codecs.BloscCodec(cname="zstd", clevel=1, shuffle="shuffle", typesize=dtype.itemsize)


def _plain(value: Any) -> Any:
    """Values that JSON has: it has no infinity."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _written_by(path: Path) -> str | None:
    """The verb that wrote a folder, from the file of its root."""
    try:
        return "to_zarr" if json.loads(path.read_bytes())["attributes"]["layout"] == LAYOUT else None
    except (OSError, ValueError, LookupError, TypeError):
        return None
