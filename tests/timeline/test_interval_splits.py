"""Splits in time: exact shares, and never nearer than the margin."""

import math
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from neurochain.errors import ShapeError
from neurochain.timeline.intervals.intervals import Intervals
from neurochain.timeline.intervals.splits import assign, split_times
from neurochain.timeline.intervals.trials import trials_every

SHARES = [
    {"train": 0.7, "val": 0.15, "test": 0.15},
    {"train": 0.8, "test": 0.2},
    {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3},
    {"all": 1},
]
shares = st.sampled_from(SHARES)
margins = st.decimals(0, 3, places=2).map(float)
blocks = st.integers(1, 6)
seeds = st.none() | st.integers(0, 2**32)


def apart(a: Intervals, b: Intervals) -> float:
    """Seconds from one set to the other."""
    return min(max(s2 - e1, s1 - e2) for s1, e1 in a for s2, e2 in b)


@given(
    shares,
    margins,
    blocks,
    seeds,
    st.decimals(-100, 100, places=3).map(float),
    st.decimals(20, 500, places=3).map(float),
)
def test_shares_are_exact_and_margins_kept(parts, margin, count, seed, start, length):
    end = start + length
    changes = count * len(parts)
    assume(length > changes * margin + 1)
    found = split_times((start, end), parts, margin, count, seed)
    assert list(found) == list(parts)
    left = sum(split.duration for split in found.values())
    for name, share in parts.items():
        assert found[name].duration == pytest.approx(share * left, rel=1e-9)
        assert found[name] <= Intervals([(start, end)])
    borders = sorted((s, e, name) for name, split in found.items() for s, e in split)
    lost = sum(a[2] != b[2] for a, b in pairwise(borders)) * margin
    assert left == pytest.approx(length - lost, rel=1e-9)
    assert (borders[0][0], borders[-1][1]) == (start, end)
    for a, b in combinations(found.values(), 2):
        assert apart(a, b) >= margin


stretches = st.lists(
    st.tuples(st.decimals("0.5", 30, places=2), st.decimals("0.01", 10, places=2)), min_size=1, max_size=12
)


@given(stretches, shares, margins, st.integers(1, 3), seeds)
def test_gaps_count_as_margins(lengths, parts, margin, count, seed):
    edges = np.cumsum([float(x) for pair in lengths for x in pair])
    times = Intervals.of(np.append(0, edges[1:-1:2]), edges[0::2])
    lost = (count * len(parts) - 1) * margin
    try:
        found = split_times(times, parts, margin, count, seed)
    except ShapeError:
        assert times.duration <= lost + 1e-6
        return
    left = sum(split.duration for split in found.values())
    assert left >= times.duration - lost - 1e-6
    for name, share in parts.items():
        assert found[name].duration == pytest.approx(share * left, abs=1e-6)
        assert found[name] <= times
    for a, b in combinations(found.values(), 2):
        assert apart(a, b) >= margin
    if margin == 0:
        assert left == pytest.approx(times.duration)


def test_a_gap_costs_no_margin():
    times = Intervals([(0, 10), (15, 25)])
    found = split_times(times, {"train": 0.5, "test": 0.5}, margin=4)
    assert {name: [(round(a, 6), round(b, 6)) for a, b in split] for name, split in found.items()} == {
        "train": [(0, 10)],
        "test": [(15, 25)],
    }


@given(shares, margins, blocks, seeds, st.floats(0.3, 4), st.floats(0.1, 2))
def test_no_trials_of_two_parts_come_nearer_than_the_margin(parts, margin, count, seed, seconds, step):
    times = Intervals([(0, 40), (43, 100)])
    found = split_times(times, parts, margin, count, seed)
    trials = trials_every(0, 100, seconds, step)
    names = assign(trials, found)
    assert names.shape == (len(trials),)
    for k, (start, end) in enumerate(trials):
        lies = [
            name
            for name, split in found.items()
            if any(s - 1e-12 <= start and end <= e + 1e-12 for s, e in split)
        ]
        assert lies == ([] if names[k] is None else [names[k]])
    for a, b in combinations(parts, 2):
        one, other = trials[names == a], trials[names == b]
        if len(one) and len(other):
            gaps = np.maximum(other.starts[None] - one.ends[:, None], one.starts[:, None] - other.ends[None])
            assert gaps.min() >= margin - 1e-12


def test_blocks_are_dealt_out_in_order_or_as_the_seed_says():
    def order(seed: int | None) -> str:
        found = split_times((0, 1000), {"a": 0.4, "b": 0.3, "c": 0.3}, 1, blocks=8, seed=seed)
        return "".join(n for _, n in sorted((s, name) for name, split in found.items() for s, _ in split))

    assert order(None) == "abc" * 8
    assert order(3) == order(3) != order(4)
    assert set(order(3)) == set("abc")
    # Neighbours of one part are one block, without a margin between.
    assert all(a != b for a, b in pairwise(order(3)))


def test_numbers_are_as_they_are_written():
    found = split_times((0, 100), {"train": 0.7, "val": 0.15, "test": 0.15}, margin=2)
    assert list(found["train"]) == [(0, 67.2)]
    assert list(found["val"]) == [(69.2, 83.6)]
    assert list(found["test"]) == [(85.6, 100)]


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (
            lambda: split_times((0, 10), {"a": 0.5, "b": 0.5}, 10),
            ShapeError,
            r"there are 10 s, and 1 margins .* take 10 s",
        ),
        (lambda: split_times((0, 10), {"a": 0.5, "b": 0.5}, 2, 10), ShapeError, r"19 margins .* take 38 s"),
        (lambda: split_times(Intervals(), {"a": 1}, 0), ShapeError, "no times"),
        (lambda: split_times((0, math.inf), {"a": 1}, 0), ValueError, "no end"),
        (lambda: split_times((0, 10), {}, 0), ValueError, "above 0"),
        (lambda: split_times((0, 10), {"a": 0.5, "b": 0}, 0), ValueError, "above 0"),
        (lambda: split_times((0, 10), {"a": 0.5, "b": 0.4}, 0), ValueError, "make 0.9"),
        (lambda: split_times((0, 10), {"a": 1}, -1), ValueError, "0 s or more"),
        (lambda: split_times((0, 10), {"a": 1}, math.nan), ValueError, "0 s or more"),
        (lambda: split_times((0, 10), {"a": 1}, 0, blocks=0), ValueError, "one block"),
        (
            lambda: assign(trials_every(0, 4, 2), {"a": Intervals([(0, 4)]), "b": Intervals([(2, 4)])}),
            ShapeError,
            r"trial 1, \[2, 4\), lies in 'a' and in 'b'",
        ),
    ],
)
def test_what_cannot_be_is_refused(make, error, says):
    with pytest.raises(error, match=says):
        make()
