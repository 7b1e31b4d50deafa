"""Clocked: streams, and what is known of how their clocks lie to each other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

import numpy as np

from neurochain.errors import ColumnNotFoundError, FormatError, ShapeError, suggestion
from neurochain.timeline.clocks.clockmap import ClockMap
from neurochain.timeline.clocks.evenclock import EvenClock
from neurochain.timeline.clocks.fitting import fit_clock
from neurochain.timeline.intervals.intervals import Intervals
from neurochain.timeline.intervals.splits import split_times
from neurochain.timeline.links import Link, Links, worst
from neurochain.timeline.streams.stream import Floats, Stream
from neurochain.timeline.streams.timecolumn import times_of

__all__ = ["Clocked"]


@dataclass(frozen=True, eq=False)
class Clocked(Mapping[str, Stream]):
    """Streams by name, and the links between their clocks.

    Attributes
    ----------
    streams : mapping of str to Stream
    links : Links
        What is known of their clocks.
    """

    streams: Mapping[str, Stream]
    links: Links = field(default_factory=lambda: Links({}))

    def __getitem__(self, name: str) -> Stream:
        if name not in self.streams:
            raise ColumnNotFoundError(
                f"The timeline has no stream {name!r}. {suggestion(name, self.streams)}"
            )
        return self.streams[name]

    def __contains__(self, name: object) -> bool:
        return name in self.streams  # what is missing is no KeyError here, as a Mapping expects

    def __iter__(self) -> Iterator[str]:
        return iter(self.streams)

    def __len__(self) -> int:
        return len(self.streams)

    def map(self, name: str) -> ClockMap:
        """From a stream's own clock to the common one."""
        self[name]
        return self.links.to_common(name)

    def is_synced(self, name: str) -> bool:
        """Whether pulses, or somebody, has said how a stream's clock lies to the common one."""
        return name == self.clock or bool(self.links.path(name))

    @property
    def clock(self) -> str:
        """Name of the stream whose clock is the common one."""
        first = next(iter(self.streams))
        path = self.links.path(first)
        return path[-1].to if path else first

    def span_of(self, name: str) -> tuple[float, float]:
        """Times [start, end) of a stream on the common clock, seconds."""
        own, found = self[name].clock, self.map(name)
        start, end = (float(v) for v in found(np.array([own.start, own.end])))
        return start, end

    @property
    def span(self) -> tuple[float, float]:
        """Times [start, end) in which all streams were recorded, seconds; events do not count.

        Raises
        ------
        ShapeError
            There are none; the message says when each was.
        """
        bounded = [name for name, one in self.streams.items() if one.is_bounded]
        spans = [self.span_of(name) for name in bounded or self.streams]
        start, end = max(s for s, _ in spans), min(e for _, e in spans)
        if not start < end:
            raise ShapeError(
                f"The streams do not overlap in time: {self._spans()}. Sync their clocks: timeline.sync(…), or say what lies between: timeline.move(…)."
            )
        return start, end

    def covered(self, *names: str) -> Intervals:
        """Times in which some streams were all recorded, on the common clock: without gaps, and without jumps of clocks.

        Parameters
        ----------
        *names : str
            Of the streams; by default all but events.

        Raises
        ------
        ColumnNotFoundError
            There is no such stream.

        Examples
        --------
        >>> import numpy as np
        >>> import neurochain as nc
        >>> nc.timeline(lfp=nc.Recording.of(np.zeros((1, 50)), 10.0), eye=nc.Recording.of(np.zeros((1, 9)), 3.0)).covered()
        Intervals(1, 3 s in [0, 3) s)
        """
        found: Intervals | None = None
        for name in names or [name for name, one in self.streams.items() if one.is_bounded]:
            own, to_common = self[name].clock, self.map(name)
            segments = (
                own.segments
                if isinstance(own, EvenClock) and own.segments is not None
                else ((own.start, own.end),)
            )
            jumps = [(to_common.device[k], to_common.device[k + 1]) for k in to_common.breaks]
            known = Intervals(segments) - Intervals(jumps)
            # Where a clock jumped, nothing is known of the first moment behind, and all of that before it.
            ends = to_common(known.ends)
            ends = np.where(np.isfinite(ends), ends, to_common(np.nextafter(known.ends, -np.inf)))
            mine = Intervals.of(to_common(known.starts), ends)
            found = mine if found is None else found & mine
        return Intervals() if found is None else found

    def split(
        self, shares: Mapping[str, float], margin: float, blocks: int = 1, seed: int | None = None
    ) -> dict[str, Intervals]:
        """Parts of the recorded time that do not leak into each other: `windows` takes one as ``within``.

        Parameters
        ----------
        shares : mapping of str to float
            ``{"train": 0.8, "test": 0.2}``: of the time that the margins leave.
        margin : float, seconds
            Between any two parts, that belongs to none: as long as what a filter, a slow signal or a window reaches over.
        blocks : int
            In how many stretches each part comes.
        seed : int, optional
            Shuffles their order.

        Raises
        ------
        ShapeError
            The margins leave nothing.
        """
        return split_times(self.covered(), shares, margin, blocks, seed)

    def sync(
        self,
        name: str,
        to: str,
        pulses: tuple[Any, Any],
        *,
        offset: float | Literal["first"] | None = None,
        tolerance: float | None = None,
        kind: Literal["auto", "offset", "affine", "piecewise"] = "auto",
    ) -> Self:
        """Fit how one stream's clock lies to another's, from pulses that both devices saw.

        Pulses may be missing on either side, or come from elsewhere. `fit` tells residuals, drift and jumps.

        Parameters
        ----------
        name : str
            Stream whose clock is to be known.
        to : str
            Stream by whose clock.
        pulses : (str or array_like, str or array_like)
            Of both devices, each on its own clock: ``"ephys.sync"`` is the line `sync` of the stream `ephys`, a channel whose
            edges rise (``"ephys.SY0:6"``: bit 6 of it), an annotation, a column of a table, or what `stream` was given as
            ``pulses``. Else times in seconds, or a file that holds them.
        offset : float or "first", optional
            Seconds from the first stream's clock to the other's, to about half the time between pulses: where they come so
            evenly that one cannot be told from the next. ``"first"``: the first pulse of both is the same.
        tolerance : float, seconds, optional
            What pulses may be off.
        kind : {"auto", "offset", "affine", "piecewise"}
            Of the map.

        Returns
        -------
        The same streams, with one clock more known.

        Raises
        ------
        ColumnNotFoundError
            There is no such stream, or no such line.
        ShapeError
            The pulses do not fit each other, or in several ways.
        """
        own, other = self._line(name, pulses[0]), self._line(to, pulses[1])
        try:
            fit = fit_clock(own, other, offset=offset, tolerance=tolerance, kind=kind)
        except (ShapeError, FormatError) as error:
            raise type(error)(f"sync({name!r}, to={to!r}): {error}") from None
        lines = tuple(p if isinstance(p, str) else f"{len(np.atleast_1d(p))} times" for p in pulses)
        return self.linked(name, Link(to, fit.map, fit, lines))

    def move(self, name: str, by: float | ClockMap, to: str | None = None) -> Self:
        """Say how one stream's clock lies to another's.

        Parameters
        ----------
        name : str
            Stream whose clock is known.
        by : float, seconds, or ClockMap
            What is added to its times to get the other's.
        to : str, optional
            Stream by whose clock; the common one by default.
        """
        found = by if isinstance(by, ClockMap) else ClockMap.offset(float(by))
        if to is None and name == self.clock:
            raise ShapeError(
                f"move({name!r}): that is the common clock. Move the others, or say to='…' which stream's is."
            )
        return self.linked(name, Link(to or self.clock, found))

    def fit(self, name: str) -> Any:
        """What `sync` has found of a stream's clock: residuals, drift, jumps; None where nothing was fitted."""
        link = self.links.by.get(self.links.same_clock(name))
        return None if link is None else link.fit

    def uncertainty(self, name: str) -> float | None:
        """Half width of the 95 % interval of a stream's times on the common clock, where it is largest, seconds.

        None where nothing was fitted.
        """
        own = self[name].clock
        return worst(self.links.uncertainty(name, np.linspace(own.start, own.end, 64)))

    def linked(self, name: str, link: Link) -> Self:
        """The same streams, with a link from one's clock to another's.

        Raises
        ------
        ColumnNotFoundError
            There is no such stream.
        ShapeError
            The other's clock is known by this one's.
        """
        self[name], self[link.to]
        found: Self = replace(self, links=self.links.linked(self.links.same_clock(name), link))
        return found

    def _line(self, name: str, pulses: Any) -> Floats:
        """Times of pulses on a stream's own clock."""
        if not isinstance(pulses, str):
            return np.sort(times_of(pulses, f"pulses of {name!r}")[0])
        at, _, line = pulses.partition(".")
        if at not in self.streams:
            raise ColumnNotFoundError(
                f"pulses={pulses!r}: write 'stream.line'. {suggestion(at, self.streams)} Times in a file are given by its "
                "path: pathlib.Path('pulses.csv')."
            )
        self[name]
        if self.links.same_clock(at) != self.links.same_clock(name):
            raise ShapeError(
                f"pulses={pulses!r}: {at!r} has another clock than {name!r}, whose pulses are asked for. Where both were "
                f"recorded by one device: nc.stream(…, on={name!r})."
            )
        return self.streams[at].line(line)

    def _spans(self) -> str:
        spans = {name: self.span_of(name) for name, one in self.streams.items() if one.is_bounded}
        return ", ".join(f"{name} [{start:.10g}, {end:.10g})" for name, (start, end) in spans.items())
