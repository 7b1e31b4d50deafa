"""Extremes: the smallest and the largest of every so many samples."""

from typing import Any

import numpy as np

__all__ = ["extremes", "merged"]

Values = np.ndarray[Any, Any]


def extremes(samples: Values, bin: int) -> Values:
    """Smallest and largest sample of each bin; NaN counts as missing.

    Parameters
    ----------
    samples : ndarray, shape (n_channels, n_samples)
        In either memory order.
    bin : int
        Samples; the last bin may have fewer.

    Returns
    -------
    ndarray, shape (n_channels, ceil(n_samples / bin), 2)
        In own memory; of a bin that is all NaN, NaN.

    Examples
    --------
    >>> extremes(np.array([[3, 1, 2, 7, 5]]), 2).tolist()
    [[[1, 3], [2, 7], [5, 5]]]
    """
    along = 1 if samples.flags.c_contiguous else 0
    turned = samples if along else samples.T  # memory order is kept: neighbours stay neighbours
    least, most = _both(samples.dtype)
    low, high = _least(turned, bin, along, least), _least(turned, bin, along, most)
    pair = np.stack([low, high], -1)
    return np.ascontiguousarray(pair if along else pair.swapaxes(0, 1))


def merged(pairs: Values, count: int) -> Values:
    """Extremes of `count` bins each, from those of the bins: shape (n_channels, n, 2) to (n_channels, ceil(n / count), 2).

    Examples
    --------
    >>> merged(extremes(np.array([[3, 1, 2, 7, 5]]), 1), 2).tolist()
    [[[1, 3], [2, 7], [5, 5]]]
    """
    if count == 1:
        return pairs
    least, most = _both(pairs.dtype)
    low, high = _least(pairs[..., 0], count, 1, least), _least(pairs[..., 1], count, 1, most)
    return np.stack([low, high], -1)


def _both(dtype: np.dtype[Any]) -> tuple[np.ufunc, np.ufunc]:
    """What finds the least and the most: of whole numbers, among which is no NaN, in less time."""
    return (np.fmin, np.fmax) if dtype.kind == "f" else (np.minimum, np.maximum)


def _least(values: Values, bin: int, axis: int, least: np.ufunc) -> Values:
    """Least of each bin: by halves as long as they are, then of what is left together."""
    if bin == 1 or not values.shape[axis]:
        return np.array(values)
    while bin % 2 == 0:
        even, odd = (values[::2], values[1::2]) if axis == 0 else (values[:, ::2], values[:, 1::2])
        n = odd.shape[axis]
        if even.shape[axis] == n:
            values = least(even, odd)
        else:  # the last one has no partner
            tail = even[n:] if axis == 0 else even[:, n:]
            values = np.concatenate([least(even[:n] if axis == 0 else even[:, :n], odd), tail], axis)
        bin //= 2
    if bin == 1:
        return values
    if values.shape[axis] <= bin:
        return np.asarray(least.reduce(values, axis, keepdims=True))
    firsts = np.arange(0, values.shape[axis], bin)
    return np.asarray(least.reduceat(values, firsts, axis=axis))
