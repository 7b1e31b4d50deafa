"""Grid: which chunks of an array a selection touches, planned without reading."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from neurochain.formats.arrays.slicing import Axis

__all__ = ["Grid", "Picked", "Piece"]

Integers = np.ndarray[Any, np.dtype[np.int64]]
Within = slice | Integers
Picked = Axis | Integers
"""What is selected along an axis: evenly spaced entries, or some by their indices."""


class Piece(NamedTuple):
    """What one chunk gives to a selection.

    Attributes
    ----------
    number : int
        Of the chunk, in C order of the grid.
    inside : tuple of slice or ndarray
        Entries of the chunk.
    target : tuple of slice or ndarray
        Where they go in what was selected.
    """

    number: int
    inside: tuple[Within, ...]
    target: tuple[Within, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Chunks of one shape, side by side; those at the end may reach beyond the array.

    Attributes
    ----------
    shape : tuple of int
        Of the array.
    chunks : tuple of int
        Of each chunk.

    Examples
    --------
    >>> grid = Grid((10, 4), (4, 4))
    >>> [(p.number, p.inside[0], p.target[0]) for p in grid.touched((Axis(3, 4, 2), Axis(0, 1, 4)))]
    [(0, slice(3, 4, 4), slice(0, 1, None)), (1, slice(3, 4, 4), slice(1, 2, None))]
    """

    shape: tuple[int, ...]
    chunks: tuple[int, ...]

    @property
    def counts(self) -> tuple[int, ...]:
        """Chunks along each axis."""
        return tuple(-(-n // c) for n, c in zip(self.shape, self.chunks, strict=True))

    def numbers(self, axes: tuple[Picked, ...]) -> Integers:
        """Numbers of the chunks that `touched` gives, in its order."""
        found = np.zeros(1, np.int64)
        for axis, chunk, count in zip(axes, self.chunks, self.counts, strict=True):
            along = np.array([at for at, _, _ in _along(axis, chunk)], np.int64)
            found = (found[:, None] * count + along).reshape(-1)
        return found

    def touched(self, axes: tuple[Picked, ...]) -> Iterator[Piece]:
        """What each chunk gives to a selection, in C order."""
        counts = self.counts
        strides = [prod(counts[i + 1 :]) for i in range(len(counts))]
        parts = [list(_along(axis, chunk)) for axis, chunk in zip(axes, self.chunks, strict=True)]
        for some in product(*parts):
            number = sum(at * stride for (at, _, _), stride in zip(some, strides, strict=True))
            yield Piece(number, tuple(inside for _, inside, _ in some), tuple(to for _, _, to in some))


def _along(axis: Picked, chunk: int) -> Iterator[tuple[int, Within, Within]]:
    """Chunks along one axis, the entries of each, and where these go."""
    if isinstance(axis, Axis):
        done = 0
        while done < axis.count:
            at, first = divmod(axis.start + done * axis.step, chunk)
            n = min(axis.count - done, (chunk - 1 - first) // axis.step + 1)
            yield at, slice(first, first + (n - 1) * axis.step + 1, axis.step), slice(done, done + n)
            done += n
        return
    which = axis // chunk
    for at in np.unique(which):
        (target,) = np.nonzero(which == at)
        yield int(at), axis[target] - at * chunk, target
