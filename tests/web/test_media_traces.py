"""Traces of recordings against the samples themselves, and what a screen of them costs."""

from pathlib import Path

import mne
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from media_made import Made

import neurochain as nc
from neurochain.formats import Annotation
from neurochain.storage import Access, remember
from neurochain.testing import ObjectServer
from neurochain.testing.edf import write_edf
from neurochain.web.media import traces as module

# Beside media_made on the path.
from edf_files import edf_bytes  # isort: skip
from nwb_files import session, spike_times  # isort: skip
from spikeglx_files import probe, write  # isort: skip

RATE = 256


def values_of(header: dict, values: np.ndarray) -> np.ndarray:
    """Physical values, shape (n_channels, n_columns, 2)."""
    if header["bin"] == 1:
        values = np.stack([values, values], -1)
    if header["scale"] is None:
        return values
    shape = (-1, 1, 1)
    return values * np.reshape(header["scale"], shape) + np.reshape(header["offset"], shape)


def directly(samples: np.ndarray, header: dict, last: int) -> np.ndarray:
    """Extremes of the columns that a header tells of."""
    size, n = header["bin"], samples.shape[1]
    end = min(-(-last // size) * size, n)
    cuts = [samples[:, a : min(a + size, n)] for a in range(header["first"], end, size)]
    return np.stack([np.stack([c.min(1), c.max(1)], -1) for c in cuts], 1)


@pytest.fixture
def made(project, tmp_path: Path) -> Made:
    folder = tmp_path / "data"
    folder.mkdir()
    signals = np.random.default_rng(1).normal(0, 50, (5, 100 * RATE))
    signals[2, 12_345] = 400  # one spike
    noted = [Annotation(1.5, 0.5, "blink"), Annotation(50.0, None, "<b>spindle</b>", "E2")]
    write_edf(folder / "eeg.edf", signals, RATE, [f"E{i}" for i in range(5)], annotations=noted)
    write_edf(folder / "gaps.edf", signals[:2, : 4 * RATE], RATE, ["A", "B"], starts=[0, 1, 10, 11])
    write(folder / "run_g0_t0.imec0.ap.meta", probe(8), 40_000)
    session(folder / "session.nwb")
    return Made(folder / "*")


def test_info(made: Made) -> None:
    info = made.json("traces/info", "eeg.edf")
    assert [c["label"] for c in info["channels"]] == [f"E{i}" for i in range(5)]
    assert {c["unit"] for c in info["channels"]} == {"uV"}
    assert (info["sampling_frequency"], info["n_samples"], info["duration"]) == (RATE, 100 * RATE, 100.0)
    assert info["levels"][:3] == [1, 16, 64]
    assert (info["gaps"], made.json("traces/info", "gaps.edf")["gaps"]) == (0, 1)


@given(st.data())
@settings(max_examples=30)
def test_any_window(made: Made, data: st.DataObject) -> None:
    recording = nc.open(made.paths["eeg.edf"])
    samples = recording.read()
    n = samples.shape[1]
    first = data.draw(st.integers(0, n - 1))
    last = data.draw(st.integers(first + 1, n))
    columns = data.draw(st.integers(1, 2000))
    channels = data.draw(st.lists(st.integers(0, 4), min_size=1, unique=True))
    header, values = made.packed(
        "traces", "eeg.edf", first=first, last=last, columns=columns, channels=",".join(map(str, channels))
    )
    assert not header["approximate"]
    assert header["channels"] == channels
    assert header["first"] <= first < header["first"] + header["bin"]
    assert header["first"] % header["bin"] == 0
    assert min(columns, last - first) <= header["columns"] <= max(2 * columns, last - first) + 1
    assert values.dtype == np.int16
    np.testing.assert_allclose(
        values_of(header, values), directly(samples[channels], header, last), rtol=1e-12
    )


def test_a_spike_is_seen_from_afar(made: Made) -> None:
    header, values = made.packed("traces", "eeg.edf", columns=10)
    column = (12_345 - header["first"]) // header["bin"]
    physical = values_of(header, values)
    assert physical[2, column, 1] == pytest.approx(400, abs=0.1)


def test_gaps_events_and_rates(made: Made) -> None:
    header, _ = made.packed("traces", "gaps.edf", columns=100)
    assert header["breaks"] == [2 * RATE]
    assert made.json("traces/info", "gaps.edf")["segments"] == [[0, 2], [10, 12]]
    events = made.json("events", "eeg.edf", start=40, end=60)
    assert (events["total"], events["matched"]) == (2, 1)
    assert events["events"] == [{"start": 50.0, "end": 50.0, "label": "<b>spindle</b>", "channel": "E2"}]
    assert made.json("events", "gaps.edf")["total"] == 0
    trials = made.json("events", "session.nwb", start=1.2, end=2.5)
    assert trials["total"] == 4
    assert trials["events"] == [
        {"start": i, "end": i + 0.5, "label": "trials", "channel": None} for i in (1.0, 2.0)
    ]


def test_probes_and_sessions(made: Made) -> None:
    samples = nc.open(made.paths["run_g0_t0.imec0.ap.meta"]).read()
    for name in ("run_g0_t0.imec0.ap.meta",):
        header, values = made.packed("traces", name, columns=50, first=111, last=39_000)
        np.testing.assert_allclose(values_of(header, values), directly(samples, header, 39_000), rtol=1e-9)
    assert len(made.json("traces/info", "session.nwb")["channels"]) == 4
    parts = {p["path"]: p for p in made.json("parts", "session.nwb")["parts"]}
    (part,) = [path for path in parts if path.endswith("/ElectricalSeries")]
    assert parts[part]["channels"] == 4
    assert made.json("parts", "eeg.edf") == {"total": 0, "parts": []}
    info = made.json("traces/info", "session.nwb", part=part)
    assert len(info["channels"]) == 4
    recording = nc.open(made.paths["session.nwb"], part=part)
    header, values = made.packed("traces", "session.nwb", part=part, columns=40)
    np.testing.assert_allclose(
        values_of(header, values), directly(recording.read(), header, recording.shape[1]), rtol=1e-6
    )


def test_spikes_of_units(made: Made) -> None:
    wanted = [spike_times(unit) for unit in range(3)]
    header, values = made.packed("spikes", "session.nwb")
    assert (header["units"], header["total"], header["down"]) == ([0, 1, 2], sum(map(len, wanted)), 1)
    np.testing.assert_array_equal(values[0], np.sort(np.concatenate(wanted)))
    for unit, times in enumerate(wanted):
        np.testing.assert_array_equal(values[0][values[1] == unit], times)
    header, values = made.packed("spikes", "session.nwb", start=1, end=2, units="2")
    np.testing.assert_array_equal(values[0], wanted[2][(wanted[2] >= 1) & (wanted[2] < 2)])
    assert set(values[1]) == {2}
    assert made.refused("spikes", "eeg.edf")[0] == 400


def test_channels_of_different_rates(project, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    rng = np.random.default_rng(2)
    signals = [
        {"label": "fast", "samples": rng.integers(-99, 99, (20, 100))},
        {"label": "slow", "samples": rng.integers(-99, 99, (20, 4))},
    ]
    (tmp_path / "data" / "uneven.edf").write_bytes(edf_bytes(signals, 1))
    made = Made(tmp_path / "data/*")
    info = made.json("traces/info", "uneven.edf")
    assert [g["channels"] for g in info["groups"]] == [[0], [1]]
    assert info["n_samples"] is None
    status, message = made.refused("traces", "uneven.edf")
    assert status == 400
    assert "apart" in message
    recording = nc.open(made.paths["uneven.edf"])
    for channel in (0, 1):
        header, values = made.packed("traces", "uneven.edf", channels=channel, columns=30)
        samples = recording.channel(channel)[None]
        np.testing.assert_allclose(values_of(header, values), directly(samples, header, samples.shape[1]))


def test_nonsense_is_refused(made: Made) -> None:
    for query in (
        {"first": -1},
        {"first": 5, "last": 5},
        {"first": 10**9},
        {"columns": 0},
        {"columns": 10**6},
        {"channels": "5"},
        {"channels": "1,1"},
        {"channels": "a"},
        {"channels": "0-99999999"},
        {"channels": "3-1"},
        {"part": "x"},
    ):
        assert made.refused("traces", "eeg.edf", **query)[0] in (400, 422), query
    assert made.refused("events", "eeg.edf", start="nan")[0] == 400
    assert made.refused("volume", "eeg.edf")[0] in (400, 422)


def test_a_rough_picture_comes_first(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", {True: 1000, False: 1000})
    monkeypatch.setattr(module, "ROUGH_COLUMNS", {True: 20, False: 20})
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    name = "run_g0_t0.imec0.ap.meta"
    samples = nc.open(made.paths[name]).read()
    answer = made.get("traces", name, columns=100)
    assert answer.headers["cache-control"] == "no-store"
    assert "max-age" in made.get("traces", name, last=100).headers["cache-control"]
    header, values = made.packed("traces", name, columns=100)
    assert header["approximate"]
    assert header["done"] == 0
    rough, exact = values_of(header, values), directly(samples, header, samples.shape[1])
    assert (rough[..., 0] >= exact[..., 0] - 1e-9).all()
    assert (rough[..., 1] <= exact[..., 1] + 1e-9).all()
    monkeypatch.setattr(module, "PATIENCE", 5.0)
    header, values = made.packed("traces", name, columns=100, exact=1)
    assert (header["approximate"], header["done"]) == (False, 1)
    np.testing.assert_allclose(
        values_of(header, values), directly(samples, header, samples.shape[1]), rtol=1e-9
    )
    header, _ = made.packed("traces", name, columns=100)  # it is kept
    assert not header["approximate"]
    header, values = made.packed(
        "traces", name, first=5000, last=35_000, columns=600
    )  # and of use from nearer
    assert header["approximate"]
    assert header["bin"] == 256
    np.testing.assert_allclose(values_of(header, values), directly(samples, header, 35_000), rtol=1e-9)


def test_an_hour_of_many_channels_costs_what_a_screen_needs(project, tmp_path: Path) -> None:
    """256 channels of 256 Hz, an hour: 472 MB, of which ten seconds are shown."""
    (tmp_path / "bucket").mkdir()
    path = tmp_path / "bucket" / "hour.edf"
    write_edf(
        path, np.random.default_rng(3).normal(0, 50, (256, 20 * RATE)), RATE, [f"E{i}" for i in range(256)]
    )
    header_bytes, record = 256 * 257, 256 * RATE * 2
    with open(path, "r+b") as out:
        out.seek(236)
        out.write(b"3600    ")
        out.truncate(header_bytes + 3600 * record)
    with ObjectServer(tmp_path) as server:
        remember("s3://bucket", Access.of({"anon": True, "endpoint": server.url}))
        made = Made("s3://bucket/")
        server.traffic.clear()
        info = made.json("traces/info", "hour.edf")
        assert info["duration"] == 3600
        assert server.traffic.bytes <= 2 * header_bytes
        server.traffic.clear()
        header, values = made.packed("traces", "hour.edf", first=5 * RATE, last=15 * RATE, columns=1200)
        assert not header["approximate"]
        assert server.traffic.bytes <= 11 * record
        assert header["bin"] == 2
        wanted = nc.open(path).window(5, 15).read()
        np.testing.assert_allclose(values_of(header, values).max((1, 2)), wanted.max(1), rtol=1e-12)
        server.traffic.clear()
        header, _ = made.packed("traces", "hour.edf", columns=1200)  # all of it, from afar
        assert header["approximate"]
        assert server.traffic.bytes < path.stat().st_size / 20


@pytest.mark.parametrize("name", ["test.edf", "test.bdf", "test_bin_raw.fif", "test.vhdr"])
def test_real_files(project, real_data: Path, name: str) -> None:
    made = Made(real_data / f"eeg_mne/**/{name}")
    info = made.json("traces/info", name)
    assert info["channels"]
    path = made.paths[name]
    raw = mne.io.read_raw(path, preload=True, verbose="error")
    group = info["groups"][0]
    shared = [c for c in group["channels"] if info["channels"][c]["label"] in raw.ch_names][:4]
    header, values = made.packed("traces", name, channels=",".join(map(str, shared)), last=200, columns=200)
    found = values_of(header, values)[..., 0]
    for row, channel in enumerate(shared):
        label, unit = info["channels"][channel]["label"], info["channels"][channel]["unit"]
        wanted = raw.get_data([label])[0, : found.shape[1]] * {"uV": 1e6, "µV": 1e6, "mV": 1e3}.get(unit, 1)
        if group["n_samples"] == raw.n_times:
            np.testing.assert_allclose(
                found[row], wanted, rtol=1e-4, atol=1e-6 * max(np.abs(wanted).max(), 1e-30)
            )
