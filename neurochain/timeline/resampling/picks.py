"""Picks: which samples stand for other times than their own, planned before any is read."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from neurochain.errors import ShapeError
from neurochain.timeline.intervals.edges import Bools
from neurochain.timeline.intervals.times import Times, ascending, rounding, times_of

__all__ = ["Method", "Picks", "picks", "sampled"]

Method = Literal["nearest", "previous", "linear"]
METHODS = ("nearest", "previous", "linear")
SAME = 1e-6  # of a period: times nearer than this count as one, since both were computed
Indices = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, eq=False)
class Picks:
    """Samples that give the values at some times. Made by `picks`.

    Attributes
    ----------
    samples : ndarray, shape (n,), int64
        Of each time, by number; with `weights`, the one before it. Any where `mask` is false.
    weights : ndarray, shape (n,), float64, or None
        Of the sample behind, from 0 to below 1; None where samples are taken as they are.
    mask : ndarray, shape (n,), bool
        Whether there is a value.
    """

    samples: Indices
    weights: Times | None
    mask: Bools

    @property
    def needed(self) -> Indices:
        """Numbers of the samples that must be read, ascending.

        Examples
        --------
        >>> picks([0.0, 0.1, 0.2, 0.3], [0.02, 0.25], "nearest").needed
        array([0, 2])
        """
        return np.unique(self._used())

    @property
    def span(self) -> tuple[int, int]:
        """Samples [first, last) among which all those lie; (0, 0) where none is needed."""
        used = self._used()
        return (int(used.min()), int(used.max()) + 1) if len(used) else (0, 0)

    def of(self, values: Any, first: int = 0) -> tuple[np.ndarray[Any, Any], Bools]:
        """Values at the times.

        Parameters
        ----------
        values : array_like, shape (n_samples, …)
            Samples, those that are `needed` at least.
        first : int
            Number of the first of them.

        Returns
        -------
        values : ndarray, shape (n, …)
            Where there is none: NaN of floats, NaT of dates, else 0, False or empty.
        mask : ndarray, shape (n,), bool

        Raises
        ------
        ShapeError
            A sample that is needed is not among them.
        TypeError
            What lies between two values that are no numbers is asked for.
        """
        array = np.asarray(values)
        start, end = self.span
        if start < end and not first <= start < end <= first + len(array):
            raise ShapeError(
                f"Samples {start} to {end - 1} are needed, and {len(array)} from number {first} are given."
            )
        rows = self.samples - first
        if self.weights is None:
            return _taken(array, rows, self.mask, array.dtype), self.mask
        if array.dtype.kind not in "biufc":
            raise TypeError(
                f"Between values of dtype {array.dtype} there are none. Take method='previous' or 'nearest'."
            )
        floats = (
            array.dtype if array.dtype.kind in "fc" and array.dtype.itemsize > 2 else np.dtype(np.float64)
        )
        found = _taken(array, rows, self.mask, floats)
        between = self.mask & (self.weights > 0)
        share = self.weights[between].reshape(-1, *[1] * (array.ndim - 1))
        found[between] = found[between] * (1 - share) + array[rows[between] + 1] * share
        return found, self.mask

    def _used(self) -> Indices:
        found = self.samples[self.mask]
        if self.weights is None:
            return found
        return np.concatenate([found, self.samples[self.mask & (self.weights > 0)] + 1])


def sampled(
    values: Any,
    times: Any,
    at: Any,
    method: Method = "nearest",
    longest_gap: float | None = None,
    end: float | None = None,
    period: float | None = None,
) -> tuple[np.ndarray[Any, Any], Bools]:
    """Values at other times than those at which they were taken.

    Parameters
    ----------
    values : array_like, shape (n_samples, …)
        Time is the first axis. Recordings have it last: ``recording.read().T``.
    times : array_like, shape (n_samples,), seconds
        Of each sample, ascending.
    at : array_like, shape (n,), seconds
        Where values are wanted.
    method, longest_gap, end, period
        As of `picks`.

    Returns
    -------
    values : ndarray, shape (n, …)
        Of the dtype of `values`; with ``"linear"``, float64, or of the dtype of `values` if these are float32 or complex. Where
        there is no value: NaN of floats, else 0, False or empty.
    mask : ndarray, shape (n,), bool
        Whether there is a value.

    Raises
    ------
    ShapeError
        There is not one time for each sample.
    TypeError, ValueError
        As `picks`; or values that are no numbers, with ``"linear"``.

    Examples
    --------
    >>> sampled([10, 20, 40], [0.0, 1.0, 2.0], [-0.5, 0.5, 1.75], "linear")
    (array([nan, 15., 35.]), array([False,  True,  True]))
    >>> sampled([10, 20, 40], [0.0, 1.0, 2.0], [0.5, 1.75, 3.0], "previous")
    (array([10, 20,  0]), array([ True,  True, False]))
    """
    array, known = np.asarray(values), np.asarray(times)
    if array.ndim == 0 or array.shape[:1] != known.shape:
        raise ShapeError(
            f"sampled(): values of shape {array.shape} and times of shape {known.shape}. "
            "Time is the first axis, and each sample has one."
        )
    return picks(known, at, method, longest_gap, end, period).of(array)


def picks(
    times: Any,
    at: Any,
    method: Method = "nearest",
    longest_gap: float | None = None,
    end: float | None = None,
    period: float | None = None,
) -> Picks:
    """Plan which samples give the values at some times; no values are needed for it.

    A sample stands for the times [its own, its own + period). Nothing has a value before the first sample, or before the first
    one behind a gap. Times that differ by less than a millionth of a period count as one.

    Parameters
    ----------
    times : array_like, shape (n_samples,), seconds
        Ascending; of several that are equal, the last sample counts.
    at : array_like, shape (n,), seconds
        In any order.
    method : str
        ``"nearest"``: of two samples that are equally far the earlier; behind the last one and ahead of a gap, within half a
        period. ``"previous"``: the last sample so far; ahead of a gap it holds for one period, at the end until `end`.
        ``"linear"``: on the line between the samples before and behind; none in a gap or behind the last.
    longest_gap : float, seconds, optional
        Samples further apart have a gap between them. Without, there are no gaps.
    end : float, seconds, optional
        Where the last sample's time ends, for all methods; for ``"previous"`` one period behind it by default.
    period : float, seconds, optional
        How long one sample stands for; by default the median of their distances. Say it where parts of one stream are sampled one
        by one, so that all of them agree.

    Raises
    ------
    TypeError
        Times are no numbers.
    ValueError
        A time is NaN; times do not ascend; `end` is before the last; a length that is not positive; no such method.

    Examples
    --------
    >>> plan = picks([0.0, 0.1, 0.2, 1.0, 1.1], [0.04, 0.19, 0.6, 1.05], "nearest", longest_gap=0.5)
    >>> plan.samples[plan.mask], plan.mask
    (array([0, 2, 3]), array([ True,  True, False,  True]))
    """
    known, wanted = ascending(times, f"{method}, times"), times_of(at, f"{method}, at")
    _check(method, longest_gap, end, period, known)
    if not len(known):
        nothing = np.zeros(len(wanted), np.int64)
        return Picks(nothing, np.zeros(len(wanted)) if method == "linear" else None, nothing.astype(bool))
    if period is None:
        period = float(np.median(np.diff(known))) if len(known) > 1 else 0.0
    slack = SAME * period + rounding(known[[0, -1]], wanted)
    last = len(known) - 1
    samples = np.searchsorted(known, wanted + slack, side="right") - 1
    mask = samples >= 0
    samples = np.maximum(samples, 0)
    since = np.maximum(wanted - known[samples], 0.0)
    apart = known[np.minimum(samples + 1, last)] - known[samples]
    alone = samples == last  # no sample follows without a gap
    if longest_gap is not None:
        alone |= apart > longest_gap + slack
    weights = None
    if method == "linear":
        mask &= ~alone | (since <= slack)
        weights = np.divide(since, apart, out=np.zeros(len(since)), where=~alone & (apart > 0))
        weights[weights * apart <= rounding(known[[0, -1]], wanted)] = 0.0
    elif method == "nearest":
        mask &= ~alone | (since <= period / 2 + slack)
        samples = samples + (~alone & (since > apart / 2 + slack))
    else:
        holds = np.where(samples == last, end - known[-1], period) if end is not None else period
        mask &= ~alone | (since < holds - slack) | (since <= slack)
    if end is not None:
        mask &= wanted < end - slack
    return Picks(samples.astype(np.int64), weights, mask)


def _check(
    method: str, longest_gap: float | None, end: float | None, period: float | None, times: Times
) -> None:
    if method not in METHODS:
        raise ValueError(f"method={method!r}: there are {', '.join(map(repr, METHODS))}.")
    for name, length in (("longest_gap", longest_gap), ("period", period)):
        if length is not None and not 0 < length < math.inf:
            raise ValueError(f"{name}={length!r}: a length of time is positive.")
    if end is not None and len(times) and not times[-1] <= end:
        raise ValueError(f"end={end!r}: the last sample is at {times[-1]:g} s, and its time ends behind it.")


def _taken(
    array: np.ndarray[Any, Any], rows: Indices, mask: Bools, dtype: np.dtype[Any]
) -> np.ndarray[Any, Any]:
    """Rows of an array, in memory of their own; where the mask is false, no value."""
    if mask.all():
        return array[rows].astype(dtype, copy=False)
    found = np.zeros((len(rows), *array.shape[1:]), dtype)
    found[mask] = array[rows[mask]]
    if dtype.kind in "fcmM":
        found[~mask] = np.nan if dtype.kind in "fc" else np.array("NaT", dtype)
    return found
