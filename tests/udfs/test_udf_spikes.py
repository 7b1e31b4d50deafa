"""Threshold crossings, rates and the field's power, against SciPy and the plain way."""

from typing import Any

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

import neurochain as nc
import udfs.spikes
from neurochain.errors import ShapeError
from udfs.spikes import LFP_BANDS, binned_rate, lfp_power, noise_levels, threshold_crossings

RATE = 30_000.0


def plainly(values: np.ndarray[Any, Any], threshold: float, sign: str, dead: int) -> list[tuple[int, float]]:
    """Crossings of one channel, sample after sample."""
    middle = np.median(values)
    step = threshold * np.median(np.abs(values - middle)) / 0.6744897501960817
    found: list[tuple[int, float]] = []
    inside = False
    for i, value in enumerate(values):
        low, high = value - middle <= -step, value - middle >= step
        now = {"negative": low, "positive": high, "both": low or high}[sign]
        if now and not inside and (not found or i >= found[-1][0] + dead):
            some = values[i : i + dead]
            order = {"negative": -some, "positive": some, "both": np.abs(some - middle)}[sign]
            found.append((i, float(some[np.argmax(order)])))
        inside = now
    return found


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 900),
    dead=st.integers(1, 40),
    sign=st.sampled_from(["negative", "positive", "both"]),
    threshold=st.floats(1.0, 4.0),
)
def test_crossings_are_those_that_one_sees_sample_by_sample(seed, n, dead, sign, threshold):
    values = np.random.default_rng(seed).normal(0, 9, (2, n)).round()
    found = threshold_crossings(
        values, RATE, threshold=threshold, sign=sign, dead_time=dead / RATE, seconds=n / RATE + 1
    )
    for channel in range(2):
        own = [(round(c.time * RATE), c.amplitude) for c in found if c.channel == str(channel)]
        assert own == plainly(values[channel], threshold, sign, dead)


@pytest.mark.parametrize("own", [50, 333])
def test_blocks_change_nothing(monkeypatch, own):
    values = np.random.default_rng(3).normal(0, 9, (1, 5_000)).round()
    whole = threshold_crossings(values, RATE, threshold=2.5)

    def small(signal, dead):
        for first in range(0, signal.n_samples, own):
            last = min(first + own, signal.n_samples)
            yield first, signal.read(max(first - 1, 0), min(last + dead, signal.n_samples))

    monkeypatch.setattr(udfs.spikes, "_with_context", small)
    assert threshold_crossings(values, RATE, threshold=2.5) == whole
    assert len(whole) > 10


def test_times_are_on_the_recordings_clock_and_other_units_are_left_out():
    values = np.tile([1.0, -1.0], 15_000)
    values[6_000] = -80
    recording = nc.Recording.of(np.stack([values, values]), RATE, ["AP0", "SY0"], ["uV", "bits"], start=12.0)
    [spike] = threshold_crossings(recording)
    assert (spike.channel, spike.time, spike.amplitude) == ("AP0", 12.2, -80.0)
    volts = nc.Recording.of(values[None] / 1e6, RATE, ["AP0"], ["V"])
    assert [c.amplitude for c in threshold_crossings(volts)] == [pytest.approx(-80)]
    with pytest.raises(ShapeError, match="has no channel in volts"):
        threshold_crossings(recording.pick(["SY0"]))


def test_noise_is_that_of_the_pieces_and_spikes_hardly_change_it():
    rng = np.random.default_rng(0)
    values = rng.normal(0, 7, (2, 60_000))
    values[1, ::300] = -500
    levels = noise_levels(values, 1_000.0, seconds=100)
    for i in range(2):
        expected = np.median(np.abs(values[i] - np.median(values[i]))) / 0.6744897501960817
        assert levels[str(i)] == pytest.approx(expected)
        assert levels[str(i)] == pytest.approx(7, rel=0.03)
    assert noise_levels(values, 1_000.0, seconds=5)["0"] == pytest.approx(7, rel=0.05)


@given(
    ticks=st.lists(st.integers(-50, 1_050), max_size=60),
    width=st.sampled_from([1, 10, 50, 100, 1000]),
)
def test_rates_are_counts_of_half_open_bins(ticks, width):
    rates = binned_rate(np.array(ticks) / 1000, 0.0, 1.0, width / 1000)
    counts = [sum(a <= t < a + width for t in ticks) for a in range(0, 1000, width)]
    np.testing.assert_allclose(rates, np.array(counts) / (width / 1000))


@pytest.mark.parametrize("wrong", [(0, 1, 0), (0, 1, -1), (1, 0, 0.1), (0, 1, 0.3), (0, 1, 5)])
def test_bins_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match=r"there are no bins|do not fill"):
        binned_rate([], *wrong)


@pytest.mark.parametrize(
    "wrong", [{"threshold": 0}, {"threshold": float("nan")}, {"sign": "up"}, {"dead_time": -1}]
)
def test_crossings_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match="take a positive threshold"):
        threshold_crossings(np.zeros(100), RATE, **wrong)


def test_power_is_scipys_spectrum_summed_over_the_band():
    values = np.random.default_rng(1).normal(size=(2, 20_000)).cumsum(axis=1)
    frequencies, density = scipy.signal.welch(values, 1000.0, nperseg=2000)
    for i, found in enumerate(lfp_power(values, 1000.0)):
        for band, (low, high) in LFP_BANDS.items():
            inside = (frequencies >= low) & (frequencies < high)
            assert getattr(found, band) == pytest.approx(density[i, inside].sum() * 0.5, rel=1e-12)
    assert lfp_power(values, 400.0)[0].ripple is None
    with pytest.raises(ValueError, match="take 1 s or more"):
        lfp_power(values, 1000.0, segment=0.5)


def test_in_a_chain(tmp_path, project):
    values = np.tile([1, -1], 15_000).astype("<i2")
    values[[300, 9_000]] = -99
    values.tofile(tmp_path / "probe.dat")
    (tmp_path / "probe.json").write_text(
        '{"channels": ["a"], "sampling_frequency": 30000, "dtype": "int16", "gain": 2, "unit": "uV"}'
    )

    def spikes(recording: nc.Recording) -> list[udfs.spikes.Crossing]:
        return threshold_crossings(recording)

    rows = (
        nc.read_storage(tmp_path / "*.dat")
        .gen(spike=spikes)
        .select("spike.time", "spike.amplitude")
        .collect()
    )
    assert rows.rows() == [(0.01, -198.0), (0.3, -198.0)]
