"""Seeds: where a short run of a device's pulses lies among those of another clock."""

import math
from typing import Any, NamedTuple

import numpy as np

from neurochain.formats.recordings.even import Floats

__all__ = ["Line", "Rules", "Seed", "evidence", "find_seeds"]

Ints = np.ndarray[Any, np.dtype[np.int64]]

FINENESS = 16  # bins of votes in an interval between pulses
SLOPES = 33  # that are tried between the greatest drifts
MOST_BINS = 2**25
CANDIDATES = 64
NEAREST = 16
SURE = 8.0  # logarithm of odds beyond what the best of so many tests has by chance
ALIKE = 0.6  # of the votes for the best: what is looked at where the user has said about where it is


class Line(NamedTuple):
    """``common = device + offset + drift * (device - at)``.

    Attributes
    ----------
    at, offset : float, seconds
    drift : float
        Seconds in a second.
    """

    at: float
    offset: float
    drift: float

    def __call__(self, device: Floats) -> Floats:
        """Common seconds."""
        return device + (self.offset + self.drift * (device - self.at))

    def late(self, device: float) -> float:
        """Common minus device, seconds."""
        return self.offset + self.drift * (device - self.at)


class Rules(NamedTuple):
    """What holds for all pulses of two clocks.

    Attributes
    ----------
    spacing : float, seconds
        Typical interval between the device's pulses.
    most_drift : float
        Seconds in a second.
    floor : float, seconds
        Jitter below this is none.
    tolerance : float, seconds, or None
        The most by which a pair may differ, where the user says it.
    """

    spacing: float
    most_drift: float
    floor: float
    tolerance: float | None


class Seed(NamedTuple):
    """An alignment of a run of pulses.

    Attributes
    ----------
    line : Line
    scale : float, seconds
        Jitter about it.
    score : float
        Evidence, in natural logarithms of odds against chance.
    pairs : int
        Pulses of the run that have a partner.
    beyond : bool
        Whether it is beyond chance, as many alignments as were tried.
    """

    line: Line
    scale: float
    score: float
    pairs: int
    beyond: bool = False


def find_seeds(
    run: Floats, common: Floats, rules: Rules, near: float | None = None, nowhere_else: bool = False
) -> list[Seed]:
    """Alignments of a run of pulses, best first, chance ones among them.

    All differences between a pulse of the run and a pulse of the other clock vote for an offset. The run is so short that
    drift hardly spreads the votes for the true one; for those with most votes, drift and jitter are then found.

    Parameters
    ----------
    run : ndarray, shape (n_pulses,), float64, seconds
        Successive pulses of the device, some ten.
    common : ndarray, shape (n,), float64, seconds
        Pulses among which it may lie.
    rules : Rules
        What holds for all pulses.
    near : float, seconds, optional
        About what common minus device is: of alignments with about as many votes those near it come first, and if one is
        beyond chance, alone.
    nowhere_else : bool
        Look at those alone in any case.
    """
    if len(run) < 2 or not len(common):
        return []
    middle = float(run[0] + run[-1]) / 2
    spread = rules.most_drift * float(run[-1] - run[0])
    extent = float(common[-1] - common[0]) + float(run[-1] - run[0])
    width = max(rules.spacing / FINENESS, spread, rules.tolerance or 0.0, extent / MOST_BINS, rules.floor)
    low, votes = _votes(run, common, width)
    # A bin and its neighbour: wherever the true offset lies, there is a pair of bins that holds its votes.
    both = votes[:-1] + votes[1:]
    peaks = np.flatnonzero((both[1:-1] >= both[:-2]) & (both[1:-1] > np.maximum(both[2:], 2))) + 1
    if not len(peaks):
        return []
    height = both[peaks]

    def refined(chosen: Ints, tests: int) -> list[Seed]:
        found = [_refined(run, common, middle, low + (k + 1) * width, width, rules) for k in chosen.tolist()]
        enough = math.log(tests * SLOPES) + SURE
        seeds = [s._replace(beyond=s.score > enough) for s in found if s is not None]
        return _distinct(sorted(seeds, key=lambda s: -s.score), rules.spacing / FINENESS)

    if near is not None:
        alike = peaks[height >= ALIKE * height.max()]
        away = np.abs(low + (alike + 1) * width - near)
        seeds = refined(alike[np.argsort(away, kind="stable")[:NEAREST]], NEAREST)
        if nowhere_else or any(s.beyond for s in seeds):
            return seeds
    least = int(np.partition(height, -CANDIDATES)[-CANDIDATES]) if len(peaks) > CANDIDATES else 0
    best = np.flatnonzero(height >= least)
    return refined(peaks[best[np.argsort(-height[best], kind="stable")[:CANDIDATES]]], len(both))


def evidence(hits: int, tried: int, chance: float) -> float:
    """Logarithm of the odds that so many hits are no chance."""
    chance = min(max(chance, 1e-12), 0.99)
    share = min(hits / tried, 0.98) if tried else 0.0
    if share <= chance:
        return 0.0
    return hits * math.log(share / chance) + (tried - hits) * math.log((1 - share) / (1 - chance))


def _votes(run: Floats, common: Floats, width: float) -> tuple[float, np.ndarray[Any, np.dtype[np.int32]]]:
    """Lowest offset, and from it on the differences in each bin."""
    low = float(common[0] - run[-1]) - 2 * width  # two empty bins at either end
    votes = np.zeros(int((float(common[-1] - run[0]) - low) / width) + 4, np.int32)
    for part in np.array_split(common, len(common) // 65_536 + 1):
        place = ((part[:, None] - (run + low)[None, :]) * (1 / width)).astype(np.int64)
        first = int(place.min())
        counts = np.bincount((place - first).ravel())
        votes[first : first + len(counts)] += counts
    return low, votes


def _refined(
    run: Floats, common: Floats, middle: float, centre: float, width: float, rules: Rules
) -> Seed | None:
    """The line through the differences about an offset that most of them lie on."""
    first = np.searchsorted(common, run + (centre - 1.5 * width))
    counts = np.searchsorted(common, run + (centre + 1.5 * width)) - first
    n = int(counts.sum())
    if n < 3:
        return None
    i = np.repeat(np.arange(len(run)), counts)
    j = np.arange(n) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)
    x, z = run[i] - middle, common[j] - run[i] - centre
    span = float(run[-1] - run[0])
    here = np.searchsorted(common, [run[0] + centre, run[-1] + centre])
    density = max(int(here[1] - here[0]), 1) / (span + rules.spacing)
    slopes = np.linspace(-rules.most_drift, rules.most_drift, SLOPES)
    flat = np.sort(z - slopes[:, None] * x, axis=1)
    step = max(rules.most_drift * span / (SLOPES - 1), rules.floor)
    best: Seed | None = None
    half = step
    while half <= width:
        ends = np.array([np.searchsorted(row, row + 2 * half, side="right") for row in flat])
        inside = ends - np.arange(n)
        row, at = divmod(int(inside.argmax()), n)
        level = float(flat[row, at] + flat[row, ends[row, at] - 1]) / 2
        line = Line(middle, level, float(slopes[row]))
        seed = _settled(x + middle, z, line, half, len(run), density, rules)
        if seed is not None and (best is None or seed.score > best.score):
            best = seed
        half *= 4
    if best is None:
        return None
    return best._replace(line=best.line._replace(offset=best.line.offset + centre))


def _settled(
    x: Floats, z: Floats, line: Line, gate: float, tried: int, density: float, rules: Rules
) -> Seed | None:
    """A line, fitted to what lies near it, and how good it is."""
    scale = gate / 2
    for _ in range(4):
        r = z - (line.offset + line.drift * (x - line.at))
        near = np.abs(r) <= gate
        if near.sum() < 3:
            return None
        u = x[near] - x[near].mean()
        across = float(u @ u)
        drift = float(u @ z[near]) / across if across > 0 else 0.0
        drift = min(max(drift, -rules.most_drift), rules.most_drift)
        offset = float(np.mean(z[near] - drift * (x[near] - line.at)))
        line = Line(line.at, offset, drift)
        r = z[near] - (line.offset + line.drift * (x[near] - line.at))
        scale = max(1.4826 * float(np.median(np.abs(r))), rules.floor)
        gate = max(min(gate, 4 * scale), rules.floor)
    gate = rules.tolerance or max(3 * scale, rules.floor)
    r = z - (line.offset + line.drift * (x - line.at))
    hits = min(len(np.unique(x[np.abs(r) <= gate])), tried)
    # Two of them define the line.
    score = evidence(max(hits - 2, 0), max(tried - 2, 1), 1 - math.exp(-2 * gate * density))
    return Seed(line, scale, score, hits)


def _distinct(seeds: list[Seed], apart: float) -> list[Seed]:
    """Leave out those that are a better one again."""
    kept: list[Seed] = []
    for seed in seeds:
        if all(abs(seed.line.offset - other.line.offset) > apart for other in kept):
            kept.append(seed)
    return kept
