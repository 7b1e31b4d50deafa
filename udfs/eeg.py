"""EEG: power in the bands, and how much of it comes from the mains.

Each function gives one record per channel (line noise: per channel and harmonic), which suits ``chain.gen``.
"""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

import neurochain as nc
from udfs.spectrum import Spectrum, known, spectra

__all__ = ["BANDS", "BandPower", "LineNoise", "band_power", "line_noise"]

BANDS: dict[str, tuple[float, float]] = {
    "delta": (0.5, 4.0),
    "theta": (4.0, 8.0),
    "alpha": (8.0, 13.0),
    "beta": (13.0, 30.0),
    "gamma": (30.0, 45.0),
}
"""Half-open [low, high), Hz: after Kane et al., with delta above the drifts and gamma below the mains.

N. Kane et al., "A revised glossary of terms most commonly used by clinical electroencephalographers", Clin.
Neurophysiol. Pract. 2, 170-185, 2017, https://doi.org/10.1016/j.cnp.2017.07.002
"""

WIDTH = 1.0  # Hz on each side of a line that count as the line
NEAR, FAR = 2.0, 5.0  # Hz from a line between which its neighbours lie


@dataclass(frozen=True)
class BandPower:
    """Power of one channel in the bands of `BANDS`.

    Attributes
    ----------
    channel : str
    delta, theta, alpha, beta, gamma : float or None, uV²
        Null above half the sampling frequency, and where samples are not finite.
    delta_relative, … : float or None
        Share of the power in all five bands; null where one of them is null, or none has power.
    """

    channel: str
    delta: Annotated[float | None, nc.Unit("uV²")]
    theta: Annotated[float | None, nc.Unit("uV²")]
    alpha: Annotated[float | None, nc.Unit("uV²")]
    beta: Annotated[float | None, nc.Unit("uV²")]
    gamma: Annotated[float | None, nc.Unit("uV²")]
    delta_relative: float | None
    theta_relative: float | None
    alpha_relative: float | None
    beta_relative: float | None
    gamma_relative: float | None


@dataclass(frozen=True)
class LineNoise:
    """What the mains add to one channel at one harmonic.

    Attributes
    ----------
    channel : str
    frequency : float, Hz
        Of the harmonic.
    power : float or None, uV²
        Within 1 Hz of it.
    background : float or None, uV²
        What would stand there without a line: the median density of the frequencies 2 to 5 Hz away.
    ratio : float or None
        `power` over `background`: 1 without line noise; null where there is no background.
    """

    channel: str
    frequency: Annotated[float, nc.Unit("Hz")]
    power: Annotated[float | None, nc.Unit("uV²")]
    background: Annotated[float | None, nc.Unit("uV²")]
    ratio: float | None


def band_power(
    recording: Any, sampling_frequency: float | None = None, *, segment: float = 4.0
) -> list[BandPower]:
    """Power in the bands of EEG by Welch's method, channel by channel.

    Parameters
    ----------
    recording : Recording or array_like, shape (n_channels, n_samples) or (n_samples,), uV
        Read in blocks. Channels may have different rates; those that are no voltages are left out.
    sampling_frequency : float, Hz
        Of an array.
    segment : float, seconds
        Length of the segments, which overlap by half: frequencies lie 1 / segment apart, so less than 2 s is
        too short for delta.

    Returns
    -------
    list of BandPower
        In the order of the channels, of those of one rate after another.

    Raises
    ------
    ShapeError
        The recording is shorter than a segment, or holds no voltages.
    ValueError
        Segments too short for delta.

    Examples
    --------
    >>> seconds = np.arange(2500) / 250.0
    >>> [power] = band_power(2 * np.sin(2 * np.pi * 10 * seconds), 250.0)
    >>> round(power.alpha, 3), round(power.alpha_relative, 3)
    (2.0, 1.0)
    """
    lowest = min(low for low, _ in BANDS.values())
    if segment < 1 / lowest:
        raise ValueError(
            f"Segments of {segment:g} s hold no full wave of {lowest:g} Hz, where delta begins: take "
            f"{1 / lowest:g} s or more."
        )
    found = []
    for spectrum in spectra(recording, sampling_frequency, segment):
        powers = spectrum.powers(BANDS)
        total = np.sum(list(powers.values()), axis=0)
        for i, channel in enumerate(spectrum.channels):
            absolute = {name: known(power[i]) for name, power in powers.items()}
            relative = {f"{name}_relative": _ratio(power[i], total[i]) for name, power in powers.items()}
            found.append(BandPower(channel, **absolute, **relative))
    return found


def line_noise(
    recording: Any,
    sampling_frequency: float | None = None,
    *,
    mains: float = 50.0,
    harmonics: int = 3,
    segment: float = 4.0,
) -> list[LineNoise]:
    """Power at the frequency of the mains and its multiples, against that of their neighbours.

    Parameters
    ----------
    recording : Recording or array_like, shape (n_channels, n_samples) or (n_samples,), uV
        Read in blocks. Channels may have different rates; those that are no voltages are left out.
    sampling_frequency : float, Hz
        Of an array.
    mains : float, Hz
        50, or 60 in the Americas and parts of Asia.
    harmonics : int
        How many multiples, the mains' own frequency among them. Those whose neighbours reach beyond half the
        sampling frequency are left out.
    segment : float, seconds
        Length of the segments, which overlap by half; a second at least.

    Returns
    -------
    list of LineNoise
        Channel by channel, of each the harmonics.

    Raises
    ------
    ShapeError
        The recording is shorter than a segment, or holds no voltages.
    ValueError
        A frequency, a number of harmonics or a segment that cannot be.

    Notes
    -----
    A line in a window of Hann is 1.5 bins wide, so segments of 4 s keep it within 0.5 Hz, and a generator may
    drift by as much again.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=(1, 25000))
    >>> hum = 5 * np.sin(2 * np.pi * 50 * np.arange(25000) / 250.0)
    >>> [line] = line_noise(noise + hum, 250.0, harmonics=1)
    >>> line.frequency, round(line.power, 1), line.ratio > 100
    (50.0, 12.5, True)
    """
    if mains <= FAR or harmonics < 1 or segment < 1:
        raise ValueError(
            f"line_noise(mains={mains!r}, harmonics={harmonics!r}, segment={segment!r}): take 50 or 60 Hz, one "
            "harmonic at least, and segments of one second or more."
        )
    found = []
    for spectrum in spectra(recording, sampling_frequency, segment):
        top = float(spectrum.frequencies[-1])
        lines = [mains * (k + 1) for k in range(harmonics) if mains * (k + 1) + FAR <= top]
        at_lines = [_at_line(spectrum, frequency) for frequency in lines]
        for i, channel in enumerate(spectrum.channels):
            for frequency, (power, background) in zip(lines, at_lines, strict=True):
                ratio = _ratio(power[i], background[i])
                found.append(LineNoise(channel, frequency, known(power[i]), known(background[i]), ratio))
    return found


def _at_line(spectrum: Spectrum, frequency: float) -> tuple[Any, Any]:
    """Power at a line, and what it would be after its neighbours, each of shape (n_channels,), uV²."""
    away = np.abs(spectrum.frequencies - frequency)
    slack = 1e-9 * frequency
    at = away <= WIDTH + slack
    beside = (away >= NEAR - slack) & (away <= FAR + slack)
    power = spectrum.density[:, at].sum(axis=1) * spectrum.resolution
    expected = np.median(spectrum.density[:, beside], axis=1) * at.sum() * spectrum.resolution
    return power, expected


def _ratio(value: float, of: float) -> float | None:
    return float(value / of) if np.isfinite(value) and np.isfinite(of) and of > 0 else None
