"""Envelope: the smallest and largest values in each of some stretches of time, of samples that never lie in memory together."""

from typing import Any, NamedTuple

import numpy as np

from neurochain.timeline.excerpt import Excerpt
from neurochain.timeline.writing.blocks import AT_ONCE, blocks, row_bytes, rows_of

__all__ = ["Envelope", "envelope"]

Floats = np.ndarray[Any, np.dtype[np.float64]]


class Envelope(NamedTuple):
    """What is drawn of many samples.

    Attributes
    ----------
    edges : ndarray, shape (n + 1,), seconds
        Of the stretches.
    low, high : ndarray, shape (n, n_channels)
        NaN where there are no samples.
    """

    edges: Floats
    low: Floats
    high: Floats


def envelope(excerpt: Excerpt, columns: int) -> Envelope:
    """Envelope of an excerpt whose values have two axes, time first.

    Parameters
    ----------
    excerpt : Excerpt
        Of a recording or a table.
    columns : int
        How many stretches there are.
    """
    edges = np.linspace(excerpt.start, excerpt.end, columns + 1)
    shape = columns, excerpt.shape[1]
    low, high = np.full(shape, np.inf), np.full(shape, -np.inf)
    for part in blocks(excerpt, rows_of(row_bytes(excerpt), AT_ONCE)):
        known = np.isfinite(part.time)
        values, times = np.asarray(part.read(), np.float64)[known], part.time[known]
        if not len(values):
            continue
        at = np.clip(np.searchsorted(edges, times, side="right") - 1, 0, columns - 1)
        firsts = np.flatnonzero(np.diff(at, prepend=-1))
        low[at[firsts]] = np.minimum(low[at[firsts]], np.fmin.reduceat(values, firsts))
        high[at[firsts]] = np.maximum(high[at[firsts]], np.fmax.reduceat(values, firsts))
    empty = low > high
    low[empty] = high[empty] = np.nan
    return Envelope(edges, low, high)
