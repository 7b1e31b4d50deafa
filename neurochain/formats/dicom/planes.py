"""Plane: one flat image in space, whether it is a file, a frame of one, or a tile of a mosaic."""

from dataclasses import dataclass
from operator import mul
from typing import Any

__all__ = [
    "CONTRASTS",
    "FARTHEST",
    "LPS_TO_RAS",
    "NEAREST",
    "REPETITIONS",
    "Plane",
    "Triple",
    "is_placed",
    "normal_of",
]

Triple = tuple[float, float, float]
CONTRASTS = ("stack", "image_type", "echo", "coil")
"""Labels that tell images of one place apart which are no repetitions of each other."""
REPETITIONS = ("b_value", "gradient", "flip_angle", "inversion_time", "temporal_position", "philips_scale")
"""Labels of images of one place and contrast that were taken one after the other."""
FARTHEST = 1e6  # mm: a kilometre; numbers beyond it are damage
NEAREST = 1e-6  # mm
ASKEW = 0.02  # of squared lengths and of the product: files state four digits at least
LPS_TO_RAS = (-1.0, -1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Plane:
    """One flat image in space.

    Attributes
    ----------
    picture : int
        Number of the array that holds its pixels.
    name : str
        Of the file, for messages.
    frame : int or None
        In a picture of several frames.
    corner, shape : (int, int)
        First row and column in the picture, and how many there are.
    position : 3 float, mm, LPS
        Centre of the first pixel.
    orientation : 6 float, LPS
        Unit vectors along a row and along a column.
    spacing : (float, float), mm
        Between rows, between columns.
    between : float or None, mm
        Between slices as the file states it.
    scaling : (float, float)
        Slope and intercept.
    labels : dict
        What tells it from others at its place: `CONTRASTS` and `REPETITIONS`.
    order : tuple
        By which repetitions are sorted.
    """

    picture: int
    name: str
    frame: int | None
    corner: tuple[int, int]
    shape: tuple[int, int]
    position: Triple
    orientation: tuple[float, ...]
    spacing: tuple[float, float]
    between: float | None
    scaling: tuple[float, float]
    labels: dict[str, Any]
    order: tuple[Any, ...]

    @property
    def said(self) -> str:
        """How messages call it."""
        return self.name if self.frame is None else f"frame {self.frame + 1} of {self.name}"


def normal_of(orientation: tuple[float, ...]) -> Triple:
    """Unit normal of an image: the first direction times the second."""
    x0, x1, x2, y0, y1, y2 = orientation
    return (x1 * y2 - x2 * y1, x2 * y0 - x0 * y2, x0 * y1 - x1 * y0)


def is_placed(position: Any, orientation: Any, spacing: Any) -> bool:
    """Whether three numbers, two perpendicular unit vectors and two lengths tell where an image lies."""
    if not position or not orientation or not spacing:
        return False
    if (len(position), len(orientation), len(spacing)) != (3, 6, 2) or min(spacing) < NEAREST:
        return False
    # This way round, so that what is no number is refused.
    if not all(abs(v) < FARTHEST for v in (*position, *orientation, *spacing)):
        return False
    x, y = orientation[:3], orientation[3:]
    lengths = (sum(a * a for a in x), sum(b * b for b in y))
    return all(abs(n - 1) < ASKEW for n in lengths) and abs(sum(map(mul, x, y))) < ASKEW
