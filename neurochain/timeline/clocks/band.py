"""Band: how well a map between clocks is known at each time."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.recordings.even import Floats
from neurochain.timeline.clocks.jsonfields import mapping, number, numbers

__all__ = ["Band"]


@dataclass(frozen=True)
class Band:
    """Variances of a map at some device times, and what lies between them.

    Attributes
    ----------
    device : tuple of float, seconds
        Ascending; two at least.
    variance : tuple of float, seconds squared
        Of the common time, at each.
    covariance : tuple of float, seconds squared
        Of the common times at each and the next.
    quantile : float
        Standard deviations that hold 95 %.

    Examples
    --------
    >>> band = Band((0.0, 10.0), (1e-6, 1e-6), (0.0,), 2.0)
    >>> band(np.array([0.0, 5.0, 20.0])).round(5)
    array([0.002  , 0.00141, 0.00447])
    """

    device: tuple[float, ...]
    variance: tuple[float, ...]
    covariance: tuple[float, ...]
    quantile: float

    def __call__(self, seconds: Floats) -> Floats:
        """Half of the width that holds 95 %, seconds, at device times; it grows before the first and behind the last pulse."""
        knots, variance = np.array(self.device), np.array(self.variance)
        k = np.clip(np.searchsorted(knots, seconds, side="right") - 1, 0, len(knots) - 2)
        share = (seconds - knots[k]) / (knots[k + 1] - knots[k])
        spread = (
            (1 - share) ** 2 * variance[k]
            + 2 * share * (1 - share) * np.array(self.covariance)[k]
            + share**2 * variance[k + 1]
        )
        return np.asarray(self.quantile * np.sqrt(np.maximum(spread, 0)), np.float64)

    def to_json(self) -> dict[str, Any]:
        """Plain numbers, from which `from_json` makes the same band."""
        return {
            "device": list(self.device),
            "variance": list(self.variance),
            "covariance": list(self.covariance),
            "quantile": self.quantile,
        }

    @classmethod
    def from_json(cls, found: Any) -> "Band":
        """What `to_json` gave.

        Raises
        ------
        FormatError
            Something is missing, or cannot be.
        """
        what = "uncertainty of a clock fit"
        fields = mapping(found, what)
        device, variance, covariance = (
            numbers(fields, key, what) for key in ("device", "variance", "covariance")
        )
        quantile = number(fields, "quantile", what)
        ascend = all(a < b for a, b in pairwise(device))
        fits = len(device) == len(variance) == len(covariance) + 1 >= 2
        if not (fits and ascend and quantile > 0 and all(v >= 0 for v in variance)):
            raise FormatError(
                f"{what}: {len(device)} ascending times, as many variances that are not negative and one covariance fewer are "
                f"needed; there are {len(variance)} and {len(covariance)}."
            )
        if not math.isfinite(device[-1] - device[0]):
            raise FormatError(f"{what}: times from {device[0]:g} s to {device[-1]:g} s are too far apart.")
        return cls(device, variance, covariance, quantile)
