"""Edges: the starts and ends of intervals in turn, strictly ascending, as sets of times are kept."""

import math
from typing import Any

import numpy as np

from neurochain.errors import ShapeError
from neurochain.timeline.intervals.times import Times, ascending, times_of

__all__ = ["Bools", "edges_of", "shorter", "turns"]

Bools = np.ndarray[Any, np.dtype[np.bool_]]


def edges_of(starts: Any, ends: Any, what: str) -> Times:
    """Starts and ends in turn of the fewest intervals that hold the same times.

    Examples
    --------
    >>> edges_of([8, 0, 4], [12, 5, 6], "moving")
    array([ 0.,  6.,  8., 12.])
    """
    begins = times_of(starts, f"{what}, starts", infinite=True)
    behind = times_of(ends, f"{what}, ends", infinite=True)
    if len(begins) != len(behind):
        raise ShapeError(f"{what}: {len(begins)} starts and {len(behind)} ends. Give as many of both.")
    wrong = (behind < begins) | (begins == math.inf) | (behind == -math.inf)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"{what}: row {row} is [{begins[row]:g}, {behind[row]:g}), which "
            f"{'ends before it starts' if behind[row] < begins[row] else 'has no time in it'} "
            f"({int(wrong.sum())} of {len(begins)} such). Mend it or leave it out."
        )
    some = begins < behind
    begins, behind = begins[some], behind[some]
    order = np.argsort(begins, kind="stable")
    begins, reach = begins[order], np.maximum.accumulate(behind[order])
    apart = begins[1:] > reach[:-1]  # a new interval begins where none before reaches
    edges = np.empty(2 * (int(apart.sum()) + (len(begins) > 0)))
    edges[0::2] = begins[np.append(True, apart)] if len(begins) else begins
    edges[1::2] = reach[np.append(apart, True)] if len(begins) else reach
    edges += 0.0  # -0.0 becomes 0.0
    edges.setflags(write=False)
    return edges


def turns(mask: Any, edges: Any, what: str) -> Times:
    """Edges at which a mask over samples turns from false to true and back.

    Examples
    --------
    >>> turns([True, True, False], [0, 1, 2, 3], "mask")
    array([0., 2.])
    """
    true = np.asarray(mask)
    if true.dtype != np.bool_:
        raise TypeError(f"{what}: a mask is of bool, and this is of {true.dtype}.")
    borders = ascending(edges, f"{what}, edges", strictly=True)
    if true.ndim != 1 or len(borders) != len(true) + 1:
        raise ShapeError(
            f"{what}: a mask of shape {true.shape} and {len(borders)} edges. "
            "There is one edge more than samples: the end of the last."
        )
    return borders[np.flatnonzero(np.diff(true, prepend=False, append=False))] + 0.0


def shorter(durations: Times, seconds: float, what: str, slack: float) -> Bools:
    """Which durations are below so many seconds, by more than rounding."""
    if not seconds >= 0:
        raise ValueError(f"{what}({seconds!r}): that is no length of time.")
    return np.asarray(durations < seconds - slack)
