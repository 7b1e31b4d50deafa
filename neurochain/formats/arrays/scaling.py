"""Scaling: from stored numbers to physical ones, with one slope for all or with one for each slice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurochain.formats.arrays.slicing import Axis

__all__ = ["Scaling"]

Values = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Scaling:
    """Slope and intercept: ``value = stored * slope + intercept``.

    Attributes
    ----------
    slope, intercept : float or ndarray
        Arrays broadcast to the shape of the volume.
    """

    slope: Any
    intercept: Any

    def of(self, array: Values, axes: Sequence[Axis]) -> Values:
        """Physical values of a selection."""
        return self._applied(array, *(_selected(np.asarray(v), axes) for v in (self.slope, self.intercept)))

    def under(self, array: Values, mask: Values, shape: tuple[int, ...]) -> Values:
        """Physical values of the entries under a mask of the first axes of a volume of some shape."""
        return self._applied(
            array,
            *(np.broadcast_to(v, shape)[mask] if np.ndim(v) else v for v in (self.slope, self.intercept)),
        )

    def cut(self, ranges: Sequence[tuple[int, int]]) -> "Scaling":
        """That of a part of the volume, from the range [start, end) along each axis."""
        return Scaling(*(_within(v, ranges) for v in (self.slope, self.intercept)))

    @staticmethod
    def _applied(array: Values, slope: Any, intercept: Any) -> Values:
        with np.errstate(invalid="ignore", over="ignore"):  # files hold signalling NaNs too
            found: Values = array * np.asarray(slope, np.float64) + np.asarray(intercept, np.float64)
        return found


def _selected(values: Values, axes: Sequence[Axis]) -> Values:
    """Those of a selection; one number is that of every entry."""
    if not values.ndim:
        return values
    picked = []
    for n, a in zip(values.shape, axes, strict=True):
        indices = np.arange(a.count) * a.step + a.start if n > 1 else np.zeros(1, np.int64)
        picked.append(indices[::-1] if a.reverse else indices)
    found: Values = values[np.ix_(*picked)]
    return found[tuple(0 if a.drop else slice(None) for a in axes)]


def _within(values: Any, ranges: Sequence[tuple[int, int]]) -> Any:
    if not np.ndim(values):
        return values
    return values[
        tuple(slice(*r) if n > 1 else slice(None) for n, r in zip(values.shape, ranges, strict=True))
    ]
