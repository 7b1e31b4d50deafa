"""Jumps: between which pulses a clock jumped, as far as they tell."""

import math
from typing import NamedTuple

import numpy as np

from neurochain.formats.recordings.even import Floats
from neurochain.timeline.clocks.regression import Curve
from neurochain.timeline.clocks.seeds import Ints
from neurochain.timeline.clocks.tracking import SHARE, nearest

__all__ = ["sure_ranges"]

BESIDE = 40  # pairs on either side of a jump that are asked
DOUBT = 10.0  # logarithm of odds: a place that is less likely than the best by this is not where it jumped


class _Side(NamedTuple):
    """The line on one side of a jump."""

    knot: float
    late: float
    slope: float
    variance: float

    def evidence(self, device: Floats, common: Floats, scale: float, density: float) -> Floats:
        """For each pulse, logarithm of odds that it has its partner on this line."""
        expected = device + self.late + self.slope * (device - self.knot)
        away = common[nearest(common, expected)] - expected
        spread = math.sqrt(scale**2 + self.variance)
        hit = SHARE * np.exp(-0.5 * (away / spread) ** 2) / (spread * math.sqrt(2 * math.pi) * density)
        return np.log(1 - SHARE + hit)


def sure_ranges(
    device: Floats, common: Floats, curve: Curve, i: Ints, j: Ints, section: Ints, scale: float
) -> list[tuple[int, int]]:
    """Pulses [first, last) of the device that surely belong to each section.

    Near a jump a pulse may lie by chance where the line of the wrong side would have it: then there are several places at
    which the clock may have jumped, and what lies between them belongs to neither side.

    Parameters
    ----------
    device, common : ndarray, shape (n,), float64, seconds
        All pulses.
    curve : Curve
        In sections between jumps.
    i, j, section : ndarray, shape (n_pairs,), int64
        Pulses of each pair, and its section.
    scale : float, seconds
        Jitter.
    """
    firsts, lasts = [0], []
    for behind in range(1, len(curve.firsts)):
        pairs = np.flatnonzero(section == behind - 1)[-BESIDE:], np.flatnonzero(section == behind)[:BESIDE]
        first, last = int(i[pairs[0][0]]), int(i[pairs[1][-1]])
        pulses = device[first : last + 1]
        knot = int(curve.firsts[behind])
        sides = _side(curve, knot - 1, knot - 2), _side(curve, knot, knot + 1)
        density = max(_density(common[j[p]], j[p]) for p in pairs)
        scores = [side.evidence(pulses, common, scale, density) for side in sides]
        before = np.concatenate([[0.0], np.cumsum(scores[0])])
        after = np.concatenate([np.cumsum(scores[1][::-1])[::-1], [0.0]])
        likely = np.flatnonzero(before + after >= (before + after).max() - DOUBT)
        lasts.append(first + int(likely[0]))
        firsts.append(first + int(likely[-1]))
    return list(zip(firsts, [*lasts, len(device)], strict=True))


def _side(curve: Curve, knot: int, next_knot: int) -> _Side:
    """The line through two knots, from the one that is next to the jump."""
    apart = float(curve.knots[next_knot] - curve.knots[knot])
    slope = float(curve.values[next_knot] - curve.values[knot]) / apart
    return _Side(float(curve.knots[knot]), float(curve.values[knot]), slope, float(curve.variance[knot]))


def _density(times: Floats, numbers: Ints) -> float:
    """Pulses in a second."""
    lasting = float(times[-1] - times[0])
    return float(numbers[-1] - numbers[0] + 1) / lasting if lasting > 0 else 1e9
