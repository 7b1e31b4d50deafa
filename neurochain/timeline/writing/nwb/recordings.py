"""Recordings: channels in volts as ElectricalSeries, others as TimeSeries of their unit."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurochain.timeline.streams.sampled import SampledStream
from neurochain.timeline.streams.stream import Floats
from neurochain.timeline.writing.nwb.about import about, free
from neurochain.timeline.writing.nwb.streamed import Written
from neurochain.timeline.writing.nwb.taken import Piece, Taken

if TYPE_CHECKING:
    from neurochain.timeline.exports import Exports

__all__ = ["add_recording"]

VOLTS = {"V": 1.0, "mV": 1e-3, "uV": 1e-6, "µV": 1e-6, "μV": 1e-6, "nV": 1e-9}
UNKNOWN = "unknown"
ELECTRODES = "Channels of recordings; nobody said where they were."


@dataclass(frozen=True)
class _Channels:
    """Channels that make one series.

    Attributes
    ----------
    stream : SampledStream
    indices : tuple of int
        Channels of the stream.
    unit : str
        Of the series: ``"volts"``, or as the recording says.
    gains, offsets : ndarray, shape (n_channels,), float64
        ``value = stored * gain + offset`` in that unit.
    factors : ndarray, shape (n_channels,), float64
        In that unit, of the unit that the recording has.
    """

    stream: SampledStream
    indices: tuple[int, ...]
    unit: str
    gains: Floats
    offsets: Floats
    factors: Floats

    @classmethod
    def all_of(cls, stream: SampledStream) -> Iterator["_Channels"]:
        """Channels by their unit, those in volts first."""
        source = stream.source
        by: dict[str, list[int]] = {}
        for i, unit in enumerate(source.units):
            found = "volts" if unit in VOLTS else (unit or UNKNOWN)
            is_known = math.isfinite(source.gains[i]) and math.isfinite(source.offsets[i])
            by.setdefault(found if is_known else UNKNOWN, []).append(i)
        for unit in sorted(by, key=lambda u: u != "volts"):
            indices = by[unit]
            factors = np.array([VOLTS[source.units[i]] if unit == "volts" else 1.0 for i in indices])
            gains, offsets = source.gains[indices], source.offsets[indices]
            known = np.isfinite(gains) & np.isfinite(offsets)
            gains, offsets = np.where(known, gains, 1.0), np.where(known, offsets, 0.0)
            yield cls(stream, tuple(indices), unit, gains * factors, offsets * factors, factors)

    @property
    def labels(self) -> list[str]:
        return [self.stream.labels[i] for i in self.indices]

    @property
    def is_electrical(self) -> bool:
        return self.unit == "volts"

    @property
    def is_stored(self) -> bool:
        """Whether the standard can say what stored numbers mean: it has one offset, and a gain for each electrode."""
        same = len(np.unique(self.offsets)) == 1
        return same and (self.is_electrical or len(np.unique(self.gains)) == 1)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.stream.source.stored.dtype if self.is_stored else self.stream.dtype

    def scale(self) -> dict[str, Any]:
        """What the numbers mean, as the keywords of a series."""
        gains = self.gains if self.is_stored else self.factors
        offset = {"offset": float(self.offsets[0])} if self.is_stored else {}
        if len(np.unique(gains)) == 1:
            return {"conversion": float(gains[0]), **offset}
        return {"channel_conversion": gains, **offset}

    def read(self, pieces: Sequence[Piece]) -> Iterator[np.ndarray[Any, Any]]:
        """Numbers of pieces, shape (n_samples, n_channels)."""
        return (self._numbers(piece.excerpt.first, piece.excerpt.last) for piece in pieces)

    def _numbers(self, first: int, last: int) -> np.ndarray[Any, Any]:
        every = len(self.indices) == len(self.stream.labels)
        if not self.is_stored:
            values = self.stream.read(first, last)
            return values if every else values[:, self.indices]
        stored = self.stream.source.stored
        found = stored if every else stored.pick(self.indices)
        return np.asarray(found[:, first:last]).T


def add_recording(written: Written, file: Any, timeline: "Exports", name: str, taken: Taken) -> Any:
    """Add the channels of a recording; the first series, whose times others may share."""
    stream: Any = taken.excerpt.stream
    if not isinstance(stream, SampledStream):
        return _add_held(written, file, timeline, name, taken)
    shared: Any = None
    for channels in _Channels.all_of(stream):
        called = name if shared is None else free(_name(name, channels), {*file.acquisition, *timeline})
        what = (
            "Values in volts are data * conversion * channel_conversion + offset."
            if channels.is_electrical
            else f"Channels {', '.join(channels.labels[:20])}{' …' if len(channels.labels) > 20 else ''}, in the order of the columns."
        )
        keywords = {
            **about(timeline, name, what, labels=channels.labels),
            **channels.scale(),
            **_timing(written, taken, shared),
            "name": called,
            "data": written.values(taken, (len(channels.indices),), channels.dtype, channels.read),
        }
        if channels.is_electrical:
            electrodes = _electrodes(file, name, channels.labels)
            series = written.pynwb.ecephys.ElectricalSeries(electrodes=electrodes, **keywords)
        else:
            series = written.pynwb.TimeSeries(unit=channels.unit, **keywords)
        file.add_acquisition(series)
        shared = shared or series
    return shared


def _timing(written: Written, taken: Taken, shared: Any) -> dict[str, Any]:
    if shared is not None and taken.rate is None:
        return {"timestamps": shared}
    return written.timing(taken)


def _name(name: str, channels: _Channels) -> str:
    """Of a series beside the main one: by its only channel, or its unit."""
    return f"{name}_{channels.labels[0] if len(channels.labels) == 1 else channels.unit}"


def _electrodes(file: Any, name: str, labels: Sequence[str]) -> Any:
    """Rows of the table of electrodes, one for each channel."""
    device = file.create_device(name=name, description=f"What recorded the stream {name}.")
    group = file.create_electrode_group(
        name=name, description=f"Channels of the stream {name}.", location=UNKNOWN, device=device
    )
    if file.electrodes is None or "channel_name" not in file.electrodes.colnames:
        file.add_electrode_column(name="channel_name", description="As the recording calls it.")
    behind = 0 if file.electrodes is None else len(file.electrodes)
    for label in labels:
        file.add_electrode(location=UNKNOWN, group=group, channel_name=label)
    return file.create_electrode_table_region(
        region=list(range(behind, behind + len(labels))), description=f"Channels of the stream {name}."
    )


def _add_held(written: Written, file: Any, timeline: "Exports", name: str, taken: Taken) -> Any:
    """Values of a stream that is no file of channels."""
    stream = taken.excerpt.stream
    unit = stream.units[0] if len(set(stream.units)) == 1 else UNKNOWN
    row = tuple(n for i, n in enumerate(stream.shape) if i != stream.time_axis)

    def read(pieces: Sequence[Piece]) -> Iterator[np.ndarray[Any, Any]]:
        return (np.moveaxis(piece.excerpt.read(), stream.time_axis, 0) for piece in pieces)

    series = written.pynwb.TimeSeries(
        name=name,
        unit=unit or UNKNOWN,
        data=written.values(taken, row, stream.dtype, read),
        **about(timeline, name, "Values as they were given."),
        **written.timing(taken),
    )
    file.add_acquisition(series)
    return series
