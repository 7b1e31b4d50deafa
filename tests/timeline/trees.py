"""Trees: files of windows as another program reads them, HDF5 by h5py and Zarr by zarr."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import zarr

import neurochain as nc

STORES = ["h5", "zarr"]
RECORDS = ("clock_map", "fit", "lineage")


def write(timeline: nc.Timeline, store: str, folder: Path, windows: Any = None) -> Path:
    """Write windows in one of the two ways."""
    path = folder / f"w.{store}"
    return timeline.to_hdf5(path, windows) if store == "h5" else timeline.to_zarr(path, windows)


def read(path: Path) -> dict[str, Any]:
    """What a file holds, by path: arrays, and attributes by their path with ``@`` in front of the name."""
    found: dict[str, Any] = {}

    def look(node: Any, at: str) -> None:
        for name, value in node.attrs.items():
            if name in RECORDS and isinstance(value, str):
                value = json.loads(value)
            found[f"{at}@{name}"] = value.tolist() if isinstance(value, np.ndarray) else value
        if isinstance(node, h5py.Dataset | zarr.Array):
            found[at] = _values(node)
            return
        for name in node:
            look(node[name], f"{at}/{name}" if at else name)

    if path.is_dir():
        look(zarr.open_group(path, mode="r"), "")
    else:
        with h5py.File(path) as file:
            look(file, "")
    return found


def _values(node: Any) -> np.ndarray:
    if isinstance(node, h5py.Dataset):
        return node.asstr()[...] if h5py.check_string_dtype(node.dtype) else node[...]
    values = node[...]
    return values.astype(object) if node.dtype.kind == "T" else values


def axes(path: Path, array: str) -> list[str]:
    """Names of an array's dimensions."""
    if path.is_dir():
        return list(zarr.open_group(path, mode="r")[array].metadata.dimension_names)
    with h5py.File(path) as file:
        return [dimension.label for dimension in file[array].dims]
