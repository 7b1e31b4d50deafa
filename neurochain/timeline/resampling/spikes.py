"""Spike counts: how many events lie in each bin of time."""

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np

from neurochain.errors import ShapeError
from neurochain.timeline.intervals.times import Times, ascending, times_of

__all__ = ["Counts", "Side", "spike_counts", "spike_counts_of"]

Counts = np.ndarray[Any, np.dtype[np.int64]]
Side = Literal["left", "right"]


def spike_counts(times: Any, edges: Any, side: Side = "left") -> Counts:
    """Events in each bin between two edges that follow each other.

    Parameters
    ----------
    times : array_like, shape (n_events,), seconds
        Sorted or not.
    edges : array_like, shape (n_bins + 1,), seconds
        Ascending.
    side : str
        Which edge belongs to a bin. ``"left"``: bins are [edge, next), and an event on an edge belongs to the bin that begins
        there. ``"right"``: (edge, next], and it belongs to the bin that ends there.

    Returns
    -------
    ndarray, shape (n_bins,), int64

    Raises
    ------
    ValueError
        A time is NaN; edges do not ascend; `side` is none of these.
    ShapeError
        There are fewer than two edges.

    Notes
    -----
    Each event is in one bin at most, and counts of adjacent ranges of edges add up. With `numpy.histogram` they do not: its
    last bin holds its right edge too. Times are compared as they are: what differs by rounding is not on the edge.

    Examples
    --------
    >>> events = [0.0, 0.5, 1.0, 2.0]
    >>> spike_counts(events, [0, 1, 2])
    array([2, 1])
    >>> spike_counts(events, [0, 1, 2], side="right")
    array([2, 1])
    >>> np.histogram(events, [0, 1, 2])[0]
    array([2, 2])
    """
    return _counts(times, _edges(edges, side), side)


def spike_counts_of(units: Iterable[Any], edges: Any, side: Side = "left") -> Counts:
    """The same of several units.

    Parameters
    ----------
    units : iterable of array_like, seconds
        Times of the events of each.
    edges : array_like, shape (n_bins + 1,), seconds
        Ascending.
    side : str
        As of `spike_counts`; errors as its.

    Returns
    -------
    ndarray, shape (n_bins, n_units), int64

    Examples
    --------
    >>> spike_counts_of([[0.5, 1.5], [1.1, 1.2]], [0, 1, 2])
    array([[1, 0],
           [1, 2]])
    """
    borders = _edges(edges, side)
    columns = [_counts(times, borders, side) for times in units]
    return np.stack(columns, axis=1) if columns else np.zeros((len(borders) - 1, 0), np.int64)


def _edges(edges: Any, side: str) -> Times:
    if side not in ("left", "right"):
        raise ValueError(f"spike_counts(side={side!r}): there are 'left' and 'right'.")
    borders = ascending(edges, "spike_counts(), edges", strictly=True)
    if len(borders) < 2:
        raise ShapeError(f"spike_counts(): a bin lies between two edges, and there are {len(borders)}.")
    return borders


def _counts(times: Any, edges: Times, side: Side) -> Counts:
    events = times_of(times, "spike_counts(), times")
    if (events[1:] < events[:-1]).any():
        events = np.sort(events)
    # For "left" those ahead of an edge are counted, for "right" those on it too.
    return np.diff(np.searchsorted(events, edges, side=side)).astype(np.int64)
