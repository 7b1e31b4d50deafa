"""Blocks: a volume in fewer, larger voxels: the mean of each block, or of labels the one in its middle."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import ceil, prod
from typing import Any

import numpy as np

from neurochain.formats.volumes.volume import Volume

__all__ = ["block_affine", "block_means", "block_middles", "coarse"]

AT_ONCE = 32 * 2**20  # bytes of voxels that are in memory at a time
ROOM = 2**31 // 2**16  # voxels of 16 bits whose sum still fits into 32
Values = np.ndarray[Any, Any]
Matrix = np.ndarray[Any, np.dtype[np.float64]]


def block_means(array: Values, down: Sequence[int]) -> Values:
    """Mean of each block; NaN counts as missing.

    Parameters
    ----------
    array : ndarray
        Of real numbers.
    down : sequence of int
        Entries of a block along each axis; at the end of an axis a block may be smaller.

    Returns
    -------
    ndarray, shape (ceil(n / d) along each axis), float32, or float64 of float64

    Examples
    --------
    >>> block_means(np.array([[1, 3, 9], [5, 7, 9]]), (2, 2))
    array([[4., 9.]], dtype=float32)
    """
    kind = np.float64 if array.dtype == np.float64 else np.float32
    if array.dtype.kind != "f":
        narrow = array.dtype.itemsize <= 2 and prod(down) < ROOM
        found = _sums(array, down, np.dtype(np.int32 if narrow else np.float64))
        return np.asarray(found / _counts(array.shape, down), kind)
    # Of many values a sum of float32 is off by more than they are.
    total = _sums(array, down, np.dtype(np.float64))
    missing = np.isnan(total)
    if not missing.any():
        return np.asarray(total / _counts(array.shape, down), kind)
    known = ~np.isnan(array)
    with np.errstate(invalid="ignore"):
        total = _sums(np.where(known, array, 0), down, np.dtype(np.float64))
        found = total / _sums(known, down, np.dtype(np.int64))
    return np.asarray(found, kind)


def block_middles(array: Values, down: Sequence[int]) -> Values:
    """Entry in the middle of each block, of two the one behind it.

    Examples
    --------
    >>> block_middles(np.array([1, 2, 3, 4, 5]), (3,))
    array([2, 5])
    """
    for axis, d in enumerate(down):
        before, n = (slice(None),) * axis, array.shape[axis]
        whole = n // d * d
        middles = array[(*before, slice(d // 2, whole, d))]
        if whole < n:
            rest = whole + (n - whole) // 2
            middles = np.concatenate([middles, array[(*before, slice(rest, rest + 1))]], axis)
        array = middles
    return array


def block_affine(affine: Matrix, down: Sequence[int]) -> Matrix:
    """Affine of whole blocks: each lies at the mean of its voxels' centres.

    Examples
    --------
    >>> block_affine(np.eye(4), (2, 2, 1))[:3, 3].tolist()
    [0.5, 0.5, 0.0]
    """
    sizes = np.array([*down, 1, 1, 1][:3], float)
    step = np.diag([*sizes, 1.0])
    step[:3, 3] = (sizes - 1) / 2
    moved: Matrix = affine @ step
    return moved


def coarse(
    volume: Volume,
    down: Mapping[int, int],
    at: Mapping[int, int],
    labels: bool = False,
    check: Callable[[], None] | None = None,
) -> Values:
    """A volume in blocks; few of its voxels are in memory at a time.

    Parameters
    ----------
    volume : Volume
        Of real numbers.
    down : mapping of int to int
        Voxels of a block along axes; other axes stay as they are.
    at : mapping of int to int
        Entry along axes that are not shown.
    labels : bool
        Whether values are numbers of regions, of which there is no mean.
    check : callable, optional
        Called from time to time; ends it by an error.

    Returns
    -------
    ndarray
        Axes as of the volume, without those of `at`.
    """
    slow = _slow(volume, [axis for axis in down if axis not in at])
    left = [axis for axis in range(volume.ndim) if axis not in at]
    sizes = [down.get(axis, 1) for axis in left]
    reduce = block_middles if labels else block_means
    parts = []
    for first, last in _slabs(volume, at, slow, down.get(slow, 1)):
        if check is not None:
            check()
        index: list[Any] = [at.get(axis, slice(None)) for axis in range(volume.ndim)]
        if slow >= 0:
            index[slow] = slice(first, last)
        parts.append(reduce(np.asarray(volume[tuple(index)]), sizes))
    return parts[0] if len(parts) == 1 else np.concatenate(parts, left.index(slow))


def _slow(volume: Volume, axes: Sequence[int]) -> int:
    """Axis along which neighbours lie furthest apart in the file; -1 for none."""
    if not axes:
        return -1
    axes = sorted(axes)
    return axes[0] if volume.format in ("zarr", "ome-zarr", "hdf5", "nwb") else axes[-1]


def _slabs(volume: Volume, at: Mapping[int, int], slow: int, d: int) -> Iterator[tuple[int, int]]:
    if slow < 0:
        yield 0, 1
        return
    n = volume.shape[slow]
    shown = prod(length for axis, length in enumerate(volume.shape) if axis not in at and axis != slow)
    step = max(AT_ONCE // max(shown * volume.dtype.itemsize, 1) // d, 1) * d
    for first in range(0, max(n, 1), step):
        yield first, min(first + step, n)


def _sums(array: Values, down: Sequence[int], kind: np.dtype[Any]) -> Values:
    """Sum of each block, axis after axis, the one along which entries lie furthest apart first."""
    if array.ndim > 1 and array.flags.f_contiguous and not array.flags.c_contiguous:
        return _sums(array.T, down[::-1], kind).T
    for axis, d in enumerate(down):
        n = array.shape[axis]
        whole = n // d
        shape = (*array.shape[:axis], whole, d, *array.shape[axis + 1 :])
        if d == 1:
            continue
        body = array[(slice(None),) * axis + (slice(0, whole * d),)].reshape(shape).sum(axis + 1, dtype=kind)
        if whole * d < n:
            rest = array[(slice(None),) * axis + (slice(whole * d, n),)].sum(axis, dtype=kind, keepdims=True)
            body = np.concatenate([body, rest], axis)
        array = body
    return array


def _counts(shape: Sequence[int], down: Sequence[int]) -> Any:
    """How many voxels each block has; a number where all have as many."""
    if all(n % d == 0 for n, d in zip(shape, down, strict=True)):
        return prod(down)
    found: Any = np.ones(())
    for n, d in zip(shape, down, strict=True):
        lengths = np.full(ceil(n / d), float(d))
        if n % d:
            lengths[-1] = n % d
        found = np.multiply.outer(found, lengths)
    return found
