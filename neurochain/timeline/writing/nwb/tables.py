"""Tables: events as intervals, behaviour as series of its columns, spikes as units."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from neurochain.timeline.streams.tabled import TabledStream
from neurochain.timeline.window import Window
from neurochain.timeline.writing.nwb.about import about, free
from neurochain.timeline.writing.nwb.streamed import Written, module_of
from neurochain.timeline.writing.nwb.taken import Taken

if TYPE_CHECKING:
    from neurochain.timeline.exports import Exports

__all__ = ["add_behavior", "add_events", "add_units", "add_windows"]

DURATIONS, ENDS = ("duration",), ("stop_time", "end_time", "end", "offset")
KEPT = ("start_time", "stop_time", "tags", "timeseries", "id", "counts")
"""Columns of intervals that mean something to NWB, or to us."""


def add_events(written: Written, file: Any, timeline: "Exports", name: str, taken: Taken) -> None:
    """Add events, with all their columns."""
    stream: Any = taken.excerpt.stream
    rows, start = taken.rows(stream.source), taken.times()
    end = _ends(rows, stream, taken)
    said = about(
        timeline,
        name,
        "Events; start_time and stop_time are on the common clock, other columns as they were given.",
    )
    columns = {
        "start_time": ("When it began, seconds.", start),
        "stop_time": ("When it was over, seconds; when it began, where nobody says.", end),
    }
    for column in rows.columns:
        called = free(f"{column}_recorded" if column in KEPT else column, columns)
        columns[called] = f"{column!r}, as it was recorded.", _plain(rows[column])
    if taken.excerpt.filter is not None:
        kept = [piece.excerpt.mask.all(axis=1) for piece in taken.pieces()]  # type: ignore[union-attr]  # there is a filter
        columns["counts"] = f"Whether {taken.excerpt.filter.text}.", np.concatenate(kept)
    _add_intervals(written, file, name, f"{said['description']} {said['comments']}", columns)


def _ends(rows: pl.DataFrame, stream: TabledStream, taken: Taken) -> np.ndarray[Any, Any]:
    """When events were over, on the common clock."""
    numbers = {c.lower(): c for c in reversed(rows.columns) if rows[c].dtype.is_numeric()}
    own = rows[str(stream.time)].cast(pl.Float64).to_numpy()
    found = own
    for names, since in ((DURATIONS, own), (ENDS, 0.0)):
        column = next((numbers[n] for n in names if n in numbers and numbers[n] != stream.time), None)
        if column is not None:
            given = rows[column].cast(pl.Float64).fill_null(np.nan).to_numpy() + since
            found = np.where(given >= own, given, own)
            break
    ends = taken.excerpt.map(found)
    return np.where(np.isfinite(ends), ends, taken.excerpt.map(own))


def add_windows(written: Written, file: Any, windows: Sequence[Window]) -> None:
    """Add the windows that were asked for."""
    columns = {
        "start_time": ("Of the window, seconds.", np.array([w.start for w in windows], np.float64)),
        "stop_time": ("Of the window, seconds (exclusive).", np.array([w.end for w in windows], np.float64)),
    }
    called = free("windows", file.intervals)
    _add_intervals(written, file, called, "Windows that this file was made of, on the common clock.", columns)


def _add_intervals(
    written: Written, file: Any, name: str, said: str, columns: dict[str, tuple[str, Any]]
) -> None:
    data = [
        written.pynwb.core.VectorData(name=column, description=what, data=values)
        for column, (what, values) in columns.items()
    ]
    table = written.pynwb.epoch.TimeIntervals(name=name, description=said, columns=data)
    file.add_time_intervals(table)


def add_behavior(written: Written, file: Any, timeline: "Exports", name: str, taken: Taken) -> Any:
    """Add a series for each column of a table; the first of them."""
    stream: Any = taken.excerpt.stream
    rows, timing = taken.rows(stream.source), written.timing(taken)
    found: dict[str, Any] = {}
    for column in rows.columns:
        if column == stream.time:
            continue
        called = free(column, found)
        series = written.pynwb.TimeSeries(
            name=called,
            data=_plain(rows[column]),
            unit="n.a.",
            **about(timeline, name, f"Column {column!r} of a table; nobody said its unit."),
            **timing,
        )
        if "timestamps" in timing:
            timing = {"timestamps": next(iter(found.values()), series)}
        found[called] = series
    if not found:
        return None
    series = list(found.values())
    held = written.pynwb.behavior.BehavioralTimeSeries(name=name, time_series=series)
    module_of(file, "behavior", "Behaviour.").add(held)
    return series[0]


def add_units(
    written: Written, file: Any, timeline: "Exports", spikes: dict[str, Taken], windows: Sequence[Window]
) -> None:
    """Add sorted units of all streams that have some, with the windows in which they were looked at."""
    core = written.pynwb.core
    times, names, streams, observed, said = [], [], [], [], []
    for name, taken in spikes.items():
        stream: Any = taken.excerpt.stream
        units, when = _spikes(taken)
        for number, label in enumerate(stream.labels):
            times.append(when[units == number])
            names.append(label)
            streams.append(name)
            observed.append(_joined(windows))
        also = {} if taken.excerpt.filter is None else {"filter": taken.excerpt.filter.text}
        told = about(timeline, name, "Sorted units; spikes that a filter leaves out are left out.", **also)
        said.append(f"{told['description']} {told['comments']}")
    whole = len(names) == len(set(names)) and all(n.isascii() and n.isdigit() for n in names)
    columns = [
        core.VectorData(name="unit_name", description="As the sorter calls it.", data=names),
        core.VectorData(name="stream", description="Stream of the timeline.", data=streams),
        *_ragged(core, "spike_times", "When it fired, seconds on the common clock.", times, (0,)),
        *_ragged(core, "obs_intervals", "Windows that this file was made of.", observed, (0, 2)),
    ]
    file.units = written.pynwb.misc.Units(
        name="units",
        description=" ".join(said),
        columns=columns,
        id=[int(n) for n in names] if whole else list(range(len(names))),
    )


def _spikes(taken: Taken) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Units and times of the spikes that count."""
    units, times = [np.empty(0, np.int64)], [np.empty(0)]
    for piece in taken.pieces():
        kept = piece.excerpt.mask
        units.append(piece.excerpt.read() if kept is None else piece.excerpt.read()[kept])
        times.append(piece.excerpt.time if kept is None else piece.excerpt.time[kept])
    return np.concatenate(units), np.concatenate(times)


def _joined(windows: Sequence[Window]) -> np.ndarray[Any, Any]:
    """Times [start, end) of windows, as one where they overlap or touch, shape (n, 2)."""
    found: list[list[float]] = []
    for start, end in sorted((w.start, w.end) for w in windows):
        if found and start <= found[-1][1]:
            found[-1][1] = max(end, found[-1][1])
        else:
            found.append([start, end])
    return np.array(found)


def _ragged(
    core: Any, name: str, what: str, values: Sequence[np.ndarray[Any, Any]], empty: tuple[int, ...]
) -> list[Any]:
    """A column of arrays: all of them one after the other, and where each ends."""
    joined = np.concatenate([np.empty(empty), *values])
    data = core.VectorData(name=name, description=what, data=joined)
    ends = np.cumsum([len(v) for v in values], dtype=np.int64)
    return [data, core.VectorIndex(name=f"{name}_index", target=data, data=ends.astype(np.uint64))]


def _plain(column: pl.Series) -> Any:
    """Values that HDF5 has: of numbers null is NaN, of all else an empty text; lists and records are JSON."""
    kind = column.dtype
    if kind == pl.Boolean and not column.null_count():
        return column.to_numpy()
    if kind.is_numeric():
        whole = kind.is_integer() and not column.null_count()
        found = column if whole else column.cast(pl.Float64).fill_null(np.nan)
        return found.to_numpy()
    return [_text(v) for v in column.to_list()]


def _text(value: Any) -> str:
    if value is None:
        return ""
    found = value if isinstance(value, str) else value.isoformat() if hasattr(value, "isoformat") else None
    if found is None:
        found = json.dumps(value, default=str) if isinstance(value, list | dict) else str(value)
    return found.replace("\0", "\\0")
