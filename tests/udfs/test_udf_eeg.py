"""Band power, line noise and sound channels, against SciPy, MNE and the whole array."""

from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import mne
import numpy as np
import pytest
import scipy.integrate
import scipy.signal
from hypothesis import given

import neurochain as nc
import udfs.signal
from neurochain.errors import ShapeError
from neurochain.testing.edf import write_edf
from udfs.channels import channel_qc
from udfs.eeg import BANDS, band_power, line_noise

RATE = 250.0


def wave(frequency: float, amplitude: float, n: int = 15_000, rate: float = RATE) -> np.ndarray[Any, Any]:
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(n) / rate)


@pytest.mark.parametrize(("band", "frequency"), [("delta", 2), ("theta", 6), ("alpha", 10), ("beta", 20)])
def test_a_wave_lies_in_its_band(band: str, frequency: float) -> None:
    [found] = band_power(wave(frequency, 10), RATE)
    assert getattr(found, band) == pytest.approx(50, rel=1e-6)
    assert getattr(found, f"{band}_relative") == pytest.approx(1, rel=1e-3)


def test_powers_are_scipys_spectrum_summed_over_the_band() -> None:
    values = np.random.default_rng(1).normal(size=(3, 20_000)).cumsum(axis=1)
    frequencies, density = scipy.signal.welch(values, RATE, nperseg=1000)
    total = density[:, (frequencies >= 0.5) & (frequencies < 45)].sum(axis=1) * 0.25
    for i, found in enumerate(band_power(values, RATE)):
        for band, (low, high) in BANDS.items():
            inside = (frequencies >= low) & (frequencies < high)
            power = density[i, inside].sum() * 0.25
            assert getattr(found, band) == pytest.approx(power, rel=1e-12)
            assert getattr(found, f"{band}_relative") == pytest.approx(power / total[i], rel=1e-12)


def test_powers_are_near_mnes_integral(real_edf: Path) -> None:
    """Simpson's rule, which is usual, spreads the edges of a band differently; in wide bands it is the same."""
    path = real_edf / "test.edf"
    raw = mne.io.read_raw_edf(path, verbose="error").pick("eeg")
    density, frequencies = mne.time_frequency.psd_array_welch(
        raw.get_data() * 1e6, 512.0, n_fft=2048, n_overlap=1024, window="hann", verbose="error"
    )
    found = {p.channel: p for p in band_power(nc.open_recording(nc.File.at(path)))}
    inside = (frequencies >= 13) & (frequencies <= 30)
    integrals = scipy.integrate.simpson(density[:, inside], dx=0.25)
    for channel, integral in zip(raw.ch_names, integrals, strict=True):
        assert found[channel].beta == pytest.approx(integral, rel=0.05)


def test_what_a_rate_cannot_show_is_null() -> None:
    [found] = band_power(np.random.default_rng(0).normal(size=3200), 64.0)
    assert found.beta is not None
    assert found.gamma is None
    assert found.beta_relative is None


def test_not_a_number_makes_nulls_of_its_channel_alone() -> None:
    values = np.random.default_rng(0).normal(size=(2, 5000))
    values[0, 1234] = np.nan
    first, second = band_power(values, RATE)
    assert (first.alpha, first.alpha_relative) == (None, None)
    assert second.alpha is not None
    assert line_noise(values, RATE, harmonics=1)[0].ratio is None


def test_silence_has_no_shares() -> None:
    [found] = band_power(np.zeros(5000), RATE)
    assert (found.alpha, found.alpha_relative) == (0.0, None)
    assert line_noise(np.zeros(5000), RATE, harmonics=1)[0].ratio is None


def test_segments_too_short_for_delta_are_refused() -> None:
    with pytest.raises(ValueError, match="no full wave of"):
        band_power(np.zeros(5000), RATE, segment=1.0)


@pytest.mark.parametrize("mains", [50.0, 60.0])
def test_hum_stands_out_at_its_harmonics(mains: float) -> None:
    rng = np.random.default_rng(0)
    quiet = rng.normal(size=30_000)
    values = np.stack([quiet, quiet + wave(mains, 4, 30_000, 500.0) + wave(3 * mains, 2, 30_000, 500.0)])
    found = line_noise(values, 500.0, mains=mains, harmonics=3)
    assert [(f.channel, f.frequency / mains) for f in found] == [(c, k) for c in "01" for k in (1, 2, 3)]
    for line in found[:3]:
        assert line.ratio == pytest.approx(1, abs=0.3)
    first, second, third = found[3:]
    assert first.power == pytest.approx(8, rel=0.02)
    assert third.power == pytest.approx(2, rel=0.05)
    assert first.ratio is not None
    assert first.ratio > 100
    assert second.ratio == pytest.approx(1, abs=0.3)


def test_its_figures_are_those_of_scipys_spectrum() -> None:
    values = np.random.default_rng(3).normal(size=20_000) + wave(50.2, 1, 20_000)
    frequencies, density = scipy.signal.welch(values, RATE, nperseg=1000)
    [found] = line_noise(values, RATE, harmonics=1)
    away = np.abs(frequencies - 50)
    power = density[away <= 1].sum() * 0.25
    background = np.median(density[(away >= 2) & (away <= 5)]) * (away <= 1).sum() * 0.25
    assert found.power == pytest.approx(power, rel=1e-12)
    assert found.background == pytest.approx(background, rel=1e-12)
    assert found.ratio == pytest.approx(power / background, rel=1e-12)


def test_harmonics_that_a_rate_cannot_show_are_left_out() -> None:
    assert [f.frequency for f in line_noise(np.random.default_rng(0).normal(size=5000), RATE)] == [
        50.0,
        100.0,
    ]
    with pytest.raises(ValueError, match="take 50 or 60 Hz"):
        line_noise(np.zeros(5000), RATE, mains=0)


def brute_force(x: np.ndarray[Any, Any], n_flat: int) -> tuple[float, float]:
    """Shares of flat and of clipped samples, sample by sample."""
    flat = np.zeros(len(x), bool)
    clipped = np.zeros(len(x), bool)
    start = 0
    for i in range(1, len(x) + 1):
        if i == len(x) or x[i] != x[start]:
            if i - start >= n_flat:
                flat[start:i] = True
            if i - start >= 5 and x[start] in (np.nanmin(x), np.nanmax(x)):
                clipped[start:i] = True
            start = i
    moves = np.nanmin(x) != np.nanmax(x)
    return float(flat.mean()), float(clipped.mean()) if moves else 0.0


@given(
    runs=st.lists(st.tuples(st.sampled_from([-2.0, 0.0, 1.0, 3.0, np.nan]), st.integers(1, 12)), min_size=1),
    block=st.sampled_from([1, 7, 20, 2**20]),
)
def test_runs_are_found_whatever_the_blocks(runs: list[tuple[float, int]], block: int) -> None:
    values = np.concatenate([np.full(n, v) for v, n in runs])
    if np.isnan(values).all():
        values[0] = 0.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(udfs.signal, "BLOCK", block)
        [found] = channel_qc(values, 10.0, flat_after=0.8, window=0.3)
    flat, clipped = brute_force(values, 8)
    finite = values[np.isfinite(values)]
    assert (found.flat, found.clipped) == (pytest.approx(flat), pytest.approx(clipped))
    assert (found.minimum, found.maximum) == (finite.min(), finite.max())
    assert found.mean == pytest.approx(finite.mean(), abs=1e-12)
    assert found.std == pytest.approx(finite.std(), abs=1e-12)
    assert (found.n_samples, found.n_not_finite) == (len(values), np.isnan(values).sum())


def test_a_channel_of_nothing_but_nan_is_null() -> None:
    [found] = channel_qc(np.full(100, np.nan), 10.0)
    assert (found.n_not_finite, found.mean, found.minimum, found.flat, found.clipped) == (
        100,
        None,
        None,
        0,
        0,
    )


def test_a_large_offset_costs_no_digits() -> None:
    values = np.random.default_rng(0).normal(size=50_000) + 1e9
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(udfs.signal, "BLOCK", 1000)
        [found] = channel_qc(values, 100.0)
    assert found.std == pytest.approx(values.std(), rel=1e-7)


def test_silent_and_loud_windows_are_those_that_mne_drops(real_edf: Path) -> None:
    path = real_edf / "test.edf"
    raw = mne.io.read_raw_edf(path, preload=True, verbose="error").pick("eeg")
    epochs = mne.make_fixed_length_epochs(raw, duration=1.0, preload=True, verbose="error")
    dropped = {}
    for kind, limits in {"loud": {"reject": {"eeg": 100e-6}}, "silent": {"flat": {"eeg": 30e-6}}}.items():
        log = epochs.copy().drop_bad(**limits, verbose="error").drop_log
        dropped[kind] = {c: sum(c in why for why in log) for c in raw.ch_names}
    found = {c.channel: c for c in channel_qc(nc.open_recording(nc.File.at(path)), low=30.0)}
    n = len(epochs)
    assert sum(dropped["loud"].values()) > 0
    for channel in raw.ch_names:
        assert found[channel].loud == pytest.approx(dropped["loud"][channel] / n)
        assert found[channel].silent == pytest.approx(dropped["silent"][channel] / n)


def test_less_than_a_window_has_no_shares() -> None:
    [found] = channel_qc(np.arange(5.0), 10.0)
    assert (found.silent, found.loud, found.n_samples) == (None, None, 5)


def test_no_voltages_are_an_error() -> None:
    with pytest.raises(ShapeError, match="no channel in volts"):
        channel_qc(nc.Recording.of(np.zeros((1, 100)), 10.0, units="mmHg"))


def test_a_chain_gives_a_row_for_each_channel(project: object, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(size=(3, 15_000))
    values = np.stack([wave(10, 20), wave(6, 60), wave(50, 30)]) + noise
    values[1] = np.clip(values[1], -40, 40)
    write_edf(tmp_path / "eeg.edf", values, 250, ["Fz", "Cz", "Oz"])
    files = nc.read_storage(tmp_path / "*.edf")
    power = files.gen(band_power).collect()
    assert power["channel"].to_list() == ["Fz", "Cz", "Oz"]
    assert power["alpha"][0] == pytest.approx(200, rel=0.01)
    hum = files.gen(line_noise).filter(nc.Column("ratio") > 10).collect()
    assert hum.filter(hum["frequency"] == 50)["channel"].to_list() == ["Oz"]
    saved = files.gen(channel_qc).select("channel", "std", "clipped").save("channels")
    assert "uV" in str(saved.schema)
    assert nc.read_dataset("channels").filter(nc.Column("clipped") > 0.1).collect()["channel"].to_list() == [
        "Cz"
    ]
    again = files.gen(channel_qc).select("channel", "std", "clipped").save("channels")
    assert again.content_hash == saved.content_hash
