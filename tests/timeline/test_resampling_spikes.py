"""Spike counts: each event in one bin at most, the one that the side says."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.errors import ShapeError
from neurochain.timeline.resampling.spikes import spike_counts, spike_counts_of

events = st.lists(st.integers(-4, 24).map(lambda k: k / 2), max_size=40)
borders = st.lists(st.integers(-2, 12), min_size=2, max_size=10, unique=True).map(sorted)
sides = st.sampled_from(["left", "right"])


@given(events, borders, sides)
def test_counts_are_those_of_looking_at_each(times, edges, side):
    expected = [sum(a <= t < b if side == "left" else a < t <= b for t in times) for a, b in pairwise(edges)]
    found = spike_counts(times, edges, side)
    assert (found.tolist(), found.dtype) == (expected, np.int64)
    np.testing.assert_array_equal(spike_counts(np.sort(times), edges, side), found)
    # Ranges of edges that follow each other add up.
    cut = len(edges) // 2
    if 1 <= cut < len(edges) - 1:
        parts = [spike_counts(times, e, side) for e in (edges[: cut + 1], edges[cut:])]
        np.testing.assert_array_equal(np.concatenate(parts), found)


@given(events, borders)
def test_numpy_counts_the_last_edge_too(times, edges):
    expected = np.histogram(times, edges)[0]
    found = spike_counts(times, edges)
    np.testing.assert_array_equal(found[:-1], expected[:-1])
    assert found[-1] == expected[-1] - times.count(edges[-1])


@given(st.lists(events, max_size=5), borders, sides)
def test_several_units(units, edges, side):
    found = spike_counts_of(units, edges, side)
    assert (found.shape, found.dtype) == ((len(edges) - 1, len(units)), np.int64)
    for k, times in enumerate(units):
        np.testing.assert_array_equal(found[:, k], spike_counts(times, edges, side))


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="row 1 is nan"):
        spike_counts([0, math.nan], [0, 1])
    with pytest.raises(ValueError, match="ascend"):
        spike_counts([0], [0, 1, 1])
    with pytest.raises(ValueError, match="'left' and 'right'"):
        spike_counts([0], [0, 1], side="both")
    with pytest.raises(ShapeError, match="there are 1"):
        spike_counts_of([[0]], [0])
