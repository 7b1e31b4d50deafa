"""Stretches: where samples that were numbered while they were recorded follow one another without gap."""

from typing import Any

import numpy as np

from neurochain.formats.recordings.gaps import Segments

__all__ = ["Integers", "stretches"]


Integers = np.ndarray[Any, np.dtype[np.int64]]


def stretches(firsts: Integers, counts: Integers | int, rate: float) -> Segments:
    """Times of the stretches without gaps, from the first sample on.

    Parameters
    ----------
    firsts : ndarray of int64, shape (n_blocks,)
        Number of the first sample of each block.
    counts : ndarray of int64, or int
        Samples of each block.
    rate : float, Hz
        Samples in a second.

    Examples
    --------
    >>> stretches(np.array([100, 110, 150]), 10, 10.0)
    ((0.0, 2.0), (5.0, 6.0))
    """
    if not len(firsts):
        return ()
    ends = firsts + counts
    breaks = np.flatnonzero(firsts[1:] != ends[:-1]) + 1
    begin = firsts[np.concatenate([[0], breaks])] - firsts[0]
    stop = ends[np.concatenate([breaks - 1, [len(firsts) - 1]])] - firsts[0]
    return tuple(zip((begin / rate).tolist(), (stop / rate).tolist(), strict=True))
