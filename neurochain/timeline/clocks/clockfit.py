"""ClockFit: a map between clocks that was fitted to pulses, and how good it is."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple, overload

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.recordings.even import Floats
from neurochain.timeline.clocks.band import Band
from neurochain.timeline.clocks.clockmap import ClockMap
from neurochain.timeline.clocks.jsonfields import mapping, number, numbers, whole

__all__ = ["ClockFit", "Jump"]

STORED = 4096
"""Pairs that `ClockFit.to_json` stores: of longer fits what they amount to is enough."""


class Jump(NamedTuple):
    """Where one of the clocks stood still, or jumped.

    Attributes
    ----------
    start, end : float, seconds
        On the device's clock: some time in [start, end).
    seconds : float
        By which the common clock went farther than the device's. Negative where the device's jumped ahead.
    """

    start: float
    end: float
    seconds: float


@dataclass(frozen=True, eq=False, repr=False)
class ClockFit:
    """What `fit_clock` found.

    Attributes
    ----------
    map : ClockMap
        From the device's clock to the common one.
    device, common : ndarray, shape (n_pairs,), float64, seconds
        Pulses that were paired, on both clocks. Empty if it comes from JSON that did not store them.
    residuals : ndarray, shape (n_pairs,), float64, seconds
        Common time of a pair, less what the map makes of its device time.
    n_pairs, n_device, n_common : int
        Pulses that were paired, and all that there were on both sides.
    jitter : float, seconds
        Robust standard deviation of the residuals (1.4826 median absolute deviations).
    rms, worst : float, seconds
        Root mean square of the residuals, and the largest.
    drift_ppm : float
        Common microseconds that a device second has too many, on average over the pulses.
    drift_interval : (float, float), ppm
        In which it lies with 95 %.
    offset : float, seconds
        Common minus device, at the first pair.
    offset_interval : (float, float), seconds
        In which it lies with 95 %.
    band : Band
        What `uncertainty` is made of.
    """

    map: ClockMap
    device: Floats
    common: Floats
    residuals: Floats
    n_pairs: int
    n_device: int
    n_common: int
    jitter: float
    rms: float
    worst: float
    drift_ppm: float
    offset: float
    drift_interval: tuple[float, float]
    offset_interval: tuple[float, float]
    band: Band

    @property
    def device_only(self) -> int:
        """Pulses of the device without a partner: spurious there, or missing on the common clock."""
        return self.n_device - self.n_pairs

    @property
    def common_only(self) -> int:
        """Pulses of the common clock without a partner."""
        return self.n_common - self.n_pairs

    @property
    def breaks(self) -> tuple[Jump, ...]:
        """Where a clock jumped, in order."""
        x, y = self.map.device, self.map.common
        return tuple(Jump(x[k], x[k + 1], (y[k + 1] - y[k]) - (x[k + 1] - x[k])) for k in self.map.breaks)

    @overload
    def uncertainty(self, seconds: float) -> float: ...
    @overload
    def uncertainty(self, seconds: Floats) -> Floats: ...
    def uncertainty(self, seconds: Any) -> Any:
        """Half of the width, in seconds, that holds the true common time with 95 %.

        It is that of the line through the jittering pulses, so it is less than the jitter. Infinite where the clock jumped.

        Parameters
        ----------
        seconds : float or ndarray, seconds
            On the device's clock.
        """
        times = np.asarray(seconds, np.float64)
        found = np.where(self.map.known(times), self.band(times), np.inf)
        return float(found) if np.ndim(seconds) == 0 else found

    def lines(self, device: str = "device", common: str = "common") -> list[str]:
        """A report to print.

        Parameters
        ----------
        device, common : str
            What the two clocks are called.
        """
        jumps = [
            f"jump of {_said(jump.seconds)} between {jump.start:.3f} s and {jump.end:.3f} s of {device}"
            for jump in self.breaks
        ]
        return [
            f"{device} -> {common}: {self.offset:+.6f} s at the first pair, {self._drift()}",
            f"{self.n_pairs:,} pairs; unpaired: {self.device_only:,} of {self.n_device:,} pulses of {device}, "
            f"{self.common_only:,} of {self.n_common:,} of {common}",
            f"residuals: {_said(self.rms)} rms, {_said(self.worst)} at most, jitter {_said(self.jitter)}",
            *jumps,
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain numbers, from which `from_json` makes the same fit; the pairs themselves where they are few enough."""
        stored = self.n_pairs <= STORED and len(self.device) == self.n_pairs
        return {
            "map": self.map.to_json(),
            **{key: getattr(self, key) for key in (*_COUNTS, *_NUMBERS)},
            "drift_interval": list(self.drift_interval),
            "offset_interval": list(self.offset_interval),
            "band": self.band.to_json(),
            "pairs": {"device": self.device.tolist(), "common": self.common.tolist()} if stored else None,
        }

    @classmethod
    def from_json(cls, found: Any) -> "ClockFit":
        """What `to_json` gave.

        Raises
        ------
        FormatError
            Something is missing, or cannot be.
        """
        what = "clock fit"
        fields = mapping(found, what)
        clock_map = ClockMap.from_json(fields.get("map"))
        n_pairs, n_device, n_common = (whole(fields, key, what) for key in _COUNTS)
        if n_pairs > min(n_device, n_common):
            raise FormatError(f"{what}: {n_pairs:,} pairs are more than there are pulses on one side.")
        pairs = fields.get("pairs")
        device, common = (
            np.array(numbers(mapping(pairs, what), key, what) if pairs is not None else ())
            for key in ("device", "common")
        )
        if len(device) != len(common) or (pairs is not None and len(device) != n_pairs):
            raise FormatError(
                f"{what}: {n_pairs:,} pairs, and times of {len(device):,} on the device and {len(common):,} on the common "
                "clock."
            )
        return cls(
            clock_map,
            device,
            common,
            common - clock_map(device),
            n_pairs,
            n_device,
            n_common,
            number(fields, "jitter", what),
            number(fields, "rms", what),
            number(fields, "worst", what),
            number(fields, "drift_ppm", what),
            number(fields, "offset", what),
            _interval(fields, "drift_interval"),
            _interval(fields, "offset_interval"),
            Band.from_json(fields.get("band")),
        )

    def __repr__(self) -> str:
        jumps = self.breaks
        said = ""
        if len(jumps) == 1:
            said = f", 1 jump of {_said(jumps[0].seconds)} at {jumps[0].start:.1f} s"
        elif jumps:
            said = f", {len(jumps)} jumps"
        return (
            f"<ClockFit {self.offset:+.6f} s, {self._drift()}, residuals {_said(self.rms)} rms, {_said(self.worst)} at most, "
            f"{self.n_pairs:,} of {self.n_device:,} pulses paired{said}>"
        )

    def _drift(self) -> str:
        low, high = self.drift_interval
        half = (high - low) / 2
        digits = min(max(1 - math.floor(math.log10(half)), 0), 6) if half > 0 else 1
        return f"{self.drift_ppm:+.{digits}f} ppm (95 %: {low:+.{digits}f} to {high:+.{digits}f})"


_COUNTS = ("n_pairs", "n_device", "n_common")
_NUMBERS = ("jitter", "rms", "worst", "drift_ppm", "offset")


def _interval(fields: Any, key: str) -> tuple[float, float]:
    values = numbers(fields, key, "clock fit")
    if len(values) != 2 or values[0] > values[1]:
        raise FormatError(f"clock fit: {key!r} holds {list(values)!r:.40}, which is no interval.")
    return values[0], values[1]


def _said(seconds: float) -> str:
    """Seconds as one reads them."""
    size = abs(seconds)
    if size >= 1:
        return f"{seconds:.2f} s"
    if size >= 1e-3:
        return f"{seconds * 1e3:.3g} ms"
    return f"{seconds * 1e6:.3g} µs"
