"""Planes: the middle slices of a volume, for few bytes.

What is pulled is planned before it is read. All of one volume, where that is little; else each slice for itself, of those whose values lie
apart in the file only every so-manieth row, until it is little; what still is not is left out, and named.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil, prod
from typing import Any

import numpy as np

from neurochain.formats.arrays.slicing import normalise
from neurochain.formats.arrays.stored import pulled
from neurochain.formats.volumes.grid import Grid
from neurochain.formats.volumes.levels import levels_of, opened_level
from neurochain.formats.volumes.volume import Volume

__all__ = ["OPEN", "Middle", "Planes", "middle_planes"]

OPEN = 8 * 2**20  # bytes pulled of a file whose values lie open
PACKED = {False: 64 * 2**20, True: 16 * 2**20}  # of one that is inflated or decoded; here, and elsewhere
PIECES = {False: 8192, True: 128}  # requests for a slice; here, and elsewhere
INFLATED = 256 * 2**20  # bytes of memory
SIDE = 320  # pixels along a side
COARSE = 512  # voxels along the longest axis of a level that is taken of an image that has several
Values = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Middle:
    """A slice.

    Attributes
    ----------
    axis : int
        Across which it is cut, of the three in space.
    at : int
        Its number.
    values : ndarray
        The two other axes, in their order; and colours.
    sizes : (float, float)
        How far apart its entries are along them, in entries of the volume.
    """

    axis: int
    at: int
    values: Values
    sizes: tuple[float, float]


@dataclass(frozen=True)
class Planes:
    """Slices of a volume.

    Attributes
    ----------
    grid : Grid
        Of the volume, or of that of its levels which was read.
    found : tuple of Middle
        One for each axis in space across which there is more than a line.
    left_out : dict of int to (int, int)
        Bytes that the slice across an axis would have pulled, and in how many requests.
    bytes : int
        That were planned to be pulled.
    """

    grid: Grid
    found: tuple[Middle, ...]
    left_out: dict[int, tuple[int, int]] = field(default_factory=dict)
    bytes: int = 0


def middle_planes(volume: Volume, share: float = 1.0, only: int | None = None) -> Planes:
    """Read the middle slices of the first of its volumes.

    Parameters
    ----------
    volume : Volume
        Whose slices.
    share : float
        Of the bytes that a picture may pull, how many are allowed: less for little pictures.
    only : int, optional
        Across which axis in space; by default all of them.

    Raises
    ------
    FormatError, StorageError
        It cannot be read.
    """
    grid = _coarser(Grid.of(volume))
    axes = [a for a in range(3) if _is_plane(grid, a) and only in (None, a)]
    if not axes or 0 in grid.volume.shape:
        return Planes(grid, ())
    remote = volume.file is not None and volume.file.is_remote
    whole = _cost(grid, grid.index(0))
    open_limit, packed_limit = int(OPEN * share), int(PACKED[remote] * share)
    decoded = prod(grid.shape) * grid.volume.dtype.itemsize * _colours(grid)
    packed = whole[0] < 0.98 * decoded or _cost(grid, grid.index(0, {axes[-1]: 0}))[0] >= whole[0]
    limit = packed_limit if packed else open_limit
    if whole[0] <= limit and decoded <= (INFLATED if packed else max(limit, 1)) and only is None:
        values = grid.turned(np.asarray(grid.volume[grid.index(0)]))
        found = tuple(_cut(values, axis, grid.shape[axis] // 2) for axis in axes)
        return Planes(grid, found, {}, whole[0])
    return _apart(grid, axes, limit, packed, PIECES[remote])


def _apart(grid: Grid, axes: list[int], limit: int, packed: bool, pieces: int) -> Planes:
    """Each slice for itself, with what those before it have left of the bytes."""
    found, total = [], 0
    left_out: dict[int, tuple[int, int]] = {}
    for axis in sorted(axes, reverse=True):  # the last one lies together in most files
        at = grid.shape[axis] // 2
        others = [i for i in range(3) if i != axis]
        for steps in _steps([grid.shape[i] for i in others]):
            cut = {axis: at} | {i: slice(None, None, s) for i, s in zip(others, steps, strict=True)}
            cost, count = _cost(grid, grid.index(0, cut))
            if cost <= limit - (0 if packed else total) and count <= pieces:
                values = grid.turned(np.asarray(grid.volume[_kept(grid, cut)]))
                found.append(_cut(values, axis, 0, at, steps))
                total += cost
                left_out.pop(axis, None)
                break
            left_out[axis] = cost, count
            if packed:  # what is between is inflated all the same
                break
    return Planes(grid, tuple(sorted(found, key=lambda p: p.axis)), left_out, total)


def _kept(grid: Grid, cut: dict[int, Any]) -> tuple[Any, ...]:
    """Index of a slice whose axis stays, as one entry."""
    return grid.index(0, {i: slice(v, v + 1) if isinstance(v, int) else v for i, v in cut.items()})


def _steps(lengths: list[int]) -> Iterator[tuple[int, ...]]:
    """Every so-manieth row, along one axis, the other, or both; less and less of them."""
    least = [max(ceil(n / (2 * SIDE)), 1) for n in lengths]
    if len(least) == 1:
        yield (least[0],)
        return
    a, b = least
    for more in (1, 2, 4, 8, 16):
        for steps in dict.fromkeys([(a, b * more), (a * more, b), (a * more, b * more)]):
            if all(n // s >= 24 or s == 1 for n, s in zip(lengths, steps, strict=True)):
                yield steps


def _cut(
    values: Values, axis: int, at: int, real: int | None = None, steps: tuple[int, ...] = (1, 1)
) -> Middle:
    plane = np.take(values, at, axis)
    sizes = [float(s) for s in (*steps, 1, 1)[:2]]
    for i in (0, 1):  # the mean of a few is as good where pixels are that small
        n = max(plane.shape[i] // SIDE, 1)
        if n > 1 and plane.dtype.kind in "iuf" and plane.ndim == 2:
            kept = plane.shape[i] // n * n
            plane = np.moveaxis(plane, i, 0)[:kept]
            plane = plane[::n] if plane.dtype.kind != "f" else plane.reshape(-1, n, plane.shape[1]).mean(1)
            plane = np.moveaxis(plane, 0, i)
            sizes[i] *= n
    return Middle(axis, at if real is None else real, plane, (sizes[0], sizes[1]))


def _cost(grid: Grid, index: tuple[Any, ...]) -> tuple[int, int]:
    """Bytes that an index pulls, and in how many pieces."""
    volume = grid.volume
    cost, pieces = pulled(volume._array, normalise(index, volume.shape, "volume"))
    return sum(file.size for file in volume.files) if cost is None else cost, pieces


def _is_plane(grid: Grid, axis: int) -> bool:
    """Whether there is more than a line across an axis."""
    others = [grid.shape[i] for i in range(3) if i != axis]
    return min(others) > 1


def _colours(grid: Grid) -> int:
    return grid.volume.shape[grid.colours] if grid.colours >= 0 else 1


def _coarser(grid: Grid) -> Grid:
    """An image at one of its own levels, where it has some and is large."""
    if grid.volume.format != "ome-zarr" or max(grid.shape) <= COARSE:
        return grid
    levels = [level for level in levels_of(grid) if level.path]
    small = next((level for level in levels if max(level.shape) <= COARSE), levels[-1] if levels else None)
    return grid if small is None else Grid.of(opened_level(grid.volume, small.path))
