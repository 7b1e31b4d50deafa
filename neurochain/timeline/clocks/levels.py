"""Levels: the two values between which a line with pulses on it goes to and fro."""

from typing import Any, NamedTuple

import numpy as np

__all__ = ["Levels", "find_levels"]

BINS = 1024
APART = 8.0
"""Spreads by which two levels must lie apart. Of noise, halved anywhere, they are less than 4 apart; of a sine 3.7."""


class Levels(NamedTuple):
    """The typical values of a signal with and without a pulse.

    Attributes
    ----------
    low, high : float
        In the signal's unit.
    """

    low: float
    high: float

    @property
    def middle(self) -> float:
        """Half-way between."""
        return self.low + (self.high - self.low) / 2


def find_levels(values: np.ndarray[Any, Any]) -> Levels | None:
    """Levels of a signal; None where it has not two that are clearly apart.

    It is cut in two where the halves differ most (Otsu 1979, IEEE Trans. Syst. Man Cybern. 9:62), which a lone artefact does
    not move; and where that shows nothing, since pulses are rare, half-way between the extremes.

    Parameters
    ----------
    values : ndarray, shape (n_samples,)
        Of the signal, some with a pulse and some without.

    Examples
    --------
    >>> find_levels(np.array([0.0, 0.1, 5.0, 4.9, 0.0]))
    Levels(low=0.0, high=4.95)
    >>> find_levels(np.random.default_rng(1).normal(size=1000)) is None
    True
    """
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    finite = finite.view(np.uint8) if finite.dtype == bool else finite
    if not len(finite):
        return None
    least, most = float(finite.min()), float(finite.max())
    if not least < most:
        return None
    counts, edges = np.histogram(finite, BINS, (least, most))
    below = np.cumsum(counts)[:-1]
    centres = (edges[:-1] + edges[1:]) / 2 - least
    sums = np.cumsum(counts * centres)
    total, whole = len(finite), sums[-1]
    with np.errstate(all="ignore"):
        between = (whole * below / total - sums[:-1]) ** 2 / (below * (total - below))
    best = np.flatnonzero(between >= np.nanmax(between) * (1 - 1e-9))
    # Empty bins between two levels are equally good: their middle is meant.
    for cut in ((edges[best[0] + 1] + edges[best[-1] + 1]) / 2, (least + most) / 2):
        levels = _levels(finite, float(cut))
        if levels is not None:
            return levels
    return None


def _levels(values: np.ndarray[Any, Any], cut: float) -> Levels | None:
    """Those of the values on both sides of a cut, where they are clearly apart."""
    high = values >= cut
    sides = [values[~high].astype(np.float64), values[high].astype(np.float64)]
    if not len(sides[0]) or not len(sides[1]):
        return None
    low, up = (float(np.median(side)) for side in sides)
    # Not the standard deviation: samples on the way from one level to the other, and artefacts, would count.
    spread = max(1.4826 * float(np.median(np.abs(side - np.median(side)))) for side in sides)
    if values.dtype.kind in "iu" and len(np.unique(values[:4096])) > 2:
        spread = max(spread, 1.0)  # what flickers by one number has not two levels
    return Levels(low, up) if up - low > APART * spread else None
