"""Grid: the evenly spaced times that streams are brought to."""

from fractions import Fraction

from neurochain.formats.arrays.memory import samples_between
from neurochain.timeline.intervals.times import Times, exact, period_of, spaced

__all__ = ["grid", "grid_times"]


def grid(start: float, end: float, sampling_frequency: float) -> Times:
    """Times of evenly spaced samples in [start, end), the first at `start`.

    The numbers are taken as they are written, and each time is rounded once: sample k lies where
    ``start + k / sampling_frequency`` does, however large k is. What is written as 0.1 s is a tenth of a second.

    Parameters
    ----------
    start, end : float, seconds
        On any clock.
    sampling_frequency : float, Hz
        Samples in a second.

    Returns
    -------
    ndarray, shape (n,), float64, seconds

    Raises
    ------
    ValueError
        A frequency that is not positive, or an end before the start.

    Examples
    --------
    >>> grid(0.1, 0.5, 10)
    array([0.1, 0.2, 0.3, 0.4])
    """
    if not start <= end:
        raise ValueError(f"grid({start!r}, {end!r}): a start comes before its end.")
    period = period_of(sampling_frequency)
    _, count = samples_between(start, end, float(1 / period), start)
    return grid_times(exact(start), period, 0, count)


def grid_times(origin: Fraction, period: Fraction, first: int, last: int) -> Times:
    """Times of the samples [first, last) of a grid on which `origin` is sample 0.

    Examples
    --------
    >>> grid_times(Fraction(0), Fraction(1, 10), 3, 6)
    array([0.3, 0.4, 0.5])
    """
    return spaced(origin + first * period, period, max(0, last - first))
