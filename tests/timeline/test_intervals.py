"""Sets of times: their algebra is that of sets, checked against sets of whole numbers."""

import json
import math
import pickle

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.errors import ShapeError
from neurochain.timeline.intervals.intervals import Intervals

INF = math.inf
LOW, HIGH = -12, 24
EVERY = set(range(LOW, HIGH))

pair = st.tuples(st.integers(LOW, HIGH), st.integers(LOW, HIGH)).map(lambda ab: (min(ab), max(ab)))
pairs = st.lists(pair, max_size=6)
sets = pairs.map(Intervals)
anywhere = st.lists(
    st.tuples(st.floats(allow_nan=False), st.floats(allow_nan=False))
    .map(lambda ab: (min(ab), max(ab)))
    .filter(lambda ab: ab[0] < INF and ab[1] > -INF),
    max_size=6,
).map(Intervals)


def cells(found: object) -> set[int]:
    """Whole numbers k of which [k, k + 1) is held."""
    return {k for a, b in found for k in range(int(a), int(b))}


def canonical(found: Intervals) -> None:
    edges = np.array(list(found)).ravel()
    assert (np.diff(edges) > 0).all()
    assert not found.starts.flags.writeable


@given(pairs)
def test_a_set_holds_what_its_pairs_hold(given_pairs):
    found = Intervals(given_pairs)
    canonical(found)
    assert cells(found) == cells(given_pairs)
    assert found.duration == len(cells(given_pairs))
    assert found == Intervals(reversed(given_pairs)) == Intervals(np.array(given_pairs).reshape(-1, 2))
    assert found == Intervals.of([a for a, _ in given_pairs], [b for _, b in given_pairs])
    assert found == Intervals(found)
    assert found.contains(np.arange(LOW, HIGH)).tolist() == [k in cells(found) for k in range(LOW, HIGH)]
    assert all((k + 0.5 in found) == (k in cells(found)) for k in range(LOW, HIGH))


@given(sets, sets)
def test_operators_are_those_of_sets(a, b):
    for found, expected in (
        (a & b, cells(a) & cells(b)),
        (a | b, cells(a) | cells(b)),
        (a - b, cells(a) - cells(b)),
        (a ^ b, cells(a) ^ cells(b)),
    ):
        canonical(found)
        assert cells(found) == expected
    assert (a <= b) == (cells(a) <= cells(b))
    assert (a >= b) == (cells(a) >= cells(b))
    assert (a == b) == (cells(a) == cells(b))
    if a == b:
        assert hash(a) == hash(b)


@given(anywhere, anywhere, anywhere)
def test_laws_hold_for_any_times(a, b, c):
    assert (a | b).complement() == a.complement() & b.complement()
    assert (a & b).complement() == a.complement() | b.complement()
    assert a.complement().complement() == a
    assert a & a == a | a == a
    assert a - a == a ^ a == a & a.complement() == Intervals()
    assert a - b == a & b.complement()
    assert a ^ b == (a | b) - (a & b)
    assert (a & b) | (a - b) == a
    assert a & (b | c) == (a & b) | (a & c)
    assert (a | b) | c == a | (b | c)
    assert (a & b) & c == a & (b & c)
    assert a & b <= a <= a | b
    assert (a <= b) == (a | b == b)


@given(sets, st.integers(LOW, HIGH), st.integers(0, 20))
def test_parts_of_a_set(a, start, length):
    end = start + length
    span = Intervals([(start, end)])
    assert a.within(start, end) == a & span
    assert a.complement(start, end) == span - a
    canonical(a.within(start, end))
    if length:
        assert a.coverage(start, end) == len(cells(a) & set(range(start, end))) / length
    if a:
        assert a.gaps == a.complement(a.start, a.end)
        assert a.coverage() == a.duration / (a.end - a.start)


@given(sets, st.integers(0, 6))
def test_closing_gaps_and_dropping_what_is_short_are_one_thing_done_to_either(a, length):
    assert a.joined(length).complement() == a.complement().at_least(length)
    assert a.at_least(length).complement() == a.complement().joined(length)
    assert a <= a.joined(length)
    assert a.at_least(length) <= a
    assert all(b - a >= length for a, b in a.at_least(length))
    assert all(b - a >= length for a, b in a.joined(length).gaps)


@given(sets, st.integers(-4, 4), st.integers(-4, 4))
def test_widening(a, before, after):
    expected = [(s - before, e + after) for s, e in a if s - before < e + after]
    assert a.widened(before, after) == Intervals(expected)
    if before >= 0:
        assert a <= a.widened(before)
        assert a.widened(before).widened(-before) >= a


@given(sets, st.lists(pair.filter(lambda ab: ab[0] < ab[1]), min_size=1, max_size=6))
def test_what_is_held_wholly(a, asked):
    starts, ends = zip(*asked, strict=True)
    expected = [any(s <= start and end <= e for s, e in a) for start, end in asked]
    assert a.holds(starts, ends).tolist() == expected


def test_what_rounding_makes_of_a_time_does_not_leave_the_set():
    tenths = Intervals([(0.2, 0.3)])
    assert tenths.holds([0.3 - 0.1], [0.1 + 0.2]).all()
    assert not tenths.holds([0.2 - 1e-9], [0.3]).any()
    assert list(Intervals([(0.1, 0.3)]).at_least(0.2)) == [(0.1, 0.3)]
    assert len(Intervals([(0, 0.1), (0.3, 1)]).joined(0.2)) == 2


@given(st.lists(st.booleans(), max_size=30))
def test_from_a_mask(mask):
    edges = np.arange(len(mask) + 1) / 8
    found = Intervals.where(np.array(mask, bool), edges)
    canonical(found)
    assert found.contains(edges[:-1]).tolist() == mask
    assert found.duration == sum(mask) / 8
    assert found <= Intervals([(0, len(mask) / 8)])


@given(anywhere)
def test_it_travels(a):
    assert pickle.loads(pickle.dumps(a)) == a
    assert not pickle.loads(pickle.dumps(a)).starts.flags.writeable
    assert Intervals.from_json(json.loads(json.dumps(a.to_json(), allow_nan=False))) == a
    assert a.to_frame().schema == {"start": pl.Float64, "end": pl.Float64}
    assert Intervals(a.to_frame()) == Intervals(a.to_frame().rows()) == a


@given(sets, st.integers(0, 5), st.booleans())
def test_indexing(a, at, reverse):
    listed = list(a)
    if at < len(a):
        assert a[at] == listed[at]
        assert a[-1 - at] == listed[-1 - at]
    assert a[at:] == Intervals(listed[at:])
    assert a[:: -1 if reverse else 2] == Intervals(listed[:: -1 if reverse else 2])
    assert a[a.durations > 2] == Intervals([(s, e) for s, e in listed if e - s > 2])


def test_it_says_what_it_is():
    assert repr(Intervals()) == "<Intervals (none)>"
    assert repr(Intervals([(0, 2.5), (10, 20)])) == "<Intervals (2, 12.5 s) in [0, 20) s>"
    assert repr(Intervals([(5, INF)])) == "<Intervals (1, inf s) in [5, inf) s>"
    assert not Intervals()
    assert Intervals([(-0.0, 1)]).to_json() == [[0.0, 1.0]]
    assert math.copysign(1, Intervals([(-0.0, 1)]).start) == 1


def test_a_set_cannot_be_changed():
    a = Intervals([(0, 1)])
    with pytest.raises(ValueError, match="read-only"):
        a.starts[0] = 5
    with pytest.raises(AttributeError):
        a.starts = np.zeros(1)
    given_array = np.array([[0.0, 1.0]])
    b = Intervals(given_array)
    given_array[:] = 7
    assert b == a


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: Intervals([(0, 1), (2, 1)]), ValueError, r"row 1 is \[2, 1\), which ends before it starts"),
        (lambda: Intervals([(0, 1), (math.nan, 1)]), ValueError, "row 1 is nan"),
        (lambda: Intervals([(INF, INF)]), ValueError, "row 0 .* has no time"),
        (lambda: Intervals([(-INF, -INF)]), ValueError, "row 0 .* has no time"),
        (lambda: Intervals((0, 1)), ShapeError, "pairs"),
        (lambda: Intervals([(0, 1), (2,)]), ShapeError, "pairs"),
        (lambda: Intervals([("0", "1")]), TypeError, "numbers of seconds"),
        (lambda: Intervals([(None, 1)]), TypeError, "numbers of seconds"),
        (lambda: Intervals.of([0, 1], [1]), ShapeError, "2 starts and 1 ends"),
        (lambda: Intervals.of([[0, 1]], [[1, 2]]), ShapeError, "one axis"),
        (lambda: Intervals.of(np.ma.array([0.0, 1], mask=[0, 1]), [1, 2]), TypeError, "masked"),
        (lambda: Intervals.where([True], [0]), ShapeError, "one edge more"),
        (lambda: Intervals.where([1, 0], [0, 1, 2]), TypeError, "of bool"),
        (lambda: Intervals.where([True, True], [0, 1, 1]), ValueError, "ascend"),
        (lambda: Intervals().start, ShapeError, "no times"),
        (lambda: Intervals().coverage(), ShapeError, "no times"),
        (lambda: Intervals([(0, 1)]).coverage(1, 1), ValueError, "empty or endless"),
        (lambda: Intervals([(0, INF)]).coverage(), ValueError, "empty or endless"),
        (lambda: Intervals([(0, 1)]).within(2, 1), ValueError, "before its end"),
        (lambda: Intervals([(0, 1)]).within(math.nan, 1), ValueError, "before its end"),
        (lambda: Intervals([(0, 1)]).complement(2, 1), ValueError, "before its end"),
        (lambda: Intervals([(0, 1)]).widened(math.nan), ValueError, "finite"),
        (lambda: Intervals([(0, 1)]).joined(-1), ValueError, "no length"),
        (lambda: Intervals([(0, 1)]).at_least(math.nan), ValueError, "no length"),
        (lambda: Intervals([(0, 1)]) & [(0, 1)], TypeError, "of type list: give Intervals"),
        (lambda: Intervals([(0, 1)])[3], IndexError, "out of bounds"),
    ],
)
def test_what_cannot_be_is_refused(make, error, says):
    with pytest.raises(error, match=says):
        make()
