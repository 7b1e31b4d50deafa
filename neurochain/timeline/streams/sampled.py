"""SampledStream: channels of a recording."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from neurochain.errors import ColumnNotFoundError, ShapeError, suggestion
from neurochain.formats import Recording
from neurochain.formats.arrays.recycled import recycled
from neurochain.storage import cache_memo
from neurochain.timeline.clocks.edges import pulse_edges
from neurochain.timeline.clocks.evenclock import EvenClock
from neurochain.timeline.streams.stream import Floats, Kind, Pulses, Said, Stream

__all__ = ["SampledStream"]

AT_ONCE = 32 * 2**20  # bytes of a file in which pulses are looked for
TILE = 2**16  # values that the cache holds while they are scaled
EXACT = 2  # bytes of an integer that float32 holds with room for its gain
KEY = "pulses 1"


@dataclass(frozen=True, eq=False)
class SampledStream(Stream):
    """Channels of a recording, time first: `read` has shape (n_samples, n_channels).

    Values are physical: float32 of integers of up to 16 bits, else float64; the integers themselves where the file says no
    gain. `Recording.stored` gives the numbers of the file in any case.
    """

    source: Recording

    @classmethod
    def of(cls, recording: Recording, on: str | None = None, pulses: Pulses | None = None) -> "SampledStream":
        """Stream of a recording, whose own clock is that of its samples.

        Raises
        ------
        ShapeError
            Sampling frequencies of its channels differ, or nobody says them.
        """
        rate = recording.sampling_frequency
        if not rate > 0:
            called = recording.file.uri if recording.file is not None else repr(recording)
            raise ShapeError(
                f"{called} does not say how often it was sampled. Say it: nc.open(path, …, sampling_frequency=30000)."
            )
        segments = recording.segments
        clock = EvenClock(rate, recording.shape[1], recording.start, segments if len(segments) > 1 else None)
        by = recording.file.uri if recording.file is not None else "the caller"
        files = () if recording.file is None else (recording.file,)
        return cls(recording, clock, Said(f"{rate:.10g} Hz", by), files, on, dict(pulses or {}))

    @property
    def kind(self) -> Kind:
        return "recording"

    @property
    def axes(self) -> tuple[str, ...]:
        return "time", "channel"

    @property
    def shape(self) -> tuple[int, ...]:
        return self.source.shape[::-1]

    @property
    def labels(self) -> tuple[str, ...]:
        return self.source.channels

    @property
    def units(self) -> tuple[str, ...]:
        return self.source.units

    @property
    def sampling_frequency(self) -> float:
        """Hz, on the device's clock."""
        return self.source.sampling_frequency

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        return self._scale[2]

    @cached_property
    def _scale(self) -> tuple[Floats, Floats, np.dtype[Any]]:
        """Gains, offsets, and the dtype of physical values."""
        source, stored = self.source, self.source.stored.dtype
        gains, offsets = source.gains, source.offsets
        if source.dtype == stored or (stored.kind in "iu" and (gains == 1).all() and not offsets.any()):
            return gains, offsets, stored
        fits = stored.kind in "iu" and stored.itemsize <= EXACT and np.isfinite(gains).all()
        return gains, offsets, np.dtype(np.float32 if fits else np.float64)

    def read(self, first: int, last: int) -> np.ndarray[Any, Any]:
        """Samples [first, last), shape (n_samples, n_channels)."""
        gains, offsets, dtype = self._scale
        if dtype == np.float64 and self.source.dtype == np.float64:
            return np.asarray(self.source[:, first:last]).T
        stored: np.ndarray[Any, Any] = np.asarray(self.source.stored[:, first:last]).T
        if stored.dtype == dtype:
            return stored
        values = recycled(stored.shape, dtype)
        gain, offset, moved = gains.astype(dtype), offsets.astype(dtype), bool(offsets.any())
        step = max(TILE // max(stored.shape[1], 1), 1)
        for at in range(0, len(stored), step):
            tile = values[at : at + step]
            tile[...] = stored[at : at + step]
            tile *= gain
            if moved:
                tile += offset
        return values

    def cut(self, first: int, last: int) -> Recording:
        """Samples [first, last) as a Recording on the device's clock.

        Raises
        ------
        ShapeError
            There is a gap in them.
        """
        if last <= first:
            at = (
                float(self.clock.times(min(first, self.clock.n_samples - 1), first + 1)[0])
                if first
                else self.source.start
            )
            return self.source.window(at, at)
        start, final = (float(t) for t in self.clock.times(first, last)[[0, -1]])
        return self.source.window(start, final + 1 / self.sampling_frequency)

    def bytes_needed(self, first: int, last: int) -> int:
        return self.source.bytes_needed((slice(None), slice(first, last)))

    @property
    def lines(self) -> tuple[str, ...]:
        noted = {a.text for a in self.source.annotations if a.text}
        return (*self.pulses, *self.source.channels, *sorted(noted - {*self.source.channels}))

    def line(self, name: str) -> Floats:
        """Times of the pulses on a line: of `pulses`, the rising edges of a channel, or the onsets of annotations.

        ``"SY0:6"`` is bit 6 of the channel SY0. The edges of a channel are looked for once, and remembered.

        Raises
        ------
        ColumnNotFoundError
            There is none of this name.
        """
        if name in self.pulses:
            return super().line(name)
        label, bit = name, None
        if name not in self.source.channels and name.rpartition(":")[2].isdigit():
            label, _, number = name.rpartition(":")
            bit = int(number)
        if label in self.source.channels:
            return self._edges(label, bit)
        onsets = [a.onset for a in self.source.annotations if a.text == name]
        if onsets:
            return np.sort(np.array(onsets, np.float64))
        raise ColumnNotFoundError(
            f"{self.name} has no line of pulses {name!r}. {suggestion(name, self.lines)}"
        )

    def _edges(self, label: str, bit: int | None) -> Floats:
        file, memo = self.source.file, cache_memo()
        key = (
            None
            if file is None or not file.etag
            else f"{KEY}: {file.uri} {file.etag} {label} {bit} {self.clock}"
        )
        if key is not None and (known := memo.get(key)) is not None:
            return np.frombuffer(known, "<f8").astype(np.float64)
        numbers = pulse_edges(self._blocks(label), bit=bit)
        found = self._seconds(numbers)
        if key is not None:
            memo.put(key, found.astype("<f8").tobytes())
        return found

    def _blocks(self, label: str) -> Iterator[np.ndarray[Any, Any]]:
        """Stored samples of one channel, block after block."""
        channel = self.source.stored.pick([label])
        n_samples = self.clock.n_samples
        step = max(AT_ONCE // max(channel.bytes_needed((slice(None), slice(0, 1))), 1), 1)
        for first in range(0, n_samples, step):
            yield np.asarray(channel[0, first : min(first + step, n_samples)])

    def _seconds(self, numbers: Floats) -> Floats:
        """Times of samples, which may lie between two."""
        if not isinstance(self.clock, EvenClock) or self.clock.segments is None:
            return self.clock.start + numbers / self.sampling_frequency
        whole = np.floor(numbers).astype(np.int64)
        times = np.array([self.clock.times(k, k + 1)[0] for k in whole.tolist()], np.float64)
        return times + (numbers - whole) / self.sampling_frequency
