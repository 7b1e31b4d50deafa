"""Filters of traces against scipy over the whole recording: at the edges of a stretch there are none."""

import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
from media_made import Made

import neurochain as nc
from neurochain.testing.edf import write_edf
from neurochain.web.media import filtered as module
from neurochain.web.media import traces as traces_module

RATE = 250
LABELS = ["E1", "E2", "E3", "E4", "Status"]


@pytest.fixture
def made(project, tmp_path: Path) -> Made:
    (tmp_path / "data").mkdir()
    t = np.arange(120 * RATE) / RATE
    rng = np.random.default_rng(1)
    signals = (
        rng.normal(0, 20, (5, len(t))) + 200 * np.sin(2 * np.pi * 0.05 * t) + 30 * np.sin(2 * np.pi * 50 * t)
    )
    write_edf(tmp_path / "data" / "eeg.edf", signals, RATE, LABELS)
    write_edf(
        tmp_path / "data" / "gaps.edf",
        signals[:2, : 40 * RATE],
        RATE,
        ["A", "B"],
        starts=[*range(20), *range(60, 80)],
    )
    return Made(tmp_path / "data/*")


def whole(samples: np.ndarray, highpass: float = 0, lowpass: float = 0, notch: float = 0) -> np.ndarray:
    sections = []
    if highpass:
        sections.append(scipy.signal.butter(2, highpass, "highpass", fs=RATE, output="sos"))
    if lowpass:
        sections.append(scipy.signal.butter(2, lowpass, "lowpass", fs=RATE, output="sos"))
    if notch:
        sections.append(scipy.signal.tf2sos(*scipy.signal.iirnotch(notch, 30, fs=RATE)))
    return scipy.signal.sosfiltfilt(np.concatenate(sections), samples)


@pytest.mark.parametrize(
    "asked", [{"highpass": 1}, {"lowpass": 40}, {"notch": 50}, {"highpass": 0.5, "lowpass": 30, "notch": 50}]
)
@pytest.mark.parametrize(("first", "last"), [(0, 500), (14_000, 15_000), (29_000, 30_000)])
def test_as_a_filter_of_the_whole(made: Made, asked: dict, first: int, last: int) -> None:
    samples = nc.open(made.paths["eeg.edf"]).read()
    header, values = made.packed("traces", "eeg.edf", first=first, last=last, bin=1, channels="0-3", **asked)
    assert (header["bin"], header["approximate"]) == (1, False)
    assert {name: value for name, value in header["filters"].items() if value} == asked
    wanted = whole(samples[:4], **asked)[:, first:last]
    # What a filter has not forgotten beyond its margin is a thousandth of what it is given.
    np.testing.assert_allclose(values, wanted, atol=0.3)
    assert np.abs(values - wanted).mean() < 0.02


def test_columns_are_extremes_of_what_is_filtered(made: Made) -> None:
    samples = nc.open(made.paths["eeg.edf"]).read()
    header, values = made.packed(
        "traces", "eeg.edf", first=8003, last=12_000, bin=8, channels="2", highpass=1
    )
    wanted = whole(samples[2:3], highpass=1)[:, header["first"] : 12_000].reshape(-1, 8)
    assert (header["first"], header["columns"]) == (8000, 500)
    np.testing.assert_allclose(values[0], np.stack([wanted.min(1), wanted.max(1)], -1), atol=0.3)


def test_average_reference(made: Made) -> None:
    samples = nc.open(made.paths["eeg.edf"]).read()
    asked = {"first": 100, "last": 200, "bin": 1, "reference": "average"}
    _, values = made.packed("traces", "eeg.edf", channels="0,4", **asked)
    np.testing.assert_allclose(values[0], (samples[0] - samples[:4].mean(0))[100:200], atol=1e-3)
    np.testing.assert_allclose(values[1], samples[4, 100:200], rtol=1e-6)  # of no body
    _, values = made.packed("traces", "eeg.edf", channels="0-3", bad="1-2", **asked)
    np.testing.assert_allclose(values[0], (samples[0] - samples[[0, 3]].mean(0))[100:200], atol=1e-3)
    np.testing.assert_allclose(values[1], samples[1, 100:200], rtol=1e-5, atol=1e-3)
    assert "among the bad" in made.refused("traces", "eeg.edf", bad="0-3", channels="0", **asked)[1]


def test_nothing_is_filtered_over_a_gap(made: Made) -> None:
    samples = nc.open(made.paths["gaps.edf"]).read()
    _, values = made.packed(
        "traces", "gaps.edf", first=19 * RATE, last=21 * RATE, bin=1, channels="0", highpass=1
    )
    before, behind = whole(samples[:1, : 20 * RATE], highpass=1), whole(samples[:1, 20 * RATE :], highpass=1)
    np.testing.assert_allclose(values, np.concatenate([before[:, -RATE:], behind[:, :RATE]], 1), atol=0.05)


def test_what_cannot_be_is_said(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    for query, text in (
        ({"highpass": 125}, "hold frequencies between 0 and 125 Hz"),
        ({"lowpass": -1}, "hold frequencies"),
        ({"highpass": 40, "lowpass": 30}, "nothing lies above"),
        ({"notch": "x"}, "a number is needed"),
        ({"reference": "Cz"}, "there is 'average'"),
        ({"bin": 0}, "whole number"),
    ):
        status, message = made.refused("traces", "eeg.edf", **query)
        assert (status, text in message) == (400, True), message
    monkeypatch.setattr(module, "MOST", 10_000)
    status, message = made.refused("traces", "eeg.edf", first=0, last=20_000, highpass=5)
    assert status == 400
    assert "5 channels of 80 s are too much to filter" in message
    assert "Zoom in to 6.8 s" in message
    _, values = made.packed("traces", "eeg.edf", first=0, last=1600, highpass=5)
    assert values.shape[0] == 5


def test_without_scipy_it_says_so(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("scipy", "scipy.signal"):
        monkeypatch.setitem(sys.modules, name, None)
    status, message = made.refused("traces", "eeg.edf", last=500, highpass=1)
    assert status == 501
    assert "pip install 'neurochain[signals]'" in message


def test_any_bin_can_be_asked_for(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = nc.open(made.paths["eeg.edf"]).read()
    for bin in (1, 3, 16, 48, 100, 4096):
        header, values = made.packed("traces", "eeg.edf", first=1000, last=9000, bin=bin, channels="1")
        assert header["bin"] == bin
        end = min(-(-9000 // bin) * bin, samples.shape[1])
        cuts = [samples[1, a : min(a + bin, end)] for a in range(header["first"], end, bin)]
        low = np.array([c.min() for c in cuts]) if bin > 1 else np.array([c[0] for c in cuts])
        stored = values[0, :, 0] if bin > 1 else values[0]
        np.testing.assert_allclose(
            stored * header["scale"][0] + header["offset"][0], low, rtol=1e-9, atol=1e-9
        )
    monkeypatch.setattr(traces_module, "MOST_VALUES", 1000)
    assert "more than a screen shows" in made.refused("traces", "eeg.edf", bin=1, columns=10)[1]
