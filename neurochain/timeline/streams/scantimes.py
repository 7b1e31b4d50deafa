"""ScanTimes: when the volumes of a scan were acquired, and who says so.

https://bids-specification.readthedocs.io/en/stable/modality-specific-files/magnetic-resonance-imaging-data.html#timing-parameters
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from neurochain.chain.sources.bids.applying import Applying
from neurochain.errors import FormatError, ShapeError
from neurochain.formats import Volume, read_header
from neurochain.storage import File
from neurochain.timeline.clocks.clock import Clock
from neurochain.timeline.clocks.evenclock import EvenClock
from neurochain.timeline.clocks.stampedclock import StampedClock
from neurochain.timeline.streams.stream import Floats, Said

__all__ = ["ScanTimes"]

TIME_AXES = ("t", "time")
SLICE_AXES = {"i": 0, "j": 1, "k": 2}


@dataclass(frozen=True)
class ScanTimes:
    """When volumes were acquired.

    Attributes
    ----------
    axis : int
        Of the volume, along which time goes on.
    clock : Clock
        Gives the beginning of each acquisition.
    said : Said
        Who says so.
    acquisition_duration : float or None, seconds
        Of a volume, where it is not the time until the next one.
    slice_times : ndarray, shape (n_slices,), float64, seconds, or None
        From the beginning of a volume, in the order of the slices along `slice_axis`; None where nobody says.
    slice_axis : int
        Of the volume.
    files : tuple of File
        The sidecars.
    """

    axis: int
    clock: Clock
    said: Said
    acquisition_duration: float | None = None
    slice_times: Floats | None = None
    slice_axis: int = 2
    files: tuple[File, ...] = ()

    @classmethod
    def of(
        cls,
        volume: Volume,
        *,
        repetition_time: float | None = None,
        times: Floats | None = None,
        start: float | None = None,
    ) -> "ScanTimes":
        """Times of a volume: what the caller says, else its sidecars, else its header.

        Parameters
        ----------
        volume : Volume
            With an axis of time.
        repetition_time : float, seconds, optional
            From one volume to the next.
        times : array, seconds, optional
            Of each volume.
        start : float, seconds, optional
            Of the first volume.

        Raises
        ------
        ShapeError
            It has no axis of time, or not as many volumes as times are said.
        FormatError
            Nobody says it, or what is said cannot be.
        """
        called = volume.file.uri if volume.file is not None else "the volume in memory"
        axis = next((i for i, name in enumerate(volume.axes) if name in TIME_AXES), None)
        if axis is None:
            raise ShapeError(
                f"{called} has the axes {', '.join(volume.axes)}, and none of them is time: one volume is no stream. Give "
                "a scan of several volumes, or Volume.of(array, axes=('x', 'y', 'z', 't'))."
            )
        applying = Applying({}, ()) if volume.file is None else Applying.of(volume.file)
        told = _Told(called, applying.said, ", ".join(f.name for f in applying.files))
        n_volumes = volume.shape[axis]
        clock, said = told.clock(volume, n_volumes, repetition_time, times, start)
        slices, slice_axis = told.slices(volume)
        return cls(axis, clock, said, told.acquisition(clock), slices, slice_axis, applying.files)


@dataclass(frozen=True)
class _Told:
    """What the sidecars of a scan say."""

    called: str
    values: Mapping[str, Any]
    by: str

    def clock(
        self,
        volume: Volume,
        n_volumes: int,
        repetition_time: float | None,
        times: Floats | None,
        start: float | None,
    ) -> tuple[Clock, Said]:
        if times is not None:
            return self._stamped(times, n_volumes, start or 0.0, "the caller")
        first = self._number("StartTime") if start is None else start
        if repetition_time is not None:
            if not 0 < repetition_time < math.inf:
                raise FormatError(
                    f"{self.called}: repetition_time={repetition_time!r} is no positive number of seconds."
                )
            return _even(repetition_time, n_volumes, first or 0.0, "the caller")
        if "VolumeTiming" in self.values:
            return self._stamped(self._numbers("VolumeTiming"), n_volumes, first or 0.0, self.by)
        said = self._number("RepetitionTime")
        if said is not None:
            if said <= 0:
                raise FormatError(
                    f"{self.called}: its sidecar ({self.by}) says RepetitionTime {said:g}, which is no time."
                )
            return _even(said, n_volumes, first or 0.0, self.by)
        header = {} if volume.file is None else (read_header(volume.file).record or {})
        step = header.get("repetition_time")
        if not step or step <= 0:
            raise FormatError(f"{self.called}: {self._nobody(header)}")
        if first is None:
            first = header.get("toffset") or 0.0
        return _even(float(step), n_volumes, float(first), f"the header of {self.called}")

    def acquisition(self, clock: Clock) -> float | None:
        """Seconds that a volume takes, where it is less than the time to the next one."""
        said = self._number("AcquisitionDuration")
        delay = self._number("DelayTime")
        if said is None and delay is not None:
            said = clock.period - delay
        if said is not None and not 0 < said <= clock.period * (1 + 1e-6):
            raise FormatError(
                f"{self.called}: its sidecar ({self.by}) says that a volume takes {said:g} s, and they follow each other "
                f"every {clock.period:g} s."
            )
        return said

    def slices(self, volume: Volume) -> tuple[Floats | None, int]:
        """Times of the slices within a volume, and the axis that they lie along."""
        direction = str(self.values.get("SliceEncodingDirection", "k"))
        axis = SLICE_AXES.get(direction[:1], 2)
        if "SliceTiming" not in self.values:
            return None, axis
        found = self._numbers("SliceTiming")
        count = volume.shape[axis] if axis < len(volume.shape) else 1
        if len(found) != count:
            raise FormatError(
                f"{self.called}: its sidecar ({self.by}) gives the times of {len(found)} slices (SliceTiming), and there are "
                f"{count} along {volume.axes[axis]}."
            )
        return (found[::-1] if direction.endswith("-") else found), axis

    def _stamped(self, times: Floats, n_volumes: int, start: float, by: str) -> tuple[Clock, Said]:
        if len(times) != n_volumes:
            raise FormatError(
                f"{self.called}: {by} gives the times of {len(times)} volumes, and there are {n_volumes}."
            )
        end = None
        if len(times) == 1:
            end = float(times[0]) + start + (self._number("AcquisitionDuration") or 0.0)
        return StampedClock(np.asarray(times, np.float64) + start, end), Said("a time for each volume", by)

    def _number(self, key: str) -> float | None:
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise FormatError(
                f"{self.called}: its sidecar ({self.by}) says {key} {value!r}, which is no number."
            )
        return float(value)

    def _numbers(self, key: str) -> Floats:
        value = self.values[key]
        fine = isinstance(value, Sequence) and not isinstance(value, str) and value
        if not fine or any(
            isinstance(v, bool) or not isinstance(v, int | float) or not math.isfinite(v) for v in value
        ):
            raise FormatError(
                f"{self.called}: its sidecar ({self.by}) says {key} {str(value)[:60]}, which is no list of numbers."
            )
        return np.array(value, np.float64)

    def _nobody(self, header: Mapping[str, Any]) -> str:
        pixdim = header.get("pixdim") or []
        step = pixdim[4] if len(pixdim) > 4 else 0
        unit = (
            f" (pixdim[4] is {step:g}, but xyzt_units does not say in which unit)"
            if step and header.get("temporal_unit") is None
            else ""
        )
        return (
            f"nobody says how long it takes from one volume to the next{unit}. Say it: nc.stream(…, repetition_time=2.0), or "
            '"RepetitionTime" in a .json beside it.'
        )


def _even(step: float, count: int, start: float, by: str) -> tuple[Clock, Said]:
    return EvenClock(1 / Fraction(repr(float(step))), count, start), Said(f"a volume every {step:.10g} s", by)
