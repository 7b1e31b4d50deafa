"""Array: numbers as a line or as a map."""

from typing import Any

import numpy as np

from neurochain.pictures.colours import heat, limits
from neurochain.pictures.lines import spark_svg
from neurochain.pictures.png import data_uri, png_bytes
from neurochain.pictures.words import escaped, number

__all__ = ["Heat", "heat_of", "little_array", "real", "shape_of"]

FEWEST = 4  # values of a line
STRIP = 4  # times as long as it is wide
WIDE, TALL = 110, 40  # pixels of a little map
Values = np.ndarray[Any, Any]


class Heat:
    """A map of colours, and what they stand for.

    Attributes
    ----------
    pixels : ndarray, shape (rows, columns, 3), uint8
    low, high : float
        Ends of the scale.
    """

    def __init__(self, values: Values, most: tuple[int, int]) -> None:
        shown = _fewer(_fewer(values, 0, most[0]), 1, most[1])
        self.low, self.high = limits(shown) or (0.0, 1.0)
        signed = self.low < 0 < self.high and min(-self.low, self.high) > 0.2 * max(-self.low, self.high)
        if signed:
            self.high = max(-self.low, self.high)
            self.low = -self.high
        self.pixels = heat(shown, self.low, self.high, signed)

    @property
    def scale(self) -> str:
        """Ends of the scale in words."""
        return f"{number(self.low)} to {number(self.high)}"


def heat_of(values: Values, most: tuple[int, int]) -> Heat:
    """Map of an array of two axes, of at most so many rows and columns: of more the mean is shown."""
    return Heat(real(values), most)


def real(values: Values) -> Values:
    """Values that can be drawn: of complex ones their size, of times and truths their numbers."""
    if values.dtype.kind == "c":
        return np.abs(values)
    if values.dtype.kind in "mM":
        return np.where(np.isnat(values), np.nan, values.astype(np.int64).astype(np.float64))
    return values.astype(np.float64)


def little_array(values: Values, said: str) -> str:
    """An array as small as a word: one axis as a line, two as a map, and of more nothing.

    Examples
    --------
    >>> little_array(np.zeros((2, 2, 2)), "zeros")
    ''
    """
    kept = values.reshape([n for n in values.shape if n != 1]) if values.size else values
    if kept.ndim == 1 and kept.size >= FEWEST:
        return spark_svg(real(kept), said)
    if kept.ndim == 2 and kept.size:
        pixels = heat_of(kept, (2 * TALL, 2 * WIDE)).pixels
        width, height = shape_of(kept, WIDE, TALL)
        return (
            f'<img alt="{escaped(said)}" src="{data_uri(png_bytes(pixels))}" '
            f'style="width:{width}px;height:{height}px;image-rendering:pixelated;vertical-align:middle">'
        )
    return ""


def shape_of(values: Values, wide: int, tall: int) -> tuple[int, int]:
    """Pixels of a map of two axes: entries are squares, where it is no long strip, which would be too narrow to see.

    Examples
    --------
    >>> shape_of(np.zeros((48, 48)), 110, 40), shape_of(np.zeros((5, 4000)), 110, 40)
    ((40, 40), (110, 40))
    """
    rows, columns = values.shape
    if not 1 / STRIP <= columns / rows <= STRIP:
        return wide, tall
    scale = min(wide / columns, tall / rows)
    return max(round(columns * scale), 1), max(round(rows * scale), 1)


def _fewer(values: Values, axis: int, most: int) -> Values:
    """Means of neighbours along an axis, so that at most so many are left."""
    count = -(-values.shape[axis] // most)
    if count <= 1:
        return values
    firsts = np.arange(0, values.shape[axis], count)
    known = np.isfinite(values)
    total = np.add.reduceat(np.where(known, values, 0.0), firsts, axis)
    counted = np.add.reduceat(known, firsts, axis, dtype=np.int64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(total / counted)
