"""Region: the voxels of a volume in a box, or under a label. Only the box around them is read."""

from collections.abc import Sequence
from typing import Any

import numpy as np

import neurochain as nc
from neurochain.errors import ShapeError

__all__ = ["Box", "as_volume", "check_same_grid", "region_values"]

Box = Sequence[tuple[float, float]]
"""One half-open [low, high) for each axis."""
SPATIAL = (("x", "y", "z"), ("row", "column"))  # of NIfTI and of DICOM: what their affines place
SAME = 1e-3  # mm: affines that differ by less are one; files store them as float32


def as_volume(volume: Any) -> nc.Volume:
    """A volume as it is, or one of an array in memory, which is not copied."""
    return volume if isinstance(volume, nc.Volume) else nc.Volume.of(volume)


def region_values(
    volume: Any,
    box: Box | None = None,
    *,
    mm: bool = False,
    labels: Any = None,
    label: int | None = None,
) -> np.ndarray[Any, Any]:
    """Values of the voxels in a region; of the smallest box that holds it, no more is read.

    Parameters
    ----------
    volume : Volume or ndarray
        Axes behind the spatial ones (time, colours) are taken whole.
    box : sequence of (low, high), voxels or mm
        In voxels: one half-open range for each axis, axes left out at the end are whole. In mm (``mm=True``):
        ranges of the RAS+ coordinates x, y and z; the voxels whose centres lie in them.
    mm : bool
        Whether the box is in mm.
    labels : Volume or ndarray of the volume's spatial shape
        A label image, instead of a box.
    label : int
        Its voxels; all that are not 0 by default.

    Returns
    -------
    ndarray, shape (n_values,), dtype of the volume

    Raises
    ------
    ShapeError
        The region lies outside the volume, holds no voxel, or is of another grid.
    ValueError
        A box and labels, or a box in mm for a volume without an affine.

    Examples
    --------
    >>> volume = nc.Volume.of(np.arange(24).reshape(2, 3, 4), affine=np.diag([2.0, 2.0, 2.0, 1.0]))
    >>> region_values(volume, [(0, 1), (1, 3), (0, 2)])
    array([4, 5, 8, 9])
    >>> region_values(volume, [(2, 4), (0, 2), (3, 9)], mm=True)
    array([14, 15])
    """
    image = as_volume(volume)
    if labels is not None:
        if box is not None:
            raise ValueError("Name a region once: a box, or labels, not both.")
        slices, mask = _labelled(image, as_volume(labels), label)
    elif box is None:
        slices, mask = (), None
    elif mm:
        slices, mask = _in_mm(image, box)
    else:
        slices, mask = _in_voxels(image, box), None
    values = np.asarray(image[(*slices, ...)])
    found = values.reshape(-1) if mask is None else values[mask].reshape(-1)
    if not found.size:
        raise ShapeError(f"{image!r} is empty: it has no voxels to look at.")
    return found


def check_same_grid(first: nc.Volume, second: nc.Volume, axes: int | None = None) -> None:
    """Two volumes have the same shape, along the first axes, and the same affine where both say one.

    Raises
    ------
    ShapeError
        They do not.
    """
    if first.shape[:axes] != second.shape[:axes]:
        raise ShapeError(f"{first!r} and {second!r} have different shapes. Resample one to the other first.")
    if first.affine is not None and second.affine is not None:
        apart = float(np.abs(first.affine - second.affine).max())
        if apart > SAME:
            raise ShapeError(
                f"{first!r} and {second!r} lie on different grids: their affines differ by up to {apart:g} mm. "
                "Resample one to the other first."
            )


def _in_voxels(volume: nc.Volume, box: Box) -> tuple[slice, ...]:
    if len(box) > volume.ndim:
        raise ShapeError(f"A box of {len(box)} ranges for {volume!r}: give one for each axis at most.")
    slices = []
    for axis, length, (low, high) in zip(volume.axes, volume.shape, box, strict=False):
        if int(low) != low or int(high) != high or not 0 <= low < high <= length:
            raise ShapeError(
                f"[{low}, {high}) are no voxels of axis {axis} of {volume!r}: whole numbers, low before high, "
                f"within [0, {length})."
            )
        slices.append(slice(int(low), int(high)))
    return tuple(slices)


def _in_mm(volume: nc.Volume, box: Box) -> tuple[tuple[slice, ...], np.ndarray[Any, Any]]:
    """Smallest box of voxels around one in mm, and which of its voxels lie in it."""
    if volume.affine is None:
        raise ValueError(f"{volume!r} has no affine, so nobody knows where its voxels are: give voxels.")
    edges = np.asarray(box, np.float64)
    if edges.shape != (3, 2) or not np.isfinite(edges).all() or (edges[:, 0] >= edges[:, 1]).any():
        raise ShapeError(f"A box in mm has three ranges [low, high), x, y and z, and this one is {box!r}.")
    n_spatial = _n_spatial(volume)
    # A single slice has an affine of three axes, too: its third index is 0.
    shape = np.array([*volume.shape[:n_spatial], 1, 1, 1])[:3]
    corners = np.array(np.meshgrid(*edges, indexing="ij")).reshape(3, 8)
    inside = np.linalg.solve(volume.affine, np.vstack([corners, np.ones(8)]))[:3]
    first = np.clip(np.floor(inside.min(axis=1) - 1e-6), 0, shape).astype(int)
    last = np.clip(np.ceil(inside.max(axis=1) + 1e-6) + 1, first, shape).astype(int)
    indices = np.meshgrid(*map(np.arange, first, last), indexing="ij")
    placed = np.einsum("ij,j...->i...", volume.affine[:3, :3], np.array(indices))
    centres = placed + volume.affine[:3, 3].reshape(3, 1, 1, 1)
    low, high = (edge.reshape(3, 1, 1, 1) - 1e-6 for edge in edges.T)  # affines are stored as float32
    mask = ((centres >= low) & (centres < high)).all(axis=0)
    if not mask.any():
        raise ShapeError(f"No voxel of {volume!r} has its centre in the box {box!r} (mm, RAS+).")
    return tuple(map(slice, first, last))[:n_spatial], mask.reshape(mask.shape[:n_spatial])


def _n_spatial(volume: nc.Volume) -> int:
    """How many of the first axes the affine is about."""
    for names in SPATIAL:
        count = min(len(names), volume.ndim)
        if count and volume.axes[:count] == names[:count]:
            return count
    raise ShapeError(
        f"{volume!r} does not begin with the axes x, y, z or row, column, so its affine places no voxels: give voxels."
    )


def _labelled(
    volume: nc.Volume, labels: nc.Volume, label: int | None
) -> tuple[tuple[slice, ...], np.ndarray[Any, Any]]:
    """Smallest box of voxels around a label, and which of its voxels have the label."""
    check_same_grid(volume, labels, labels.ndim)
    read = np.asarray(labels[...])
    chosen = read != 0 if label is None else read == label
    if not chosen.any():
        there = ", ".join(f"{v:g}" for v in np.unique(read)[:20])
        wanted = "any label" if label is None else f"the label {label}"
        raise ShapeError(f"No voxel of {labels!r} has {wanted}. It holds: {there}.")
    spans = [np.flatnonzero(chosen.any(axis=_others(chosen.ndim, axis))) for axis in range(chosen.ndim)]
    slices = tuple(slice(int(span[0]), int(span[-1]) + 1) for span in spans)
    return slices, chosen[slices]


def _others(ndim: int, axis: int) -> tuple[int, ...]:
    return tuple(a for a in range(ndim) if a != axis)
