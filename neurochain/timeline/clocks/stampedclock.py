"""StampedClock: samples that each have a time of their own."""

import math
from typing import Any

import numpy as np

from neurochain.errors import ShapeError
from neurochain.formats.arrays.memory import SLACK
from neurochain.formats.recordings.even import Floats
from neurochain.timeline.clocks.ascending import ascending

__all__ = ["StampedClock"]


class StampedClock:
    """Clock of samples with explicit times: frames of a variable rate, frames that were dropped.

    Parameters
    ----------
    times : array_like, shape (n_samples,), float64, seconds
        Ascending. Equal ones are allowed, as clocks that count whole milliseconds give them; of these, `at` gives the last.
    end : float, seconds, optional
        When the last sample is over; by default one `period` behind its time.

    Raises
    ------
    FormatError
        A time is no number, or earlier than the one before it: says which.
    ShapeError
        There is not one axis; `end` is missing where fewer than two different times cannot tell it, or is too early.

    Examples
    --------
    >>> clock = StampedClock([0.0, 0.04, 0.12, 0.16])
    >>> clock
    <StampedClock (4 samples, 0 s to 0.2 s) about 25 Hz>
    >>> clock.between(0.04, 0.16)
    (1, 3)
    >>> clock.at(0.1)
    1
    """

    def __init__(self, times: Any, end: float | None = None) -> None:
        self._times = ascending(times, "timestamps")
        apart = np.diff(self._times)
        apart = apart[apart > 0]
        self.n_samples = len(self._times)
        self.start = float(self._times[0]) if self.n_samples else 0.0
        last = float(self._times[-1]) if self.n_samples else 0.0
        if end is None and self.n_samples and not len(apart):
            raise ShapeError(
                f"StampedClock: {self.n_samples} time{'s' if self.n_samples > 1 else ''} alone cannot tell when the last sample "
                "is over. Say it: end=…, in seconds."
            )
        self.period = float(np.median(apart)) if len(apart) else float(end or 0.0) - self.start
        self.end = last + self.period if end is None else float(end)
        if not last <= self.end < math.inf:
            raise ShapeError(
                f"StampedClock(end={end!r}): the last sample is at {last:.9g} s. Give a later time."
            )
        slack = SLACK * self.period + 2 * math.ulp(max(abs(self.start), abs(self.end)))
        self._slack = min(slack, 0.49 * self.period)

    def times(self, first: int, end: int) -> Floats:
        """Times of the samples [first, end), seconds; read-only.

        Raises
        ------
        ShapeError
            Some do not exist.
        """
        if not 0 <= first <= end <= self.n_samples:
            raise ShapeError(
                f"times({first}, {end}): the clock has {self.n_samples:,} samples. Ask for [first, end) among them."
            )
        return self._times[first:end]

    def between(self, start: float, end: float) -> tuple[int, int]:
        """Half-open range of the samples whose times lie in [start, end).

        Raises
        ------
        ValueError
            One of them is no number.
        """
        if math.isnan(start) or math.isnan(end):
            raise ValueError(
                "between(): a time is NaN. Times of a map are NaN where a clock jumped; see its known()."
            )
        first, last = np.searchsorted(self._times, (start - self._slack, end - self._slack), side="left")
        return int(first), max(int(first), int(last))

    def at(self, seconds: float) -> int:
        """Sample that is current at a time: the last that is not later.

        Raises
        ------
        ShapeError
            The time lies outside.
        """
        found = int(np.searchsorted(self._times, seconds + self._slack, side="right")) - 1
        if found < 0 or not seconds < self.end:
            raise ShapeError(
                f"at({seconds:.9g}): the clock goes from {self.start:.9g} s to {self.end:.9g} s, and no sample is current then."
            )
        return found

    def __repr__(self) -> str:
        rate = f" about {1 / self.period:.6g} Hz" if self.period > 0 else ""
        return f"<StampedClock ({self.n_samples:,} samples, {self.start:g} s to {self.end:g} s){rate}>"
