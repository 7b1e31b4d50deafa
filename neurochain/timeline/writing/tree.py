"""Tree: what of windows lies where in a file of named groups and arrays; HDF5 and Zarr are the two that hold it.

Of one window::

    /                   layout, common_clock, streams, start, end, lineage
      ephys/            kind, axes, labels, units, source, clock, clock_map, …   (see `description`)
        data            values, with the stream's axes; of tables the columns of numbers
        time            seconds on the common clock; NaN where nobody knows
        mask            where values count; only where a filter was laid, or a time is not known
        pulses          (device, common) of each pulse that the clock was fitted to, and
        residuals       what is left between them: common time, less what the map makes of the device's
        slice_time      of scans, (slice, time): when each slice was acquired
        columns/        of tables, the columns that hold no numbers, as text; null is "", and then …
        columns.null/   says where

Of several ``windows/000000/ephys`` and so on have data, time and mask, and ``streams/ephys`` what holds for all of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from neurochain.timeline.excerpt import Excerpt
from neurochain.timeline.streams.scanned import ScannedStream
from neurochain.timeline.streams.tabled import TabledStream
from neurochain.timeline.window import Window
from neurochain.timeline.writing.blocks import AT_ONCE, blocks, row_bytes, rows_of
from neurochain.timeline.writing.description import lineage_of, stream_attributes

if TYPE_CHECKING:
    from neurochain.timeline.exports import Exports

__all__ = ["LAYOUT", "Group", "write_tree"]

LAYOUT = "neurochain timeline 1"
TIMES = 2**20  # written at once
SECONDS = {"unit": "s"}


class Group(Protocol):
    """Group of a file: what a store of trees must be able to do."""

    def group(self, name: str) -> "Group":
        """A group within, or of groups within each other: ``"windows/000000"``."""

    def note(self, said: Mapping[str, Any]) -> None:
        """Attributes: texts, numbers, lists of them, and records of plain JSON."""

    def array(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: np.dtype[Any] | None,
        axes: tuple[str, ...],
        rows: int,
        said: Mapping[str, Any],
        fill: Any = None,
    ) -> Any:
        """Array that takes values by ``array[index] = values``.

        Parameters
        ----------
        name : str
            In this group.
        shape : tuple of int
            Of all values.
        dtype : dtype or None
            None for texts.
        axes : tuple of str
            Their names; one of them is ``"time"``.
        rows : int
            How many are written at once along the axis of time: a power of two.
        said : mapping
            Attributes, as of `note`.
        fill : optional
            What was not written.
        """


def write_tree(
    root: Group, timeline: "Exports", windows: Sequence[Window], done: Callable[[int], None]
) -> None:
    """Write windows.

    Parameters
    ----------
    root : Group
        Of an empty file.
    timeline : Timeline
        Of the windows.
    windows : sequence of Window
        One at least.
    done : callable
        Gets the number of samples that were written, now and then.
    """
    root.note(
        {
            "layout": LAYOUT,
            "common_clock": timeline.clock,
            "streams": list(windows[0]),
            "n_windows": len(windows),
            "lineage": lineage_of(timeline, windows),
        }
    )
    one = len(windows) == 1
    homes = [root if one else root.group(f"windows/{number:06d}") for number in range(len(windows))]
    for home, window in zip(homes, windows, strict=True):
        home.note({"start": float(window.start), "end": float(window.end)})
    for name in windows[0]:
        _stream(root.group(name if one else f"streams/{name}"), timeline, name)
        # In the order of time, in which a stream that is decoded is read quickest.
        pairs = [(window[name], home) for window, home in zip(windows, homes, strict=True)]
        pairs.sort(key=lambda pair: pair[0].first)
        rows = rows_of(row_bytes(pairs[0][0]), AT_ONCE)
        parts = [part for excerpt, _ in pairs for part in blocks(excerpt, rows)]
        found = timeline[name].reads([(part.first, part.last) for part in parts])
        for excerpt, home in pairs:
            _values(home.group(name), excerpt, rows, found, done)


def _stream(group: Group, timeline: "Exports", name: str) -> None:
    """What holds for all windows of a stream."""
    group.note(stream_attributes(timeline, name))
    fit = timeline.fit(name)
    if fit is not None and len(fit.device):
        _put(group, "pulses", np.stack([fit.device, fit.common], axis=1), ("time", "clock"), SECONDS)
        _put(group, "residuals", fit.residuals, ("time",), SECONDS)


def _values(
    group: Group,
    excerpt: Excerpt,
    rows: int,
    found: Iterator[np.ndarray[Any, Any]],
    done: Callable[[int], None],
) -> None:
    """Values, times and mask of an excerpt, block by block; the values of its blocks come next of what is found."""
    stream, axis = excerpt.stream, excerpt.stream.time_axis
    data = group.array("data", excerpt.shape, excerpt.dtype, excerpt.axes, rows, {})

    def mask_array() -> Any:
        return group.array("mask", excerpt.shape, np.dtype(bool), excerpt.axes, rows, {}, fill=True)

    mask = None if excerpt.filter is None else mask_array()
    for part in blocks(excerpt, rows):
        values = next(found)
        at = slice(part.first - excerpt.first, part.last - excerpt.first)
        index = tuple(at if i == axis else slice(None) for i in range(values.ndim))
        data[index] = values
        kept = part.mask_of(values)
        if kept is not None:
            mask = mask_array() if mask is None else mask
            mask[index] = kept
        done(len(part))
    time = group.array("time", (len(excerpt),), np.dtype(np.float64), ("time",), TIMES, SECONDS)
    for part in blocks(excerpt, TIMES):
        time[part.first - excerpt.first : part.last - excerpt.first] = part.time
    if isinstance(stream, ScannedStream):
        _slices(group, stream, excerpt)
    if isinstance(stream, TabledStream):
        _texts(group, stream, excerpt)


def _slices(group: Group, stream: ScannedStream, excerpt: Excerpt) -> None:
    times = stream.slice_times(excerpt.first, excerpt.last)
    if times is not None:
        axes = stream.source.axes[stream.scan.slice_axis], "time"
        _put(group, "slice_time", excerpt.map(times), axes, SECONDS)


def _texts(group: Group, stream: TabledStream, excerpt: Excerpt) -> None:
    """Columns that hold no numbers, as text."""
    rows = stream.cut(excerpt.first, excerpt.last)
    taken: set[str] = set()
    for column in rows.columns:
        if column in stream.labels or column == stream.time:
            continue
        name = _free(column, taken)
        found = rows[column].to_list()
        texts = np.array(["" if v is None else str(v).replace("\0", "\\0") for v in found], dtype=object)
        _put(group.group("columns"), name, texts, ("time",), {"name": column})
        if None in found:
            empty = np.array([v is None for v in found])
            _put(group.group("columns.null"), name, empty, ("time",), {"name": column})


def _put(
    group: Group, name: str, values: np.ndarray[Any, Any], axes: tuple[str, ...], said: Mapping[str, Any]
) -> None:
    """An array that is in memory."""
    dtype = None if values.dtype == object else values.dtype
    whole = group.array(name, values.shape, dtype, axes, 1 << max(len(values) - 1, 0).bit_length(), said)
    if values.size:
        whole[...] = values


def _free(column: str, taken: set[str]) -> str:
    """Name that any file may hold, and no other column has: what is no path, and nothing that Zarr keeps for itself."""
    name = "".join("_" if c in "/\0" else c for c in column)
    if not name.strip(".") or name.startswith("__") or name == "zarr.json":
        name = f"column_{name.strip('._')}"
    free, number = name, 1
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    taken.add(free)
    return free
