"""ScannedStream: volumes one after the other, as of fMRI."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurochain.formats import Volume
from neurochain.timeline.streams.scantimes import ScanTimes
from neurochain.timeline.streams.stream import Floats, Kind, Pulses, Stream

__all__ = ["ScannedStream"]


@dataclass(frozen=True, eq=False)
class ScannedStream(Stream):
    """Volumes over time, volumes last: `read` has shape (x, y, z, n_volumes).

    The time of a volume is that at which its acquisition begins. It takes until the next one, or as long as the sidecar says,
    and belongs to every window that this touches.
    """

    source: Volume
    scan: ScanTimes = field(kw_only=True)

    @classmethod
    def of(
        cls, volume: Volume, scan: ScanTimes, on: str | None = None, pulses: Pulses | None = None
    ) -> "ScannedStream":
        """Stream of a volume with a time axis."""
        files = (*volume.files, *scan.files)
        return cls(volume, scan.clock, scan.said, files, on, dict(pulses or {}), scan=scan)

    @property
    def kind(self) -> Kind:
        return "volume"

    @property
    def axes(self) -> tuple[str, ...]:
        return tuple("time" if i == self.scan.axis else a for i, a in enumerate(self.source.axes))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.source.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.source.dtype

    @property
    def is_held(self) -> bool:
        return True

    def held_until(self, sample: int) -> float:
        """When a volume has been acquired."""
        duration = self.scan.acquisition_duration
        if duration is None:
            return super().held_until(sample)
        return float(self.clock.times(sample, sample + 1)[0]) + duration

    def read(self, first: int, last: int) -> np.ndarray[Any, Any]:
        """Volumes [first, last)."""
        return np.asarray(self.source[self._index(first, last)])

    def cut(self, first: int, last: int) -> Volume:
        """Volumes [first, last) as a Volume."""
        whole = [(0, n) for n in self.source.shape[: self.scan.axis]]
        return self.source.crop(*whole, (first, last))

    def bytes_needed(self, first: int, last: int) -> int:
        return self.source.bytes_needed(self._index(first, last))

    def slice_times(self, first: int, last: int) -> Floats | None:
        """When each slice of volumes [first, last) was acquired, shape (n_slices, n_volumes), seconds on the device's clock.

        None where nobody says.
        """
        offsets = self.scan.slice_times
        if offsets is None:
            return None
        times: Floats = offsets[:, None] + self.clock.times(first, last)[None]
        return times

    def _index(self, first: int, last: int) -> tuple[Any, ...]:
        return (*[slice(None)] * self.scan.axis, slice(first, last), ...)
