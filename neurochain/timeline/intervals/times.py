"""Times: seconds in arrays, what rounding makes of them, and even steps that do not drift."""

import math
from fractions import Fraction
from typing import Any

import numpy as np

from neurochain.errors import ShapeError

__all__ = ["Times", "ascending", "exact", "floors", "period_of", "rounding", "spaced", "times_of"]

Times = np.ndarray[Any, np.dtype[np.float64]]
"""Seconds on one clock."""

MOST_EXACT = 2**53  # whole numbers up to this are float64 without rounding, so their quotient is rounded once


def times_of(values: Any, what: str, infinite: bool = False) -> Times:
    """Times as float64; no copy where none is needed.

    Parameters
    ----------
    values : array_like, shape (n,), seconds
        As they were given.
    what : str
        Whose times, for messages.
    infinite : bool
        Whether a time may be infinite.

    Raises
    ------
    TypeError
        They are no numbers, or some are masked.
    ShapeError
        They have not one axis.
    ValueError
        One is NaN or, if it must not be, infinite; the message says which.

    Examples
    --------
    >>> times_of([1, 2.5], "events")
    array([1. , 2.5])
    """
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(f"{what}: some times are masked. Leave them out: times.compressed().")
    found = np.asarray(values)
    if found.dtype.kind not in "iuf":
        if found.size:
            raise TypeError(f"{what}: times are numbers of seconds, and these are of dtype {found.dtype}.")
        found = found.astype(np.float64)
    if found.ndim != 1:
        raise ShapeError(f"{what}: times have one axis, and these the shape {found.shape}.")
    times: Times = found.astype(np.float64, copy=False)
    wrong = np.isnan(times) if infinite else ~np.isfinite(times)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"{what}: row {row} is {times[row]:g}, which is no time ({int(wrong.sum())} of {len(times)} such). Leave it out."
        )
    return times


def ascending(values: Any, what: str, strictly: bool = False) -> Times:
    """The same of times that must ascend.

    Parameters
    ----------
    values : array_like, shape (n,), seconds
        As they were given.
    what : str
        Whose times, for messages.
    strictly : bool
        Whether no two may be equal.

    Raises
    ------
    TypeError, ShapeError
        As `times_of`.
    ValueError
        As `times_of`; or one comes before the one ahead of it.
    """
    times = times_of(values, what)
    wrong = times[1:] <= times[:-1] if strictly else times[1:] < times[:-1]
    if wrong.any():
        row = int(np.argmax(wrong))
        order = "not after" if strictly else "before"
        raise ValueError(
            f"{what}: times ascend, and row {row + 1} ({float(times[row + 1])!r}) comes {order} row {row} "
            f"({float(times[row])!r}). Sort them."
        )
    return times


def rounding(*times: Times) -> float:
    """What times of this size may be off by rounding, seconds: a few units in the last place of the largest.

    Examples
    --------
    >>> 0.3 - 0.1 < 0.2 and 0.3 - 0.1 > 0.2 - rounding(np.array([0.3]))
    True
    """
    largest = max((float(np.abs(t[np.isfinite(t)]).max(initial=0.0)) for t in times), default=0.0)
    return 4 * math.ulp(largest)


def exact(number: "float | Fraction") -> Fraction:
    """A number as it is written: of 0.1 a tenth, where its bits mean a little more.

    Examples
    --------
    >>> exact(0.1)
    Fraction(1, 10)
    """
    return number if isinstance(number, Fraction) else Fraction(repr(float(number)))


def period_of(sampling_frequency: "float | Fraction") -> Fraction:
    """Seconds from one sample to the next, as they are meant.

    A frequency that was made by dividing 1 by a period that can be written in few digits, as the repetition time of fMRI
    is, means that period.

    Parameters
    ----------
    sampling_frequency : float or Fraction, Hz
        A fraction is taken as it is.

    Raises
    ------
    ValueError
        It is not positive.

    Examples
    --------
    >>> period_of(1000), period_of(1 / 0.72)
    (Fraction(1, 1000), Fraction(18, 25))
    """
    if not 0 < sampling_frequency < math.inf:
        raise ValueError(f"sampling_frequency={sampling_frequency!r} is no positive number.")
    written = float(f"{1 / float(sampling_frequency):.12g}")
    if not isinstance(sampling_frequency, Fraction) and written > 0 and 1 / written == sampling_frequency:
        return exact(written)
    return 1 / exact(sampling_frequency)


def spaced(first: Fraction, step: Fraction, count: int) -> Times:
    """The times ``first + k * step``, each rounded once: they do not drift.

    Examples
    --------
    >>> spaced(Fraction(0), Fraction(1, 10), 4)
    array([0. , 0.1, 0.2, 0.3])
    """
    begin, apart, scale = _whole(first, step)
    if max(abs(begin), abs(begin + apart * count), scale) <= MOST_EXACT:
        return np.asarray((begin + apart * np.arange(count, dtype=np.int64)) / scale)
    return np.array([(begin + k * apart) / scale for k in range(count)], np.float64)


def floors(
    first: Fraction, step: Fraction, count: int
) -> tuple[np.ndarray[Any, np.dtype[np.int64]], np.ndarray[Any, np.dtype[np.float64]]]:
    """Whole part of each ``first + k * step``, exact, and what is above it, from 0 to below 1.

    Examples
    --------
    >>> floors(Fraction(-1, 4), Fraction(1, 2), 3)
    (array([-1,  0,  0]), array([0.75, 0.25, 0.75]))
    """
    begin, apart, scale = _whole(first, step)
    if max(abs(begin), abs(begin + apart * count), scale) < 2**62:
        numbers = begin + apart * np.arange(count, dtype=np.int64)
        whole = numbers // scale
        return whole, (numbers - whole * scale) / scale
    pairs = [divmod(begin + k * apart, scale) for k in range(count)]
    return np.array([w for w, _ in pairs], np.int64), np.array([r / scale for _, r in pairs], np.float64)


def _whole(first: Fraction, step: Fraction) -> tuple[int, int, int]:
    """Both in whole numbers of a common unit, and how many of it make 1."""
    scale = math.lcm(first.denominator, step.denominator)
    return int(first * scale), int(step * scale), scale
