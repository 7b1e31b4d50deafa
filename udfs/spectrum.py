"""Spectrum: power spectral density by Welch's method, read in blocks.

P. D. Welch, "The use of fast Fourier transform for the estimation of power spectra", IEEE Trans. Audio
Electroacoust. 15(2), 70-73, 1967, https://doi.org/10.1109/TAU.1967.1161901
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurochain.errors import ShapeError
from udfs.signal import Floats, Signal, as_recording, signals

__all__ = ["Spectrum", "hann", "known", "spectra", "welch"]


@dataclass(frozen=True)
class Spectrum:
    """Power spectral densities of channels that have one sampling frequency.

    Attributes
    ----------
    channels : tuple of str
        Their labels.
    frequencies : ndarray, shape (n_frequencies,), float64, Hz
        From 0 to half the sampling frequency.
    density : ndarray, shape (n_channels, n_frequencies), float64, uV²/Hz
        One-sided.
    n_segments : int
        That were averaged.
    """

    channels: tuple[str, ...]
    frequencies: Floats
    density: Floats
    n_segments: int

    @property
    def resolution(self) -> float:
        """Distance of neighbouring frequencies, Hz."""
        return float(self.frequencies[1] - self.frequencies[0])

    def power(self, low: float, high: float) -> Floats:
        """Power of each channel at frequencies [low, high), shape (n_channels,), uV².

        The sum of the density over them, times their distance: bands that touch add up, and all of them give
        the mean square of the windowed signal (Parseval).
        """
        found: Floats = self.density[:, self.between(low, high)].sum(axis=1) * self.resolution
        return found

    def powers(self, bands: Mapping[str, tuple[float, float]]) -> dict[str, Floats]:
        """Power of each channel in several bands; NaN in those that reach beyond half the sampling frequency."""
        top, absent = float(self.frequencies[-1]), np.full(len(self.channels), np.nan)
        return {name: self.power(low, high) if high <= top else absent for name, (low, high) in bands.items()}

    def between(self, low: float, high: float) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which frequencies lie in [low, high)."""
        slack = 1e-9 * self.resolution  # k / n * rate is rounded
        found: np.ndarray[Any, np.dtype[np.bool_]] = (self.frequencies >= low - slack) & (
            self.frequencies < high - slack
        )
        return found


def known(value: float) -> float | None:
    """A number, or None where it is none."""
    return float(value) if np.isfinite(value) else None


def hann(n: int) -> Floats:
    """Periodic Hann window of `n` samples, the one for spectra.

    Examples
    --------
    >>> hann(4)
    array([0. , 0.5, 1. , 0.5])
    """
    window: Floats = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)
    return window


def welch(
    recording: Any,
    sampling_frequency: float | None = None,
    *,
    n_segment: int = 256,
    n_overlap: int | None = None,
    window: Floats | None = None,
    detrend: bool = True,
) -> Spectrum:
    """Power spectral density of all voltages of a recording, which have one sampling frequency.

    The figures of ``scipy.signal.welch(x, fs, nperseg=n_segment, noverlap=n_overlap)``, also for a recording
    that does not fit in memory: it is read in blocks of some megabytes.

    Parameters
    ----------
    recording : Recording or array_like, shape (n_channels, n_samples) or (n_samples,), uV
        Channels of a recording that are no voltages are left out.
    sampling_frequency : float, Hz
        Of an array.
    n_segment : int
        Samples of a segment. Frequencies are sampling_frequency / n_segment apart.
    n_overlap : int
        Samples that neighbouring segments share; half a segment by default.
    window : ndarray, shape (n_segment,)
        Hann's by default.
    detrend : bool
        Whether each segment's mean is taken away.

    Raises
    ------
    ShapeError
        The recording is shorter than a segment, has several rates, or no voltages.
    ValueError
        Segments that cannot be.

    Examples
    --------
    >>> seconds = np.arange(2500) / 250.0
    >>> spectrum = welch(np.sqrt(2) * np.sin(2 * np.pi * 10 * seconds), 250.0, n_segment=500)
    >>> float(spectrum.frequencies[spectrum.density[0].argmax()]), float(spectrum.power(8, 13)[0].round(3))
    (10.0, 1.0)
    """
    found = list(signals(as_recording(recording, sampling_frequency)))
    if len(found) > 1:
        rates = ", ".join(f"{len(s.channels)} at {s.sampling_frequency:g} Hz" for s in found)
        raise ShapeError(
            f"welch(): the channels have different rates or lengths ({rates}), and one spectrum has one rate. "
            "Use spectra(), which gives one for each."
        )
    return _of_signal(found[0], n_segment, n_overlap, window, detrend)


def spectra(recording: Any, sampling_frequency: float | None, seconds: float) -> Iterator[Spectrum]:
    """Spectra of all voltages of a recording, one for each sampling frequency, from segments of some seconds.

    Parameters
    ----------
    recording : Recording or array_like, shape (n_channels, n_samples) or (n_samples,), uV
        Channels of a recording that are no voltages are left out.
    sampling_frequency : float, Hz
        Of an array.
    seconds : float
        Length of a segment; the frequencies lie 1 / seconds apart. Segments overlap by half.

    Raises
    ------
    ShapeError
        The recording is shorter than a segment, or has no voltages.
    """
    for signal in signals(as_recording(recording, sampling_frequency)):
        yield _of_signal(signal, round(seconds * signal.sampling_frequency), None, None, True)


def _of_signal(
    signal: Signal, n_segment: int, n_overlap: int | None, window: Floats | None, detrend: bool
) -> Spectrum:
    overlap = n_segment // 2 if n_overlap is None else n_overlap
    if n_segment < 2 or not 0 <= overlap < n_segment:
        raise ValueError(
            f"Segments of {n_segment} samples that share {overlap}: take two samples at least, and share fewer "
            "than all of them."
        )
    if n_segment > signal.n_samples:
        rate = signal.sampling_frequency
        raise ShapeError(
            f"A segment has {n_segment} samples ({n_segment / rate:g} s), and {signal.recording!r} only "
            f"{signal.n_samples} ({signal.n_samples / rate:g} s). Ask for shorter segments."
        )
    weights = hann(n_segment) if window is None else np.asarray(window, np.float64)
    if weights.shape != (n_segment,):
        raise ValueError(f"The window has the shape {weights.shape}, and a segment {n_segment} samples.")
    total = np.zeros((len(signal.channels), n_segment // 2 + 1))
    count = 0
    for block in signal.blocks(n_segment, overlap):
        if block.shape[-1] < n_segment:
            continue  # the rest behind segments that share nothing
        segments = np.lib.stride_tricks.sliding_window_view(block, n_segment, axis=-1)
        segments = segments[:, :: n_segment - overlap]
        count += segments.shape[1]
        if detrend:
            segments = segments - segments.mean(axis=-1, keepdims=True)
        lines = np.fft.rfft(segments * weights, axis=-1)
        total += (lines.real**2 + lines.imag**2).sum(axis=1)
    density = total / count / (signal.sampling_frequency * (weights**2).sum())
    # Negative frequencies hold the other half; 0 Hz has no twin, nor has half the rate.
    density[:, 1 : (n_segment + 1) // 2] *= 2
    frequencies = np.asarray(np.fft.rfftfreq(n_segment, 1 / signal.sampling_frequency), np.float64)
    return Spectrum(signal.names, frequencies, density, count)
