"""To HDF5: a group for each stream, with values, times and masks."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurochain.chain.progress import Progress
from neurochain.errors import require
from neurochain.storage.beside import written_beside
from neurochain.timeline.excerpt import Excerpt
from neurochain.timeline.streams.scanned import ScannedStream
from neurochain.timeline.streams.tabled import TabledStream
from neurochain.timeline.window import Window
from neurochain.timeline.writing.blocks import blocks
from neurochain.timeline.writing.description import lineage_of, stream_attributes

if TYPE_CHECKING:
    from neurochain.timeline.timeline import Timeline

__all__ = ["to_hdf5"]

MOST_ATTRIBUTE = 60_000  # bytes: HDF5 keeps larger ones in datasets


def to_hdf5(timeline: "Timeline", windows: Sequence[Window], path: str | os.PathLike[str]) -> Path:
    """Write windows; see `Timeline.to_hdf5`."""
    h5py: Any = require("h5py", "timeline", "to_hdf5()")
    with (
        written_beside(path, "to_hdf5") as (beside, target),
        h5py.File(beside, "w") as file,
        Progress().step(f"write {target.name}", len(windows) * len(timeline), unit="excerpts") as step,
    ):
        writer = _Writer(h5py, file)
        said = {name: stream_attributes(timeline, name) for name in timeline}
        one = len(windows) == 1
        lineage = lineage_of(timeline, [(w.start, w.end) for w in windows])
        writer.attributes(file, {"common_clock": timeline.clock, "lineage": lineage})
        if not one:
            for name in timeline:
                group = file.create_group(f"streams/{name}")
                writer.attributes(group, said[name])
                writer.pairs(group, timeline.fit(name))
        homes = ["/" if one else f"windows/{i:06d}" for i in range(len(windows))]
        for home, window in zip(homes, windows, strict=True):
            said_here = file.require_group(home).attrs
            said_here["start"], said_here["end"] = window.start, window.end
        for name, stream in timeline.items():
            # In the order of time, in which a stream that is decoded is read quickest.
            excerpts = [(home, window[name]) for home, window in zip(homes, windows, strict=True)]
            excerpts.sort(key=lambda pair: pair[1].first)
            found = stream.reads([(p.first, p.last) for _, e in excerpts for p in blocks(e) if len(p)])
            for home, excerpt in excerpts:
                group = file.create_group(f"{home}/{name}")
                if one:
                    writer.attributes(group, said[name])
                    writer.pairs(group, timeline.fit(name))
                writer.values(group, excerpt, found)
                step.advance()
    return target


class _Writer:
    """What is written into groups."""

    def __init__(self, h5py: Any, file: Any) -> None:
        self._file, self._text = file, h5py.string_dtype("utf-8")

    def attributes(self, group: Any, said: Mapping[str, Any]) -> None:
        """Texts, numbers, and lists of them; what is too long for an attribute becomes a dataset of its name."""
        for name, value in said.items():
            if isinstance(value, str) and len(value.encode()) > MOST_ATTRIBUTE:
                group.create_dataset(name, data=value, dtype=self._text)
            elif isinstance(value, list) and value and isinstance(value[0], str):
                self._texts(group, name, value)
            else:
                group.attrs[name] = value

    def _texts(self, group: Any, name: str, values: list[str]) -> None:
        array = np.array(values, dtype=object)
        if len(values) * 16 > MOST_ATTRIBUTE:
            group.create_dataset(name, data=array, dtype=self._text)
        else:
            group.attrs.create(name, array, dtype=self._text)

    def pairs(self, group: Any, fit: Any) -> None:
        """Pulses that a map was fitted from, and what is left between them."""
        if fit is None:
            return
        found = np.stack([fit.device, fit.common], axis=1)
        group.create_dataset("pulses", data=found).attrs["unit"] = "s"
        group.create_dataset("residuals", data=fit.residuals).attrs["unit"] = "s"

    def values(self, group: Any, excerpt: Excerpt, found: Iterator[np.ndarray[Any, Any]]) -> None:
        """Values, times and mask of an excerpt, block by block; the values of its blocks come next of what is found."""
        data = group.create_dataset("data", excerpt.shape, excerpt.dtype)
        time = group.create_dataset("time", (len(excerpt),), np.float64)
        time.attrs["unit"] = "s"
        mask, axis = None, excerpt.stream.time_axis
        for part in blocks(excerpt):
            if not len(part):
                break
            at = slice(part.first - excerpt.first, part.last - excerpt.first)
            values = next(found)
            index = tuple(at if i == axis else slice(None) for i in range(values.ndim))
            data[index] = values
            time[at] = part.time
            kept = part.mask_of(values)
            if kept is not None and mask is None:
                mask = group.create_dataset("mask", excerpt.shape, np.bool_, fillvalue=True)
            if kept is not None and mask is not None:
                mask[index] = kept
        if mask is None and excerpt.filter is not None:
            group.create_dataset("mask", excerpt.shape, np.bool_, fillvalue=True)
        stream = excerpt.stream
        if isinstance(stream, ScannedStream):
            self._slices(group, stream, excerpt)
        if isinstance(stream, TabledStream):
            self._columns(group, stream, excerpt)

    def _slices(self, group: Any, stream: ScannedStream, excerpt: Excerpt) -> None:
        times = stream.slice_times(excerpt.first, excerpt.last)
        if times is not None:
            found = group.create_dataset("slice_time", data=excerpt.map(times))
            found.attrs["unit"] = "s"
            found.attrs["axes"] = [stream.source.axes[stream.scan.slice_axis], "time"]

    def _columns(self, group: Any, stream: TabledStream, excerpt: Excerpt) -> None:
        """Columns that hold no numbers."""
        rows = stream.cut(excerpt.first, excerpt.last)
        for name in rows.columns:
            if name not in stream.labels and name != stream.time:
                texts = np.array(["" if v is None else str(v) for v in rows[name].to_list()], dtype=object)
                group.create_dataset(f"columns/{name.replace('/', '_')}", data=texts, dtype=self._text)
