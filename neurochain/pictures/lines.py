"""Lines: signals below each other, each as the band between the least and the most of every column."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurochain.pictures.words import cut, escaped

__all__ = ["Lane", "lanes_svg", "nice", "spark_svg"]

FINE = 10  # units of a pixel
LABEL, SCALE = 86, 62  # pixels left and right of the lanes
ABOVE, AXIS = 6, 22  # pixels above the first lane, for what leaves it, and below the last one
TICKS = 5
CLIPPED = 1.3  # half lanes that a signal may leave its own
Values = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Lane:
    """A signal.

    Attributes
    ----------
    label : str
    low, high : ndarray, shape (n_columns,)
        Least and most of each column; NaN where there is none. They are equal where a column is one sample.
    middle, half : float
        Value in the lane's middle, and from there to its edge.
    said : str
        What half a lane is: ``±50 µV``.
    """

    label: str
    low: Values
    high: Values
    middle: float
    half: float
    said: str = ""


def nice(value: float) -> float:
    """The next larger of 1, 2 or 5 times a power of ten.

    Examples
    --------
    >>> nice(37.0), nice(0.011), nice(0.0)
    (50.0, 0.02, 1.0)
    """
    if not (value > 0 and math.isfinite(value)):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return float(f"{next(m * power for m in (1, 2, 5, 10) if m * power >= value * 0.999):.12g}")


def lanes_svg(
    lanes: Sequence[Lane], start: float, end: float, said: str, width: int = 720, lane: int = 34
) -> str:
    """Signals over one axis of time.

    Parameters
    ----------
    lanes : sequence of Lane
        From above to below; at least one.
    start, end : float, seconds
        Of the axis.
    said : str
        The picture in words.
    width, lane : int
        Pixels of all of it, and of the height of a lane.
    """
    inner = width - LABEL - SCALE
    bottom = lane * len(lanes) + ABOVE
    parts = [
        f'<svg role="img" aria-label="{escaped(said)}" viewBox="0 0 {width} {bottom + AXIS}" width="{width}" '
        f'style="max-width:100%;height:auto;color:inherit" font-size="11" font-family="inherit" fill="currentColor">'
    ]
    for t in _ticks(start, end):
        x = LABEL + inner * (t - start) / ((end - start) or 1.0)
        parts.append(
            f'<path d="M{x:.1f} 0V{bottom}" stroke="currentColor" stroke-opacity=".14"/>'
            f'<text x="{x:.1f}" y="{bottom + 15}" text-anchor="middle" fill-opacity=".8">{t:g}</text>'
        )
    parts.append(f'<text x="{width - SCALE + 16}" y="{bottom + 15}" fill-opacity=".8">s</text>')
    for i, one in enumerate(lanes):
        middle = ABOVE + i * lane + lane / 2
        path = _band(one, inner, lane)
        parts.append(
            f'<text x="{LABEL - 8}" y="{middle + 4:g}" text-anchor="end">{escaped(cut(one.label, 13))}'
            f"<title>{escaped(one.label)}</title></text>"
            f'<path transform="translate({LABEL} {middle:g}) scale({1 / FINE:g})" d="{path}" fill="currentColor" '
            'stroke="currentColor" stroke-width="1" stroke-linejoin="round" vector-effect="non-scaling-stroke"/>'
        )
        if one.said:
            parts.append(
                f'<text x="{width - SCALE + 8}" y="{middle + 4:g}" font-size="10" fill-opacity=".8">{escaped(one.said)}</text>'
            )
    return "".join([*parts, "</svg>"])


def spark_svg(values: Values, said: str, width: int = 110, height: int = 26) -> str:
    """A row of numbers as a line, as small as a word.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Real numbers.
    said : str
        The picture in words.
    width, height : int
        Pixels.
    """
    low, high = _columns(np.asarray(values, np.float64), width)
    finite = np.concatenate([low, high])
    finite = finite[np.isfinite(finite)]
    if not len(finite):
        return ""
    least, most = float(finite.min()), float(finite.max())
    lane = Lane("", low, high, (least + most) / 2, (most - least) / 2 or 1.0)
    return (
        f'<svg role="img" aria-label="{escaped(said)}" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'style="vertical-align:middle"><path transform="translate(0 {height / 2:g}) scale({1 / FINE:g})" '
        f'd="{_band(lane, width, height - 3)}" fill="currentColor" stroke="currentColor" vector-effect="non-scaling-stroke"/></svg>'
    )


def _columns(values: Values, width: int) -> tuple[Values, Values]:
    """Least and most of each of so many columns."""
    if len(values) <= 2 * width:
        return values, values
    firsts = np.arange(width) * len(values) // width
    return np.fmin.reduceat(values, firsts), np.fmax.reduceat(values, firsts)


def _band(lane: Lane, width: float, height: float) -> str:
    """Path of a signal, in whole `FINE` parts of a pixel around its middle; broken where there are no values."""
    scale = -FINE * height / 2 / (lane.half or 1.0)
    edge = FINE * height / 2 * CLIPPED
    above = np.clip((lane.high - lane.middle) * scale, -edge, edge)
    below = np.clip((lane.low - lane.middle) * scale, -edge, edge)
    count = len(above)
    x = np.round((np.arange(count) + (0.5 if count < width else 0)) * width * FINE / max(count, 1)).astype(
        np.int64
    )
    known = np.flatnonzero(np.isfinite(above) & np.isfinite(below))
    if not len(known):
        return ""
    path = []
    for run in np.split(known, np.flatnonzero(np.diff(known) > 1) + 1):
        top = list(zip(x[run].tolist(), np.round(above[run]).astype(int).tolist(), strict=True))
        bottom = list(zip(x[run].tolist(), np.round(below[run]).astype(int).tolist(), strict=True))
        path.append(f"{_relative([*top, *bottom[::-1]])}z")
    return "".join(path)


def _relative(points: Iterable[tuple[int, int]]) -> str:
    """Points as a path: the first where it is, others as steps."""
    (x, y), *rest = points
    parts = [f"M{x} {y}"]
    if rest:
        parts.append("l")
        steps = []
        for a, b in rest:
            steps.append(f"{a - x} {b - y}")
            x, y = a, b
        parts.append(" ".join(steps).replace(" -", "-"))
    return "".join(parts)


def _ticks(start: float, end: float) -> list[float]:
    """Round times within a stretch."""
    step = nice((end - start) / TICKS)
    first = math.ceil(start / step - 1e-9)
    return [float(f"{n * step:.12g}") for n in range(first, math.floor(end / step + 1e-9) + 1)][: 4 * TICKS]
