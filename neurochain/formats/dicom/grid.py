"""Grid: planes in their order in space and time, or the reason, with names and numbers, why there is none.

PS3.3 sections C.7.6.2.1.1 (Image Plane Module) and C.7.6.16.2.4 (Plane Orientation):
https://dicom.nema.org/medical/dicom/current/output/html/part03.html#sect_C.7.6.2.1.1
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.dicom.planes import CONTRASTS, LPS_TO_RAS, REPETITIONS, Plane, normal_of

__all__ = ["Grid", "grid_of"]

Floats = np.ndarray[Any, np.dtype[np.float64]]

TURNED = 1e-4  # of a direction: files state four to sixteen digits
SAME = 0.01  # mm: images that are nearer along the normal are one slice
UNEVEN = 0.05  # of the slice spacing: positions are often rounded to 0.1 mm
TILTED = math.tan(math.radians(0.1))  # between the way from slice to slice and the normal


@dataclass(frozen=True)
class Grid:
    """Planes of one array with axes in space.

    Attributes
    ----------
    planes : sequence of Plane
        In any order.
    places : ndarray of int64, shape (n_slices, ...)
        Index of the plane at each slice, ascending along the normal, and along the further axes.
    axes : tuple of str
        Names of the further axes: ``"echo"``, ``"image_type"``, ``"coil"``, ``"image"``, ``"diffusion"``, ``"t"``.
    affine : ndarray, shape (4, 4), float64, mm
        Indices (row, column, slice) to RAS+.
    voxel_sizes : 3 float, mm
        Between rows, columns and slices.
    coordinates : dict of str to tuple
        What is known of the entries along the further axes.
    """

    planes: Sequence[Plane]
    places: np.ndarray[Any, np.dtype[np.int64]]
    axes: tuple[str, ...]
    affine: Floats
    voxel_sizes: tuple[float, float, float]
    coordinates: dict[str, tuple[Any, ...]]

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows, columns, slices, further axes."""
        return (*self.planes[0].shape, *self.places.shape)


def grid_of(planes: Sequence[Plane]) -> Grid:
    """Order planes by where they lie, what they show, and when.

    Raises
    ------
    FormatError
        They make no grid: of several orientations, sizes or spacings, sheared, unevenly far apart, there twice,
        or not equally often.
    """
    _check_alike(planes)
    normal = np.array(normal_of(planes[0].orientation))
    normal /= np.linalg.norm(normal)
    positions = np.array([p.position for p in planes])
    heights = positions @ normal
    ascending = np.argsort(heights, kind="stable")
    slices = np.empty(len(planes), np.int64)
    slices[ascending] = np.cumsum(np.diff(heights[ascending], prepend=heights[ascending[0]]) > SAME)
    images, names = _images(planes)
    cells = _cells(planes, slices, images, heights)
    n_slices, n_times = cells.shape[0], cells.shape[2]
    firsts = positions[cells[:, 0, 0]]
    _check_same_places(planes, positions, slices, firsts)
    start, step = _line(planes, cells[:, 0, 0], firsts, normal)
    sizes = tuple(len(values) for values in names.values())
    axes, shape = tuple(names), (n_slices, *sizes)
    coordinates = _coordinates(planes, cells, "image" in names)
    if n_times > 1:
        varies = len(coordinates.get("b_value", ())) > 1
        axes, shape = (*axes, "diffusion" if varies else "t"), (*shape, n_times)
    spacing = planes[0].spacing
    return Grid(
        planes,
        cells.reshape(shape),
        axes,
        _affine(planes[0], start, step),
        (*spacing, float(np.linalg.norm(step))),
        coordinates,
    )


def _check_alike(planes: Sequence[Plane]) -> None:
    first = planes[0]
    for p in planes:
        if p.shape != first.shape:
            raise FormatError(
                f"images of different sizes: {first.said} has {first.shape[0]} x {first.shape[1]} pixels, {p.said} "
                f"{p.shape[0]} x {p.shape[1]}"
            )
        if any(abs(a - b) > 1e-4 * abs(a) for a, b in zip(first.spacing, p.spacing, strict=True)):
            raise FormatError(
                f"images of different pixel spacings: {first.said} has {first.spacing} mm, {p.said} {p.spacing} mm"
            )
        if any(abs(a - b) > TURNED for a, b in zip(first.orientation, p.orientation, strict=True)):
            raise FormatError(
                f"images of different orientations: {first.said} lies along {_rounded(first.orientation)}, {p.said} "
                f"along {_rounded(p.orientation)}"
            )


def _images(planes: Sequence[Plane]) -> tuple[list[int], dict[str, list[Any]]]:
    """Number of the contrast that each plane shows, and the contrasts along each axis that tells them apart."""
    varying = [c for c in CONTRASTS if len({p.labels.get(c) for p in planes}) > 1]
    keys = [tuple(p.labels.get(c) for c in varying) for p in planes]
    levels = {c: _levels([k[i] for k in keys]) for i, c in enumerate(varying)}
    seen = list(dict.fromkeys(keys))
    if math.prod(map(len, levels.values())) != len(seen):
        # Not every echo has every image type: one axis holds the combinations that there are.
        number = {key: i for i, key in enumerate(seen)}
        return [number[k] for k in keys], {"image": seen}
    number = {key: i for i, key in enumerate(product(*levels.values()))}
    return [number[k] for k in keys], levels


def _levels(values: list[Any]) -> list[Any]:
    """Values that there are: numbers ascending, others as they come."""
    seen = list(dict.fromkeys(values))
    return sorted(seen) if all(isinstance(v, float) for v in seen) else seen


def _cells(
    planes: Sequence[Plane], slices: np.ndarray[Any, Any], images: list[int], heights: Floats
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Index of the plane at each slice, contrast and repetition."""
    found: dict[tuple[int, int], list[int]] = {}
    for i, (s, image) in enumerate(zip(slices.tolist(), images, strict=True)):
        found.setdefault((s, image), []).append(i)
    shape = (int(slices.max()) + 1, max(images) + 1)
    if shape[0] * shape[1] > len(planes):
        raise FormatError(
            f"{shape[0]} slices of {shape[1]} kinds would be {shape[0] * shape[1]:,} images at least, and there are "
            f"{len(planes):,}"
        )
    counts = np.array([[len(found.get((s, c), ())) for c in range(shape[1])] for s in range(shape[0])])
    n = int(np.median(counts))
    if (counts != n).any():
        s, c = (int(v) for v in np.argwhere(counts != n)[0])
        raise FormatError(
            f"slices are not there equally often: slice {s} of {shape[0]}, {heights[slices == s][0]:g} mm along the "
            f"normal, has {counts[s, c]} images, most have {n} (duplicates, or an acquisition that was broken off)"
        )
    for cell in found.values():
        cell.sort(key=lambda i: planes[i].order)
        for a, b in pairwise(cell):
            if planes[a].order == planes[b].order:
                raise FormatError(
                    f"two images at one position, {_rounded(planes[a].position)} mm, and nothing tells which is first: "
                    f"{planes[a].said} and {planes[b].said}"
                )
    cells = np.array([[found[s, c] for c in range(shape[1])] for s in range(shape[0])], np.int64)
    for label in ("temporal_position", "b_value"):
        for t in range(n):
            values = {planes[i].labels.get(label) for i in cells[:, :, t].ravel().tolist()}
            if len(values) > 1:
                raise FormatError(
                    f"the images of repetition {t} differ in their {label}: "
                    f"{', '.join(str(v) for v in list(values)[:4])}; some are missing, or numbered in another order"
                )
    return cells


def _check_same_places(
    planes: Sequence[Plane], positions: Floats, slices: np.ndarray[Any, Any], firsts: Floats
) -> None:
    """Repetitions of a slice lie where its first image lies."""
    apart = np.linalg.norm(positions - firsts[slices], axis=1)
    worst = int(apart.argmax())
    if apart[worst] > 5 * SAME:
        raise FormatError(
            f"images of slice {slices[worst]} do not lie on top of each other: {planes[worst].said} is "
            f"{apart[worst]:.3g} mm beside the others"
        )


def _line(
    planes: Sequence[Plane], order: np.ndarray[Any, Any], firsts: Floats, normal: Floats
) -> tuple[Floats, Floats]:
    """Position of the first slice, and the way from a slice to the next, mm, LPS."""
    n = len(firsts)
    if n == 1:
        return firsts[0], normal * (planes[order[0]].between or 1.0)
    start, step = firsts[0], (firsts[-1] - firsts[0]) / (n - 1)
    numbers = np.arange(n)
    if np.abs(firsts - start - np.outer(numbers, step)).max() > SAME:
        # Rounded positions: a line through all of them errs less than one through the first and the last.
        centred = numbers - (n - 1) / 2
        step = centred @ firsts / (centred @ centred)
        start = firsts.mean(axis=0) - (n - 1) / 2 * step
    along = float(step @ normal)
    aside = float(np.linalg.norm(step - along * normal))
    off = firsts - start - np.outer(numbers, step)
    beside = np.linalg.norm(off - np.outer(off @ normal, normal), axis=1)
    distances = np.diff(firsts @ normal)
    spacing = float(np.median(distances))
    allowed = max(UNEVEN * spacing, SAME)
    gaps = np.abs(distances - spacing)
    if np.abs(off @ normal).max() > allowed or gaps.max() > 2 * allowed:
        k = int(gaps.argmax())
        more = distances[k] / spacing - 1
        missing = f": {round(more)} missing" if more > 0.9 and abs(more - round(more)) < 0.1 else ""
        raise FormatError(
            f"the slices are not evenly far apart: {distances[k]:.4g} mm between slice {k} ({planes[order[k]].said}) and "
            f"slice {k + 1} ({planes[order[k + 1]].said}), {spacing:.4g} mm between most{missing}"
        )
    if beside.max() > allowed:
        k = int(beside.argmax())
        raise FormatError(
            f"slice {k} ({planes[order[k]].said}) lies {beside[k]:.3g} mm beside the line of the others"
        )
    if aside > TILTED * along and aside * (n - 1) > SAME:
        raise FormatError(
            f"the slices are sheared: each lies {aside:.3g} mm beside the one before, {along:.3g} mm along the normal "
            f"(a gantry tilted by {math.degrees(math.atan2(aside, along)):.3g} degrees)"
        )
    return start, step


def _affine(plane: Plane, position: Floats, step: Floats) -> Floats:
    """Indices (row, column, slice) to RAS+ mm."""
    row, down = np.array(plane.orientation).reshape(2, 3)
    flip = np.array(LPS_TO_RAS)
    affine = np.eye(4)
    # Moving down a column, to the next row, follows the second vector.
    affine[:3, 0] = flip * down * plane.spacing[0]
    affine[:3, 1] = flip * row * plane.spacing[1]
    affine[:3, 2] = flip * step
    affine[:3, 3] = flip * position
    return affine + 0.0  # no -0.0


def _coordinates(
    planes: Sequence[Plane], cells: np.ndarray[Any, np.dtype[np.int64]], combined: bool
) -> dict[str, tuple[Any, ...]]:
    """Labels: one value where they are the same everywhere, else one for each contrast or repetition."""
    found: dict[str, tuple[Any, ...]] = {}
    for label in CONTRASTS:
        values = tuple(planes[i].labels.get(label) for i in cells[0, :, 0])
        found[label] = values if combined and len(set(values)) > 1 else tuple(dict.fromkeys(values))
    for label in REPETITIONS:
        each = [
            {planes[i].labels.get(label) for i in cells[:, :, t].ravel().tolist()}
            for t in range(cells.shape[2])
        ]
        if all(len(values) == 1 for values in each):  # else it is the slices' own, and says nothing of time
            values = tuple(values.pop() for values in each)
            found[label] = values if len(set(values)) > 1 else values[:1]
    return {label: values for label, values in found.items() if any(v is not None for v in values)}


def _rounded(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(v, 4) for v in values)
