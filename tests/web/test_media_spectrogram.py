"""Spectrograms against scipy."""

from pathlib import Path

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st
from media_made import Made

import neurochain as nc
from neurochain.testing.edf import write_edf
from neurochain.web.media import spectrogram as module
from neurochain.web.media.spectrogram import density

RATE = 200


@pytest.fixture
def made(project, tmp_path: Path) -> Made:
    (tmp_path / "data").mkdir()
    t = np.arange(60 * RATE) / RATE
    waves = [50 * np.sin(2 * np.pi * 20 * t), 30 * np.sin(2 * np.pi * (5 + t / 2) * t)]
    noise = np.random.default_rng(1).normal(0, 3, (2, len(t)))
    write_edf(tmp_path / "data" / "waves.edf", np.array(waves) + noise, RATE, ["a", "b"])
    return Made(tmp_path / "data/*")


@given(st.sampled_from([16, 33, 64, 255]), st.integers(1, 20))
def test_density_is_that_of_scipy(nperseg: int, count: int) -> None:
    values = np.random.default_rng(count).normal(3, 2, nperseg * count)
    wanted = scipy.signal.spectrogram(
        values, 50.0, "hann", nperseg, 0, detrend="constant", scaling="density", mode="psd"
    )[2]
    np.testing.assert_allclose(density(values.reshape(count, nperseg), 50.0), wanted.T, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("channel", [0, 1])
def test_as_scipy(made: Made, channel: int) -> None:
    header, values = made.packed(
        "spectrogram", "waves.edf", channel=channel, width=2000, height=2000, nperseg=256
    )
    assert (header["averaged"], header["approximate"], header["unit"]) == (1, False, "dB of uV²/Hz")
    samples = nc.open(made.paths["waves.edf"]).channel(channel)
    frequencies, times, wanted = scipy.signal.spectrogram(
        samples, RATE, "hann", 256, 256 - header["hop"], detrend="constant"
    )
    np.testing.assert_allclose(header["frequencies"], frequencies)
    np.testing.assert_allclose(
        header["start"] + header["step"] * np.arange(header["columns"]), times[: header["columns"]]
    )
    np.testing.assert_allclose(values, 10 * np.log10(wanted[:, : values.shape[1]]), atol=1e-3)


def test_fewer_columns_and_rows_are_means(made: Made) -> None:
    header, values = made.packed("spectrogram", "waves.edf", width=40, height=64, nperseg=256)
    assert (values.shape, header["columns"]) == ((64, values.shape[1]), values.shape[1])
    assert 20 <= values.shape[1] <= 40
    peak = header["frequencies"][int(values.mean(1).argmax())]
    assert peak == pytest.approx(20, abs=2)
    log, shown = made.packed("spectrogram", "waves.edf", width=40, height=64, scale="log", low=2, high=80)
    assert log["scale"] == "log"
    assert np.allclose(
        np.diff(np.log(log["frequencies"])), np.log(log["frequencies"][1] / log["frequencies"][0])
    )
    assert log["frequencies"][int(shown.mean(1).argmax())] == pytest.approx(20, rel=0.1)


def test_long_stretches_are_looked_at_here_and_there(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 4000)
    header, values = made.packed("spectrogram", "waves.edf", width=100, nperseg=256)
    assert header["approximate"]
    assert header["frequencies"][int(values.mean(1).argmax())] == pytest.approx(20, abs=1)


def test_nonsense_is_refused(made: Made) -> None:
    for query in (
        {"channel": 2},
        {"start": 59.99},
        {"start": 70, "end": 80},
        {"end": "inf"},
        {"scale": "mel"},
        {"width": 0},
        {"low": 90, "high": 91, "nperseg": 16},
        {"nperseg": 5},
    ):
        assert made.refused("spectrogram", "waves.edf", **query)[0] == 400, query
