"""Even: whether frames follow each other evenly, and when the last one ends."""

from fractions import Fraction
from typing import Any

import numpy as np

__all__ = ["ending", "is_even", "rate_of"]

FEW = 3  # ticks
Integers = np.ndarray[Any, np.dtype[np.int64]]


def is_even(ticks: Integers) -> bool:
    """Whether times lie on an even grid, but for the rounding of the container: no more than a tick beside it.

    Where a frame lasts few ticks, they must be the same for all.

    Examples
    --------
    >>> is_even(np.array([0, 33, 67, 100])), is_even(np.array([0, 33, 67, 120]))
    (True, False)
    """
    if len(ticks) < 3:
        return True
    step = (int(ticks[-1]) - int(ticks[0])) / (len(ticks) - 1)
    if step < FEW:  # what is rounded to so few ticks cannot be told from a frame that was dropped
        return bool((np.diff(ticks) == ticks[1] - ticks[0]).all())
    away = ticks - ticks[0] - step * np.arange(len(ticks))
    return bool(np.abs(away).max() <= 1.0)


def ending(ticks: Integers, last: int, end: int | None = None) -> int:
    """Tick at which the last frame is no longer shown.

    Parameters
    ----------
    ticks : ndarray, shape (n_frames,), int64
        Ascending; one at least.
    last : int
        How long the container says that a frame is shown; 0 where it does not, and the frames before tell.
    end : int, optional
        When all of it ends, where the container says so.
    """
    if last <= 0 and len(ticks) > 1:
        last = int(np.median(np.diff(ticks)))
    last = max(last, 1)
    shown = last if end is None else end - int(ticks[-1])
    # Ends are rounded to coarser ticks than frames are; what cuts less than half of the last frame is no cut.
    return int(ticks[-1]) + (shown if 0 < shown < last // 2 else last)


def rate_of(ticks: Integers, end: int, tick: Fraction) -> Fraction | None:
    """Frames in a second: exactly, where they follow each other evenly; else on average.

    Parameters
    ----------
    ticks : ndarray, shape (n_frames,), int64
        When each is shown, ascending.
    end : int
        Tick at which the last frame ends.
    tick : Fraction, seconds
        How long a tick is.
    """
    if len(ticks) > 2 and is_even(ticks):
        count, lasting = len(ticks) - 1, int(ticks[-1]) - int(ticks[0])
    else:
        count, lasting = len(ticks), end - int(ticks[0]) if len(ticks) else 0
    return count / (lasting * tick) if lasting > 0 else None
