"""Tracking: from a seed, pulse after pulse is paired with its partner, until the clocks no longer agree."""

import math
from typing import Any, NamedTuple

import numpy as np

from neurochain.formats.recordings.even import Floats
from neurochain.timeline.clocks.seeds import Ints, Line, Rules, Seed

__all__ = ["Section", "mutual", "nearest", "straight_line", "track"]

Bools = np.ndarray[Any, np.dtype[np.bool_]]

PAIRED = 5.0  # jitters within which a pair lies
TESTED = 2.0  # jitters within which it speaks for the line: beyond, chance is nearly as likely
SHARE = 0.6  # of the pulses that do so, where the line is right
WANDER = 5e-6  # seconds in a second by which drift may change within a block
FEWEST, MOST = 32, 2048  # pulses in a block
BLIND = (
    3.0  # intervals: where the other clock has no pulse as near as that it has none at all, and says nothing
)
WIDEST = 0.45  # of an interval: beyond, a pulse would be taken for its neighbour
LOST = 0.1  # of an interval: a line that is known no better than so leads to no pulse


class Section(NamedTuple):
    """Pairs of pulses between which neither clock jumped.

    Attributes
    ----------
    device, common : ndarray, shape (n_pairs,), int64
        Numbers of the pulses, both ascending.
    """

    device: Ints
    common: Ints


class Estimate(NamedTuple):
    """A line, and how well it is known."""

    line: Line
    scale: float
    offset_variance: float
    drift_variance: float

    def spread(self, device: Floats) -> Floats:
        """Standard deviation of the line, seconds."""
        return np.sqrt(self.offset_variance + self.drift_variance * (device - self.line.at) ** 2)


def nearest(common: Floats, times: Floats) -> Ints:
    """Number of the pulse that is nearest to each time."""
    behind = np.clip(np.searchsorted(common, times), 1, max(len(common) - 1, 1))
    before = behind - 1
    if len(common) == 1:
        return before
    return np.where(times - common[before] <= common[behind] - times, before, behind)


def mutual(partner: Ints, away: Floats, near: Bools) -> Ints:
    """Which pulses are paired: those that are near, and of several with one partner the nearest.

    Partners ascend, as those of ascending times do.
    """
    which = np.flatnonzero(near)
    if len(which) < 2:
        return which
    begins = np.flatnonzero(np.diff(partner[which], prepend=-1))
    if len(begins) == len(which):
        return which
    far = np.abs(away[which])
    least = np.repeat(np.minimum.reduceat(far, begins), np.diff(np.append(begins, len(which))))
    which = which[far == least]
    kept: Ints = which[np.diff(partner[which], prepend=-1) != 0]
    return kept


def track(device: Floats, common: Floats, seed: Seed, run: slice, rules: Rules) -> Section:
    """Pairs of a run with a seed, and before and behind it.

    Parameters
    ----------
    device, common : ndarray, shape (n,), float64, seconds
        Ascending.
    seed : Seed
        Where the run lies.
    run : slice
        Pulses of the device in which it was found.
    rules : Rules
        What holds for all pulses.
    """
    begin = run.start
    i, j = _forward(device[begin:], common, seed, run.stop - begin, rules)
    x = device[begin + i[: 2 * FEWEST]]
    z = common[j[: 2 * FEWEST]] - x
    # Backward is forward in a mirror.
    mirrored = seed._replace(line=Line(-seed.line.at, -seed.line.offset, seed.line.drift))
    behind = (-x[::-1], -z[::-1])
    k, m = _forward(-device[:begin][::-1], -common[::-1], mirrored, FEWEST, rules, behind)
    before = Section((begin - 1 - k)[::-1], (len(common) - 1 - m)[::-1])
    later = j > before.common[-1] if len(before.common) else np.ones(len(j), bool)
    return Section(
        np.concatenate([before.device, i[later] + begin]), np.concatenate([before.common, j[later]])
    )


def _forward(
    device: Floats,
    common: Floats,
    seed: Seed,
    size: int,
    rules: Rules,
    window: tuple[Floats, Floats] | None = None,
) -> tuple[Ints, Ints]:
    """Pairs from the first pulse on, to the last that the line still explains; `window` are pairs before the first."""
    kept_i: list[Ints] = []
    kept_j: list[Ints] = []
    x, z = window or (np.empty(0), np.empty(0))
    now = Estimate(seed.line, seed.scale, seed.scale**2 / max(seed.pairs, 1), 0.0)
    now = straight_line(x, z, now, rules)
    limit = 8 + 1.5 * math.log(len(device) + len(common))
    total = best = 0.0
    best_count = count = position = 0
    last = -1
    while position < len(device) and last + 1 < len(common):
        block = device[position : position + size]
        since = np.maximum(block - (x[-1] if len(x) else now.line.at), 0.0)
        partner, gate, away = _paired(block, common, now, since, rules)
        usable = now.spread(block) + WANDER * since < LOST * rules.spacing
        if not usable.any():
            break
        usable &= partner > last
        near = mutual(partner, away, usable & (np.abs(away) <= gate))
        # With the block's own pulses the line is known better, and what lies beside it is left out.
        after = straight_line(
            np.concatenate([x, block[near]]),
            np.concatenate([z, common[partner[near]] - block[near]]),
            now,
            rules,
        )
        partner, gate, away = _paired(block, common, after, np.zeros(len(block)), rules)
        usable &= partner > last
        pairs = mutual(partner, away, usable & (np.abs(away) <= gate))
        steps = _steps(block, common, partner, away, usable, after.scale, rules)
        sums = total + np.cumsum(steps)
        peak = np.maximum.accumulate(np.concatenate([[best], sums]))
        fell = np.flatnonzero(peak[1:] - sums > limit)
        end = int(fell[0]) + 1 if len(fell) else len(block)
        top = int(sums[:end].argmax())
        kept_i.append(position + pairs)
        kept_j.append(partner[pairs])
        if sums[top] >= best:
            best, best_count = float(sums[top]), count + int(np.searchsorted(pairs, top, side="right"))
        if len(fell):
            break
        count, total, position = count + len(pairs), float(sums[-1]), position + len(block)
        if len(pairs):
            last, now = int(partner[pairs[-1]]), after
            keep = max(size, 2 * FEWEST)
            x = np.concatenate([x, block[pairs]])[-keep:]
            z = np.concatenate([z, common[partner[pairs]] - block[pairs]])[-keep:]
        if size < 2 * FEWEST or WANDER * 2 * size * rules.spacing < now.scale:
            size = min(2 * size, MOST)
    i = np.concatenate(kept_i) if kept_i else np.empty(0, np.int64)
    j = np.concatenate(kept_j) if kept_j else np.empty(0, np.int64)
    return i[:best_count], j[:best_count]


def _paired(
    block: Floats, common: Floats, now: Estimate, since: Floats, rules: Rules
) -> tuple[Ints, Floats, Floats]:
    """Partner of each pulse, how far it may be away, and how far it is."""
    expected = now.line(block)
    partner = nearest(common, expected)
    spread = 4 * now.spread(block) + WANDER * since
    gate = spread + (rules.tolerance or PAIRED * max(now.scale, rules.floor))
    return partner, np.minimum(gate, WIDEST * rules.spacing), common[partner] - expected


def _steps(
    block: Floats,
    common: Floats,
    partner: Ints,
    away: Floats,
    usable: Bools,
    scale: float,
    rules: Rules,
) -> Floats:
    """What each pulse says for the line, or against it: logarithms of odds."""
    gate = min(rules.tolerance or TESTED * max(scale, rules.floor), WIDEST * rules.spacing)
    first, last = partner.min(), partner.max()
    density = (int(last - first) + 1) / (float(common[last] - common[first]) + rules.spacing)
    chance = min(max(1 - math.exp(-2 * gate * density), 1e-9), SHARE / 1.2)
    hit = usable & (np.abs(away) <= gate)
    says = usable & (np.abs(away) <= BLIND * rules.spacing)
    against = math.log((1 - SHARE) / (1 - chance))
    return np.where(hit, math.log(SHARE / chance), np.where(says, against, 0.0))


def straight_line(x: Floats, z: Floats, now: Estimate, rules: Rules) -> Estimate:
    """The line through common minus device, whatever lies far from it (Tukey's biweight)."""
    line, scale = now.line, max(now.scale, rules.floor)
    if len(x) < 4:
        return now
    known, most = now, rules.most_drift**2
    for _ in range(3):
        r = z - (line.offset + line.drift * (x - line.at))
        w = np.clip(1 - (r / (6 * scale)) ** 2, 0, None) ** 2
        weight = float(w.sum())
        if weight < 3:
            return now
        at = float(w @ x) / weight
        across = float(w @ (x - at) ** 2)
        drift = float(w @ ((x - at) * z)) / across if across > 0 else line.drift
        drift = min(max(drift, -rules.most_drift), rules.most_drift)
        line = Line(at, float(w @ z) / weight, drift)
        r = z - (line.offset + line.drift * (x - line.at))
        found = 1.4826 * float(np.median(np.abs(r[w > 0])))
        scale = min(max(found, scale / 2, rules.floor), 2 * scale)
        known = Estimate(line, scale, scale**2 / weight, min(scale**2 / across, most) if across > 0 else most)
    return known
