"""EvenClock: samples that follow each other evenly, in one stretch or in several with gaps between them."""

import math
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np

from neurochain.errors import FormatError, ShapeError
from neurochain.formats.arrays.memory import samples_between
from neurochain.formats.recordings.even import Floats
from neurochain.formats.recordings.gaps import Segments

__all__ = ["EvenClock"]

WHOLE = 2**53  # up to which every whole number is a float


class _Stretch(NamedTuple):
    start: float
    end: float
    first: int  # sample
    held: int  # samples


@dataclass(frozen=True)
class EvenClock:
    """Clock of samples at a fixed rate.

    Parameters
    ----------
    sampling_frequency : float or Fraction, Hz
        A float counts as it is written: 29.97 as 2997/100. Give ``Fraction(30000, 1001)`` where that is meant.
    n_samples : int
        In all stretches.
    start : float, seconds
        Time of the first sample; with `segments`, theirs counts.
    segments : tuple of (float, float), seconds, optional
        Times [start, end) of each stretch without gaps, as `Recording.segments` gives them. Samples follow each other without
        the gaps, times do not.

    Raises
    ------
    ValueError
        A rate, number or time that cannot be.
    FormatError
        Stretches that overlap.
    ShapeError
        They hold another number of samples.

    Examples
    --------
    >>> clock = EvenClock(10.0, 70, segments=((0.0, 5.0), (7.5, 9.5)))
    >>> clock.between(4.8, 7.7)
    (48, 52)
    >>> clock.times(48, 52)
    array([4.8, 4.9, 7.5, 7.6])
    >>> clock.at(0.75)
    7
    """

    sampling_frequency: float | Fraction
    n_samples: int
    start: float = 0.0
    segments: Segments | None = None

    def __post_init__(self) -> None:
        if not 0 < float(self.sampling_frequency) < math.inf:
            raise ValueError(
                f"EvenClock: sampling_frequency={self.sampling_frequency!r} is no positive number of Hz."
            )
        if self.n_samples < 0 or not math.isfinite(self.start):
            raise ValueError(
                f"EvenClock(n_samples={self.n_samples!r}, start={self.start!r}): give a number of samples, and a time."
            )
        if self.segments is None:
            return
        segments = tuple((float(start), float(end)) for start, end in self.segments)
        object.__setattr__(self, "segments", segments)
        self._check(segments)
        if segments:
            object.__setattr__(self, "start", segments[0][0])

    def _check(self, segments: Segments) -> None:
        behind = -math.inf
        for k, (start, end) in enumerate(segments):
            if not (behind <= start <= end < math.inf and start > -math.inf):
                raise FormatError(
                    f"EvenClock: stretch {k} goes from {start:.9g} s to {end:.9g} s, and the one before it ends at "
                    f"{behind:.9g} s. Stretches ascend, and do not overlap."
                )
            behind = end
        held = sum(s.held for s in self._stretches)
        if held != self.n_samples:
            raise ShapeError(
                f"EvenClock: stretches of {float(self._rate):g} Hz hold {held:,} samples, and n_samples is {self.n_samples:,}."
            )

    @property
    def end(self) -> float:
        """Time at which the last sample is over, seconds."""
        return self._stretches[-1].end if self._stretches else self.start

    @property
    def period(self) -> float:
        """Time from one sample to the next, seconds."""
        return float(1 / self._rate)

    def times(self, first: int, end: int) -> Floats:
        """Times of the samples [first, end), seconds.

        Raises
        ------
        ShapeError
            Some do not exist.
        """
        if not 0 <= first <= end <= self.n_samples:
            raise ShapeError(
                f"times({first}, {end}): the clock has {self.n_samples:,} samples. Ask for [first, end) among them."
            )
        times: Floats = np.empty(end - first)
        at = bisect_right(self._firsts, first) - 1
        while first < end:
            stretch = self._stretches[at]
            last = min(end, stretch.first + stretch.held)
            here = times[len(times) - (end - first) :][: last - first]
            np.add(self._since(first - stretch.first, last - stretch.first), stretch.start, out=here)
            first, at = last, at + 1
        return times

    def between(self, start: float, end: float) -> tuple[int, int]:
        """Half-open range of the samples whose times lie in [start, end).

        Raises
        ------
        ValueError
            One of them is no number.

        Examples
        --------
        >>> EvenClock(30_000.0, 324_000_000).between(0.1, 0.2)
        (3000, 6000)
        """
        first = self._edge(start)
        return first, max(first, self._edge(end))

    def at(self, seconds: float) -> int:
        """Sample that is current at a time: the last that is not later.

        Raises
        ------
        ShapeError
            The time lies outside, or in a gap.
        """
        slack = 1e-6 * self.period + 2 * math.ulp(max(abs(self.start), abs(self.end)))
        at = bisect_right(self._starts, seconds + slack) - 1
        if at >= 0 and math.isfinite(seconds):
            start, end, first, count = self._stretches[at]
            # The last that is not later is the first that is not earlier, in a mirror: with the same slack.
            index = max(0, -samples_between(-seconds, -end, float(self._rate), -start)[0])
            if count and (index < count or seconds < end):
                return first + min(index, count - 1)
        raise ShapeError(
            f"at({seconds:.9g}): the clock goes from {self.start:.9g} s to {self.end:.9g} s"
            + (f", in {len(self._stretches):,} stretches" if len(self._stretches) > 1 else "")
            + ", and no sample is taken then."
        )

    def _edge(self, seconds: float) -> int:
        """First sample that is not earlier."""
        if math.isnan(seconds):
            raise ValueError(
                "between(): a time is NaN. Times of a map are NaN where a clock jumped; see its known()."
            )
        at = bisect_right(self._starts, seconds) - 1
        if at < 0:
            return 0
        start, end, first, count = self._stretches[at]
        if seconds >= end:
            return first + count
        # With the end of the stretch beside it, every time has the same slack, so ranges tile.
        return first + min(samples_between(seconds, end, float(self._rate), start)[0], count)

    def _since(self, first: int, end: int) -> Floats:
        """Seconds since the first sample of a stretch; rounded once where floats allow it."""
        index = np.arange(first, end)
        above, below = self._rate.numerator, self._rate.denominator
        if end * below < WHOLE and above < WHOLE:
            return np.true_divide(index * below, above)
        return np.true_divide(index, float(self._rate))

    @cached_property
    def _rate(self) -> Fraction:
        rate = self.sampling_frequency
        return rate if isinstance(rate, Fraction) else _exact(rate)

    @cached_property
    def _stretches(self) -> tuple[_Stretch, ...]:
        if self.segments is None:
            end = float(_exact(self.start) + self.n_samples / self._rate)
            return (_Stretch(self.start, end, 0, self.n_samples),)
        found, first = [], 0
        for start, end in self.segments:
            count = round((_exact(end) - _exact(start)) * self._rate)
            found.append(_Stretch(start, end, first, count))
            first += count
        return tuple(found)

    @cached_property
    def _starts(self) -> list[float]:
        return [s.start for s in self._stretches]

    @cached_property
    def _firsts(self) -> list[int]:
        return [s.first for s in self._stretches]


def _exact(number: float) -> Fraction:
    """A number as it is written."""
    return Fraction(repr(float(number)))
