"""Intervals: a set of times."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, overload

import numpy as np
import polars as pl

from neurochain.errors import ShapeError
from neurochain.timeline.intervals.edges import Bools, edges_of, shorter, turns
from neurochain.timeline.intervals.times import Times, rounding, times_of

__all__ = ["Intervals"]


class Intervals:
    """A set of times: intervals [start, end) in seconds, ascending, that neither touch nor overlap. Immutable.

    Sets of times are combined as sets are: ``a & b`` are the times in both, ``a | b`` in either, ``a - b`` in `a` alone,
    ``a ^ b`` in one alone; ``a <= b`` asks whether all times of `a` are in `b`. Two are equal where they hold the same
    times. An interval may begin at minus infinity and end at infinity.

    Parameters
    ----------
    pairs : iterable of (float, float), or array_like, shape (n, 2), seconds
        Start and end of each, in any order. Those that touch or overlap become one, empty ones vanish.

    Raises
    ------
    ValueError
        A time is NaN, or an end is before its start; the message says in which row.
    ShapeError
        They are no pairs.
    TypeError
        They are no numbers.

    Examples
    --------
    >>> moving = Intervals([(8, 12), (0, 5), (4, 6)])
    >>> moving
    <Intervals (2, 10 s) in [0, 12) s>
    >>> list(moving - Intervals([(1, 9)]))
    [(0.0, 1.0), (9.0, 12.0)]
    >>> 6.0 in moving, 8.0 in moving
    (False, True)
    """

    __slots__ = ("_edges",)

    _edges: Times

    def __init__(self, pairs: Any = ()) -> None:
        try:
            found = np.asarray(pairs if hasattr(pairs, "__array__") else list(pairs))
        except ValueError:
            found = np.empty(0, object)  # rows of different lengths
        if not found.size and found.dtype != object:
            found = np.empty((0, 2))
        if found.ndim != 2 or found.shape[1] != 2:
            raise ShapeError("Intervals(): give pairs of a start and an end: Intervals([(0, 2.5), (4, 7)]).")
        self._edges = edges_of(found[:, 0], found[:, 1], "Intervals()")

    @classmethod
    def of(cls, starts: Any, ends: Any) -> "Intervals":
        """Set of times from starts and ends.

        Parameters
        ----------
        starts, ends : array_like, shape (n,), seconds
            As the pairs of `Intervals`; errors as its.

        Examples
        --------
        >>> Intervals.of([0, 8], [6, 12])
        <Intervals (2, 10 s) in [0, 12) s>
        """
        return cls._made(edges_of(starts, ends, "Intervals.of()"))

    @classmethod
    def where(cls, mask: Any, edges: Any) -> "Intervals":
        """Times of the samples at which a mask is true.

        Parameters
        ----------
        mask : array_like, shape (n_samples,), bool
            Of each sample.
        edges : array_like, shape (n_samples + 1,), seconds
            Sample k has the times [edges[k], edges[k + 1]).

        Raises
        ------
        ShapeError
            There is not one edge more than there are samples.
        TypeError
            The mask is not of bool.
        ValueError
            The edges do not ascend.

        Examples
        --------
        >>> list(Intervals.where([True, True, False, True], [0, 0.1, 0.2, 0.3, 0.4]))
        [(0.0, 0.2), (0.3, 0.4)]
        """
        return cls._made(turns(mask, edges, "Intervals.where()"))

    @classmethod
    def from_json(cls, data: Iterable[Sequence[float | None]]) -> "Intervals":
        """Set of times from what `to_json` gave."""
        return cls([(-math.inf if a is None else a, math.inf if b is None else b) for a, b in data])

    @classmethod
    def _made(cls, edges: Times) -> "Intervals":
        found = object.__new__(cls)
        found._edges = edges
        found._edges.setflags(write=False)
        return found

    @property
    def starts(self) -> Times:
        """Of each, seconds."""
        return self._edges[0::2]

    @property
    def ends(self) -> Times:
        """Of each, seconds."""
        return self._edges[1::2]

    @property
    def durations(self) -> Times:
        """Of each, seconds."""
        return self.ends - self.starts

    @property
    def duration(self) -> float:
        """Of all together, seconds."""
        return float(self.durations.sum())

    @property
    def start(self) -> float:
        """Of the first, seconds.

        Raises
        ------
        ShapeError
            There is none.
        """
        return float(self._some()[0])

    @property
    def end(self) -> float:
        """Of the last, seconds; errors as those of `start`."""
        return float(self._some()[-1])

    @property
    def gaps(self) -> "Intervals":
        """What lies between the intervals.

        Examples
        --------
        >>> list(Intervals([(0, 1), (3, 4)]).gaps)
        [(1.0, 3.0)]
        """
        return Intervals._made(self._edges[1:-1])

    def contains(self, times: Any) -> Bools:
        """Which times are in the set.

        Parameters
        ----------
        times : array_like, seconds
            NaN is in no set.

        Returns
        -------
        ndarray, shape of `times`, bool

        Examples
        --------
        >>> Intervals([(0, 1), (3, 4)]).contains([0, 1, 3.5])
        array([ True, False,  True])
        """
        return np.asarray(np.searchsorted(self._edges, np.asarray(times, np.float64), side="right") % 2 == 1)

    def holds(self, starts: Any, ends: Any) -> Bools:
        """Which of these [start, end) lie wholly in one of the intervals, up to what rounding makes of times.

        Parameters
        ----------
        starts, ends : array_like, shape (n,), seconds
            Of each.

        Returns
        -------
        ndarray, shape (n,), bool

        Examples
        --------
        >>> Intervals([(0, 1), (3, 4)]).holds([0, 0.5, 3], [1, 3.5, 3.1])
        array([ True, False,  True])
        """
        begins, behind = times_of(starts, "holds(), starts"), times_of(ends, "holds(), ends")
        slack = rounding(begins, behind)
        first = np.searchsorted(self._edges, begins + slack, side="right")
        last = np.searchsorted(self._edges, behind - slack, side="left")
        return np.asarray((first == last) & (first % 2 == 1))

    def within(self, start: float, end: float) -> "Intervals":
        """The times of the set that are in [start, end).

        Raises
        ------
        ValueError
            `end` is before `start`, or one of them is NaN.

        Examples
        --------
        >>> list(Intervals([(0, 2), (3, 5)]).within(1, 4))
        [(1.0, 2.0), (3.0, 4.0)]
        """
        _check_span("within", start, end)
        first = int(np.searchsorted(self._edges, start, side="right"))
        last = int(np.searchsorted(self._edges, end, side="left"))
        if start == end:
            return Intervals()
        before, behind = ([start] if first % 2 else []), ([end] if last % 2 else [])
        return Intervals._made(np.concatenate([before, self._edges[first:last], behind]) + 0.0)

    def complement(self, start: float = -math.inf, end: float = math.inf) -> "Intervals":
        """The times in [start, end) that are not in the set; errors as those of `within`.

        Examples
        --------
        >>> list(Intervals([(1, 2)]).complement(0, 5))
        [(0.0, 1.0), (2.0, 5.0)]
        >>> list(Intervals([(1, 2)]).complement())
        [(-inf, 1.0), (2.0, inf)]
        """
        _check_span("complement", start, end)
        return Intervals([(start, end)] if start < end else ()) - self

    def coverage(self, start: float | None = None, end: float | None = None) -> float:
        """Share of the times [start, end) that is in the set, from 0 to 1.

        Parameters
        ----------
        start, end : float, seconds, optional
            From the start of the first interval to the end of the last by default.

        Raises
        ------
        ValueError
            [start, end) is empty or endless.
        ShapeError
            It is not given, and the set is empty.

        Examples
        --------
        >>> Intervals([(0, 1), (3, 4)]).coverage()
        0.5
        """
        first, last = self.start if start is None else start, self.end if end is None else end
        if not -math.inf < first < last < math.inf:
            raise ValueError(
                f"coverage({first:g}, {last:g}): of times that are empty or endless it is no number."
            )
        return self.within(first, last).duration / (last - first)

    def widened(self, before: float, after: float | None = None) -> "Intervals":
        """Each interval begun earlier and ended later; those that then touch become one.

        Parameters
        ----------
        before : float, seconds
            How much earlier; if negative, later.
        after : float, seconds, optional
            How much later; as much as `before` by default. What shrinks to nothing vanishes.

        Raises
        ------
        ValueError
            One is NaN or infinite.

        Examples
        --------
        >>> blinks = Intervals([(1, 1.25), (3, 3.5)])
        >>> list(blinks.widened(0.5, 1))
        [(0.5, 2.25), (2.5, 4.5)]
        >>> list(blinks.widened(-0.125))
        [(3.125, 3.375)]
        """
        later = before if after is None else after
        if not (math.isfinite(before) and math.isfinite(later)):
            raise ValueError(f"widened({before!r}, {after!r}): both are finite numbers of seconds.")
        starts, ends = self.starts - before, self.ends + later
        some = starts < ends
        return Intervals.of(starts[some], ends[some])

    def joined(self, gap: float) -> "Intervals":
        """Close the gaps that are shorter than `gap` seconds.

        Examples
        --------
        >>> list(Intervals([(0, 1), (1.5, 2), (4, 5)]).joined(2))
        [(0.0, 2.0), (4.0, 5.0)]
        """
        keep = np.ones(len(self._edges), bool)
        keep[1:-1] = np.repeat(~shorter(self.gaps.durations, gap, "joined", rounding(self._edges)), 2)
        return Intervals._made(self._edges[keep])

    def at_least(self, seconds: float) -> "Intervals":
        """Those that are not shorter than so many seconds: what `joined` does, done to the gaps.

        Examples
        --------
        >>> list(Intervals([(0, 1), (1.5, 2), (4, 5)]).at_least(1))
        [(0.0, 1.0), (4.0, 5.0)]
        """
        keep = ~shorter(self.durations, seconds, "at_least", rounding(self._edges))
        return Intervals._made(self._edges[np.repeat(keep, 2)])

    def to_json(self) -> list[list[float | None]]:
        """Pairs of start and end, for JSON; null where there is none."""
        return [[t if math.isfinite(t) else None for t in pair] for pair in self]

    def to_frame(self) -> pl.DataFrame:
        """Polars frame with the columns ``start`` and ``end``."""
        return pl.DataFrame({"start": self.starts.copy(), "end": self.ends.copy()})

    def __and__(self, other: object) -> "Intervals":
        return self._combined(other, np.logical_and)

    def __or__(self, other: object) -> "Intervals":
        return self._combined(other, np.logical_or)

    def __sub__(self, other: object) -> "Intervals":
        return self._combined(other, np.greater)

    def __xor__(self, other: object) -> "Intervals":
        return self._combined(other, np.logical_xor)

    def __le__(self, other: object) -> bool:
        return not self - other if isinstance(other, Intervals) else NotImplemented

    def __eq__(self, other: object) -> bool:
        return np.array_equal(self._edges, other._edges) if isinstance(other, Intervals) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._edges.tobytes())

    def __contains__(self, time: Any) -> bool:
        return bool(self.contains(float(time)))

    def __len__(self) -> int:
        return len(self._edges) // 2

    def __iter__(self) -> Iterator[tuple[float, float]]:
        return zip(self.starts.tolist(), self.ends.tolist(), strict=True)

    @overload
    def __getitem__(self, index: int) -> tuple[float, float]: ...

    @overload
    def __getitem__(self, index: slice | Sequence[int] | np.ndarray[Any, Any]) -> "Intervals": ...

    def __getitem__(self, index: Any) -> Any:
        starts, ends = self.starts[index], self.ends[index]
        if np.ndim(starts) == 0:
            return float(starts), float(ends)
        return Intervals.of(starts, ends)

    def __reduce__(self) -> tuple[Any, ...]:
        return Intervals, (self._edges.reshape(-1, 2),)

    def __repr__(self) -> str:
        if not self:
            return "<Intervals (none)>"
        return f"<Intervals ({len(self)}, {self.duration:g} s) in [{self.start:g}, {self.end:g}) s>"

    def _some(self) -> Times:
        if not self:
            raise ShapeError("A set of no times has neither start nor end. Ask for len(intervals) first.")
        return self._edges

    def _combined(self, other: object, keep: Callable[..., Any]) -> "Intervals":
        """Times of which `keep` says so, from whether they are in this set and in the other."""
        if not isinstance(other, Intervals):
            raise TypeError(
                f"Intervals are combined with Intervals, and this is of type {type(other).__name__}: give Intervals(…)."
            )
        edges = np.union1d(self._edges, other._edges)
        # Between two edges that follow each other, a time is in a set where the first of them is.
        inside = keep(self.contains(edges), other.contains(edges))
        return Intervals._made(edges[np.flatnonzero(np.diff(inside, prepend=False))])


def _check_span(what: str, start: float, end: float) -> None:
    if not start <= end:
        raise ValueError(f"{what}({start!r}, {end!r}): a start comes before its end.")
