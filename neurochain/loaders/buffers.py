"""Buffers: arrays that batches are gathered into, used again once nobody holds what was gathered."""

import sys
import threading
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from neurochain.loaders.slots import Slot

KEPT = 8  # buffers; as many as a loop that looks at a batch and the next needs, with some that it keeps for a while

Values = np.ndarray[Any, np.dtype[Any]]


class Buffers:
    """A few arrays of one dtype and row shape.

    A tensor over an array refers to it, as does every view, so the count of references says whether a batch is still
    held somewhere: a batch that was kept is never written over.

    Parameters
    ----------
    dtype : numpy.dtype
    shape : tuple of int
        Of one row.
    """

    slot: ClassVar["Slot | None"] = None  # of a worker: there, whoever asks for the batch sees it at once

    def __init__(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
        self.dtype, self.shape = dtype, shape
        self._arrays: list[Values] = []
        self._taking = threading.Lock()  # two threads must not find the same one free

    def take(self, rows: int) -> Values:
        """An array of so many rows that nobody else holds; its values are anything."""
        if Buffers.slot is not None:
            placed = Buffers.slot.place((rows, *self.shape), self.dtype)
            if placed is not None:
                return placed
        with self._taking:
            arrays = self._arrays
            for i in range(len(arrays)):
                # Two: the list's, and the argument's.
                if sys.getrefcount(arrays[i]) == 2 and len(arrays[i]) == rows:
                    arrays.append(arrays.pop(i))
                    return arrays[-1]
            made = np.empty((rows, *self.shape), self.dtype)
            if len(arrays) >= KEPT:
                arrays.pop(0)
            arrays.append(made)
            return made

    def __reduce__(self) -> tuple[Any, ...]:
        return Buffers, (self.dtype, self.shape)
