"""Channels: which of them are flat, clipped, silent or loud."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

import neurochain as nc
from udfs.signal import Floats, Signal, as_recording, signals

__all__ = ["ChannelQC", "channel_qc"]

Mask = np.ndarray[Any, np.dtype[np.bool_]]
CLIPPED = 5  # samples in a row at an extreme: the peak of a wave that is sampled well has fewer


@dataclass(frozen=True)
class ChannelQC:
    """What one channel's samples look like.

    Attributes
    ----------
    channel : str
    n_samples : int
    n_not_finite : int
        Samples that are NaN or infinite; all else is of the others.
    minimum, maximum, mean, std : float or None, uV
        Of all samples; the standard deviation is the population's. Null where there are none.
    flat : float
        Share of the samples in runs of one value that last half a second or more.
    clipped : float
        Share of the samples at the channel's least or largest value, in runs of five or more; 0 for a
        channel that never changes, which is flat.
    silent, loud : float or None
        Share of the windows of one second whose peak-to-peak amplitude is below `low`, or above `high`; null
        for less than one window.
    """

    channel: str
    n_samples: int
    n_not_finite: int
    minimum: Annotated[float | None, nc.Unit("uV")]
    maximum: Annotated[float | None, nc.Unit("uV")]
    mean: Annotated[float | None, nc.Unit("uV")]
    std: Annotated[float | None, nc.Unit("uV")]
    flat: float
    clipped: float
    silent: float | None
    loud: float | None


def channel_qc(
    recording: Any,
    sampling_frequency: float | None = None,
    *,
    flat_after: float = 0.5,
    window: float = 1.0,
    low: float = 1.0,
    high: float = 100.0,
) -> list[ChannelQC]:
    """Look at each channel once, in blocks, and say how much of it cannot be EEG.

    Parameters
    ----------
    recording : Recording or array_like, shape (n_channels, n_samples) or (n_samples,), uV
        Read in blocks. Channels may have different rates; those that are no voltages are left out.
    sampling_frequency : float, Hz
        Of an array.
    flat_after : float, seconds
        How long a value must stand still to count as flat.
    window : float, seconds
        Of the peak-to-peak amplitudes.
    low, high : float, uV
        Bounds of the peak-to-peak amplitude; by default those by which MNE-Python's tutorial rejects epochs.

    Returns
    -------
    list of ChannelQC
        In the order of the channels, of those of one rate after another.

    Raises
    ------
    ShapeError
        The recording holds no voltages.

    Examples
    --------
    >>> wave = 30 * np.sin(2 * np.pi * 7.3 * np.arange(1000) / 100.0)
    >>> for qc in channel_qc(np.stack([wave, np.clip(wave, -20, 20), np.zeros(1000)]), 100.0):
    ...     print(qc.channel, qc.flat, qc.clipped > 0, qc.silent)
    0 0.0 False 0.0
    1 0.0 False 0.0
    2 1.0 False 1.0
    """
    found = []
    for signal in signals(as_recording(recording, sampling_frequency)):
        n_window = max(1, round(window * signal.sampling_frequency))
        n_flat = max(2, round(flat_after * signal.sampling_frequency))
        looks = [_Look(n_flat) for _ in signal.channels]
        quiet, strong, windows = _windows(signal, n_window, low, high, looks)
        for i, (name, look) in enumerate(zip(signal.names, looks, strict=True)):
            shares = (float(quiet[i] / windows), float(strong[i] / windows)) if windows else (None, None)
            found.append(look.result(name, *shares))
    return found


def _windows(
    signal: Signal, n_window: int, low: float, high: float, looks: list["_Look"]
) -> tuple[Floats, Floats, int]:
    """Show all blocks to the looks; windows below `low` and above `high` of each channel, and all of them."""
    quiet, strong, windows = np.zeros(len(looks)), np.zeros(len(looks)), 0
    for block in signal.blocks(n_window):
        for look, samples in zip(looks, block, strict=True):
            look.add(samples)
        if block.shape[1] < n_window:
            continue  # the rest is no window
        cut = block.reshape(len(looks), -1, n_window)
        amplitude = cut.max(axis=-1) - cut.min(axis=-1)
        quiet += (amplitude < low).sum(axis=1)
        strong += (amplitude > high).sum(axis=1)
        windows += cut.shape[1]
    return quiet, strong, windows


class _Look:
    """What has been seen of one channel."""

    def __init__(self, n_flat: int) -> None:
        self._n = self._bad = 0
        self._mean = self._squares = 0.0
        self._last = np.nan
        # Of k samples that are alike, k - 1 are like the one before them.
        self._still = _Runs(n_flat - 1, extra=1)
        self._rails = (_Rail(np.max), _Rail(np.min))

    def add(self, samples: Floats) -> None:
        before = np.concatenate(([self._last], samples[:-1]))
        self._last = float(samples[-1])
        self._still.add(samples == before)
        good = np.isfinite(samples)
        sound = samples[good]
        self._bad += len(samples) - len(sound)
        for rail in self._rails:
            rail.add(samples, sound)
        if not len(sound):
            return
        # Chan, Golub and LeVeque's update: sums of squares alone would lose the digits of a large offset.
        mean = float(sound.mean())
        n, shift = self._n + len(sound), mean - self._mean
        self._squares += float(((sound - mean) ** 2).sum()) + shift**2 * self._n * len(sound) / n
        self._mean += shift * len(sound) / n
        self._n = n

    def result(self, name: str, silent: float | None, loud: float | None) -> ChannelQC:
        total = self._n + self._bad
        top, bottom = self._rails
        moves = self._n > 0 and top.value != bottom.value
        clipped = top.runs.count + bottom.runs.count if moves else 0
        return ChannelQC(
            channel=name,
            n_samples=total,
            n_not_finite=self._bad,
            minimum=bottom.value if self._n else None,
            maximum=top.value if self._n else None,
            mean=self._mean if self._n else None,
            std=float(np.sqrt(self._squares / self._n)) if self._n else None,
            flat=self._still.count / total if total else 0.0,
            clipped=clipped / total if total else 0.0,
            silent=silent,
            loud=loud,
        )


class _Rail:
    """One extreme of a channel, and the runs of samples that stand there."""

    def __init__(self, extreme: Callable[[Floats], Any]) -> None:
        self._extreme = extreme
        self.value = np.nan
        self.runs = _Runs(CLIPPED)

    def add(self, samples: Floats, sound: Floats) -> None:
        if len(sound):
            reached = float(self._extreme(sound))
            # Also where there was none before: NaN is unlike itself.
            if float(self._extreme(np.array([reached, self.value]))) != self.value:
                self.value, self.runs = reached, _Runs(CLIPPED)
        self.runs.add(samples == self.value)


class _Runs:
    """Samples in runs of at least so many, counted over blocks; each run counts `extra` samples more."""

    def __init__(self, shortest: int, extra: int = 0) -> None:
        self._shortest, self._extra = shortest, extra
        self._closed = self._open = 0

    @property
    def count(self) -> int:
        return self._closed + self._counted(self._open)

    def add(self, mask: Mask) -> None:
        breaks = np.flatnonzero(~mask)
        if not len(breaks):
            self._open += len(mask)
            return
        self._closed += self._counted(self._open + int(breaks[0]))
        lengths = np.diff(breaks) - 1
        long = lengths[lengths >= self._shortest]
        self._closed += int(long.sum()) + self._extra * len(long)
        self._open = len(mask) - int(breaks[-1]) - 1

    def _counted(self, length: int) -> int:
        return length + self._extra if length >= self._shortest else 0
