"""Even: channels sampled alike and without gaps, of which window after window is read."""

import math
from typing import Any

import numpy as np

from neurochain.formats.arrays.memory import samples_between
from neurochain.formats.recordings.part import Part
from neurochain.formats.recordings.samples import Samples, scaled

__all__ = ["Even"]

Floats = np.ndarray[Any, np.dtype[np.float64]]


class Even:
    """What of a recording is the same for each of its windows.

    Parameters
    ----------
    part : Part
        Channels that have one rate, begin at one sample and have one length.
    samples : Samples
        Of the whole.
    gains, offsets : ndarray, shape (n_channels,), or None
        None for the numbers of the file.
    """

    __slots__ = ("_base", "_channels", "_end", "_first", "_gains", "_offsets", "_rate", "_samples", "_time")

    def __init__(self, part: Part, samples: Samples, gains: Floats | None, offsets: Floats | None) -> None:
        self._samples, self._channels = samples, list(part.channels)
        self._rate, self._time = part.rates[0], part.time
        self._base = round(part.before * self._rate)
        self._first, self._end = part.firsts[0], part.firsts[0] + part.lengths[0]
        self._gains = None if gains is None else gains[:, None]
        self._offsets = None if offsets is None else offsets[:, None]

    def read(self, start: float, end: float) -> np.ndarray[Any, Any] | None:
        """Values of the times [start, end), shape (n_channels, n_samples); None where they are not all there."""
        if not -math.inf < start <= end < math.inf:
            return None
        first, last = samples_between(start, end, self._rate, self._time)
        first, last = self._base + first, self._base + last
        if first < self._first or last > self._end:
            return None
        array = self._samples.read(self._channels, first, last)
        if self._gains is None or self._offsets is None:
            return array
        return scaled(array, self._gains, self._offsets)

    @classmethod
    def of(cls, part: Part, samples: Samples, gains: Floats | None, offsets: Floats | None) -> "Even | None":
        """None where the channels are sampled differently, or values have no unit."""
        alike = len(set(part.rates)) == len(set(part.firsts)) == len(set(part.lengths)) == 1
        if not alike or not part.rates[0] > 0 or (gains is not None and not np.isfinite(gains).all()):
            return None
        return cls(part, samples, gains, offsets)
