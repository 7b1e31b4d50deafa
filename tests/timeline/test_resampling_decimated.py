"""Decimation: no aliases, no shift, and blocks that join to the whole."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import resample_poly

from neurochain.errors import ShapeError
from neurochain.timeline.resampling.decimation import Decimation, context, decimated
from neurochain.timeline.resampling.kernel import ATTENUATION, CUTOFF, HALF

# Whole ratios, rational ones, and those of a device whose clock drifts; the grid through a sample or not.
RATES = [
    (1000.0, 100.0, 0.0),
    (30000.0, 1000.0, 0.0),
    (44100.0, 1000.0, 0.25),
    (1000.0, 300.0, 0.0),
    (24414.0625, 500.0, 1 / 3),
    (2000.0371, 250.0, 0.123456789),
    (1000.0123, 1000.0, 0.0),
    (999.9877, 1000.0, 0.0),
]


def tone(frequency, times):
    return np.sin(2 * np.pi * frequency * times + 0.7)


def kernel(distance):
    """The filter, as it is written in books: a sinc under Kaiser's window."""
    beta = 0.1102 * (ATTENUATION - 8.7)
    window = np.i0(beta * np.sqrt(np.maximum(1 - (distance / HALF) ** 2, 0))) / np.i0(beta)
    return np.where(np.abs(distance) < HALF, np.sinc(2 * CUTOFF * distance) * window, 0)


@pytest.mark.parametrize(("rate", "to", "start"), RATES)
def test_tones_pass_or_vanish(rate, to, start):
    n_samples = math.ceil(150 * rate / to)
    times = start + np.arange(n_samples) / rate
    low = np.linspace(0, 0.4, 9) * to
    high = np.array([0.5, 0.51, 0.55, 0.7, 0.99, 1.0, 1.01, 1.7, 3.3, 7.9]) * to
    high = high[high <= rate / 2]
    signals = np.stack([tone(f, times) for f in (*low, *high)], axis=1)
    found = decimated(signals, rate, to, start=start)
    assert found.mask.sum() > 90
    values = found.values[found.mask]
    # Against the tone itself, at the output's times: neither gain nor phase has changed, by 0.001 dB.
    expected = np.stack([tone(f, found.times[found.mask]) for f in low], axis=1)
    assert np.abs(values[:, : len(low)] - expected).max() < 10 ** (0.001 / 20) - 1
    # The amplitude of what is left of tones above the new Nyquist frequency.
    assert 20 * np.log10(np.abs(values[:, len(low) :]).max(initial=1e-9)) < -80


@pytest.mark.parametrize(("rate", "to", "start"), RATES)
def test_it_is_the_sum_over_the_filter(rate, to, start):
    samples = np.random.default_rng(0).normal(size=math.ceil(70 * rate / to))
    found = decimated(samples, rate, to, start=start)
    slower = min(rate, to)
    for k in np.flatnonzero(found.mask)[::5]:
        weights = kernel((start + np.arange(len(samples)) / rate - found.times[k]) * slower)
        np.testing.assert_allclose(found.values[k], weights @ samples / weights.sum(), atol=2e-6)


@pytest.mark.parametrize(("up", "down"), [(1, 30), (1, 2), (3, 10), (10, 441)])
def test_scipy_gives_the_same_of_the_same_filter(up, down):
    samples = np.random.default_rng(1).normal(size=(100 * down // up, 3))
    half = HALF * down
    taps = kernel(np.arange(-half, half + 1) / down)
    expected = resample_poly(samples, up, down, window=taps / taps.sum())
    found = decimated(samples, down, up)
    assert found.mask.sum() > 40
    np.testing.assert_allclose(found.values[found.mask], expected[: len(found.mask)][found.mask], atol=1e-5)


cuts = st.lists(st.integers(0, 140), max_size=5).map(lambda c: [0, *sorted(c), 140])


@given(st.sampled_from(RATES), cuts, st.floats(-3, 3), st.sampled_from([np.int16, np.float32, np.float64]))
def test_blocks_join_to_the_whole(rates, borders, origin, dtype):
    rate, to, start = rates
    rate, to = rate / to * 10, 10.0  # short
    rng = np.random.default_rng(0)
    samples = (rng.normal(size=(math.ceil(14 * rate), 2)) * 1000).astype(dtype)
    samples = samples[:, 0] if borders[1] % 2 else samples
    plan = Decimation(rate, to, start, origin)
    first, last = plan.outputs(start, start + len(samples) / rate)
    whole = decimated(samples, rate, to, start=start, origin=origin)
    assert whole.values.dtype == (np.float32 if dtype == np.float32 else np.float64)
    np.testing.assert_array_equal(whole.times, plan.times(first, last))
    parts, masks = [], []
    for one, behind in pairwise([*(min(first + b, last) for b in borders[:-1]), last]):
        begin, end = plan.samples(one, behind)
        begin, end = max(begin, 0), max(min(end, len(samples)), 0)
        values, mask = plan.of(samples[begin:end], begin, one, behind)
        parts.append(values)
        masks.append(mask)
    np.testing.assert_array_equal(np.concatenate(masks), whole.mask)
    exactness = 1e-3 if dtype == np.float32 else 1e-9
    np.testing.assert_allclose(np.concatenate(parts), whole.values, atol=exactness, rtol=0)
    assert np.isnan(whole.values[~whole.mask]).all()


@pytest.mark.parametrize(("rate", "to", "start"), RATES)
def test_what_must_be_read_is_enough_and_not_more(rate, to, start):
    plan = Decimation(rate, to, start)
    first = plan.outputs(start + 40 / to, start + 50 / to)[0]
    begin, end = plan.samples(first, first + 1)
    assert end - begin == 2 * plan.context == 2 * context(rate, to)
    assert plan.context == math.ceil(HALF * max(1, rate / to))
    samples = np.random.default_rng(0).normal(size=end + 10)
    values, mask = plan.of(samples[begin:end], begin, first, first + 1)
    assert mask.all()
    np.testing.assert_allclose(values, plan.of(samples, 0, first, first + 1)[0], rtol=1e-12)
    for less in (slice(begin + 1, end), slice(begin, end - 1)):
        assert not plan.of(samples[less], less.start, first, first + 1)[1].any()
    # A filter no longer than it is said to be: neither of the two samples beyond it counts.
    assert kernel((start + (begin - 1) / rate - plan.times(first, first + 1)[0]) * min(rate, to)) == 0
    assert kernel((start + end / rate - plan.times(first, first + 1)[0]) * min(rate, to)) == 0


def test_constant_stays_constant():
    for rate, to, start in RATES:
        found = decimated(np.full((math.ceil(60 * rate / to), 1), 37, np.int16), rate, to, start=start)
        np.testing.assert_allclose(found.values[found.mask], 37, rtol=1e-13)


def test_streams_of_different_rates_have_a_common_grid():
    grids = []
    for rate, start in ((1000.0, 0.0123), (250.5, 0.0371), (99.7, 0.01)):
        n_samples = round(20 * rate)
        times = start + np.arange(n_samples) / rate
        found = decimated(tone(3, times), rate, 10, start=start)
        np.testing.assert_array_equal(found.times * 10, np.round(found.times * 10))
        np.testing.assert_allclose(found.values[found.mask], tone(3, found.times[found.mask]), atol=2e-3)
        assert start <= found.times[0] < start + 0.1
        grids.append(found.times)
    assert set(np.intersect1d(grids[0], grids[1])) == set(grids[0]) & set(grids[1])
    assert len(np.intersect1d(grids[0], grids[2])) > 190
    offset = decimated(np.ones(1000), 100, 10, origin=0.03)
    np.testing.assert_array_equal(offset.times, [float(Fraction(3 + 10 * k, 100)) for k in range(100)])


def test_gaps_are_masked_and_stretches_stand_alone():
    rate, to = 100.0, 10.0
    segments = [(0.0, 12.0), (15.5, 17.0), (20.25, 40.25)]
    times = np.concatenate([a + np.arange(round((b - a) * rate)) / rate for a, b in segments])
    samples = np.stack([tone(1, times), times], axis=1)
    found = decimated(samples, rate, to, segments=segments)
    assert found.times[[0, -1]].tolist() == [0.0, 40.2]
    assert len(found.times) == 403
    edge = context(rate, to) / rate
    inside = [
        any(a + edge <= t + 1e-9 and t + edge <= b - 1 / rate + 1e-9 for a, b in segments)
        for t in found.times
    ]
    np.testing.assert_array_equal(found.mask, inside)
    np.testing.assert_allclose(found.values[found.mask, 1], found.times[found.mask], atol=1e-9)
    np.testing.assert_allclose(found.values[found.mask, 0], tone(1, found.times[found.mask]), atol=1e-3)
    assert np.isnan(found.values[~found.mask]).all()


@pytest.mark.parametrize("what", [np.nan, np.inf])
def test_a_missing_sample_costs_what_the_filter_reaches(what):
    samples = np.random.default_rng(0).normal(size=(4000, 2))
    spoilt = samples.copy()
    spoilt[2000, 1] = what
    whole, found = decimated(samples, 100, 10), decimated(spoilt, 100, 10)
    np.testing.assert_array_equal(found.mask, whole.mask)
    np.testing.assert_allclose(found.values[:, 0], whole.values[:, 0], rtol=1e-12)
    lost = np.isnan(found.values[:, 1]) & found.mask
    assert lost.sum() == 2 * HALF or lost.sum() == 2 * HALF - 1
    np.testing.assert_allclose(found.times[lost].mean(), 20, atol=0.1)
    np.testing.assert_allclose(found.values[found.mask & ~lost], whole.values[found.mask & ~lost], rtol=1e-9)


def test_shapes():
    samples = np.random.default_rng(0).normal(size=(2, 3, 1500))
    whole = decimated(np.moveaxis(samples, -1, 0), 100, 10)
    assert whole.values.shape == (150, 2, 3)
    for i in range(2):
        one = decimated(samples[i].T, 100, 10)
        np.testing.assert_allclose(one.values, whole.values[:, i], rtol=1e-9, atol=1e-12)
    short = decimated(np.zeros((20, 3), np.float32), 100, 10)
    assert short.values.shape == (2, 3)
    assert not short.mask.any()
    for empty in (decimated(np.zeros((0, 3)), 100, 10), decimated(np.zeros((0, 3)), 100, 10, segments=())):
        assert empty.values.shape == (0, 3)
        assert empty.times.shape == empty.mask.shape == (0,)
    assert decimated(np.zeros((1000, 0)), 100, 10).values.shape == (100, 0)
    # One second of 30 kHz to 1 Hz: filters of a million samples, one at a time.
    slow = Decimation(30_000, 1)
    values, mask = slow.of(np.ones(2 * slow.context, np.float32), 1 - slow.context, 0, 1)
    assert mask.all()
    np.testing.assert_allclose(values, 1, rtol=1e-4)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (
            lambda: decimated(np.zeros(10), 100, 101),
            ValueError,
            "above the sampling frequency, 100 Hz.*linear",
        ),
        (lambda: decimated(np.zeros(10), 100, 0), ValueError, "positive"),
        (lambda: decimated(np.zeros(10), math.nan, 1), ValueError, "nan"),
        (lambda: decimated(np.zeros(10), 100, 10, origin=math.inf), ValueError, "times in seconds"),
        (lambda: decimated(np.zeros(10, complex), 100, 10), TypeError, "no spectrum"),
        (lambda: decimated(["a"], 100, 10), TypeError, "no spectrum"),
        (
            lambda: decimated(np.zeros(10), 100, 10, segments=[(0, 1)]),
            ShapeError,
            "100 samples at 100 Hz, and 10",
        ),
        (lambda: context(1, 2), ValueError, "above"),
    ],
)
def test_what_cannot_be_is_refused(make, error, says):
    with pytest.raises(error, match=says):
        make()
