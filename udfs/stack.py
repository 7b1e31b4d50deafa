"""Stack: parallel slices in space, in the order in which they lie along their normal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Stack", "direction_error", "stacks"]

Floats = np.ndarray[Any, np.dtype[np.float64]]
MULTIPLE = 0.1  # of the spacing: how near a distance must be to a multiple of it to count as slices left out


@dataclass(frozen=True)
class Stack:
    """Slices of one orientation.

    Attributes
    ----------
    normal : ndarray, shape (3,), float64
        Unit vector.
    positions : ndarray, shape (n_slices, 3), float64, mm
        Of each slice's first voxel, ascending along the normal; the mean of its images.
    counts : tuple of int
        Images at each position.
    """

    normal: Floats
    positions: Floats
    counts: tuple[int, ...]

    @property
    def distances(self) -> Floats:
        """Between neighbours along the normal, shape (n_slices - 1,), mm."""
        found: Floats = np.diff(self.positions @ self.normal)
        return found

    @property
    def n_missing(self) -> int:
        """Slices left out between the others."""
        return int((self._multiples() - 1).sum())

    @property
    def deviation(self) -> float | None:
        """Largest difference of a distance from the median, or from its multiple where slices are left out, mm."""
        distances = self.distances
        if not len(distances):
            return None
        return float(np.abs(distances - self._multiples() * np.median(distances)).max())

    @property
    def tilt(self) -> float | None:
        """Between the way from the first to the last slice and the normal, degrees."""
        if len(self.positions) < 2:
            return None
        way = self.positions[-1] - self.positions[0]
        along = float(way @ self.normal)
        # Of the sine and the cosine: the cosine alone knows small angles badly.
        return float(np.degrees(np.arctan2(np.linalg.norm(way - along * self.normal), along)))

    @property
    def misplacement(self) -> float | None:
        """Largest distance of a slice from the straight line between the first and the last, mm."""
        if len(self.positions) < 2:
            return None
        way = self.positions[-1] - self.positions[0]
        direction = way / np.linalg.norm(way)
        moved = self.positions - self.positions[0]
        return float(np.linalg.norm(moved - np.outer(moved @ direction, direction), axis=1).max())

    def _multiples(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """How many spacings each distance is long: 1, and more where slices are left out."""
        distances = self.distances
        if not len(distances):
            return np.empty(0, np.int64)
        spacing = np.median(distances)
        whole = np.maximum(np.rint(distances / spacing), 1).astype(np.int64)
        return np.where(np.abs(distances - whole * spacing) <= MULTIPLE * spacing, whole, 1)


def stacks(
    positions: Sequence[Sequence[float]],
    orientations: Sequence[Sequence[float]],
    apart: float,
    turned: float,
) -> list[Stack]:
    """Sort images into stacks of parallel slices.

    Parameters
    ----------
    positions : sequence of 3 float, mm
        Of each image's first voxel.
    orientations : sequence of 6 float
        Of each image: unit vectors along a row and along a column.
    apart : float, mm
        Images that are nearer along the normal are one slice.
    turned : float
        Images whose directions differ by less in each number are parallel.

    Returns
    -------
    list of Stack
        In the order of their first images.

    Examples
    --------
    >>> axial = [1, 0, 0, 0, 1, 0]
    >>> [stack] = stacks([[0, 0, 4], [0, 0, 0], [0, 0, 4], [0, 0, 2]], [axial] * 4, 0.01, 1e-3)
    >>> stack.distances, stack.counts
    (array([2., 2.]), (1, 1, 2))
    """
    places = np.asarray(positions, np.float64).reshape(-1, 3)
    directions = np.asarray(orientations, np.float64).reshape(-1, 6)
    found = []
    left = np.arange(len(places))
    while len(left):
        parallel = (np.abs(directions[left] - directions[left[0]]) < turned).all(axis=1)
        found.append(_stack(places[left[parallel]], directions[left[0]], apart))
        left = left[~parallel]
    return found


def direction_error(orientation: Sequence[float]) -> float:
    """How far six numbers are from two perpendicular unit vectors: largest error of the lengths and the product.

    Examples
    --------
    >>> direction_error([1, 0, 0, 0, 1, 0]), direction_error([1, 0, 0, 1, 0, 0])
    (0.0, 1.0)
    """
    pair = np.asarray(orientation, np.float64).reshape(2, 3)
    lengths = np.linalg.norm(pair, axis=1)
    return float(max(np.abs(lengths - 1).max(), abs(pair[0] @ pair[1])))


def _stack(places: Floats, direction: Floats, apart: float) -> Stack:
    across = np.cross(direction[:3], direction[3:])
    normal = across / np.linalg.norm(across)
    height = places @ normal
    order = np.argsort(height, kind="stable")
    begins = np.flatnonzero(np.diff(height[order], prepend=-np.inf) > apart)
    counts = np.diff(begins, append=len(order))
    means = np.add.reduceat(places[order], begins) / counts[:, None]
    return Stack(normal, means, tuple(map(int, counts)))
