"""Clocks of even and of stamped samples: exact, and ranges tile."""

import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.errors import FormatError, ShapeError
from neurochain.formats.recordings.recording import Recording
from neurochain.timeline.clocks.clock import Clock
from neurochain.timeline.clocks.evenclock import EvenClock
from neurochain.timeline.clocks.stampedclock import StampedClock

NINETEEN_SEVENTY = 1_763_820_000.25
RATES = [0.5, 1 / 3, 2.0, 25.0, 29.97, Fraction(30_000, 1001), 44_100.0, 30_000.0, 29_999.954_846]

clocks = st.builds(
    EvenClock,
    st.sampled_from(RATES),
    st.integers(0, 324_000_000),
    st.sampled_from([0.0, -3.0, 0.1, 17.25, NINETEEN_SEVENTY]),
)
stretched = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 1000)), min_size=1, max_size=6)


def segmented(rate: float, parts: list[tuple[int, int]], zero: float) -> EvenClock:
    """Stretches of so many samples, each behind a gap of so many tenths of a second."""
    segments, at, count = [], Fraction(repr(zero)), 0
    for gap, n in parts:
        start = at + Fraction(gap, 10)
        at = start + n / Fraction(repr(rate))
        segments.append((float(start), float(at)))
        count += n
    return EvenClock(rate, count, segments=tuple(segments))


@given(clocks, st.data())
def test_time_of_a_sample_is_the_sample(clock: EvenClock, data: st.DataObject) -> None:
    if not clock.n_samples:
        assert clock.between(-math.inf, math.inf) == (0, 0)
        return
    first = data.draw(st.integers(0, clock.n_samples - 1))
    end = min(first + data.draw(st.integers(1, 50)), clock.n_samples)
    times = clock.times(first, end)
    assert clock.at(float(times[0])) == first
    assert clock.at(float(times[-1])) == end - 1
    behind = clock.end if end == clock.n_samples else float(clock.times(end, end + 1)[0])
    assert clock.between(float(times[0]), behind) == (first, end)
    assert clock.at(float(times[0]) + 0.5 * clock.period) == first
    exact = float(Fraction(repr(clock.start)) + first / clock._rate)
    assert abs(float(times[0]) - exact) <= math.ulp(max(abs(exact), abs(clock.start)))


@given(clocks, st.lists(st.floats(allow_nan=False), min_size=3, max_size=3))
def test_ranges_tile_for_any_times(clock: EvenClock, times: list[float]) -> None:
    a, b, c = sorted(times)
    assert clock.between(a, b)[1] == clock.between(b, c)[0]
    assert clock.between(a, c) == (clock.between(a, b)[0], clock.between(b, c)[1])


@given(clocks, st.integers(0, 324_000_000), st.tuples(*[st.integers(-6, 6)] * 3))
def test_ranges_tile_about_a_sample(clock: EvenClock, sample: int, steps: tuple[int, int, int]) -> None:
    around = float(Fraction(repr(clock.start)) + min(sample, clock.n_samples) / clock._rate)
    a, b, c = sorted(around + s * math.ulp(around) for s in steps)
    assert clock.between(a, b)[1] == clock.between(b, c)[0]
    assert clock.between(a, b)[0] <= clock.between(b, c)[0] <= clock.between(b, c)[1]


@given(st.sampled_from([10.0, 100.0, 250.0, 512.0]), stretched, st.sampled_from([0.0, 12.5]), st.data())
def test_gaps(rate: float, parts: list[tuple[int, int]], zero: float, data: st.DataObject) -> None:
    clock = segmented(rate, parts, zero)
    times = clock.times(0, clock.n_samples)
    assert (np.diff(times) > 0).all()
    start, end = sorted(data.draw(st.tuples(*[st.floats(zero - 1, clock.end + 1)] * 2)))
    # No time lies as near to a sample as rounding does.
    near = np.abs(times[:, None] - [start, end]).min(initial=1.0) < 1e-5 / rate
    if not near:
        first, last = clock.between(start, end)
        assert list(range(first, last)) == np.flatnonzero((times >= start) & (times < end)).tolist()
    for k in {0, clock.n_samples // 2, clock.n_samples - 1} & set(range(clock.n_samples)):
        assert clock.at(float(times[k])) == k
    cut = sorted(data.draw(st.tuples(*[st.floats(allow_nan=False)] * 3)))
    assert clock.between(cut[0], cut[1])[1] == clock.between(cut[1], cut[2])[0]


def test_a_gap_has_no_sample() -> None:
    clock = EvenClock(10.0, 70, segments=((1.0, 6.0), (7.5, 9.5)))
    assert (clock.start, clock.end) == (1.0, 9.5)
    assert clock.at(5.95) == 49
    for seconds in (0.9, 6.0, 7.0, 9.5, math.nan, math.inf):
        with pytest.raises(ShapeError, match="2 stretches, and no sample"):
            clock.at(seconds)
    assert clock.between(6.1, 7.4) == (50, 50)
    assert clock.between(0, 1e9) == (0, 70)


def test_windows_of_a_recording_are_those_of_its_clock() -> None:
    recording = Recording.of(np.arange(1000.0)[None], 29.97, start=2.5)
    clock = EvenClock(recording.sampling_frequency, 1000, recording.start, recording.segments)
    for start, end in [(2.5, 3.0), (3.1, 7.77), (10.0, 20.0)]:
        first, last = clock.between(start, end)
        assert recording.window(start, end).read()[0].tolist() == list(range(first, last))


def test_hours_at_30_kilohertz_are_exact() -> None:
    clock = EvenClock(30_000.0, 324_000_000)
    assert clock.end == 10_800.0
    assert clock.between(10_799.9, 10_800.0) == (323_997_000, 324_000_000)
    assert all(clock.at(k / 30_000) == k for k in range(323_000_000, 323_002_000))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: EvenClock(0.0, 10),
        lambda: EvenClock(math.nan, 10),
        lambda: EvenClock(10.0, -1),
        lambda: EvenClock(10.0, 1, math.inf),
        lambda: EvenClock(10.0, 1).between(math.nan, 1.0),
        lambda: StampedClock([0.0, 1.0]).between(0.0, math.nan),
    ],
)
def test_what_cannot_be(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"EvenClock|between"):
        wrong()  # type: ignore[operator]


def test_stretches_that_do_not_fit() -> None:
    with pytest.raises(FormatError, match=r"stretch 1 goes from 4 s"):
        EvenClock(10.0, 70, segments=((0.0, 5.0), (4.0, 6.0)))
    with pytest.raises(ShapeError, match=r"hold 70 samples, and n_samples is 71"):
        EvenClock(10.0, 71, segments=((0.0, 5.0), (7.0, 9.0)))
    with pytest.raises(ShapeError, match="has 10 samples"):
        EvenClock(10.0, 10).times(5, 11)


ascending_times = st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=60).map(sorted)


@given(ascending_times, st.lists(st.floats(allow_nan=False), min_size=3, max_size=3))
def test_stamped_ranges_tile(times: list[float], cuts: list[float]) -> None:
    clock = StampedClock(times, end=1e5)
    a, b, c = sorted(cuts)
    assert clock.between(a, b)[1] == clock.between(b, c)[0]
    assert clock.between(a, c) == (clock.between(a, b)[0], clock.between(b, c)[1])


@given(ascending_times, st.floats(-1.1e4, 1.1e4), st.floats(0, 1e4))
def test_stamped_samples_between(times: list[float], start: float, length: float) -> None:
    clock = StampedClock(times, end=1e5)
    stamps, end = clock.times(0, clock.n_samples), start + length
    first, last = clock.between(start, end)
    found = stamps[first:last]
    assert ((found >= start - clock._slack) & (found < end)).all()
    assert first == 0 or stamps[first - 1] < start
    assert last == clock.n_samples or stamps[last] >= end - clock._slack


def test_stamps_may_be_equal_and_frames_dropped() -> None:
    clock = StampedClock([0.0, 0.04, 0.04, 0.2, 0.24])
    assert [clock.at(t) for t in (0.0, 0.03, 0.04, 0.19, 0.2, 0.27)] == [0, 0, 2, 2, 3, 4]
    assert clock.between(0.04, 0.2) == (1, 3)
    assert (clock.start, clock.period) == (0.0, 0.04)
    assert clock.end == pytest.approx(0.28)
    assert pickle.loads(pickle.dumps(clock)).between(0.04, 0.2) == (1, 3)


def test_stamps_of_a_restarted_clock_are_refused() -> None:
    with pytest.raises(
        FormatError,
        match=r"number 2 .* is 0.01 s, and the one before it 0.04 s; 1 such step back. If the clock",
    ):
        StampedClock([0.0, 0.04, 0.01, 0.05])
    with pytest.raises(FormatError, match=r"number 1 .* is nan"):
        StampedClock([0.0, math.nan])
    with pytest.raises(ShapeError, match="one axis"):
        StampedClock([[0.0, 1.0]])


def test_a_lone_stamp_needs_an_end() -> None:
    with pytest.raises(ShapeError, match="Say it: end="):
        StampedClock([1.0])
    with pytest.raises(ShapeError, match="last sample is at 1 s"):
        StampedClock([1.0], end=0.5)
    assert StampedClock([1.0], end=1.5).at(1.4) == 0
    assert StampedClock([]).between(0.0, 1.0) == (0, 0)
    with pytest.raises(ShapeError, match="no sample is current"):
        StampedClock([]).at(0.0)


def test_both_are_clocks() -> None:
    even, stamped = EvenClock(10.0, 20), StampedClock(np.arange(20) / 10)
    assert isinstance(even, Clock)
    assert isinstance(stamped, Clock)
    assert even.end == pytest.approx(stamped.end)
    for start, end in [(0.0, 0.5), (0.31, 1.7), (0.3, 0.7)]:
        assert even.between(start, end) == stamped.between(start, end)
    with pytest.raises(ShapeError, match="has 20 samples"):
        stamped.times(0, 21)
    with pytest.raises(ValueError, match="read-only"):
        stamped.times(0, 2)[0] = 1.0
