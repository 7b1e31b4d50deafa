"""Trimming: pairs at the ends of a section that may be there by chance."""

import numpy as np

from neurochain.timeline.clocks.seeds import Ints
from neurochain.timeline.clocks.tracking import Section

__all__ = ["inner", "trimmed"]

OUTERMOST = 4  # pairs
ENDS = 64  # pulses at an end that are looked at


def inner(section: Section) -> Section:
    """Without the outermost pairs: one by chance there would take from the next section what belongs to it.

    What is left out is paired again by the curve.
    """
    if len(section.device) < 4 * OUTERMOST:
        return section
    return Section(section.device[OUTERMOST:-OUTERMOST], section.common[OUTERMOST:-OUTERMOST])


def trimmed(section: Section) -> Section:
    """Without pairs at its ends that have fewer pairs than unpaired pulses beside them: they are there by chance."""
    if len(section.device) < 2:
        return section
    begin, end = _chance(section.device), _chance(-section.device[::-1])
    kept = slice(begin, len(section.device) - end)
    return Section(section.device[kept], section.common[kept])


def _chance(paired: Ints) -> int:
    """Pairs at the beginning that are left out."""
    numbers = paired[:ENDS] - paired[0]
    steps = np.full(int(numbers[-1]) + 1, -1)
    steps[numbers] = 1
    sums = np.concatenate([[0], np.cumsum(steps[:ENDS])])
    return int((numbers < int(sums.argmin())).sum())
