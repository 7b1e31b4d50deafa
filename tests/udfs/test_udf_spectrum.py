"""Welch's method: the figures of SciPy and MNE, whatever the blocks."""

import tracemalloc
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import mne
import numpy as np
import pytest
import scipy.signal
from hypothesis import given

import neurochain as nc
import udfs.signal
from neurochain.errors import ShapeError
from neurochain.testing.edf import write_edf
from udfs.spectrum import hann, spectra, welch


def noise(n_channels: int, n_samples: int, seed: int = 0) -> np.ndarray[Any, Any]:
    """Noise on an offset; white, so that no frequency is next to nothing and only rounding."""
    return 20.0 + 10.0 * np.random.default_rng(seed).normal(size=(n_channels, n_samples))


@given(data=st.data())
def test_it_is_scipys(data: st.DataObject) -> None:
    n = data.draw(st.integers(2, 3000), "samples")
    n_segment = data.draw(st.integers(2, min(n, 700)), "segment")
    n_overlap = data.draw(st.none() | st.integers(0, n_segment - 1), "overlap")
    name = data.draw(st.sampled_from(["hann", "hamming", "boxcar", "blackman"]), "window")
    detrend = data.draw(st.booleans(), "detrend")
    block = data.draw(st.sampled_from([1, 1000, 4096, 2**20]), "values read at once")
    rate = data.draw(st.sampled_from([1.0, 128.0, 250.0, 2048.0, 999.7]), "rate")
    values = noise(2, n, seed=n)
    window = scipy.signal.get_window(name, n_segment)
    frequencies, density = scipy.signal.welch(
        values, rate, window, n_segment, n_overlap, detrend="constant" if detrend else False
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(udfs.signal, "BLOCK", block)
        found = welch(values, rate, n_segment=n_segment, n_overlap=n_overlap, window=window, detrend=detrend)
    np.testing.assert_allclose(found.frequencies, frequencies, rtol=1e-15)
    # A mean that is taken away leaves rounding alone in bins that hold nothing else (0 Hz of a boxcar).
    np.testing.assert_allclose(found.density, density, rtol=1e-12, atol=1e-13 * density.max())


def test_noise_has_the_figures_of_scipy_to_twelve_digits() -> None:
    values = noise(4, 100_000)
    _, density = scipy.signal.welch(values, 250.0, nperseg=1000)
    found = welch(values, 250.0, n_segment=1000)
    np.testing.assert_allclose(found.density, density, rtol=1e-12)
    assert found.n_segments == 199


@given(n=st.integers(2, 500))
def test_hann_is_scipys(n: int) -> None:
    np.testing.assert_allclose(hann(n), scipy.signal.get_window("hann", n), atol=1e-15)


@given(n=st.integers(8, 600), seed=st.integers(0, 100))
def test_all_power_is_the_mean_square(n: int, seed: int) -> None:
    values = noise(1, n, seed)
    found = welch(values, 100.0, n_segment=n, window=np.ones(n), detrend=False)
    assert found.power(0, np.inf)[0] == pytest.approx((values**2).mean(), rel=1e-12)


def test_bands_that_touch_add_up() -> None:
    found = welch(noise(3, 5000), 250.0, n_segment=500)
    parts = sum(found.power(low, high) for low, high in [(0.5, 4), (4, 8), (8, 30.25), (30.25, 45)])
    np.testing.assert_allclose(parts, found.power(0.5, 45), rtol=1e-13)


def test_a_real_recording_has_the_figures_of_mne(real_edf: Path) -> None:
    recording = nc.open_recording(nc.File.at(real_edf / "test.edf"))
    raw = mne.io.read_raw_edf(real_edf / "test.edf", verbose="error")
    picks = [i for i, kind in enumerate(raw.get_channel_types()) if kind == "eeg"]
    expected, frequencies = mne.time_frequency.psd_array_welch(
        raw.get_data(picks) * 1e6,
        raw.info["sfreq"],
        fmax=np.inf,
        n_fft=1024,
        n_overlap=512,
        window="hann",
        verbose="error",
    )
    found = welch(recording, n_segment=1024)
    np.testing.assert_allclose(found.frequencies, frequencies, rtol=1e-15)
    np.testing.assert_allclose(found.density[picks], expected, rtol=1e-9)
    values = recording.read()[picks]
    same, _ = mne.time_frequency.psd_array_welch(
        values, 512.0, fmax=np.inf, n_fft=1024, n_overlap=512, window="hann", verbose="error"
    )
    np.testing.assert_allclose(found.density[picks], same, rtol=1e-12)


def test_channels_of_several_rates_have_a_spectrum_for_each(real_edf: Path) -> None:
    recording = nc.open_recording(nc.File.at(real_edf / "test_uneven_samp.edf"))
    found = {channel: (s, i) for s in spectra(recording, None, 2.0) for i, channel in enumerate(s.channels)}
    assert list(found) == list(recording.channels)
    scales = {"V": 1e6, "uV": 1.0}
    for channel, rate, unit in zip(
        recording.channels, recording.sampling_frequencies, recording.units, strict=True
    ):
        spectrum, row = found[channel]
        frequencies, density = scipy.signal.welch(
            recording.channel(channel) * scales[unit], rate, nperseg=round(2 * rate)
        )
        np.testing.assert_allclose(spectrum.frequencies, frequencies, rtol=1e-15)
        np.testing.assert_allclose(spectrum.density[row], density, rtol=1e-12, atol=1e-13 * density.max())
    with pytest.raises(ShapeError, match=r"1 at .* Hz, 1 at .* Hz.*spectra"):
        welch(recording)


def test_a_long_recording_never_lies_in_memory(tmp_path: Path) -> None:
    values = noise(32, 600 * 200)
    path = write_edf(tmp_path / "long.edf", values, 200, [f"E{i}" for i in range(32)])
    recording = nc.open_recording(nc.File.at(path))
    tracemalloc.start()
    try:
        found = welch(recording, n_segment=800)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.n_segments == 299
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(udfs.signal, "BLOCK", 2**17)
        tracemalloc.start()
        try:
            small = welch(recording, n_segment=800)
            least = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    np.testing.assert_allclose(small.density, found.density, rtol=1e-12)
    whole = values.nbytes
    assert least < whole / 2  # 30 MB; a block of 1 MB and what is made of it
    assert peak < 12 * 8 * udfs.signal.BLOCK


def test_units_become_microvolts_and_the_rest_is_left_out() -> None:
    values = noise(4, 1000)
    scaled = values * np.array([[1e-6], [1e-3], [1.0], [1.0]])
    recording = nc.Recording.of(scaled, 100.0, ["a", "b", "c", "temperature"], ["V", "mV", "µV", "degC"])
    found = welch(recording)
    assert found.channels == ("a", "b", "c")
    np.testing.assert_allclose(found.density, welch(values[:3], 100.0).density, rtol=1e-9)


def test_what_cannot_be_says_what_to_do() -> None:
    values = noise(1, 100)
    with pytest.raises(TypeError, match="give sampling_frequency, in Hz"):
        welch(values)
    with pytest.raises(TypeError, match="has its own sampling frequency"):
        welch(nc.Recording.of(values, 100.0), 100.0)
    with pytest.raises(ShapeError, match=r"256 samples \(2.56 s\).*only 100 \(1 s\). Ask for shorter"):
        welch(values, 100.0)
    with pytest.raises(ShapeError, match="no channel in volts: degC"):
        welch(nc.Recording.of(values, 100.0, units="degC"))
    with pytest.raises(ValueError, match="share fewer"):
        welch(values, 100.0, n_segment=50, n_overlap=50)
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        welch(values, 100.0, n_segment=50, window=np.ones(3))
