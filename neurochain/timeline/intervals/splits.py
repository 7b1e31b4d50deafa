"""Splits: parts of time for training and testing, so far from one another that nothing leaks."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from neurochain.errors import ShapeError
from neurochain.timeline.intervals.intervals import Intervals
from neurochain.timeline.intervals.times import exact
from neurochain.timeline.intervals.trials import Trials

__all__ = ["assign", "split_times"]

NEAREST = Fraction(1, 10**9)  # seconds: how near to the most time that can be dealt out the search comes
Blocks = list[tuple[Fraction, Fraction]]


def split_times(
    times: "Intervals | tuple[float, float]",
    shares: Mapping[str, float],
    margin: float,
    blocks: int = 1,
    seed: int | None = None,
) -> dict[str, Intervals]:
    """Deal time out to parts in contiguous blocks, with a margin between blocks of different parts.

    Neighbouring samples know of one another: through filters, through slow signals such as the BOLD response, through
    windows that overlap. So between any two times of different parts lies at least the margin, which belongs to none.
    The shares are those of the time that is left, without the margins, and of it they are exact; a gap that is there
    anyway counts as margin.

    Parameters
    ----------
    times : Intervals or (float, float), seconds
        What there is.
    shares : mapping of str to float
        Of each part; together 1.
    margin : float, seconds
        0 or more. As long as what makes neighbours alike: the filter, the window, the haemodynamic response.
    blocks : int
        Of each part. More of them let each part see all of a recording, and cost more margins.
    seed : int, optional
        Of the order of the parts, drawn anew for each round of blocks; without, that of `shares` in each.

    Returns
    -------
    dict of str to Intervals
        In the order of `shares`.

    Raises
    ------
    ValueError
        Shares that do not make 1, a margin that is negative, no block, times that are endless.
    ShapeError
        There are no times, or the margins leave nothing of them.

    Examples
    --------
    >>> parts = split_times((0, 104), {"train": 0.7, "val": 0.15, "test": 0.15}, margin=2)
    >>> {name: list(part) for name, part in parts.items()}
    {'train': [(0.0, 70.0)], 'val': [(72.0, 87.0)], 'test': [(89.0, 104.0)]}
    >>> split_times((0, 100), {"train": 0.8, "test": 0.2}, margin=1, blocks=5)["test"]
    <Intervals (5, 18.2 s) in [15.56, 100) s>
    """
    given = times if isinstance(times, Intervals) else Intervals([times])
    _check(shares, margin, blocks)
    if not given:
        raise ShapeError("split_times(): there are no times to deal out.")
    if not math.isfinite(given.duration):
        raise ValueError(
            "split_times(): the times have no end. Cut them first: intervals.within(start, end)."
        )
    order = _order(list(shares), blocks, seed)
    total = sum(map(exact, shares.values()))
    layout = _Layout(given, [exact(shares[name]) / total / blocks for name in order], _margins(order, margin))
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in shares}
    behind, last = -math.inf, order[0]
    for name, (start, end) in zip(order, layout.most() or (), strict=False):
        begin = float(start)
        while name != last and begin - behind < margin:  # rounding must not cost a margin a bit of its length
            begin = math.nextafter(begin, math.inf)
        behind, last = float(end), name
        found[name].append((begin, max(begin, behind)))
    parts = {name: Intervals(pairs) & given for name, pairs in found.items()}
    if not all(parts.values()):
        raise ShapeError(
            f"split_times(): there are {given.duration:g} s, and {layout.changes} margins between blocks take "
            f"{layout.changes * margin:g} s. Use fewer blocks or a shorter margin."
        )
    return parts


def assign(trials: Trials, splits: Mapping[str, Intervals]) -> np.ndarray[Any, np.dtype[np.object_]]:
    """Name of the part that each trial lies wholly in, None where there is none: it must then be left out.

    Parameters
    ----------
    trials : Trials
        In any order, overlapping or not.
    splits : mapping of str to Intervals
        As of `split_times`.

    Returns
    -------
    ndarray, shape (n,), object
        Of str and None. Trials of different parts are at least the margin apart.

    Raises
    ------
    ShapeError
        A trial lies in two parts, which overlap.

    Examples
    --------
    >>> from neurochain.timeline.intervals.trials import trials_every
    >>> parts = split_times((0, 10), {"train": 0.5, "test": 0.5}, margin=2)
    >>> assign(trials_every(0, 10, 2), parts)
    array(['train', 'train', None, 'test', 'test'], dtype=object)
    """
    names = np.full(len(trials), None, object)
    taken = np.zeros(len(trials), bool)
    for name, times in splits.items():
        inside = times.holds(trials.starts, trials.ends)
        if (inside & taken).any():
            row = int(np.argmax(inside & taken))
            raise ShapeError(
                f"assign(): trial {row}, [{trials.starts[row]:g}, {trials.ends[row]:g}), lies in {names[row]!r} and in "
                f"{name!r}. Give splits that do not overlap."
            )
        names[inside] = name
        taken |= inside
    return names


class _Layout:
    """Blocks one after the other on times with gaps, all numbers exact.

    Parameters
    ----------
    times : Intervals
        Finite, and some.
    parts : list of Fraction
        Of each block, of the time that is dealt out; together 1.
    margins : list of Fraction, seconds
        Ahead of each block; 0 ahead of the first.
    """

    def __init__(self, times: Intervals, parts: Sequence[Fraction], margins: Sequence[Fraction]) -> None:
        self.starts, self.ends = [exact(t) for t in times.starts], [exact(t) for t in times.ends]
        self.parts, self.margins = parts, margins
        durations = (end - start for start, end in zip(self.starts, self.ends, strict=True))
        self.before = list(accumulate(durations, initial=Fraction(0)))  # time in the intervals ahead of each

    @property
    def changes(self) -> int:
        """How many margins there are."""
        return sum(margin > 0 for margin in self.margins)

    def most(self) -> Blocks | None:
        """Blocks that leave as little as can be; None where margins leave nothing for them."""
        there, lost = self.before[-1], sum(self.margins, Fraction(0))
        # Where a border falls into a gap, the margin takes less than its length: how much less is found by halving.
        most, least = there, max(there - lost, Fraction(0))
        blocks = self._of(least) if least else None
        while len(self.starts) > 1 and most - least > NEAREST:
            middle = (most + least) / 2
            tried = self._of(middle)
            if tried is None:
                most = middle
            else:
                least, blocks = middle, tried
        return blocks

    def _of(self, total: Fraction) -> Blocks | None:
        """Blocks that hold so much time; None where they do not fit."""
        blocks: Blocks = []
        position = self.starts[0]
        for part, margin in zip(self.parts, self.margins, strict=True):
            position += margin
            held = self._before(position) + part * total
            if held > self.before[-1]:
                return None
            index = bisect_left(self.before, held) - 1
            end = self.starts[index] + held - self.before[index]
            blocks.append((position, end))
            position = end
        return blocks

    def _before(self, position: Fraction) -> Fraction:
        """Time of the intervals that lies ahead of a position."""
        index = bisect_right(self.starts, position) - 1
        return self.before[index] + min(position, self.ends[index]) - self.starts[index]


def _order(names: list[str], blocks: int, seed: int | None) -> list[str]:
    """Which part each block is of."""
    if seed is None:
        return names * blocks
    drawn = np.random.default_rng(seed)
    return [names[k] for _ in range(blocks) for k in drawn.permutation(len(names))]


def _margins(order: Sequence[str], margin: float) -> list[Fraction]:
    """What lies ahead of each block: a margin where the one before is of another part."""
    return [Fraction(0), *(exact(margin) if a != b else Fraction(0) for a, b in pairwise(order))]


def _check(shares: Mapping[str, float], margin: float, blocks: int) -> None:
    said = ", ".join(f"{name!r}: {share!r}" for name, share in shares.items())
    if not shares or not all(0 < share <= 1 for share in shares.values()):
        raise ValueError(
            f"split_times(shares={{{said}}}): a share is above 0 and at most 1, as {{'train': 0.8, 'test': 0.2}}."
        )
    if abs(sum(shares.values()) - 1) > 1e-9:
        raise ValueError(f"split_times(shares={{{said}}}): they make {sum(shares.values()):g}, and not 1.")
    if not 0 <= margin < math.inf:
        raise ValueError(f"split_times(margin={margin!r}): a margin is 0 s or more.")
    if isinstance(blocks, bool) or not isinstance(blocks, int) or blocks < 1:
        raise ValueError(f"split_times(blocks={blocks!r}): a part has one block or more.")
