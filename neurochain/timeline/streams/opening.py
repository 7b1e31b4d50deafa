"""Opening: from a recording, a video, a scan, a table, or the path of one, to a stream."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from neurochain.chain.reading import open_table
from neurochain.chain.sources.bids.applying import Applying
from neurochain.errors import FormatError
from neurochain.formats import Recording, Video, Volume
from neurochain.formats.opening import open as open_source
from neurochain.storage import File
from neurochain.timeline.clocks.clock import Clock
from neurochain.timeline.clocks.evenclock import EvenClock
from neurochain.timeline.clocks.stampedclock import StampedClock
from neurochain.timeline.streams.filmed import FilmedStream
from neurochain.timeline.streams.sampled import SampledStream
from neurochain.timeline.streams.scanned import ScannedStream
from neurochain.timeline.streams.scantimes import ScanTimes
from neurochain.timeline.streams.spiking import SpikingStream
from neurochain.timeline.streams.stream import Pulses, Said, Stream
from neurochain.timeline.streams.tabled import TabledStream
from neurochain.timeline.streams.timecolumn import ONSETS, time_column, times_of

__all__ = ["stream"]

SPIKES = "spike_times"  # column of a table of units
TABLES = (
    ".csv",
    ".csv.gz",
    ".tsv",
    ".tsv.gz",
    ".parquet",
    ".jsonl",
    ".ndjson",
    ".npy",
    ".npz",
    ".mat",
    "params.py",
)
"""Endings of files that hold tables; of those that may hold something else too, say the table: variable=…"""


class _Table(NamedTuple):
    """Rows, the files that they stand in, and what they are called."""

    rows: pl.DataFrame
    files: tuple[File, ...]
    called: str


def stream(
    source: Any,
    *,
    time: str | None = None,
    times: Any = None,
    start: float | None = None,
    sampling_frequency: float | None = None,
    repetition_time: float | None = None,
    variable: str | None = None,
    on: str | None = None,
    pulses: Mapping[str, Any] | None = None,
) -> Stream:
    """What one device recorded, for a `timeline`; here is said what its file does not say.

    Parameters
    ----------
    source : Recording, Video, Volume, DataFrame, mapping, array, str, path or File
        A path is opened by `nc.open`, or as a table where its ending is that of one. A mapping is one of columns; an array
        of one axis the times of events. A table with a column ``spike_times`` is one of sorted units.
    time : str, optional
        Column of a table that says when, in seconds. By default ``onset`` or ``start_time`` (events), ``time``,
        ``timestamps`` and the like.
    times : array_like, str, path or File, seconds, optional
        When each frame, volume or row was recorded, on the device's clock.
    start : float, seconds, optional
        Of the first sample, on the device's clock.
    sampling_frequency : float, Hz, optional
        Of frames or rows that follow each other evenly. Recordings say their own.
    repetition_time : float, seconds, optional
        Of a scan, from one volume to the next. By default its sidecar says it (``VolumeTiming``, ``RepetitionTime``), else
        its header.
    variable : str, optional
        Which table of a file: as of `open_table`.
    on : str, optional
        Name of the stream on whose clock this one was recorded: wherever that is moved, this goes along.
    pulses : mapping of str to array_like, str, path or File, seconds, optional
        Times of pulses that the device saw, on its own clock, by the name of their line: for `Timeline.sync`.

    Returns
    -------
    Stream

    Raises
    ------
    FormatError
        It is of no known format, or nobody says when its samples were taken.
    ShapeError
        There are not as many times as samples, or a scan has no axis of time.
    StorageError
        A file is not there.

    Examples
    --------
    >>> stream([0.5, 1.0, 2.5]).kind
    'events'
    >>> stream({"velocity": [0.1, 0.4]}, sampling_frequency=50).clock.period
    0.02
    >>> camera = nc.stream("cam.mp4", times="frames.npy", pulses={"ttl": "ttl.csv"})      # doctest: +SKIP
    """
    said = _Said(time, times, start, sampling_frequency, repetition_time, on)
    lines, files = _lines(pulses or {})
    found = _opened(source, variable)
    if isinstance(found, Stream):
        said.refuse("a stream", but=("on",))
        made = replace(found, on=on or found.on, pulses={**found.pulses, **lines})
    elif isinstance(found, Recording):
        made = said.recording(found, lines)
    elif isinstance(found, Video):
        made = said.video(found, lines)
    elif isinstance(found, Volume):
        made = said.volume(found, lines)
    else:
        made = said.table(found, lines)
    return replace(made, files=(*made.files, *files)) if files else made


def _lines(pulses: Mapping[str, Any]) -> tuple[Pulses, tuple[File, ...]]:
    found: dict[str, Any] = {}
    files: list[File] = []
    for name, given in pulses.items():
        found[name], more = times_of(given, f"the pulses of {name!r}")
        files += more
    return found, tuple(files)


def _opened(source: Any, variable: str | None) -> Any:
    """Array, stream, or a table with its file and the name that it is called by."""
    if isinstance(source, Stream | Recording | Video | Volume):
        return source
    if isinstance(source, str | os.PathLike | File):
        file = source if isinstance(source, File) else None
        name = file.name if file is not None else os.fspath(source)  # type: ignore[arg-type]
        if variable is None and not name.lower().endswith(TABLES):
            return open_source(source)
        file = file or File.at(source)  # type: ignore[arg-type]
        return _Table(open_table(file, variable=variable), (file,), file.uri)
    if isinstance(source, pl.DataFrame):
        return _Table(source, (), "the table")
    if hasattr(source, "to_dict") and hasattr(source, "columns"):  # of pandas
        return _Table(
            pl.DataFrame({str(name): np.asarray(source[name]) for name in source.columns}), (), "the table"
        )
    if isinstance(source, Mapping):
        return _Table(pl.DataFrame(dict(source)), (), "the table")
    found, _ = times_of(source, "times of events")
    return _Table(pl.DataFrame({ONSETS[0]: np.sort(found)}), (), "the events")


@dataclass(frozen=True)
class _Said:
    """What the caller says of a stream."""

    time: str | None
    times: Any
    start: float | None
    sampling_frequency: float | None
    repetition_time: float | None
    on: str | None

    def refuse(self, what: str, but: tuple[str, ...]) -> None:
        """Refuse what has no meaning for a kind of stream.

        Raises
        ------
        FormatError
            Something of it is said.
        """
        for name in ("time", "times", "start", "sampling_frequency", "repetition_time"):
            if name not in but and getattr(self, name) is not None:
                allowed = f" Of {what}, say {', '.join(but)}." if but else ""
                raise FormatError(
                    f"stream({name}=…): {what} says that itself, or has no such thing.{allowed}"
                )

    def recording(self, recording: Recording, lines: Pulses) -> Stream:
        self.refuse("a recording", ("start",))
        made = SampledStream.of(recording, self.on, lines)
        if self.start is None:
            return made
        by, segments = self.start - recording.start, recording.segments
        moved = tuple((a + by, b + by) for a, b in segments) if len(segments) > 1 else None
        clock = EvenClock(made.sampling_frequency, made.clock.n_samples, self.start, moved)
        return replace(made, clock=clock, said=Said(f"{made.said.clock}, moved", "the caller"))

    def video(self, video: Video, lines: Pulses) -> Stream:
        self.refuse("a video", ("times", "start", "sampling_frequency"))
        clock, said, files = self._clock(len(video), "frames")
        if clock is None and self.start is not None:
            clock = StampedClock(video.times - video.start + self.start, self.start + video.duration)
            said = Said("timestamps of its frames, moved", "the caller")
        made = FilmedStream.of(video, clock, said, self.on, lines)
        return replace(made, files=(*made.files, *files))

    def volume(self, volume: Volume, lines: Pulses) -> Stream:
        self.refuse("a scan", ("times", "start", "repetition_time"))
        times, files = (None, ()) if self.times is None else times_of(self.times, "times of volumes")
        scan = ScanTimes.of(volume, repetition_time=self.repetition_time, times=times, start=self.start)
        return ScannedStream.of(volume, replace(scan, files=(*scan.files, *files)), self.on, lines)

    def table(self, table: "_Table", lines: Pulses) -> Stream:
        frame, files, called = table
        self.refuse("a table", ("time", "times", "start", "sampling_frequency"))
        by = called if files else "the caller"
        if SPIKES in frame.columns and frame[SPIKES].dtype == pl.List and self.time is None:
            return SpikingStream.of_frame(frame, SPIKES, Said("spike times", by), files, self.on, lines)
        clock, said, more = self._clock(frame.height, "rows")
        if clock is None and files:
            told = Applying.of(files[0])
            rate = told.said.get("SamplingFrequency")
            if isinstance(rate, int | float) and not isinstance(rate, bool) and rate > 0:
                first = told.said.get("StartTime", 0.0) if self.start is None else self.start
                clock = EvenClock(float(rate), frame.height, float(first))
                said = Said(f"{rate:.10g} Hz", ", ".join(f.name for f in told.files))
                more = told.files
        if clock is not None and said is not None:
            return TabledStream.of(frame, None, clock, said, (*files, *more), self.on, lines, events=False)
        if self.start is not None:
            raise FormatError(
                f"{called}: stream(start=…) is for rows that follow each other evenly: say sampling_frequency too."
            )
        column = time_column(frame, self.time, called)
        ordered = _in_order(frame, column, called)
        events = column.lower() in ONSETS
        seconds = ordered[column].cast(pl.Float64).to_numpy()
        when = Said(f"its column {column!r}", by)
        alone = events or len(np.unique(seconds)) < 2
        clock = StampedClock(seconds, float(seconds[-1]) if alone and len(seconds) else None)
        return TabledStream.of(ordered, column, clock, when, files, self.on, lines, events=events)

    def _clock(self, count: int, what: str) -> tuple[Clock | None, Said | None, tuple[File, ...]]:
        """Clock that the caller says; None where he says none."""
        if self.times is not None:
            if self.sampling_frequency is not None or self.start is not None:
                raise FormatError(
                    "stream(times=…): the times say all; leave out start and sampling_frequency."
                )
            times, files = times_of(self.times, f"times of {what}")
            if len(times) != count:
                raise FormatError(f"stream(times=…): there are {len(times):,} times, and {count:,} {what}.")
            by = files[0].uri if files else "the caller"
            return StampedClock(times), Said(f"a time for each of its {what}", by), files
        if self.sampling_frequency is not None:
            rate = self.sampling_frequency
            if not 0 < rate < float("inf"):
                raise FormatError(f"stream(sampling_frequency={rate!r}) is no positive number.")
            return EvenClock(rate, count, self.start or 0.0), Said(f"{rate:.10g} Hz", "the caller"), ()
        return None, None, ()


def _in_order(frame: pl.DataFrame, column: str, called: str) -> pl.DataFrame:
    """Rows by time.

    Raises
    ------
    FormatError
        A time is missing.
    """
    times = frame[column].cast(pl.Float64)
    missing = (times.is_null() | ~times.is_finite().fill_null(False)).arg_true()
    if len(missing):
        raise FormatError(
            f"{called}: row {missing[0]} (of {frame.height}) has no time in its column {column!r}. Leave such rows out, or "
            "name another column: nc.stream(…, time='…')."
        )
    return frame if times.is_sorted() else frame.sort(column, maintain_order=True)
