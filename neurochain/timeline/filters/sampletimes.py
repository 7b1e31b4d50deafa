"""SampleTimes: when the samples of a recording were taken, on the common clock."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from neurochain.formats import Recording
from neurochain.timeline.filters.block import Floats

__all__ = ["Clock", "SampleTimes"]

Clock = Callable[[Floats], Floats]
"""From seconds on a recording's clock to seconds on the common one."""
Numbers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, eq=False)
class SampleTimes:
    """Times of samples.

    Attributes
    ----------
    firsts : ndarray, shape (n_stretches,), int64
        Sample with which each stretch without gaps begins.
    starts : ndarray, shape (n_stretches,), float64, seconds
        Its time on the recording's clock.
    n_samples : int
        Of all stretches.
    sampling_frequency : float, Hz
    clock : callable, optional
        From seconds on the recording's clock to seconds on the common one; the same by default.
    """

    firsts: Numbers
    starts: Floats
    n_samples: int
    sampling_frequency: float
    clock: Clock | None = None

    @classmethod
    def of(cls, recording: Recording, clock: Clock | None = None) -> "SampleTimes":
        """Times of the samples of a recording.

        Raises
        ------
        ShapeError
            Sampling frequencies differ.
        FormatError
            The file does not say where its gaps are.

        Examples
        --------
        >>> SampleTimes.of(Recording.of(np.zeros((1, 4)), 2.0, start=10.0)).at(np.array([0, 3]))
        array([10. , 11.5])
        """
        n_samples, rate = recording.shape[1], recording.sampling_frequency
        segments = (recording.segments if recording.discontinuous else ()) or (
            (recording.start, recording.start),
        )
        starts, ends = np.array(segments, np.float64).T
        before = np.cumsum(ends - starts) - (ends - starts)
        return cls(np.rint(before * rate).astype(np.int64), starts, n_samples, rate, clock)

    @property
    def stretches(self) -> list[tuple[int, int]]:
        """Samples [first, last) of each stretch without gaps."""
        return list(pairwise([*self.firsts.tolist(), self.n_samples]))

    def at(self, samples: Numbers) -> Floats:
        """Times of samples, seconds on the common clock."""
        return self._common(self._since(samples, samples))

    def ends(self, samples: Numbers) -> Floats:
        """Times at which the samples end before which these stand: behind the last sample of a stretch, where the gap begins."""
        return self._common(self._since(samples, samples - 1))

    def _since(self, samples: Numbers, of: Numbers) -> Floats:
        """Times of samples on the recording's clock, counted from the stretch in which others lie."""
        stretch = np.maximum(np.searchsorted(self.firsts, of, side="right") - 1, 0)
        since: Floats = self.starts[stretch] + (samples - self.firsts[stretch]) / self.sampling_frequency
        return since

    def _common(self, seconds: Floats) -> Floats:
        return seconds if self.clock is None else np.asarray(self.clock(seconds), np.float64)
