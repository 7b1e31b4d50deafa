"""Trials: windows of time, one around each event or one after the other."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, overload

import numpy as np
import polars as pl

from neurochain.errors import ShapeError
from neurochain.timeline.intervals.edges import Bools
from neurochain.timeline.intervals.intervals import Intervals
from neurochain.timeline.intervals.times import Times, exact, rounding, spaced, times_of

__all__ = ["Numbers", "Trials", "trials_around", "trials_every"]

Numbers = np.ndarray[Any, np.dtype[np.int64]]

COMPUTED = 1e-9  # seconds by which an end that was computed may be off


@dataclass(frozen=True, eq=False, repr=False)
class Trials:
    """Windows [start, end) that keep their order and may overlap. Made by `trials_around`, `trials_every` or `Trials.of`.

    Attributes
    ----------
    starts, ends : ndarray, shape (n,), float64, seconds
    events : ndarray, shape (n,), float64, seconds
        The time that each is about: of its event, else its start.
    numbers : ndarray, shape (n,), int64
        Of each in what it was made from: trials that are left out leave the numbers of the others as they are.
    whole : ndarray, shape (n,), bool
        False where a trial reaches out of the times that there are.

    Examples
    --------
    >>> trials = trials_around([1.0, 4.0, 9.5], before=0.5, after=1.0, span=(0, 10))
    >>> trials
    <Trials (2, 1.5 s each) in [0.5, 5) s>
    >>> list(trials), trials.numbers
    ([(0.5, 2.0), (3.5, 5.0)], array([0, 1]))
    """

    starts: Times
    ends: Times
    events: Times
    numbers: Numbers
    whole: Bools

    @classmethod
    def of(
        cls, starts: Any, ends: Any, events: Any = None, numbers: Any = None, whole: Any = None
    ) -> "Trials":
        """Trials from their starts and ends.

        Parameters
        ----------
        starts, ends : array_like, shape (n,), seconds
            Of each.
        events, numbers, whole : array_like, shape (n,), optional
            The starts, 0, 1, …, and true by default.

        Raises
        ------
        ValueError
            A time is NaN or infinite, or an end is not behind its start; the message says in which row.
        ShapeError
            There are not as many of each.

        Examples
        --------
        >>> Trials.of([0, 1], [2, 4])
        <Trials (2, 2 s to 3 s each) in [0, 4) s>
        """
        begins, behind = times_of(starts, "Trials.of(), starts"), times_of(ends, "Trials.of(), ends")
        columns = [
            begins,
            behind,
            begins if events is None else times_of(events, "Trials.of(), events"),
            np.arange(len(begins)) if numbers is None else np.asarray(numbers),
            np.ones(len(begins), bool) if whole is None else np.asarray(whole),
        ]
        lengths = [len(column) for column in columns]
        if len(set(lengths)) > 1:
            raise ShapeError(
                "Trials.of(): there are {} starts, {} ends, {} events, {} numbers, {} marks. Give as many of each.".format(
                    *lengths
                )
            )
        wrong = behind <= begins
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ValueError(
                f"Trials.of(): row {row} is [{begins[row]:g}, {behind[row]:g}), which has no time in it "
                f"({int(wrong.sum())} of {len(begins)} such). Leave it out."
            )
        kinds = (np.float64, np.float64, np.float64, np.int64, np.bool_)
        arrays: list[Any] = [np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
        for array in arrays:
            array.setflags(write=False)
        return cls(*arrays)

    @property
    def durations(self) -> Times:
        """Of each, seconds."""
        return self.ends - self.starts

    def inside(self, times: Intervals) -> "Trials":
        """Those that lie wholly in one of the intervals: reach over no gap, no artefact.

        Parameters
        ----------
        times : Intervals
            What may be used.

        Examples
        --------
        >>> trials_every(0, 10, 2).inside(Intervals([(0, 4.5), (5, 10)])).numbers
        array([0, 1, 3, 4])
        """
        return self[times.holds(self.starts, self.ends)]

    def to_frame(self) -> pl.DataFrame:
        """Polars frame with the columns ``number``, ``start``, ``end``, ``event`` and ``whole``, a row for each."""
        columns = {
            "number": self.numbers,
            "start": self.starts,
            "end": self.ends,
            "event": self.events,
            "whole": self.whole,
        }
        return pl.DataFrame({name: column.copy() for name, column in columns.items()})

    def __len__(self) -> int:
        return len(self.starts)

    def __iter__(self) -> Iterator[tuple[float, float]]:
        return zip(self.starts.tolist(), self.ends.tolist(), strict=True)

    @overload
    def __getitem__(self, index: int) -> tuple[float, float]: ...

    @overload
    def __getitem__(self, index: slice | Sequence[int] | np.ndarray[Any, Any]) -> "Trials": ...

    def __getitem__(self, index: Any) -> Any:
        if np.ndim(self.starts[index]) == 0:
            return float(self.starts[index]), float(self.ends[index])
        return Trials.of(*(column[index] for column in self._columns))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Trials):
            return NotImplemented
        return all(np.array_equal(a, b) for a, b in zip(self._columns, other._columns, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(column.tobytes() for column in self._columns))

    def __reduce__(self) -> tuple[Any, ...]:
        return Trials.of, self._columns

    def __repr__(self) -> str:
        if not len(self):
            return "<Trials (none)>"
        least, most = f"{self.durations.min():g} s", f"{self.durations.max():g} s"
        each = least if least == most else f"{least} to {most}"
        out = len(self) - int(self.whole.sum())
        said = f", {out} not whole" if out else ""
        return f"<Trials ({len(self)}, {each} each{said}) in [{self.starts.min():g}, {self.ends.max():g}) s>"

    @property
    def _columns(self) -> tuple[Any, ...]:
        return self.starts, self.ends, self.events, self.numbers, self.whole


def trials_around(
    events: Any,
    before: float,
    after: float,
    span: "Intervals | tuple[float, float] | None" = None,
    edges: Literal["drop", "keep", "error"] = "drop",
) -> Trials:
    """Windows around events: [event - before, event + after).

    Parameters
    ----------
    events : array_like, shape (n,), seconds
        In any order, which stays.
    before, after : float, seconds
        How much earlier a window begins, how much later it ends; negative for windows that lie behind or ahead of the event.
    span : Intervals or (float, float), seconds, optional
        The times that there are; all by default.
    edges : str
        What becomes of a window that does not lie wholly in one interval of `span`: ``"drop"`` leaves it out, ``"keep"``
        marks it in `Trials.whole`, ``"error"`` refuses.

    Returns
    -------
    Trials
        `Trials.numbers` are the rows of the events.

    Raises
    ------
    ValueError
        An event is NaN; the windows have no length; `edges` is none of these.
    ShapeError
        With ``edges="error"``: a window reaches out of `span`.

    Examples
    --------
    >>> trials_around([0.25, 5], before=0.5, after=1, span=(0, 10), edges="keep").whole
    array([False,  True])
    """
    times = times_of(events, "trials_around(), events")
    if not (math.isfinite(before) and math.isfinite(after) and before + after > 0):
        raise ValueError(
            f"trials_around(before={before!r}, after={after!r}): a window goes from event - before to event + after, "
            "and must have a length."
        )
    if edges not in ("drop", "keep", "error"):
        raise ValueError(f"trials_around(edges={edges!r}): there are 'drop', 'keep' and 'error'.")
    trials = Trials.of(times - before, times + after, times)
    if span is None:
        return trials
    there = span if isinstance(span, Intervals) else Intervals([span])
    whole = there.holds(trials.starts, trials.ends)
    if edges == "drop":
        return trials[whole]
    if edges == "error" and not whole.all():
        row = int(np.argmin(whole))
        raise ShapeError(
            f"trials_around(): {int((~whole).sum())} of {len(trials)} windows reach out of the times there are, {there!r}. "
            f"The first is of row {row}, [{trials.starts[row]:g}, {trials.ends[row]:g}). "
            "Leave them out with edges='drop', or mark them with edges='keep'."
        )
    return Trials.of(trials.starts, trials.ends, times, whole=whole)


def trials_every(start: float, end: float, seconds: float, step: float | None = None) -> Trials:
    """Windows of equal length one after the other: window k begins at ``start + k * step``.

    The numbers are taken as they are written, and each border is rounded once: windows do not drift, and where `step` is
    `seconds`, each begins exactly where the one before ends.

    Parameters
    ----------
    start, end : float, seconds
        Where the first begins, and what the last does not reach beyond.
    seconds : float, seconds
        Length of each.
    step : float, seconds, optional
        From the start of one to that of the next; `seconds` by default.

    Raises
    ------
    ValueError
        A length that is not positive, or a start behind the end.

    Examples
    --------
    >>> trials_every(0, 1, 0.3, step=0.1)[[0, 3, -1]].to_frame().rows()
    [(0, 0.0, 0.3, 0.0, True), (3, 0.3, 0.6, 0.3, True), (7, 0.7, 1.0, 0.7, True)]
    """
    apart = seconds if step is None else step
    if not (-math.inf < start <= end < math.inf and 0 < seconds < math.inf and 0 < apart < math.inf):
        raise ValueError(
            f"trials_every({start!r}, {end!r}, {seconds!r}, step={step!r}): start comes before end, and lengths are positive."
        )
    first, length, distance = exact(start), exact(seconds), exact(apart)
    slack = max(Fraction(COMPUTED), Fraction(rounding(np.array([start, end], np.float64))))
    count = max(0, math.floor((exact(end) - first - length + slack) / distance) + 1)
    return Trials.of(spaced(first, distance, count), spaced(first + length, distance, count))
