"""StackArray: planes of one or many files as one array."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np

from neurochain.formats.arrays.slicing import LARGEST, Axis
from neurochain.formats.arrays.stored import Array, finish
from neurochain.formats.dicom.grid import Grid
from neurochain.formats.dicom.planes import Plane
from neurochain.formats.volumes.volume import Volume
from neurochain.storage import File

__all__ = ["AT_ONCE", "StackArray", "stacked"]

AT_ONCE = 16  # files elsewhere that are read at the same time
Pixels = np.ndarray[Any, Any]


class StackArray:
    """Array (row, column, slice, ...[, sample]) whose planes lie in one or several pictures.

    Only the rows and columns that are asked for, of the planes that are asked for, are read.

    Parameters
    ----------
    pictures : sequence of Array
        ([frame,] row, column[, sample]), all of one dtype.
    grid : Grid
        Which plane lies where.
    remote : bool
        Whether several pictures are read at once.
    """

    def __init__(self, pictures: Sequence[Array], grid: Grid, remote: bool = False) -> None:
        self._pictures = pictures
        self._planes = grid.planes
        self._places = grid.places
        self._remote = remote
        first = grid.planes[0]
        flat = 2 if first.frame is None else 3
        self._samples = pictures[first.picture].shape[flat:]
        self.shape = (*grid.shape, *self._samples)
        self.dtype = pictures[first.picture].dtype

    def select(self, axes: tuple[Axis, ...]) -> Pixels:
        """Selected entries.

        Raises
        ------
        FormatError
            A file ends before they do, or cannot be decoded.
        """
        n = self._places.ndim
        window, samples = axes[:2], axes[2 + n :]
        chosen = self._places[np.ix_(*(_indices(a) for a in axes[2 : 2 + n]))]
        rows, columns = window[0].count, window[1].count
        inner = (rows, columns, *(a.count for a in samples))
        planes = np.empty((chosen.size, *inner), self.dtype)
        by_picture: dict[int, list[int]] = {}
        for k, place in enumerate(chosen.ravel().tolist() if planes.size else ()):
            by_picture.setdefault(self._planes[place].picture, []).append(k)
        flat = chosen.ravel()

        def read(picture: int) -> None:
            wanted = [(k, self._planes[flat[k]]) for k in by_picture[picture]]
            _read(self._pictures[picture], wanted, window, samples, planes)

        if self._remote and len(by_picture) > 1:
            with ThreadPoolExecutor(min(AT_ONCE, len(by_picture))) as pool:
                list(pool.map(read, by_picture))
        else:
            for picture in by_picture:
                read(picture)
        found = np.moveaxis(planes.reshape(*chosen.shape, *inner), range(n), range(2, 2 + n))
        return finish(found, axes)

    def bytes_needed(self, axes: tuple[Axis, ...]) -> int | None:
        """Bytes of the files that hold a selection; of a picture never more than all of it takes."""
        n = self._places.ndim
        window, samples = axes[:2], axes[2 + n :]
        if not all(axis.count for axis in axes):
            return 0
        by_picture: dict[int, list[int | None]] = {}
        for place in self._places[np.ix_(*(_indices(a) for a in axes[2 : 2 + n]))].ravel().tolist():
            plane = self._planes[place]
            frame = () if plane.frame is None else (Axis(plane.frame, 1, 1),)
            needed = self._pictures[plane.picture].bytes_needed((*frame, *_window(plane, window), *samples))
            by_picture.setdefault(plane.picture, []).append(needed)
        total = 0
        for picture, needed_each in by_picture.items():
            array = self._pictures[picture]
            whole = array.bytes_needed(tuple(Axis(0, 1, length) for length in array.shape))
            known = [needed for needed in needed_each if needed is not None]
            if whole is None or len(known) < len(needed_each):
                return None
            total += min(sum(known), whole)
        return total


def _read(
    picture: Array,
    wanted: list[tuple[int, Plane]],
    window: tuple[Axis, ...],
    samples: tuple[Axis, ...],
    out: Pixels,
) -> None:
    """Fill in planes of one picture."""
    whole = tuple(Axis(a.start, a.step, a.count) for a in samples)
    if wanted[0][1].frame is not None:
        most = max(1, LARGEST // max(1, out[0].nbytes))
        for run in _runs(wanted, most):
            frames = [plane.frame or 0 for _, plane in run]
            step = frames[1] - frames[0] if len(run) > 1 else 1
            read = picture.select((Axis(frames[0], step, len(run)), *_window(run[0][1], window), *whole))
            out[[k for k, _ in run]] = read
        return
    corners = {plane.corner for _, plane in wanted}
    if len(corners) > 1 and len(corners) * _size(wanted[0][1]) * 2 > picture.shape[0] * picture.shape[1]:
        # Most of a mosaic: read once, and taken apart in memory.
        slab = picture.select((*(Axis(0, 1, n) for n in picture.shape[:2]), *whole))
        for k, plane in wanted:
            out[k] = slab[tuple(_slice(a) for a in _window(plane, window))]
        return
    for k, plane in wanted:
        out[k] = picture.select((*_window(plane, window), *whole))


def _window(plane: Plane, window: tuple[Axis, ...]) -> tuple[Axis, ...]:
    """Rows and columns of a plane as those of its picture, in ascending order."""
    return tuple(Axis(c + a.start, a.step, a.count) for c, a in zip(plane.corner, window, strict=True))


def _size(plane: Plane) -> int:
    return plane.shape[0] * plane.shape[1]


def _runs(wanted: list[tuple[int, Plane]], most: int) -> list[list[tuple[int, Plane]]]:
    """Frames in groups that lie evenly far apart, so that one selection reads each; at most so many."""
    ordered = sorted(wanted, key=lambda w: w[1].frame or 0)
    runs = [[ordered[0]]]
    step = 0
    for before, this in pairwise(ordered):
        apart = (this[1].frame or 0) - (before[1].frame or 0)
        if len(runs[-1]) < most and (len(runs[-1]) == 1 or apart == step):
            runs[-1].append(this)
        else:
            runs.append([this])
        step = apart
    return runs


def _indices(axis: Axis) -> Pixels:
    return axis.start + axis.step * np.arange(axis.count)


def _slice(axis: Axis) -> slice:
    return slice(axis.start, axis.start + (axis.count - 1) * axis.step + 1, axis.step)


def stacked(
    format: str,
    files: Sequence[File],
    pictures: Sequence[Array],
    grid: Grid,
    reopen: Callable[[File], Volume],
) -> Volume:
    """Volume of planes that make a grid.

    Parameters
    ----------
    format : str
        As in `header.format`.
    files : sequence of File
        Of the pictures.
    pictures : sequence of Array
        Of the files.
    grid : Grid
        Of their planes.
    reopen : callable
        Opens the volume again, from the first file that has a plane of it.
    """
    used = sorted({plane.picture for plane in grid.planes})
    members = tuple(files[i] for i in used)
    array = StackArray(pictures, grid, len(members) > 1 and members[0].is_remote)
    samples = len(array.shape) - len(grid.shape)
    return Volume(
        members[0],
        format,
        reopen,
        array,
        ("row", "column", "slice", *grid.axes, *("sample",) * samples),
        affine=grid.affine,
        voxel_sizes=grid.voxel_sizes,
        scaling=_scaling(grid, samples),
        files=members,
        coordinates=grid.coordinates,
    )


def _scaling(grid: Grid, n_samples: int) -> tuple[Any, Any] | None:
    """Slope and intercept of the planes: numbers where all have the same, else arrays that broadcast."""
    stated = {plane.scaling for plane in grid.planes}
    if stated == {(1.0, 0.0)}:
        return None
    if len(stated) == 1:
        return stated.pop()
    each = np.array([grid.planes[i].scaling for i in grid.places.ravel().tolist()])
    shape = (1, 1, *grid.places.shape, *(1,) * n_samples)
    return each[:, 0].reshape(shape), each[:, 1].reshape(shape)
