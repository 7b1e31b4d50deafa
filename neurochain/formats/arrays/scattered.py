"""Scattered: the entries under a mask, pulled in as few requests as their runs of bytes need.

The law, tested: what comes equals ``array[mask]`` of the whole array.
"""

from typing import Any

import numpy as np

from neurochain.formats.arrays.slicing import Blocks, Order, Ranged, gather

__all__ = ["scattered"]

MOST = 2**22
"""Entries whose places are held at once, 32 MB: a region over 800 time points is one call up to 5,000 voxels."""


def scattered(
    source: Ranged,
    offset: int,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    order: Order,
    transpose: tuple[int, ...],
    mask: np.ndarray[Any, np.dtype[np.bool_]],
) -> np.ndarray[Any, Any]:
    """Read the entries under a mask.

    Parameters
    ----------
    source : Ranged
        File, or what stands for one.
    offset : int
        Of the array in it, bytes.
    shape : tuple of int
        As stored.
    dtype : dtype
        As stored, byte order included.
    order : {"C", "F"}
        Whether the last or the first stored axis varies fastest.
    transpose : tuple of int
        Axes of the file in the order in which they are shown.
    mask : ndarray of bool
        Of the first axes, as they are shown.

    Returns
    -------
    ndarray, shape (n_selected, *rest), in the machine's byte order
        In the C order of the mask.

    Raises
    ------
    FormatError
        The source ends before an entry does.
    """
    counts, strides = _layout(shape, dtype.itemsize, order, transpose)
    here = mask.ndim
    places = _places(np.nonzero(mask), strides[:here])
    # What varies faster than every axis of the mask lies in one piece at each of its entries.
    fastest = min(strides[:here], default=0)
    inner = [i for i in range(here, len(counts)) if strides[i] < fastest]
    outer = [i for i in range(here, len(counts)) if i not in inner]
    inside = tuple(counts[i] for i in inner)
    repeats = _places(np.indices([counts[i] for i in outer], np.int64), [strides[i] for i in outer]).ravel()
    out = np.empty((len(places), len(repeats), *inside), dtype.newbyteorder("="))
    if out.size:
        length = dtype.itemsize * int(np.prod(inside, dtype=object))
        steps = tuple(strides[i] for i in inner)
        some = max(1, MOST // len(places))
        for first in range(0, len(repeats), some):
            starts = (repeats[first : first + some, None] + places).ravel()
            turned = None if (np.diff(starts) > 0).all() else np.argsort(starts)
            blocks = Blocks(starts if turned is None else starts[turned], length, inside, steps)
            found = gather(source, offset, blocks, dtype)
            if turned is not None:
                found[turned] = found.copy()
            out[:, first : first + some] = found.reshape(-1, len(places), *inside).swapaxes(0, 1)
    out = out.reshape(len(places), *(counts[i] for i in outer), *inside)
    return out.transpose(0, *(1 + [*outer, *inner].index(i) for i in range(here, len(counts))))


def _layout(
    shape: tuple[int, ...], itemsize: int, order: Order, transpose: tuple[int, ...]
) -> tuple[list[int], list[int]]:
    """Entries along each shown axis, and bytes between them."""
    distances = {}
    size = itemsize
    for axis in reversed(range(len(shape))) if order == "C" else range(len(shape)):
        distances[axis] = size
        size *= shape[axis]
    return [shape[i] for i in transpose], [distances[i] for i in transpose]


def _places(indices: Any, strides: list[int]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """First byte of the entries at some indices along some axes."""
    total = np.zeros(np.shape(indices)[1:], np.int64)
    for index, stride in zip(indices, strides, strict=True):
        total += index * np.int64(stride)
    return total
