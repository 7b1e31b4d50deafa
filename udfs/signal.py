"""Signal: channels of one rate, read block by block, so that a long recording never lies in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import neurochain as nc
from neurochain.errors import ShapeError

__all__ = ["MICROVOLTS", "Floats", "Signal", "as_recording", "signals"]

Floats = np.ndarray[Any, np.dtype[np.float64]]
BLOCK = 2**20  # values read at once: 8 MB, and a few times that while they are worked on

MICROVOLTS = {"V": 1e6, "mV": 1e3, "uV": 1.0, "µV": 1.0, "μV": 1.0, "nV": 1e-3, "": 1.0}
"""One of each unit in uV. A channel that says no unit counts as uV, as BrainVision files have it."""


@dataclass(frozen=True)
class Signal:
    """Channels of a recording that have one sampling frequency and one length, in uV.

    Attributes
    ----------
    recording : Recording
    channels : tuple of int
        Their indices, ascending.
    names : tuple of str
        Their labels.
    sampling_frequency : float, Hz
    n_samples : int
        Of each channel.
    """

    recording: nc.Recording
    channels: tuple[int, ...]
    names: tuple[str, ...]
    sampling_frequency: float
    n_samples: int

    def read(self, start: int, end: int) -> Floats:
        """Samples [start, end) of all channels, shape (n_channels, end - start), float64, uV."""
        values = self.recording.pick(self.channels)[:, start:end]
        scale = np.array([MICROVOLTS[self.recording.units[c].strip()] for c in self.channels])
        found: Floats = np.asarray(values, np.float64) * scale[:, None]
        return found

    def blocks(self, unit: int, overlap: int = 0) -> Iterator[Floats]:
        """Successive blocks, each of whole pieces of `unit` samples that overlap by `overlap`.

        What is left at the end, and fills no piece, stands behind the last block if `overlap` is 0, and is left
        out otherwise.
        """
        step = unit - overlap
        pieces = max(0, (self.n_samples - unit) // step + 1)
        at_once = max(1, (BLOCK // len(self.channels) - overlap) // step)
        for first in range(0, pieces, at_once):
            count = min(at_once, pieces - first)
            yield self.read(first * step, (first + count) * step + overlap)
        rest = pieces * step
        if not overlap and rest < self.n_samples:
            yield self.read(rest, self.n_samples)


def as_recording(recording: Any, sampling_frequency: float | None = None) -> nc.Recording:
    """A recording as it is, or one of an array in memory.

    Parameters
    ----------
    recording : Recording or array_like, shape (n_channels, n_samples) or (n_samples,), uV
        An array is not copied.
    sampling_frequency : float, Hz
        Of an array. A recording has its own.

    Raises
    ------
    ShapeError
        The array has no such shape.
    TypeError
        An array came without a sampling frequency, or a recording with one.

    Examples
    --------
    >>> as_recording(np.zeros(500), 250.0)
    <Recording in memory (1 channel, 2 s) 250 Hz>
    """
    if isinstance(recording, nc.Recording):
        if sampling_frequency is not None:
            raise TypeError(
                f"A recording has its own sampling frequency; leave out sampling_frequency={sampling_frequency!r}."
            )
        return recording
    if sampling_frequency is None:
        raise TypeError("An array does not say how often it was sampled: give sampling_frequency, in Hz.")
    array = np.asarray(recording)
    return nc.Recording.of(array[None] if array.ndim == 1 else array, sampling_frequency, units="uV")


def signals(recording: nc.Recording) -> Iterator[Signal]:
    """Voltages of a recording, grouped by sampling frequency; channels of other units are left out.

    Raises
    ------
    ShapeError
        There is no voltage.
    """
    rates: dict[tuple[float, int], list[int]] = {}
    for i, unit in enumerate(recording.units):
        if unit.strip() in MICROVOLTS:
            rates.setdefault((recording.sampling_frequencies[i], recording.lengths[i]), []).append(i)
    if not rates:
        units = ", ".join(sorted(set(recording.units))) or "no channels"
        raise ShapeError(
            f"{recording!r} has no channel in volts: {units}. These functions are for voltages; scale the values "
            'and say so with Recording.of(array, sampling_frequency, units="uV").'
        )
    for (rate, length), channels in rates.items():
        names = tuple(recording.channels[c] for c in channels)
        yield Signal(recording, tuple(channels), names, rate, length)
