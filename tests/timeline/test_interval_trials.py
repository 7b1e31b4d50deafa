"""Trials: windows around events and windows one after the other."""

import math
import pickle
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.errors import ShapeError
from neurochain.timeline.intervals.intervals import Intervals
from neurochain.timeline.intervals.trials import Trials, trials_around, trials_every

eighths = st.integers(-400, 400).map(lambda k: k / 8)


@given(
    st.lists(eighths, max_size=12),
    st.integers(-8, 16).map(lambda k: k / 8),
    st.integers(-8, 16).map(lambda k: k / 8),
)
def test_windows_around_events(events, before, after):
    if before + after <= 0:
        with pytest.raises(ValueError, match="must have a length"):
            trials_around(events, before, after)
        return
    span = Intervals([(-20, 5), (6, 30)])
    expected = [(t - before, t + after) for t in events]
    fits = [any(a <= s and e <= b for a, b in span) for s, e in expected]
    every = trials_around(events, before, after)
    assert list(every) == expected
    assert every.whole.all()
    assert every.events.tolist() == events
    kept = trials_around(events, before, after, span, edges="keep")
    assert list(kept) == expected
    assert kept.whole.tolist() == fits
    dropped = trials_around(events, before, after, span)
    assert dropped == kept[kept.whole]
    assert dropped.numbers.tolist() == [k for k, fit in enumerate(fits) if fit]
    assert dropped.events.tolist() == [t for t, fit in zip(events, fits, strict=True) if fit]
    assert every.inside(span) == dropped
    if all(fits):
        assert trials_around(events, before, after, span, edges="error") == every
    else:
        with pytest.raises(
            ShapeError, match=rf"^trials_around\(\): {fits.count(False)} of {len(events)} .*edges='drop'"
        ):
            trials_around(events, before, after, span, edges="error")


def test_rounding_drops_no_trial():
    assert 0.3 - 0.1 < 0.2
    assert len(trials_around([0.3], before=0.1, after=0.1, span=(0.2, 0.4))) == 1
    # Half a microsecond since 1970 is two units in the last place.
    assert len(trials_around([1.7e9 + 0.1], before=0.1, after=0.1, span=(1.7e9, 1.7e9 + 0.2))) == 1


@given(
    st.decimals(-50, 50, places=3).map(float),
    st.decimals("0.001", "3", places=3).map(float),
    st.decimals("0.01", "3", places=3).map(float),
    st.decimals(0, 20, places=3).map(float),
)
def test_windows_one_after_the_other(start, seconds, step, duration):
    end = float(Fraction(repr(start)) + Fraction(repr(duration)))
    first, length, apart, last = (Fraction(repr(x)) for x in (start, seconds, step, end))
    expected = []
    while first + len(expected) * apart + length <= last:
        begin = first + len(expected) * apart
        expected.append((float(begin), float(begin + length)))
    found = trials_every(start, end, seconds, step)
    assert list(found) == expected
    assert found.numbers.tolist() == list(range(len(expected)))
    tiles = trials_every(start, end, seconds)
    np.testing.assert_array_equal(tiles.starts[1:], tiles.ends[:-1])


def test_borders_do_not_drift():
    million = trials_every(0, 100_001, 0.1)
    assert len(million) == 1_000_010
    assert million[1_000_000] == (100_000.0, 100_000.1)
    np.testing.assert_array_equal(million.starts * 10, np.round(million.starts * 10))
    # Numbers that no whole numbers of 53 bits hold go the slow way, to the same end.
    odd = trials_every(1e-13 + 1e3, 1003, 0.1)
    assert odd.starts.tolist() == [
        float(Fraction(repr(1e-13 + 1e3)) + Fraction(k, 10)) for k in range(len(odd))
    ]


def test_an_end_that_was_computed_counts():
    assert 0.1 + 0.7 < 0.8
    assert len(trials_every(0, 0.1 + 0.7, 0.2)) == 4
    assert len(trials_every(1.7e9, 1.7e9 + 0.3, 0.1)) == 3


@given(st.lists(st.tuples(eighths, st.integers(1, 40).map(lambda k: k / 8)), max_size=8), st.data())
def test_order_and_number_stay(windows, data):
    trials = Trials.of([s for s, _ in windows], [s + d for s, d in windows])
    assert list(trials) == [(s, s + d) for s, d in windows]
    assert pickle.loads(pickle.dumps(trials)) == trials
    assert hash(trials[:]) == hash(trials)
    frame = trials.to_frame()
    assert frame.schema == {
        "number": pl.Int64,
        "start": pl.Float64,
        "end": pl.Float64,
        "event": pl.Float64,
        "whole": pl.Boolean,
    }
    assert frame.select("start", "end").rows() == list(trials)
    if windows:
        rows = data.draw(st.lists(st.integers(0, len(windows) - 1), max_size=5))
        some = trials[rows]
        assert some.numbers.tolist() == rows
        assert [trials[k] for k in rows] == list(some)
    assert trials != Trials.of([0], [1000])


def test_they_say_what_they_are():
    assert repr(Trials.of([], [])) == "<Trials (none)>"
    assert repr(trials_every(0, 10, 2)) == "<Trials (5, 2 s each) in [0, 10) s>"
    kept = trials_around([0, 5], 1, 2, (0, 10), edges="keep")
    assert repr(kept) == "<Trials (2, 3 s each, 1 not whole) in [-1, 7) s>"
    with pytest.raises(ValueError, match="read-only"):
        kept.starts[0] = 1


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: trials_around([1, math.nan], 1, 1), ValueError, "row 1 is nan"),
        (lambda: trials_around([1], 1, math.inf), ValueError, "must have a length"),
        (lambda: trials_around([1], 1, 1, (0, 3), edges="cut"), ValueError, "'drop', 'keep' and 'error'"),
        (lambda: trials_every(0, 10, 0), ValueError, "lengths are positive"),
        (lambda: trials_every(0, 10, 1, step=-1), ValueError, "lengths are positive"),
        (lambda: trials_every(10, 0, 1), ValueError, "start comes before end"),
        (lambda: Trials.of([0, 1], [1, 1]), ValueError, r"row 1 is \[1, 1\)"),
        (lambda: Trials.of([0, 1], [1, 2], numbers=[0]), ShapeError, "1 numbers"),
    ],
)
def test_what_cannot_be_is_refused(make, error, says):
    with pytest.raises(error, match=says):
        make()
