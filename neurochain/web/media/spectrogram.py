"""Spectrogram: power of one channel over time and frequency, in dB.

The answer is that of `neurochain.web.media.packed`: float32 ``[row][column]``, rows from the lowest frequency up, in decibels of
the power spectral density: 10 log10 of unit²/Hz, at least `FLOOR` dB.

Each column is the mean of the periodograms of segments of ``nperseg`` samples (Hann window, mean taken off, one-sided), ``hop``
samples apart, ``averaged`` of them at a time. Rows are equally far apart in frequency, or with ``scale=log`` in its logarithm;
each is the mean of the frequencies in it, or the nearest one where it holds none. Where a stretch is longer than `MOST` samples,
segments are spread over it, and ``approximate`` is true.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from neurochain.errors import FormatError, ParameterError
from neurochain.formats import Recording
from neurochain.web.media.asked import real, whole
from neurochain.web.media.gate import Stop
from neurochain.web.media.packed import finite, pack
from neurochain.web.media.sources import Sources

__all__ = ["FLOOR", "density", "spectrogram"]

FLOOR = -300.0  # dB: of what is all zero
MOST = 4 * 2**20  # samples
LARGEST = 2048  # columns and rows
SHORTEST, LONGEST = 16, 65_536  # samples of a segment
AT_ONCE = 2**22  # values that are transformed together
Values = np.ndarray[Any, Any]


def spectrogram(sources: Sources, query: Mapping[str, str], stop: Stop) -> bytes:
    """Spectrogram of ``channel`` (index) from ``start`` to ``end`` (s), ``width`` columns and ``height`` rows at most.

    ``low`` and ``high`` (Hz) bound the frequencies; ``nperseg`` is chosen by default so that there are about `height` of them.

    Raises
    ------
    FormatError, ParameterError, StorageError
        It cannot be read, or there is too little of it.
    """
    recording = sources.recording(query)
    channel = whole(query, "channel", 0, max(len(recording.channels) - 1, 0), 0)
    if not recording.channels:
        raise ParameterError("This recording has no channels: it holds annotations only.")
    rate, count = recording.sampling_frequencies[channel], recording.lengths[channel]
    if not rate > 0:
        raise ParameterError("This recording does not say how often its channels were sampled.")
    start = real(query, "start", recording.start)
    end = real(query, "end", recording.start + count / rate)
    first, last = (round(min(max(t - recording.start, 0) * rate, count)) for t in (start, end))
    width, height = whole(query, "width", 1, LARGEST, 800), whole(query, "height", 1, LARGEST, 256)
    n = last - first
    nperseg = whole(query, "nperseg", SHORTEST, LONGEST, min(_power(2 * height), _power(max(n, 1) // 2)))
    if n < nperseg or n < SHORTEST:
        raise ParameterError(
            f"{start:g} s to {end:g} s: {n:,} samples at {rate:g} Hz are fewer than a segment has ({nperseg:,}). Ask for more time."
        )
    hop, averaged, approximate = _segments(n, nperseg, width)
    columns = (n - nperseg) // hop + 1
    frames = _frames(recording, channel, first, n, (nperseg, hop, columns, approximate), stop)
    power = density(frames, rate, stop)
    edges = np.arange(0, columns, averaged)
    power = np.add.reduceat(power, edges, 0) / np.diff([*edges, columns])[:, None]
    frequencies = np.arange(nperseg // 2 + 1) * rate / nperseg
    scale = query.get("scale", "linear")
    rows, centres = _rows(
        power, frequencies, height, (real(query, "low", 0.0), real(query, "high", rate / 2)), scale
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.maximum(10 * np.log10(rows), FLOOR)
    shown = values[np.isfinite(values) & (values > FLOOR)]
    window = np.quantile(shown, (0.02, 0.98)).tolist() if len(shown) else None
    step = hop * averaged / rate
    header = {
        "approximate": approximate,
        "start": finite(recording.start + (first + (nperseg + (averaged - 1) * hop) / 2) / rate),
        "step": finite(step),
        "columns": values.shape[0],
        "frequencies": [finite(f) for f in centres],
        "scale": scale,
        "unit": f"dB of {recording.units[channel] or 'unit'}²/Hz",
        "window": window,
        "nperseg": nperseg,
        "hop": hop,
        "averaged": averaged,
        "channel": channel,
        "sampling_frequency": finite(rate),
    }
    return pack(header, values.T.astype(np.float32))


def density(frames: Values, rate: float, stop: Stop | None = None) -> Values:
    """Power spectral density of each of some segments, shape (n, nperseg) to (n, nperseg // 2 + 1), unit²/Hz."""
    n, nperseg = frames.shape
    window = np.hanning(nperseg + 1)[:-1]
    factor = 1 / (rate * (window**2).sum())
    out = np.empty((n, nperseg // 2 + 1))
    step = max(AT_ONCE // nperseg, 1)
    for at in range(0, n, step):
        if stop is not None:
            stop()
        some = frames[at : at + step]
        some = np.fft.rfft((some - some.mean(1, keepdims=True)) * window)
        out[at : at + step] = (some.real**2 + some.imag**2) * factor
    out[:, 1 : -1 if nperseg % 2 == 0 else None] *= 2  # what lies at negative frequencies
    return out


def _power(n: int) -> int:
    """The power of two at or below, within what a segment may have."""
    return min(max(1 << (max(n, 1).bit_length() - 1), SHORTEST), LONGEST)


def _segments(n: int, nperseg: int, width: int) -> tuple[int, int, bool]:
    """How far segments lie apart, how many make a column, and whether samples between them are left out."""
    if n > MOST:
        count = max(min(width, MOST // nperseg), 1)
        hop = max((n - nperseg) // max(count - 1, 1), nperseg)
        return hop, 1, True
    half = max(nperseg // 2, 1)
    count = (n - nperseg) // half + 1
    if count >= width:
        return half, -(-count // width), False
    return max((n - nperseg) // max(width - 1, 1), 1), 1, False


def _frames(
    recording: Recording, channel: int, first: int, n: int, cut: tuple[int, int, int, bool], stop: Stop
) -> Values:
    nperseg, hop, columns, approximate = cut
    known = bool(np.isfinite(recording.gains[channel]))
    source = recording if known else recording.stored

    def read(a: int, b: int) -> Values:
        stop()
        values = np.asarray(source.channel(channel, a, b), np.float64)
        if not np.isfinite(values).all():
            raise FormatError(
                f"{recording._called}: channel {recording.channels[channel]!r} has values that are no numbers in this stretch."
            )
        return values

    if approximate:
        return np.stack([read(first + i * hop, first + i * hop + nperseg) for i in range(columns)])
    values = read(first, first + n)
    return np.lib.stride_tricks.sliding_window_view(values, nperseg)[::hop][:columns]


def _rows(
    power: Values, frequencies: Values, height: int, bounds: tuple[float, float], scale: str
) -> tuple[Values, list[float]]:
    """Power in rows of frequencies, and the middle of each.

    Raises
    ------
    ParameterError
        There are none, or no such scale.
    """
    if scale not in ("linear", "log"):
        raise ParameterError(f"scale={scale!r}: there is 'linear' and 'log'.")
    low, high = bounds
    if scale == "log":
        low = max(low, float(frequencies[1]))
    high = min(high, float(frequencies[-1]))
    inside = np.flatnonzero((frequencies >= low - 1e-9) & (frequencies <= high + 1e-9))
    if not len(inside):
        raise ParameterError(
            f"low={low:g}, high={high:g}: there is no frequency between them. They go up to {frequencies[-1]:g} Hz."
        )
    a, b = int(inside[0]), int(inside[-1]) + 1
    if scale == "linear":
        edges = np.unique(np.linspace(a, b, min(height, b - a) + 1).round().astype(int))
        counts = np.diff(edges)
        total = np.add.reduceat(power[:, a:b], edges[:-1] - a, 1)
        centres = [float(frequencies[i] + frequencies[j - 1]) / 2 for i, j in pairwise(edges)]
        return total / counts, centres
    bounds_of_rows = np.geomspace(frequencies[a], max(frequencies[b - 1], frequencies[a] * 1.01), height + 1)
    centres = np.sqrt(bounds_of_rows[:-1] * bounds_of_rows[1:])
    found = np.empty((len(power), height))
    for i, centre in enumerate(centres):
        first, last = np.searchsorted(frequencies, bounds_of_rows[i : i + 2])
        if first < last:
            found[:, i] = power[:, first:last].mean(1)
        else:
            found[:, i] = power[:, int(np.abs(frequencies - centre).argmin())]
    return found, centres.tolist()
