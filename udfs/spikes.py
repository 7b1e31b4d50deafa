"""Spikes: threshold crossings of extracellular recordings, their rate in bins, and the power of the field below them.

Each function on recordings gives one record per crossing or per channel, which suits ``chain.gen``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np

import neurochain as nc
from udfs.signal import Floats, Signal, as_recording, signals
from udfs.spectrum import known, spectra

__all__ = [
    "LFP_BANDS",
    "Crossing",
    "LfpPower",
    "binned_rate",
    "lfp_power",
    "noise_levels",
    "threshold_crossings",
]

LFP_BANDS: dict[str, tuple[float, float]] = {
    "delta": (1.0, 4.0),
    "theta": (4.0, 12.0),
    "beta": (12.0, 30.0),
    "gamma": (30.0, 80.0),
    "ripple": (80.0, 250.0),
}
"""Half-open [low, high), Hz, as is usual for the field of rodents (theta up to 12 Hz)."""

GAUSSIAN = 0.6744897501960817  # median absolute deviation of a normal distribution of width 1
Sign = Literal["negative", "positive", "both"]


@dataclass(frozen=True)
class Crossing:
    """One time at which a channel goes beyond its threshold.

    Attributes
    ----------
    channel : str
    time : float, seconds
        Of the first sample beyond it, on the recording's clock.
    amplitude : float, uV
        Most extreme value from there until the dead time is over, or the recording.
    """

    channel: str
    time: Annotated[float, nc.Unit("s")]
    amplitude: Annotated[float, nc.Unit("uV")]


@dataclass(frozen=True)
class LfpPower:
    """Power of one channel in the bands of `LFP_BANDS`.

    Attributes
    ----------
    channel : str
    delta, theta, beta, gamma, ripple : float or None, uV²
        Null above half the sampling frequency, and where samples are not finite.
    """

    channel: str
    delta: Annotated[float | None, nc.Unit("uV²")]
    theta: Annotated[float | None, nc.Unit("uV²")]
    beta: Annotated[float | None, nc.Unit("uV²")]
    gamma: Annotated[float | None, nc.Unit("uV²")]
    ripple: Annotated[float | None, nc.Unit("uV²")]


def noise_levels(
    recording: Any, sampling_frequency: float | None = None, *, seconds: float = 20.0
) -> dict[str, float]:
    """Width of the noise of each channel: its median absolute deviation, over that of a normal distribution.

    Spikes are rare and hardly change it, unlike the standard deviation.

    R. Q. Quiroga, Z. Nadasdy, Y. Ben-Shaul, "Unsupervised spike detection and sorting with wavelets and
    superparamagnetic clustering", Neural Comput. 16(8), 1661-1687, 2004, https://doi.org/10.1162/089976604774201631

    Parameters
    ----------
    recording : Recording or array_like, shape (n_channels, n_samples) or (n_samples,), uV
        Channels that are no voltages are left out.
    sampling_frequency : float, Hz
        Of an array.
    seconds : float
        How much is read of it, in pieces of a second that lie evenly over all of it; a shorter one is read whole.

    Returns
    -------
    dict of str to float, uV
        By channel.

    Raises
    ------
    ShapeError
        The recording holds no voltages.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(0, 7, 300_000)
    >>> round(noise_levels(noise, 30_000.0)["0"], 1)
    7.0
    """
    found: dict[str, float] = {}
    for signal in signals(as_recording(recording, sampling_frequency)):
        found |= dict(zip(signal.names, _noise(signal, seconds)[1].tolist(), strict=True))
    return found


def threshold_crossings(
    recording: Any,
    sampling_frequency: float | None = None,
    *,
    threshold: float = 5.0,
    sign: Sign = "negative",
    dead_time: float = 0.001,
    seconds: float = 20.0,
) -> list[Crossing]:
    """Times at which channels go beyond a multiple of their noise, channel by channel.

    The values should have no slow waves: those of an AP band, or filtered ones.

    Parameters
    ----------
    recording : Recording or array_like, shape (n_channels, n_samples) or (n_samples,), uV
        Read in blocks. Channels that are no voltages are left out.
    sampling_frequency : float, Hz
        Of an array.
    threshold : float
        In `noise_levels`, from the channel's median.
    sign : {"negative", "positive", "both"}
        On which side; extracellular spikes are mostly negative.
    dead_time : float, seconds
        After a crossing, in which no other counts.
    seconds : float
        Of which the noise is measured, as of `noise_levels`.

    Returns
    -------
    list of Crossing
        Of each channel in the order of time.

    Raises
    ------
    ShapeError
        The recording holds no voltages.
    ValueError
        A threshold, a sign or a dead time that cannot be.

    Examples
    --------
    >>> values = np.tile([1.0, -1.0], 15_000)
    >>> values[[3_000, 3_010, 9_000]] = -80.0, -90.0, -60.0
    >>> for spike in threshold_crossings(values, 30_000.0):
    ...     print(spike.channel, spike.time, spike.amplitude)
    0 0.1 -90.0
    0 0.3 -60.0
    """
    if not threshold > 0 or sign not in ("negative", "positive", "both") or dead_time < 0:
        raise ValueError(
            f"threshold_crossings(threshold={threshold!r}, sign={sign!r}, dead_time={dead_time!r}): take a positive "
            "threshold, 'negative', 'positive' or 'both', and a dead time of 0 s or more."
        )
    opened = as_recording(recording, sampling_frequency)
    found = []
    for signal in signals(opened):
        dead = max(1, round(dead_time * signal.sampling_frequency))
        middle, width = _noise(signal, seconds)
        by_channel: list[list[tuple[int, float]]] = [[] for _ in signal.channels]
        for at, block in _with_context(signal, dead):
            for events, values, zero, step in zip(by_channel, block, middle, width, strict=True):
                _cross(events, values, at, (zero, threshold * step), sign, dead, signal.n_samples)
        for name, events in zip(signal.names, by_channel, strict=True):
            start = opened.start
            found += [Crossing(name, start + i / signal.sampling_frequency, value) for i, value in events]
    return found


def binned_rate(times: Any, start: float, end: float, width: float) -> Floats:
    """Rate of events in bins of one width.

    Parameters
    ----------
    times : array_like of float, seconds
        Of the events, in any order; those outside count nowhere.
    start, end : float, seconds
        Of all bins, [start, end); they hold whole bins.
    width : float, seconds
        Of a bin [a, a + width).

    Returns
    -------
    ndarray, shape (n_bins,), float64, Hz

    Raises
    ------
    ValueError
        A width that is not positive, or bins that do not fill the time.

    Examples
    --------
    >>> binned_rate([0.05, 0.1, 0.19, 0.3], 0.0, 0.3, 0.1)
    array([10., 20.,  0.])
    """
    if not width > 0 or not end > start:
        raise ValueError(f"binned_rate(start={start!r}, end={end!r}, width={width!r}): there are no bins.")
    count = round((end - start) / width)
    if count < 1 or abs(count * width - (end - start)) > 1e-6 * width:
        raise ValueError(
            f"binned_rate(): bins of {width:g} s do not fill the {end - start:g} s from {start:g} s to {end:g} s."
        )
    at = np.asarray(times, np.float64)
    edges = start + width * np.arange(count + 1)
    edges[-1] = end
    places = np.searchsorted(edges, at + 1e-9 * width, side="right") - 1  # 3 * 0.1 is a little above 0.3
    inside = (places >= 0) & (places < count)
    rates: Floats = np.bincount(places[inside], minlength=count) / width
    return rates


def lfp_power(
    recording: Any, sampling_frequency: float | None = None, *, segment: float = 2.0
) -> list[LfpPower]:
    """Power of the local field in its bands by Welch's method, channel by channel.

    Parameters
    ----------
    recording : Recording or array_like, shape (n_channels, n_samples) or (n_samples,), uV
        Read in blocks; of a Neuropixels probe its LF band. Channels that are no voltages are left out.
    sampling_frequency : float, Hz
        Of an array.
    segment : float, seconds
        Length of the segments, which overlap by half; a second at least, for delta.

    Returns
    -------
    list of LfpPower
        In the order of the channels, of those of one rate after another.

    Raises
    ------
    ShapeError
        The recording is shorter than a segment, or holds no voltages.
    ValueError
        Segments too short for delta.

    Examples
    --------
    >>> seconds = np.arange(25_000) / 2500.0
    >>> [power] = lfp_power(40 * np.sin(2 * np.pi * 8 * seconds), 2500.0)
    >>> round(power.theta, 1), round(power.gamma, 1)
    (800.0, 0.0)
    """
    if segment < 1:
        raise ValueError(
            f"Segments of {segment:g} s hold no full wave of 1 Hz, where delta begins: take 1 s or more."
        )
    found = []
    for spectrum in spectra(recording, sampling_frequency, segment):
        powers = spectrum.powers(LFP_BANDS)
        for i, channel in enumerate(spectrum.channels):
            found.append(LfpPower(channel, **{name: known(power[i]) for name, power in powers.items()}))
    return found


def _noise(signal: Signal, seconds: float) -> tuple[Floats, Floats]:
    """Median, and width of the noise, of each channel, shape (n_channels,), uV."""
    piece = max(1, round(signal.sampling_frequency))
    wanted = max(1, round(seconds))
    if signal.n_samples <= wanted * piece:
        values = signal.read(0, signal.n_samples)
    else:
        starts = np.linspace(0, signal.n_samples - piece, wanted).astype(int)
        values = np.concatenate([signal.read(int(s), int(s) + piece) for s in starts], axis=1)
    if not values.shape[1]:
        return np.zeros(len(signal.channels)), np.full(len(signal.channels), np.nan)
    middle = np.median(values, axis=1)
    width: Floats = np.median(np.abs(values - middle[:, None]), axis=1) / GAUSSIAN
    return np.asarray(middle, np.float64), width


def _with_context(signal: Signal, dead: int) -> Iterator[tuple[int, Floats]]:
    """Blocks with the sample before them, where there is one, and those behind them in which an amplitude may lie.

    Given are the number of the first sample of the block itself, and the values.
    """
    own = max(dead, 2**20 // max(len(signal.channels), 1))
    for first in range(0, signal.n_samples, own):
        last = min(first + own, signal.n_samples)
        yield first, signal.read(max(first - 1, 0), min(last + dead, signal.n_samples))


def _cross(
    events: list[tuple[int, float]],
    values: Floats,
    at: int,
    level: tuple[float, float],
    sign: Sign,
    dead: int,
    n_samples: int,
) -> None:
    """Append the crossings of one block, with their amplitudes."""
    middle, step = level
    before = 1 if at else 0
    own = len(values) - before - (0 if at + len(values) - before >= n_samples else dead)
    away = values - middle
    beyond = {"negative": away <= -step, "positive": away >= step, "both": np.abs(away) >= step}[sign]
    entered = beyond.copy()
    entered[1:] &= ~beyond[:-1]
    for i in np.flatnonzero(entered[before : before + own]).tolist():
        number = at + i
        if events and number < events[-1][0] + dead:
            continue
        some = values[before + i : before + i + dead]
        deviations = np.abs(some - middle) if sign == "both" else (some if sign == "positive" else -some)
        events.append((number, float(some[int(np.argmax(deviations))])))
