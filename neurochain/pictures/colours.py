"""Colours: values as pixels: grey between two values, a scale for maps, one colour for each region."""

from typing import Any

import numpy as np

__all__ = ["grey", "heat", "limits", "regions"]

SCALE = ("#1c1044", "#2c3a7e", "#22658f", "#22908b", "#5bb573", "#b3cd52", "#fbe74a")
"""From low to high. Each is lighter than the one before, so that it can be read without colours too."""
SIGNED = ("#1d4e89", "#5b93c7", "#bcd3e6", "#f2f2f0", "#f0c3ae", "#d6795a", "#9c2f24")
"""From below zero, over it, to above."""
QUANTILES = (0.02, 0.98)
GOLDEN = 0.61803398875  # turns of the circle of hues between two regions: neighbours differ most
Values = np.ndarray[Any, Any]
Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def limits(values: Values, quantiles: tuple[float, float] = QUANTILES) -> tuple[float, float] | None:
    """Between what finite values something is shown; None where there are none."""
    finite = values[np.isfinite(values)].astype(np.float64)
    if not finite.size:
        return None
    low, high = (float(v) for v in np.quantile(finite, quantiles))
    if low == high:
        low, high = float(finite.min()), float(finite.max())
    return low, high


def grey(values: Values, low: float, high: float) -> Pixels:
    """Values as brightness, from black at `low` to white at `high`; what is no number is black.

    Examples
    --------
    >>> grey(np.array([0.0, 5.0, 20.0, np.nan]), 0, 10).tolist()
    [0, 128, 255, 0]
    """
    return np.round(_share(values, low, high) * 255).astype(np.uint8)


def heat(values: Values, low: float, high: float, signed: bool = False) -> Pixels:
    """Values on a scale of colours, shape (..., 3); what is no number is grey.

    Parameters
    ----------
    values : ndarray
        Real numbers.
    low, high : float
        Ends of the scale.
    signed : bool
        Whether the middle of the scale is a zero, from which values go both ways.
    """
    stops = np.array([_rgb(c) for c in (SIGNED if signed else SCALE)])
    share = _share(values, low, high) * (len(stops) - 1)
    first = np.clip(share.astype(np.int64), 0, len(stops) - 2)
    rest = (share - first)[..., None]
    pixels: Pixels = np.round(stops[first] * (1 - rest) + stops[first + 1] * rest).astype(np.uint8)
    pixels[~np.isfinite(values)] = 128
    return pixels


def regions(labels: Values) -> Pixels:
    """Numbers of regions as colours, shape (..., 3), the same for the same number; 0 is black."""
    numbers = np.where(np.isfinite(labels), labels, 0).astype(np.int64)
    hue = (numbers * GOLDEN) % 1.0
    light = 0.55 + 0.3 * ((numbers * 7) % 3) / 2
    turn = (hue[..., None] + np.array([0, 2 / 3, 1 / 3])) % 1.0
    wave = np.clip(np.abs(turn * 6 - 3) - 1, 0, 1)
    pixels: Pixels = np.round(255 * light[..., None] * (0.35 + 0.65 * wave)).astype(np.uint8)
    pixels[numbers == 0] = 0
    return pixels


def _share(values: Values, low: float, high: float) -> Values:
    """How far between two values, from 0 to 1."""
    known = np.where(np.isfinite(values), values, low).astype(np.float64)
    known = np.where(np.isposinf(values), high, known) if values.dtype.kind == "f" else known
    with np.errstate(over="ignore"):
        return np.clip((known - low) / (high - low if high > low else 1.0), 0.0, 1.0)


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
