"""Levels: sizes in which a volume can be had whole: those that the image has itself, else blocks of 2, 4, 8 … voxels."""

from dataclasses import dataclass
from math import prod

from neurochain.formats import Volume
from neurochain.formats.nifti.small import shown_dtype
from neurochain.formats.opening import open_array
from neurochain.formats.volumes.grid import Grid
from neurochain.formats.zarr.found import find
from neurochain.formats.zarr.tree import Tree

__all__ = ["Level", "levels_of", "opened_level"]

LEAST = 32  # voxels along the longest axis of what is still worth showing


@dataclass(frozen=True)
class Level:
    """A size in which a volume can be had.

    Attributes
    ----------
    down : int
        Voxels that become one, along the axis along which most do.
    shape : tuple of int
        Voxels along the axes that are shown.
    bytes : int
        Of the answer.
    path : str
        Of the array, where the image has it; else empty.
    """

    down: int
    shape: tuple[int, ...]
    bytes: int
    path: str = ""


def levels_of(grid: Grid) -> list[Level]:
    """Levels of a volume, the finest first."""
    own = _own(grid) if grid.volume.format == "ome-zarr" else []
    return own or _blocks(grid)


def opened_level(volume: Volume, path: str) -> Volume:
    """An image at one of its own levels."""
    assert volume.file is not None
    found = open_array(volume.file, part=path)
    assert isinstance(found, Volume)
    return found


def _blocks(grid: Grid) -> list[Level]:
    found, down = [], 1
    while True:
        shape = tuple(-(-n // down) for n in grid.shape)
        found.append(Level(down, shape, prod(shape) * _itemsize(grid, down > 1)))
        if max(shape) < 2 * LEAST:
            return found
        down *= 2


def _own(grid: Grid) -> list[Level]:
    if grid.volume.file is None:
        return []
    tree = find(Tree.of(grid.volume.file))
    found = []
    for path, node in tree.arrays or ():
        if len(node.shape) != grid.volume.ndim:
            return []
        shape = tuple(([node.shape[i] for i in grid.spatial] + [1, 1, 1])[:3])
        down = max(round(n / max(m, 1)) for n, m in zip(grid.shape, shape, strict=True))
        found.append(Level(max(down, 1), shape, prod(shape) * _itemsize(grid, False), path))
    return found


def _itemsize(grid: Grid, mean: bool) -> int:
    if grid.colours >= 0:
        return grid.volume.shape[grid.colours]
    return 4 if mean else shown_dtype(grid.volume.stored.dtype).itemsize
