"""Regression: a curve through pairs of pulses that averages their jitter, and how well it is known."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurochain.formats.recordings.even import Floats
from neurochain.timeline.clocks.seeds import Ints
from neurochain.timeline.clocks.tridiagonal import Tridiagonal

__all__ = ["Curve", "broken_line", "choose", "parallel_lines", "quantile"]

HUBER = 2.0  # jitters beyond which a pair counts less (Huber 1964, Ann. Math. Statist. 35:73); 99 % efficient
ROUNDS = 4
PER_PIECE = 16  # pairs, at least, between two knots
MOST_PIECES = 128
MOST_POINTS = 2**14
DOUBT = 4.0  # beside BIC, for each knot: few pairs would have a false one too often


@dataclass(frozen=True)
class Curve:
    """Common minus device, by straight lines between knots, in sections between which a clock jumped.

    Attributes
    ----------
    knots, values : ndarray, shape (n_knots,), float64, seconds
        Device time, and common minus device. Two at least of each section.
    firsts : ndarray, shape (n_sections,), int64
        Knot with which each section begins.
    variance : ndarray, shape (n_knots,), float64, seconds squared
        Of the values.
    covariance : ndarray, shape (n_knots - 1,), float64, seconds squared
        Of the values of a knot and the next.
    drift, drift_variance : float
        On average over the sections, seconds in a second.
    parallel : bool
        Whether all lines have one slope.
    freedom : int
        Pairs beyond those that the parameters need.
    """

    knots: Floats
    values: Floats
    firsts: Ints
    variance: Floats
    covariance: Floats
    drift: float
    drift_variance: float
    parallel: bool
    freedom: int

    def late(self, device: Floats, section: int) -> Floats:
        """Common minus device at device times that belong to a section, whether between its knots or not."""
        first = int(self.firsts[section])
        last = int(self.firsts[section + 1]) if section + 1 < len(self.firsts) else len(self.knots)
        knots, values = self.knots[first:last], self.values[first:last]
        k = np.clip(np.searchsorted(knots, device, side="right") - 1, 0, len(knots) - 2)
        slope = np.diff(values) / np.diff(knots)
        return np.asarray(values[k] + slope[k] * (device - knots[k]), np.float64)


class _Pairs:
    """Pairs to which several curves are fitted; of very many, means of successive ones."""

    def __init__(self, x: Floats, z: Floats, section: Ints, floor: float, stray: float = 0.0) -> None:
        self._stray = stray
        begins = np.flatnonzero(np.diff(section, prepend=-1))
        counts = np.diff(np.append(begins, len(x)))
        self.ends = np.stack([x[begins], x[begins + counts - 1]], axis=1)
        together = -(-len(x) // MOST_POINTS)
        if together > 1:
            groups = [
                first + np.arange(max(n // together, 1)) * n // max(n // together, 1)
                for first, n in zip(begins, counts, strict=True)
            ]
            at = np.concatenate(groups)
            held = np.diff(np.append(at, len(x)))
            x, z, section = np.add.reduceat(x, at) / held, np.add.reduceat(z, at) / held, section[at]
        self.x, self.z, self.section, self.floor = x, z, section, floor
        self.firsts = np.flatnonzero(np.diff(section, prepend=-1))
        self.lasts = np.append(self.firsts[1:], len(x)) - 1

    def scale(self, r: Floats, parameters: int) -> float:
        """Robust standard deviation of residuals."""
        lost = max(len(r) / max(len(r) - parameters, 1), 1.0)
        return max(1.4826 * float(np.median(np.abs(r))) * math.sqrt(lost), self.floor)

    def variance(self, r: Floats, w: Floats, parameters: int) -> float:
        """Of one pair, as it makes the curve uncertain: Huber's, for weights that depend on the residuals."""
        inside = float(np.mean(w >= 1)) * (1 - self._stray)
        psi = float(((w * r) ** 2).sum()) / max(len(r) - parameters, 1)
        return max(psi, self.floor**2) / max(inside, 0.4) ** 2


def parallel_lines(pairs: _Pairs, slope: bool = True) -> tuple[Curve, Floats]:
    """One slope for all sections, or none; and the residuals."""
    n_sections = len(pairs.firsts)
    parameters = n_sections + slope
    w = np.ones(len(pairs.x))
    for turn in range(ROUNDS):
        weight = np.bincount(pairs.section, w)
        middle = np.bincount(pairs.section, w * pairs.x) / weight
        level = np.bincount(pairs.section, w * pairs.z) / weight
        u = pairs.x - middle[pairs.section]
        across = float((w * u**2).sum())
        drift = (
            float((w * u * (pairs.z - level[pairs.section])).sum()) / across if slope and across > 0 else 0.0
        )
        r = pairs.z - level[pairs.section] - drift * u
        if turn + 1 < ROUNDS:
            w = _weights(r, pairs.scale(r, parameters))
    one = pairs.variance(r, w, parameters)
    # Variances are those of all pairs: that some weigh less is in `one`.
    weight = np.bincount(pairs.section).astype(np.float64)
    knots = pairs.ends
    away = knots - middle[:, None]
    per_drift = one / float((u**2).sum()) if slope and across > 0 else 0.0
    variance = one / weight[:, None] + per_drift * away**2
    shared = one / weight + per_drift * away[:, 0] * away[:, 1]
    covariance = np.zeros(2 * n_sections - 1)
    covariance[::2] = shared
    curve = Curve(
        knots.ravel(), (level[:, None] + drift * away).ravel(), 2 * np.arange(n_sections), variance.ravel(), covariance,
        drift, per_drift, True, max(len(r) - parameters, 1),
    )  # fmt: skip
    return curve, r


def broken_line(pairs: _Pairs, pieces: int) -> tuple[Curve, Floats]:
    """Lines of their own between knots, about so many pieces in all, each with as many pairs; and the residuals."""
    knots, firsts, piece = _knots(pairs, pieces)
    n = len(knots)
    share = (pairs.x - knots[piece]) / (knots[piece + 1] - knots[piece])
    w = np.ones(len(pairs.x))
    for turn in range(ROUNDS):
        normal = _normal(piece, share, w, n)
        right = _added(piece, w * (1 - share) * pairs.z, n) + _added(piece + 1, w * share * pairs.z, n)
        values = normal.solve(right)
        r = pairs.z - (1 - share) * values[piece] - share * values[piece + 1]
        if turn + 1 < ROUNDS:
            w = _weights(r, pairs.scale(r, n))
    one, plain = pairs.variance(r, w, n), _normal(piece, share, np.ones(len(r)), n)
    variance, covariance = (one * part for part in plain.inverse())
    lasts = np.append(firsts[1:], n) - 1
    overall = np.zeros(n)
    overall[lasts] += 1
    overall[firsts] -= 1
    overall /= float((knots[lasts] - knots[firsts]).sum())
    curve = Curve(
        knots, values, firsts, variance, covariance,
        float((overall * values).sum()), one * float((overall * plain.solve(overall)).sum()), False, max(len(r) - n, 1),
    )  # fmt: skip
    return curve, r


def choose(
    x: Floats, z: Floats, section: Ints, floor: float, kind: str = "auto", stray: float = 0.0
) -> Curve:
    """The curve with no more knots than the pairs need.

    Parameters
    ----------
    x, z : ndarray, shape (n_pairs,), float64, seconds
        Device time, ascending and strictly so within a section, and common minus device.
    section : ndarray, shape (n_pairs,), int64
        Of each pair, from 0 on.
    floor : float, seconds
        Jitter is not less.
    kind : {"auto", "offset", "affine", "piecewise"}
        Which curves may be chosen: all but those without drift by default, since no two clocks run alike.
    stray : float
        Share of the pairs that are none. They were sought about a curve, so they lie about it wherever it is, and hold nothing.
    """
    pairs = _Pairs(x, z, section, floor, stray)
    if kind in ("offset", "affine"):
        return parallel_lines(pairs, slope=kind == "affine")[0]
    fitted = [] if kind == "piecewise" else [parallel_lines(pairs)]
    pieces = 1 if len(pairs.firsts) > 1 or kind == "piecewise" else 2
    most = min(len(pairs.x) // PER_PIECE, MOST_PIECES)
    levels = [0] * len(fitted)
    while pieces <= most or not fitted:
        fitted.append(broken_line(pairs, pieces))
        levels.append(pieces)
        pieces *= 2
    scale = min(pairs.scale(r, len(pairs.x) - c.freedom) for c, r in fitted)
    costs = [_cost(r, scale, len(pairs.x) - c.freedom) for c, r in fitted]
    best = int(np.argmin(costs))
    if not levels[best]:
        return fitted[best][0]
    # Twice as many knots as are needed: what the lines still miss of a curve is a quarter then, so that the error is mostly
    # jitter, of which is known how large it is.
    return fitted[min(best + 1, len(fitted) - 1)][0]


def quantile(freedom: int) -> float:
    """How many standard deviations hold 95 %, both sides together (Student's t, Abramowitz and Stegun 26.7.5).

    Examples
    --------
    >>> round(quantile(10), 3), round(quantile(1_000_000), 3)
    (2.228, 1.96)
    """
    z = 1.959963984540054
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160,
    )
    return z + math.fsum(term / float(freedom) ** (k + 1) for k, term in enumerate(terms))


def _weights(r: Floats, scale: float) -> Floats:
    return np.minimum(1.0, HUBER * scale / np.maximum(np.abs(r), 1e-300))


def _cost(r: Floats, scale: float, parameters: int) -> float:
    """Bayesian information criterion, of a jitter that has long tails."""
    a = np.abs(r) / scale
    loss = np.where(a <= HUBER, a**2, 2 * HUBER * a - HUBER**2)
    return float(loss.sum()) + parameters * (math.log(len(r)) + DOUBT)


def _knots(pairs: _Pairs, pieces: int) -> tuple[Floats, Ints, Ints]:
    """Knots, the first of each section, and the piece in which each pair lies (the number of the knot before it)."""
    knots: list[Any] = []
    firsts: list[int] = []
    piece = np.empty(len(pairs.x), np.int64)
    count = 0
    for first, last in zip(pairs.firsts.tolist(), pairs.lasts.tolist(), strict=True):
        held = last - first + 1
        own = max(1, min(round(pieces * held / len(pairs.x)), held // (PER_PIECE // 2)))
        at = first + np.round(np.linspace(0, held - 1, own + 1)).astype(np.int64)
        here = pairs.x[at]
        here[[0, -1]] = pairs.ends[len(firsts)]
        knots.append(here)
        inside = np.searchsorted(at, np.arange(first, last + 1), side="right") - 1
        piece[first : last + 1] = count + np.minimum(inside, own - 1)
        firsts.append(count)
        count += own + 1
    return np.concatenate(knots), np.array(firsts), piece


def _normal(piece: Ints, share: Floats, w: Floats, n: int) -> Tridiagonal:
    """The normal equations: of a knot and its neighbours alone."""
    own = _added(piece, w * (1 - share) ** 2, n) + _added(piece + 1, w * share**2, n)
    return Tridiagonal(own, _added(piece, w * share * (1 - share), n)[: n - 1])


def _added(at: Ints, values: Floats, n: int) -> Floats:
    """Sums of values that belong to one knot."""
    return np.bincount(at, values, n).astype(np.float64, copy=False)
