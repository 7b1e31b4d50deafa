"""Grids of times: exact, however long."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.timeline.intervals.times import floors, period_of, spaced
from neurochain.timeline.resampling.grid import grid


@given(
    st.decimals(-1000, 1000, places=4).map(float),
    st.decimals(0, 30, places=3),
    st.sampled_from([1, 3, 10, 29.97, 250, 512.5]),
)
def test_times_are_those_of_exact_numbers(start, length, rate):
    end = float(Fraction(repr(start)) + Fraction(length))
    first, last, period = Fraction(repr(start)), Fraction(repr(end)), 1 / Fraction(repr(float(rate)))
    expected = []
    while first + len(expected) * period < last:
        expected.append(float(first + len(expected) * period))
    assert grid(start, end, rate).tolist() == expected


def test_a_minute_a_year_from_now_does_not_drift():
    year = 365 * 24 * 3600
    found = grid(year, year + 60, 30_000)
    assert len(found) == 60 * 30_000
    np.testing.assert_array_equal(found[::30_000], year + np.arange(60.0))
    assert found[-1] == float(year + 60 - Fraction(1, 30_000))


def test_a_frequency_made_from_a_period_means_the_period():
    for period in ("0.72", "2", "0.8", "1.35", "3"):
        assert period_of(1 / float(period)) == Fraction(period)
        volumes = grid(0, 1000 * float(period), 1 / float(period))
        assert volumes.tolist() == [float(k * Fraction(period)) for k in range(1000)]
    for rate in (44_100, 30_000, 29.97, 30000.390625, 24414.0625, 1.7):
        assert period_of(rate) == 1 / Fraction(repr(float(rate)))


@given(
    st.fractions(-1000, 1000, max_denominator=10**6),
    st.fractions("0.001", 1000, max_denominator=10**6),
    st.integers(0, 50),
    st.booleans(),
)
def test_whole_parts_are_exact(first, step, count, odd):
    # A huge denominator goes the way of whole numbers of any size.
    first += Fraction(1, 3**60) if odd else 0
    whole, rest = floors(first, step, count)
    for k in range(count):
        exact = first + k * step
        assert whole[k] == exact.__floor__()
        assert rest[k] == float(exact - exact.__floor__())
    assert spaced(first, step, count).tolist() == [float(first + k * step) for k in range(count)]


def test_what_cannot_be_is_refused():
    assert len(grid(1, 1, 10)) == 0
    with pytest.raises(ValueError, match="before its end"):
        grid(2, 1, 10)
    for rate in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="positive"):
            grid(0, 1, rate)
