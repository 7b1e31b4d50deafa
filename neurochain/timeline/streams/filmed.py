"""FilmedStream: frames of a video."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurochain.formats import Video
from neurochain.timeline.clocks.clock import Clock
from neurochain.timeline.clocks.stampedclock import StampedClock
from neurochain.timeline.streams.stream import Kind, Pulses, Said, Stream

__all__ = ["FilmedStream"]

AT_ONCE = 128 * 2**20  # bytes of frames that are decoded together


@dataclass(frozen=True, eq=False)
class FilmedStream(Stream):
    """Frames of a video, time first: `read` has shape (n_frames, rows, columns[, 3]), uint8.

    Its clock is that of the file's timestamps, or of timestamps that the caller has.
    """

    source: Video

    @classmethod
    def of(
        cls,
        video: Video,
        clock: Clock | None = None,
        said: Said | None = None,
        on: str | None = None,
        pulses: Pulses | None = None,
    ) -> "FilmedStream":
        """Stream of a video."""
        if clock is None:
            clock = StampedClock(video.times, video.start + video.duration)
        said = said or Said("timestamps of its frames", video.file.uri)
        return cls(video, clock, said, (video.file,), on, dict(pulses or {}))

    @property
    def kind(self) -> Kind:
        return "video"

    @property
    def axes(self) -> tuple[str, ...]:
        return ("time", *self.source.axes[1:])

    @property
    def shape(self) -> tuple[int, ...]:
        return self.source.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.source.dtype

    def read(self, first: int, last: int) -> np.ndarray[Any, Any]:
        """Frames [first, last)."""
        return np.asarray(self.source[first:last])

    def reads(self, spans: Sequence[tuple[int, int]]) -> Iterator[np.ndarray[Any, Any]]:
        """Frames of several ranges; of many that are near each other, what they share is decoded once.

        So are the frames from the keyframe before them on.
        """
        most = max(AT_ONCE // max(int(np.prod(self.shape[1:])), 1), 1)
        begin = 0
        while begin < len(spans):
            end, wanted = begin, set[int]()
            while end < len(spans):
                more = wanted.union(range(*spans[end]))
                if len(more) > most and end > begin:
                    break
                end, wanted = end + 1, more
            if end == begin + 1:
                yield self.read(*spans[begin])
            else:
                numbers = np.array(sorted(wanted), np.int64)
                frames = self.source.frames(numbers)
                for first, last in spans[begin:end]:
                    at = int(np.searchsorted(numbers, first))
                    yield frames[at : at + last - first]
                del frames  # before the next ones are decoded
            begin = end

    def cut(self, first: int, last: int) -> Video:
        """Frames [first, last) as a Video on its own clock."""
        times = self.source.times
        start = float(times[first]) if first < len(times) else self.source.start + self.source.duration
        end = float(times[last]) if last < len(times) else self.source.start + self.source.duration
        return self.source.window(start, max(start, end))

    def bytes_needed(self, first: int, last: int) -> int:
        return self.source.bytes_needed(slice(first, last)) if last > first else 0
