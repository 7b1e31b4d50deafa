"""Regions of a volume: points in mm, masks on its grid, and the boxes around them. Nothing here reads."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from neurochain.errors import ShapeError

__all__ = ["as_mask", "box", "coordinates", "moved", "nearest", "on_grid", "spatial"]

Matrix = np.ndarray[Any, np.dtype[np.float64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]

SPATIAL = ("x", "y", "z", "row", "column", "slice")
CONTRASTS = ("stack", "image_type", "echo", "coil")  # labels of images that are no repetitions of each other
SLACK = 1e-6  # of a voxel: rounding that does not make a point half-way another voxel's
SAME = 0.01  # of a voxel: what two grids may lie apart


def spatial(axes: Sequence[str]) -> tuple[int, ...]:
    """Positions of the axes that an affine speaks of, in its order: by name, else the first three.

    Examples
    --------
    >>> spatial(("frame", "row", "column"))
    (1, 2)
    >>> spatial(("i", "j", "k", "t"))
    (0, 1, 2)
    """
    named = tuple(i for i, name in enumerate(axes) if name in SPATIAL)[:3]
    return named or tuple(range(min(len(axes), 3)))


def nearest(
    affine: Matrix | None, lengths: Sequence[int], point: tuple[float, float, float], name: str
) -> list[int]:
    """Index, along the spatial axes, of the voxel in which a point lies.

    Parameters
    ----------
    affine : ndarray, shape (4, 4), mm, or None
        Voxel indices to RAS+ coordinates.
    lengths : sequence of int
        Of the spatial axes; a volume of two of them is one slice.
    point : tuple of float, mm
        RAS+ coordinates.
    name : str
        Of the volume, for messages.

    Raises
    ------
    ShapeError
        There is no such voxel, or no affine that could tell.
    """
    x, y, z = point
    asked = f"({x:g}, {y:g}, {z:g}) mm"
    if affine is None:
        raise ShapeError(
            f"{name} does not say where its voxels lie (no affine), so there is no voxel at {asked}. Index its axes."
        )
    try:
        inverse = np.linalg.inv(affine)
    except np.linalg.LinAlgError:
        raise ShapeError(
            f"{name} has an affine that cannot be inverted, so there is no voxel at {asked}: {affine.tolist()}."
        ) from None
    full = [*lengths, 1, 1, 1][:3]
    index = np.floor((inverse @ (x, y, z, 1.0))[:3] + 0.5 + SLACK)
    if not all(0 <= at < n for at, n in zip(index, full, strict=True)):
        corners = _corners(affine, full, 0.5)
        reach = ", ".join(
            f"{axis} from {low:g} to {high:g}"
            for axis, low, high in zip("xyz", corners.min(0), corners.max(0), strict=True)
        )
        raise ShapeError(f"{asked} lies in no voxel of {name}, which reaches over {reach} mm.")
    return [int(at) for at in index[: len(lengths)]]


def as_mask(values: np.ndarray[Any, Any], label: int | Iterable[int] | None, is_image: bool) -> Mask:
    """Mask of what a region was given as.

    Parameters
    ----------
    values : ndarray
        Of bool, or labels.
    label : int or iterable of int, optional
        Labels of the region.
    is_image : bool
        Whether the values are those of a volume: without `label`, everything above 0 counts.

    Raises
    ------
    TypeError
        The values are neither of bool nor of labels that `label` chooses.
    """
    if label is not None:
        labels = [label] if isinstance(label, int | np.integer) else list(label)
        return np.isin(values, labels)
    if values.dtype == bool:
        return values
    if not is_image or values.dtype.kind not in "iuf":
        raise TypeError(
            f"roi(): a mask is an array of bool, and this one of {values.dtype}. Write mask > 0, or choose labels: "
            "roi(mask, label=…)."
        )
    return np.asarray(values > 0)


def on_grid(
    mask: Mask, grid: Matrix | None, shape: tuple[int, ...], affine: Matrix | None, name: str
) -> Mask:
    """A mask of the first axes of a volume; one of another grid is refused.

    Parameters
    ----------
    mask : ndarray of bool
        Axes of one entry at its end may be too many: images of labels often have one where the volume has time.
    grid : ndarray, shape (4, 4), mm, or None
        Affine of the mask, where it has one.
    shape : tuple of int
        Of the volume.
    affine : ndarray, shape (4, 4), mm, or None
        Of the volume.
    name : str
        Of the volume, for messages.

    Raises
    ------
    ShapeError
        Shapes or places differ; shows both.
    """
    lengths = mask.shape
    while len(lengths) > 1 and lengths[-1] == 1 and lengths != shape[: len(lengths)]:
        lengths = lengths[:-1]
    if not lengths or lengths != shape[: len(lengths)]:
        raise ShapeError(
            f"roi(): the mask has the shape {mask.shape}, and {name} {shape}; a mask has that of the first axes. "
            "Resample it to this grid first."
        )
    mask = mask.reshape(lengths)
    if grid is None or affine is None:
        return mask
    full = [*lengths, 1, 1, 1][:3]
    apart = np.abs(_corners(grid, full, 0.0) - _corners(affine, full, 0.0)).max()
    sizes = np.linalg.norm(affine[:3, :3], axis=0)
    if not apart <= SAME * sizes[sizes > 0].min(initial=np.inf):
        raise ShapeError(
            f"roi(): the voxels of the mask lie elsewhere than those of {name}, by up to {apart:g} mm. Their affines: "
            f"{grid.tolist()} and {affine.tolist()}. Resample the mask to this grid first."
        )
    return mask


def box(mask: Mask) -> tuple[tuple[slice, ...], Mask]:
    """The smallest box around a mask, and the mask within it."""
    found = []
    for axis in range(mask.ndim):
        others = tuple(i for i in range(mask.ndim) if i != axis)
        some = np.flatnonzero(mask.any(axis=others))
        found.append(slice(int(some[0]), int(some[-1]) + 1) if len(some) else slice(0, 0))
    return tuple(found), mask[tuple(found)]


def moved(affine: Matrix | None, starts: Sequence[int]) -> Matrix | None:
    """Affine of a part that begins at some voxel of the whole."""
    if affine is None:
        return None
    part = affine.copy()
    part[:3, 3] += affine[:3, : len(starts)] @ np.asarray(starts, np.float64)
    return part


def coordinates(
    known: Mapping[str, tuple[Any, ...]],
    axes: Sequence[str],
    shape: Sequence[int],
    cut: Sequence[tuple[int, int]],
) -> dict[str, tuple[Any, ...]]:
    """What is known of the entries along further axes, of a part of the volume.

    A label lies along the axis of its name. Else those of contrasts lie along the axis of images that differ in several
    of them, and others, of repetitions, along the last one.
    """
    further = {name: i for i, name in enumerate(axes) if name not in (*SPATIAL, "sample")}
    last = max(further.values(), default=None)
    found = dict(known)
    for label, values in known.items():
        axis = further.get(label, further.get("image") if label in CONTRASTS else last)
        if axis is not None and len(values) == shape[axis] > 1:
            found[label] = values[slice(*cut[axis])]
    return found


def _corners(affine: Matrix, lengths: Sequence[int], beyond: float) -> Matrix:
    """Places of the corners of a grid, so many voxels beyond the middles of the outermost ones; shape (8, 3)."""
    ends = [(-beyond, n - 1 + beyond) for n in lengths]
    corners = np.array([(*corner, 1.0) for corner in product(*ends)])
    places: Matrix = (corners @ affine.T)[:, :3]
    return places
