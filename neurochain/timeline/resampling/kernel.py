"""Kernel: the low-pass filter of a decimation, at any distance in time."""

from functools import cache
from typing import Any

import numpy as np

__all__ = ["HALF", "weights"]

Floats = np.ndarray[Any, np.dtype[np.float64]]

HALF = 28  # periods of the lower rate that the filter reaches to either side
CUTOFF = (
    12.5 / HALF
)  # of the lower rate, 0.446; the sinc is 0 where the filter ends, so no sample enters it with a jump
ATTENUATION = 80  # dB; by Kaiser's formula the gain then falls from 0.402 to 0.491 of the lower rate
KNOTS = 2**16  # linear between so many knots, the kernel is off by 5e-8 of its peak: -146 dB


def weights(distances: Floats) -> Floats:
    """Weights of samples at some distances from the times that they give; those of each row together 1.

    A windowed sinc: its gain is 1 within 0.001 dB up to 0.4 of the lower rate, and 80 dB below that from 0.5 on.

    Parameters
    ----------
    distances : ndarray, shape (n_outputs, n_samples), float64, periods of the lower rate
        Samples of an output that are further than `HALF` away weigh nothing.

    Examples
    --------
    >>> weights(np.array([[-29.0, -0.5, 0.5, 29.0]]))
    array([[0. , 0.5, 0.5, 0. ]])
    """
    values, slopes = _table()
    position = np.abs(distances)
    position *= KNOTS / HALF
    np.minimum(position, KNOTS, out=position)
    knot = position.astype(np.intp)
    position -= knot
    position *= slopes[knot]
    position += values[knot]
    position /= position.sum(axis=1, keepdims=True)
    return position


@cache
def _table() -> tuple[Floats, Floats]:
    """The kernel at each knot, 0 at the last; and its slope from each to the next."""
    at = np.arange(KNOTS + 1) / KNOTS
    beta = 0.1102 * (ATTENUATION - 8.7)  # Kaiser's formula
    values = np.sinc(2 * CUTOFF * HALF * at) * np.i0(beta * np.sqrt(1 - at**2))
    values[-1] = 0.0  # but for rounding
    return values, np.append(np.diff(values), 0.0)
