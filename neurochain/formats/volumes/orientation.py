"""Orientation: along which directions of the body the axes of a volume run."""

from typing import Any

import numpy as np

__all__ = ["LETTERS", "codes", "directions"]

LETTERS = (("L", "R"), ("P", "A"), ("I", "S"))
"""Ends of the axes of RAS+ coordinates, the lower one first."""
Matrix = np.ndarray[Any, np.dtype[np.float64]]


def directions(affine: Matrix | None) -> tuple[tuple[int, int], ...] | None:
    """World axis (0, 1, 2: x, y, z) and sign along which each of three voxel axes mostly runs; None where nobody can tell.

    Parameters
    ----------
    affine : ndarray, shape (4, 4), mm, or None
        Voxel indices to RAS+ coordinates.

    Examples
    --------
    >>> directions(np.diag([-2.0, 2.0, 3.0, 1.0]))
    ((0, -1), (1, 1), (2, 1))
    """
    if affine is None or not np.isfinite(affine).all():
        return None
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    if not (lengths > 0).all():
        return None
    cosines = affine[:3, :3] / lengths
    found: dict[int, tuple[int, int]] = {}
    left = np.abs(cosines)
    for _ in range(3):  # the surest first; no two voxel axes run along one
        world, voxel = (int(i) for i in np.unravel_index(int(left.argmax()), left.shape))
        found[voxel] = world, 1 if cosines[world, voxel] > 0 else -1
        left[world], left[:, voxel] = -1.0, -1.0
    return tuple(found[i] for i in range(3))


def codes(affine: Matrix | None) -> str:
    """Letters of the ends to which the three voxel axes run: ``"RAS"``; empty where nobody can tell.

    Examples
    --------
    >>> codes(np.diag([-2.0, 2.0, 3.0, 1.0]))
    'LAS'
    """
    found = directions(affine)
    return "" if found is None else "".join(LETTERS[world][sign > 0] for world, sign in found)
