"""ArraySamples: samples that lie in an array of any kind, channels along one axis and times along the other."""

from typing import Any

import numpy as np

from neurochain.formats.arrays.slicing import Axis
from neurochain.formats.arrays.stored import Array
from neurochain.formats.chunks.array import ChunkedArray

__all__ = ["ArraySamples"]


class ArraySamples:
    """Stored samples of an array.

    Parameters
    ----------
    array : Array
        Of one axis, time, or of two.
    time : {0, 1}
        The axis along which time goes.
    """

    def __init__(self, array: Array, time: int) -> None:
        self._array, self._time = array, time
        self._flat = len(array.shape) == 1
        self.dtype = array.dtype

    def read(self, channels: list[int], start: int, end: int) -> np.ndarray[Any, Any]:
        """Samples [start, end) of channels, shape (n_channels, end - start).

        Raises
        ------
        FormatError
            The file is cut short, or damaged.
        """
        n = max(end - start, 0)
        if not channels or not n:
            return np.empty((len(channels), n), self.dtype)
        times, first = Axis(start, 1, n), min(channels)
        box = Axis(first, 1, max(channels) - first + 1)
        ascending = channels == list(range(first, first + len(channels)))
        if self._flat:
            return self._array.select((times,))[None]
        if isinstance(self._array, ChunkedArray) and not ascending:
            picked = np.array(channels, np.int64)
            return self._turned(self._array.take((times, picked) if self._time == 0 else (picked, times)))
        block = self._turned(self._array.select(self._axes(box, times)))
        return block if ascending else block[[c - first for c in channels]]

    def bytes_needed(self, channels: list[int], start: int, end: int) -> int:
        """Bytes of the file that hold the samples, and of those between the channels where they are not in chunks."""
        if not channels or end <= start:
            return 0
        times = Axis(start, 1, end - start)
        if self._flat:
            return self._array.bytes_needed((times,)) or 0
        if isinstance(self._array, ChunkedArray):
            picked = np.array(channels, np.int64)
            return self._array.bytes_needed((times, picked) if self._time == 0 else (picked, times))
        first = min(channels)
        return self._array.bytes_needed(self._axes(Axis(first, 1, max(channels) - first + 1), times)) or 0

    def _axes(self, channels: Axis, times: Axis) -> tuple[Axis, Axis]:
        return (times, channels) if self._time == 0 else (channels, times)

    def _turned(self, block: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return block.T if self._time == 0 else block
