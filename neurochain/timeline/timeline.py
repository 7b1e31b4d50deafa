"""Timeline: streams of several devices on one clock."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import polars as pl

from neurochain.chain.chain import Chain
from neurochain.chain.progress import Progress
from neurochain.errors import ColumnNotFoundError, ShapeError, suggestion
from neurochain.timeline.excerpt import Excerpt
from neurochain.timeline.exports import Exports
from neurochain.timeline.filters.filter import Filter
from neurochain.timeline.intervals.intervals import Intervals
from neurochain.timeline.intervals.trials import trials_every
from neurochain.timeline.picture.figure import draw
from neurochain.timeline.picture.overview import timeline_html
from neurochain.timeline.sieves import laid
from neurochain.timeline.streams.sampled import SampledStream
from neurochain.timeline.streams.stream import Floats, Stream
from neurochain.timeline.streams.tabled import TabledStream
from neurochain.timeline.streams.timecolumn import times_of
from neurochain.timeline.trialrows import TrialRows
from neurochain.timeline.window import Window
from neurochain.timeline.writing.description import description

__all__ = ["Timeline"]

Edges = Literal["error", "drop", "cut"]
SLACK = 1e-6  # seconds by which a window may reach over an end, as rounding has it


@dataclass(frozen=True, eq=False)
class Timeline(Exports):
    """Streams of several devices on one clock. Made by `timeline`; `sync`, `move` and `where` give another one.

    The common clock is that of the first stream, unless that is linked to another. A stream that was neither synced nor
    moved is taken to be on the common clock, and `is_synced` says that nobody has shown it.

    Attributes
    ----------
    streams : mapping of str to Stream
    links : Links
        What is known of their clocks.
    filters : mapping of str to Filter
        Which values of a stream count.

    Examples
    --------
    >>> import neurochain as nc
    >>> t = nc.timeline(lfp=nc.Recording.of(np.zeros((2, 5000)), 1000.0), licks=[0.5, 3.25])
    >>> t
    <Timeline of 2 streams, [0, 5) s: lfp, licks>
    >>> t.window(3, 3.5)["licks"].time
    array([3.25])
    """

    def where(self, text: str, stream: str | None = None) -> "Timeline":
        """Say which values count: windows get a mask.

        Parameters
        ----------
        text : str
            A condition: ``"signal > 0.8"``, ``"abs(signal) > 3*std and channel in [1, 2]"``, ``"-0.5 <= velocity < 2"``.
        stream : str, optional
            Of which stream; by default of all recordings, or of the streams that have the columns it names.

        Raises
        ------
        ExpressionError
            It is no condition; the message says where.
        ColumnNotFoundError
            No stream has what it names.
        """
        found = Filter.of(text)
        if stream is not None:
            self[stream]
            names = [stream]
        else:
            names = [name for name, one in self.streams.items() if _suits(found, one)]
            if not names:
                have = {label for one in self.streams.values() for label in one.labels}
                what = ", ".join(map(repr, found.labels)) or "samples of channels"
                raise ColumnNotFoundError(
                    f"where({text!r}): no stream has {what}. {suggestion((found.labels or ('',))[0], sorted(have))} "
                    "A video or a scan is named: where(…, stream='…')."
                )
        return replace(self, filters={**self.filters, **dict.fromkeys(names, found)})

    def when(self, text: str, stream: str, over: Literal["any", "all"] = "any") -> Intervals:
        """Times at which a condition holds of a recording, found in one pass over it; no mask is kept.

        Parameters
        ----------
        text : str
            As of `where`.
        stream : str
            A recording.
        over : {"any", "all"}
            In any of the channels, or in all of them.

        Returns
        -------
        Intervals
            On the common clock; a sample holds until the next one.

        Raises
        ------
        ExpressionError
            It is no condition, or names what the recording has not.
        ShapeError
            The stream is no recording.

        Examples
        --------
        >>> import neurochain as nc
        >>> t = nc.timeline(lfp=nc.Recording.of([[0.0, 2, 2, 0, 3]], 10.0))
        >>> list(t.when("signal > 1", "lfp"))
        [(0.1, 0.3), (0.4, 0.5)]
        """
        one = self[stream]
        if not isinstance(one, SampledStream):
            raise ShapeError(
                f"when(…, stream={stream!r}): it holds {one.kind}; a recording is needed. windows of it have masks."
            )
        sieve, label = laid(Filter.of(text), one, self.map(stream)), over
        with Progress().step(f"filter {one.name}", sieve.to_read, unit="samples") as step:
            runs = sieve.runs(over, lambda done: step.advance(done - step.rows))
        return Intervals(runs.times(label))

    def window(self, start: float, end: float) -> Window:
        """What all streams recorded in the times [start, end); nothing is read yet.

        Parameters
        ----------
        start, end : float, seconds
            On the common clock, within `span`.

        Raises
        ------
        ShapeError
            It does not lie within the streams' overlap; the message says when that is.
        """
        first, last = self.span
        if not first - SLACK <= start < end <= last + SLACK:
            raise ShapeError(
                f"window({start:g}, {end:g}): all streams together were recorded in [{first:.10g}, {last:.10g}) s "
                f"({self._spans()}). Ask for [start, end) within it."
            )
        return Window(self._excerpts(start, end), start, end)

    def around(self, times: Any, before: float, after: float, edges: Edges = "error") -> list[Window]:
        """Windows around instants; nothing is read yet.

        Parameters
        ----------
        times : array_like, seconds, or str
            On the common clock; ``"events.onset"`` is a column of a table.
        before, after : float, seconds
            Of each instant: [t - before, t + after).
        edges : {"error", "drop", "cut"}
            What becomes of a window that reaches out of the streams' overlap. One that lies outside as a whole is an error,
            or is dropped.

        Raises
        ------
        ShapeError
            A window reaches out of the overlap; the message says when that is.
        """
        instants = self._instants(times)
        return [self.window(start, end) for _, start, end in self._spread(instants, before, after, edges)]

    def windows(
        self,
        around: Any = None,
        *,
        before: float | None = None,
        after: float | None = None,
        seconds: float | None = None,
        step: float | None = None,
        edges: Edges = "drop",
        within: Intervals | None = None,
    ) -> Chain:
        """A chain of windows, one row each: around events, or one after the other.

        Parameters
        ----------
        around : str or array_like, seconds, optional
            ``"events.onset"``: a column of a table; its other columns stand in the rows. Else times on the common clock.
        before, after : float, seconds
            Of each event.
        seconds : float, optional
            Length of windows that follow each other, where no events are given.
        step : float, seconds, optional
            From the start of one to that of the next; `seconds` by default.
        edges : {"drop", "error", "cut"}
            What becomes of a window that reaches out of the streams' overlap.
        within : Intervals, optional
            Only windows that lie wholly in one of these times: a part of `split`, or what is `covered`, or without artefacts.

        Returns
        -------
        Chain
            Columns: ``trial`` (number of the event), ``start``, ``end`` (s), ``event`` (s), those of the events' table, and an
            `Excerpt` for each other stream: ``trials.map(rate=lambda ephys: ephys.read().mean())``.

        Raises
        ------
        ShapeError
            There are no windows, or one reaches out of the overlap.

        Examples
        --------
        >>> import neurochain as nc
        >>> t = nc.timeline(lfp=nc.Recording.of(np.arange(40.0)[None], 10.0), events={"onset": [1.0, 2.0], "side": ["l", "r"]})
        >>> trials = t.windows(around="events.onset", before=0.1, after=0.2)
        >>> trials.map(mean=lambda lfp: lfp.read().mean()).select("side", "mean").collect().rows()
        [('l', 10.0), ('r', 20.0)]
        """
        table, instants = None, None
        if around is None:
            if seconds is None or before is not None or after is not None:
                raise ValueError("windows(): give around=…, before=… and after=…, or seconds=… (and step=…).")
            found = [(i, s, e) for i, (s, e) in enumerate(trials_every(*self.span, seconds, step))]
        else:
            if seconds is not None or step is not None or before is None or after is None:
                raise ValueError(
                    "windows(around=…): give before=… and after=…, and neither seconds nor step."
                )
            instants = self._instants(around)
            found = self._spread(instants, before, after, edges)
            table = around.partition(".")[0] if isinstance(around, str) else None
        if within is not None:
            inside = within.holds([start for _, start, _ in found], [end for _, _, end in found])
            found = [one for one, holds in zip(found, inside.tolist(), strict=True) if holds]
        if not found:
            first, last = self.span
            also = "" if within is None else ", and of within"
            raise ShapeError(
                f"windows(): none lies in the times [{first:.10g}, {last:.10g}) s of all streams{also}."
            )
        columns: dict[str, Any] = {"trial": [i for i, _, _ in found]}
        if instants is not None:
            columns["event"] = [float(instants[i]) for i, _, _ in found]
        if table is not None:
            rows = self[table].cut(0, self[table].clock.n_samples)
            for name in rows.columns:
                if name not in ("trial", "start", "end", "event", *self.streams):
                    columns[name] = [rows[name][i] for i, _, _ in found]
        shown = [name for name in self.streams if name != table]
        windows = [self._shown(start, end, shown) for _, start, end in found]
        return Chain.of(TrialRows.of(windows, columns, self.to_json()))

    def plot(
        self,
        start: float,
        end: float,
        path: str | os.PathLike[str] | None = None,
        streams: Sequence[str] | None = None,
    ) -> Any:
        """Draw the times [start, end): all streams over one axis, events, and the residuals of what was fitted.

        Parameters
        ----------
        start, end : float, seconds
            On the common clock, within `span`.
        path : str or path, optional
            Where the picture is written: ``.png``, ``.svg`` or ``.pdf``.
        streams : sequence of str, optional
            Those that are drawn; all by default.

        Returns
        -------
        Path or Figure
            Of matplotlib, where no path is given.

        Raises
        ------
        ShapeError
            As `window`.
        MissingExtraError
            matplotlib is not installed.
        """
        window = self.window(start, end)
        return draw(self, window, list(streams) if streams is not None else list(self.streams), path)

    def to_json(self) -> dict[str, Any]:
        """What the timeline is made of, plain JSON: files, clocks with what was fitted, filters."""
        return description(self)

    def _shown(self, start: float, end: float, names: Sequence[str]) -> Window:
        return Window(self._excerpts(start, end, names), start, end)

    def _instants(self, times: Any) -> Floats:
        """Times on the common clock."""
        if not isinstance(times, str):
            return times_of(times, "times of events")[0]
        name, _, column = times.partition(".")
        if not column:
            column = getattr(self[name], "time", None) or "onset"
        return self.map(name)(self._column(name, column))

    def _column(self, name: str, column: str) -> Floats:
        """Column of a table, a row for each of its rows."""
        one = self[name]
        if not isinstance(one, TabledStream):
            return one.line(column)
        if column not in one.source.columns or not one.source[column].dtype.is_numeric():
            raise ColumnNotFoundError(
                f"{one.name} has no column of numbers {column!r}. {suggestion(column, one.lines)}"
            )
        return one.source[column].cast(pl.Float64).fill_null(np.nan).to_numpy()

    def _spread(
        self, instants: Floats, before: float, after: float, edges: Edges
    ) -> list[tuple[int, float, float]]:
        """Windows around instants that can be had, with their numbers."""
        if not (math.isfinite(before) and math.isfinite(after) and before + after > 0):
            raise ValueError(
                f"before={before!r}, after={after!r}: a window [t - before, t + after) has some length."
            )
        first, last = self.span
        found = []
        for i, t in enumerate(instants.tolist()):
            start, end = t - before, t + after
            inside = first - SLACK <= start and end <= last + SLACK
            touches = end > first and start < last
            if inside or (edges == "cut" and touches):
                found.append((i, max(start, first), min(end, last)) if edges == "cut" else (i, start, end))
            elif edges == "error" or (edges == "cut" and math.isfinite(t)):
                raise ShapeError(
                    f"The time {t:.10g} s, with [{start:.10g}, {end:.10g}) around it, {'reaches out of' if touches else 'lies outside'} "
                    f"the times [{first:.10g}, {last:.10g}) s in which all streams were recorded ({self._spans()})."
                )
        return found

    def _excerpts(self, start: float, end: float, names: Sequence[str] | None = None) -> dict[str, Excerpt]:
        found = {}
        for name in self.streams if names is None else names:
            one = self.streams[name]
            to_common = self.map(name)
            first, last = one.between(*to_common.span(start, end))
            first, last = max(first - self._beside, 0), min(last + self._beside, one.clock.n_samples)
            found[name] = Excerpt(one, name, start, end, first, last, to_common, self.filters.get(name))
        return found

    def _repr_html_(self) -> str:
        return timeline_html(self)

    def __repr__(self) -> str:
        try:
            start, end = self.span
            when = f"[{start:g}, {end:g}) s"
        except ShapeError:
            when = "no overlap"
        count = len(self.streams)
        return f"<Timeline of {count} stream{'' if count == 1 else 's'}, {when}: {', '.join(self.streams)}>"


def _suits(found: Filter, one: Stream) -> bool:
    """Whether a condition without a stream's name is meant for a stream."""
    if found.labels:
        return set(found.labels) <= set(one.labels) and one.kind in ("recording", "table", "events")
    return one.kind == "recording"
