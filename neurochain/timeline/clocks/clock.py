"""Clock: when the samples of a device were taken, in seconds of the device itself."""

from typing import Protocol, runtime_checkable

from neurochain.formats.recordings.even import Floats

__all__ = ["Clock"]


@runtime_checkable
class Clock(Protocol):
    """Samples of a device and seconds on its own clock; [start, end) is the time that they cover.

    Times that are off by rounding alone count as those of the sample (a millionth of a sample, and what a float of that
    size cannot tell). For any times a, b and c, ``between(a, b)`` ends where ``between(b, c)`` begins.
    """

    @property
    def n_samples(self) -> int:
        """How many there are."""
        ...

    @property
    def start(self) -> float:
        """Time of the first sample, seconds."""
        ...

    @property
    def end(self) -> float:
        """Time at which the last sample is over, seconds (exclusive)."""
        ...

    @property
    def period(self) -> float:
        """Typical time from one sample to the next, seconds."""
        ...

    def times(self, first: int, end: int) -> Floats:
        """Times of the samples [first, end), shape (n,), float64, seconds.

        Raises
        ------
        ShapeError
            Some do not exist.
        """
        ...

    def between(self, start: float, end: float) -> tuple[int, int]:
        """Half-open range of the samples whose times lie in [start, end); times may lie outside.

        Raises
        ------
        ValueError
            One of them is no number.
        """
        ...

    def at(self, seconds: float) -> int:
        """Sample that is current at a time: the last that is not later.

        Raises
        ------
        ShapeError
            None is: the time lies outside, or in a gap.
        """
        ...
