"""Ascending: times that a device stamped, checked before anything is made of them."""

from typing import Any

import numpy as np

from neurochain.errors import FormatError, ShapeError
from neurochain.formats.recordings.even import Floats

__all__ = ["ascending"]


def ascending(times: Any, what: str) -> Floats:
    """Times as float64, in memory of their own that nobody can write.

    Parameters
    ----------
    times : array_like, shape (n,), seconds
        None earlier than the one before it; equal ones are allowed, since clocks that count coarsely give them.
    what : str
        For messages: ``"timestamps"``.

    Raises
    ------
    ShapeError
        There is not one axis.
    FormatError
        A time is no number, or is earlier than the one before it.

    Examples
    --------
    >>> ascending([0, 0.5, 0.5], "timestamps")
    array([0. , 0.5, 0.5])
    """
    found: Floats = np.array(times, np.float64)
    if found.ndim != 1:
        raise ShapeError(f"{what} have one axis; these have the shape {found.shape}.")
    wrong = np.flatnonzero(~np.isfinite(found))
    if len(wrong):
        raise FormatError(
            f"{what}: number {wrong[0]} (counted from 0) is {found[wrong[0]]}, which is no time; {len(wrong):,} of "
            f"{len(found):,} are none. Leave them out, or fill them in."
        )
    back = np.flatnonzero(found[1:] < found[:-1]) + 1
    if len(back):
        at = int(back[0])
        raise FormatError(
            f"{what} must ascend: number {at} (counted from 0) is {found[at]:.9g} s, and the one before it "
            f"{found[at - 1]:.9g} s; {len(back):,} such step{'s' if len(back) > 1 else ''} back. If the clock was started "
            "again there, take what lies before and behind as two streams; if the rows only lie in another order, sort them."
        )
    found.setflags(write=False)
    return found
