"""Ambiguity: other alignments that explain the pulses as well, as there are where pulses are regular."""

from typing import NamedTuple

import numpy as np

from neurochain.formats.recordings.even import Floats
from neurochain.timeline.clocks.seeds import Rules
from neurochain.timeline.clocks.tracking import WIDEST, Section, nearest

__all__ = ["Shift", "jitter_of", "shifts"]

LOOKED_AT = 4000  # pulses of a section
NEIGHBOURS = 64  # on either side: alignments that are farther away come from the seeds
AS_GOOD = 0.8  # of the pairs
APART = 1.3  # gates: an alignment so far away has less than half of its pairs from the first one
FEW = 3  # pairs that say nothing, if they are all that is more


class Shift(NamedTuple):
    """Another alignment of a section.

    Attributes
    ----------
    seconds : float
        By which common times are later than as they were paired.
    pairs : int
        Pulses that have a partner then.
    """

    seconds: float
    pairs: int


def jitter_of(device: Floats, common: Floats, rules: Rules) -> float:
    """Jitter of pairs, whatever slow drift there is: from the differences of successive ones."""
    if len(device) < 3:
        return rules.floor
    drift = float(common[-1] - common[0]) / float(device[-1] - device[0]) - 1
    late = np.diff(common - device - drift * (device - device[0]))
    return max(1.4826 * float(np.median(np.abs(late))) / 2**0.5, rules.floor)


def shifts(
    device: Floats, common: Floats, section: Section, others: list[float], rules: Rules
) -> list[Shift]:
    """Other alignments that pair as many pulses, nearest first; empty where there is no doubt.

    Parameters
    ----------
    device, common : ndarray, shape (n,), float64, seconds
        All pulses that might be paired.
    section : Section
        How they were paired.
    others : list of float, seconds
        Shifts that seeds have shown.
    rules : Rules
        What holds for all pulses.
    """
    x, y = device[section.device], common[section.common]
    all_x = device[section.device[0] : section.device[-1] + 1]
    step = -(-len(all_x) // LOOKED_AT)
    expected = np.interp(all_x[::step], x, y)
    gate = rules.tolerance or 3 * 2**0.5 * jitter_of(x, y, rules)
    gate = min(gate, WIDEST / 2 * rules.spacing)
    own = _hits(expected, common, gate)
    enough = max(min(AS_GOOD * own, own - FEW / step), 1)
    found = [
        Shift(s, _hits(expected + s, common, gate)) for s in [*_lags(expected, common, gate, enough), *others]
    ]
    doubtful = {
        round(s.seconds / gate): s for s in found if s.pairs >= enough and abs(s.seconds) > APART * gate
    }
    return sorted((Shift(s.seconds, s.pairs * step) for s in doubtful.values()), key=lambda s: abs(s.seconds))


def _hits(expected: Floats, common: Floats, gate: float) -> int:
    """Times at which there is a pulse."""
    return int((np.abs(common[nearest(common, expected)] - expected) <= gate).sum())


def _lags(expected: Floats, common: Floats, gate: float, enough: float) -> list[float]:
    """Shifts by which about so many times fall on pulses near them."""
    around = nearest(common, expected)[:, None] + np.arange(-NEIGHBOURS, NEIGHBOURS + 1)[None, :]
    inside = (around >= 0) & (around < len(common))
    lags = common[np.clip(around, 0, len(common) - 1)] - expected[:, None]
    lags = np.sort(lags[inside])
    behind = np.searchsorted(lags, lags + 2 * gate, side="right")
    counts = behind - np.arange(len(lags))
    found: list[float] = []
    k = 0
    while k < len(lags):
        # The best window of those that begin in one window's length from here.
        if counts[k] >= enough:
            best = k + int(counts[k : behind[k]].argmax())
            found.append(float(np.median(lags[best : behind[best]])))
            k = int(behind[best])
        else:
            rest = np.flatnonzero(counts[k:] >= enough)
            k = k + int(rest[0]) if len(rest) else len(lags)
    return found
