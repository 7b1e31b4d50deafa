"""Tridiagonal: equations in which each unknown meets the one before it and the one behind it."""

import numpy as np

from neurochain.formats.recordings.even import Floats

__all__ = ["Tridiagonal"]


class Tridiagonal:
    """Symmetric positive matrix, of which only the diagonal and its neighbour are not zero; as L D Lᵀ.

    Parameters
    ----------
    diagonal : ndarray, shape (n,), float64
    beside : ndarray, shape (n - 1,), float64

    Examples
    --------
    >>> Tridiagonal(np.array([2.0, 2.0]), np.array([1.0])).solve(np.array([3.0, 3.0]))
    array([1., 1.])
    """

    def __init__(self, diagonal: Floats, beside: Floats) -> None:
        # In plain Python: some hundred unknowns, and LAPACK's threads wait for one another longer than this takes.
        self._pivots, self._factors = [float(diagonal[0])], []
        for own, shared in zip(diagonal[1:].tolist(), beside.tolist(), strict=True):
            factor = shared / self._pivots[-1]
            self._factors.append(factor)
            self._pivots.append(own - factor * shared)

    def solve(self, right: Floats) -> Floats:
        """What the matrix makes into the right side."""
        found = right.tolist()
        for k, factor in enumerate(self._factors):
            found[k + 1] -= factor * found[k]
        found[-1] /= self._pivots[-1]
        for k in range(len(self._factors) - 1, -1, -1):
            found[k] = found[k] / self._pivots[k] - self._factors[k] * found[k + 1]
        return np.array(found)

    def inverse(self) -> tuple[Floats, Floats]:
        """Diagonal of the inverse, shape (n,), and its neighbour, shape (n - 1,) (Takahashi's recurrence)."""
        diagonal = [1 / self._pivots[-1]]
        beside = []
        for pivot, factor in zip(self._pivots[-2::-1], self._factors[::-1], strict=True):
            beside.append(-factor * diagonal[-1])
            diagonal.append(1 / pivot - factor * beside[-1])
        return np.array(diagonal[::-1]), np.array(beside[::-1])
