"""Look: what a few planes of a volume say of all of it: between what values it is shown, and whether they are labels."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurochain.formats.volumes.grid import Grid

__all__ = ["Look", "look_at", "look_of"]

PLANES = (0.35, 0.5, 0.65)  # of the way along the slowest axis
MOST = 2**20  # voxels of a plane
QUANTILES = (0.02, 0.98)
SAME = 0.75  # neighbours in a segmentation have one label, but at its borders
NAMED = re.compile(
    r"(^|[_.-])(dseg|seg|mask|labels?|lesion|aseg|aparc|parc|atlas|rois?)([_.-]|$)", re.IGNORECASE
)
Values = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Look:
    """What a volume looks like.

    Attributes
    ----------
    window : (float, float) or None
        Quantiles of the values, of 2 % and 98 %; None where there are none.
    labels : bool
        Whether values are numbers of regions.
    why : str
        In words.
    """

    window: tuple[float, float] | None
    labels: bool
    why: str


def look_at(grid: Grid, number: int, name: str = "") -> Look:
    """Look at some planes of one of the volumes.

    A volume is one of labels where all values are whole numbers from 0 on, and its name says so (``_dseg``, ``_mask`` …) or
    most neighbours that are not 0 are equal.

    Parameters
    ----------
    grid : Grid
        Of the volume.
    number : int
        Which one, where there are several.
    name : str
        Of its file.
    """
    return look_of([np.asarray(plane) for plane in _planes(grid, number)], grid, name)


def look_of(planes: Sequence[Values], grid: Grid, name: str = "") -> Look:
    """What planes of a volume that were read already say of it, as `look_at`.

    Parameters
    ----------
    planes : sequence of ndarray
        Values, two axes first.
    grid : Grid
        Of the volume.
    name : str
        Of its file.
    """
    values = np.concatenate([p.ravel() for p in planes]) if planes else np.empty(0)
    values = np.abs(values) if values.dtype.kind == "c" else values.astype(np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return Look(None, False, "no finite values were met")
    low, high = (float(v) for v in np.quantile(values, QUANTILES))
    if low == high:
        low, high = float(values.min()), float(values.max())
    if grid.colours >= 0:
        return Look((low, high), False, "voxels have colours")
    # Of an image that a scanner made, some stretches are of one value too.
    share = 1.0 if grid.volume.format == "dicom" else SAME
    labels, why = _labels(name, planes, values, share)
    return Look((0.0, float(values.max())) if labels else (low, high), labels, why)


def _planes(grid: Grid, number: int) -> list[Any]:
    axis = 0 if grid.volume.format in ("zarr", "ome-zarr") else len(grid.spatial) - 1
    if axis < 0 or 0 in grid.volume.shape:
        return []
    n = grid.shape[axis]
    found = []
    for at in sorted({min(int(share * n), n - 1) for share in PLANES}):
        cut: dict[int, Any] = {axis: at}
        others = [i for i in range(len(grid.spatial)) if i != axis]
        room = MOST
        for i in others:  # what lies in the middle of a large plane
            keep = min(grid.shape[i], max(room if i == others[-1] else 2**10, 1))
            first = (grid.shape[i] - keep) // 2
            cut[i] = slice(first, first + keep)
            room //= keep
        found.append(grid.volume[grid.index(number, cut)])
    return found


def _labels(name: str, planes: Sequence[Values], values: Values, share: float) -> tuple[bool, str]:
    if any(p.dtype.kind not in "buif" for p in planes) or not (values >= 0).all() or (values % 1).any():
        return False, "values are no whole numbers from 0 on"
    if NAMED.search(name) and "prob" not in name.lower():
        return True, "the file is named as one of labels, and values are whole numbers"
    same = met = 0
    for plane in planes:
        for axis in range(min(plane.ndim, 2)):
            a, b = np.moveaxis(plane, axis, 0)[:-1], np.moveaxis(plane, axis, 0)[1:]
            both = (a > 0) & (b > 0)
            met += int(both.sum())
            same += int((both & (a == b)).sum())
    if met and same >= share * met and (values == 0).any():
        return True, f"{same / met:.0%} of neighbours that are not 0 are equal"
    return False, "neighbours differ" if met else "too few values that are not 0 were met"
