"""A session of several devices in NWB, valid by pynwb, against the truth of the rig."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pynwb
import pytest
from rig import CHANNELS, RATE, TR, Rig
from sessions import read, valid

import neurochain as nc
from neurochain.timeline.clocks.clockmap import ClockMap
from neurochain.timeline.writing.nwb import streamed

SYNC = f"ephys.{CHANNELS - 1}"
BEGAN = datetime(2026, 5, 1, 14, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def synced(rig: Rig) -> nc.Timeline:
    t = nc.timeline(
        ephys=nc.open(rig.probe, **rig.raw, gain=0.195, unit="uV"),
        video=nc.stream(rig.film, pulses={"ttl": rig.ttl}),
        bold=rig.scan,
        behavior=rig.behavior,
        events=rig.events,
        sorted={"cluster_id": [3, 5, 9], "spike_times": [[0.5, 2.25, 2.5], [2.75, 8.0], []]},
    )
    return t.sync("video", to="ephys", pulses=("video.ttl", SYNC))


@pytest.fixture(scope="module")
def whole(synced: nc.Timeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("nwb") / "session.nwb"
    synced.to_nwb(path, session_start_time=BEGAN, experimenter="A. Person")
    return valid(path, own=True)


@pytest.fixture
def file(whole: Path) -> Iterator[Any]:
    with pynwb.NWBHDF5IO(whole, "r", load_namespaces=False) as io:
        yield io.read()


def within(rig: Rig, synced: nc.Timeline) -> tuple[int, int]:
    """Samples of the probe in the overlap."""
    times = np.arange(len(rig.samples)) / RATE
    start, end = synced.span
    inside = np.flatnonzero((times >= start - 1e-9) & (times < end - 1e-9))
    return int(inside[0]), int(inside[-1]) + 1


def test_channels_are_electrodes_in_volts(file: Any, synced: nc.Timeline, rig: Rig) -> None:
    series = file.acquisition["ephys"]
    first, last = within(rig, synced)
    assert isinstance(series, pynwb.ecephys.ElectricalSeries)
    assert (series.data.dtype, series.unit) == (np.int16, "volts")
    np.testing.assert_array_equal(series.data[:], rig.samples[first:last])
    assert series.conversion == pytest.approx(0.195e-6, rel=1e-12)
    assert (series.starting_time, series.rate) == (first / RATE, RATE)
    assert series.timestamps is None
    electrodes = file.electrodes.to_dataframe()
    assert electrodes["channel_name"].to_list() == [str(i) for i in range(CHANNELS)]
    assert set(electrodes["group_name"]) == {"ephys"}
    assert series.electrodes.data[:].tolist() == list(range(CHANNELS))
    assert file.devices["ephys"].description


def test_frames_are_shown_when_the_camera_took_them(file: Any, rig: Rig) -> None:
    series = file.acquisition["video"]
    assert isinstance(series, pynwb.image.ImageSeries)
    truth = rig.OFFSET + rig.frames * (1 + rig.DRIFT)
    np.testing.assert_allclose(series.timestamps[:], truth, atol=1e-3)
    frames = nc.open(rig.film)[:]
    np.testing.assert_array_equal(series.data[:], frames.transpose(0, 2, 1, 3))
    assert list(series.dimension[:]) == [frames.shape[2], frames.shape[1]]
    assert series.format == "raw"


def test_volumes_begin_when_they_are_acquired(file: Any, rig: Rig) -> None:
    series = file.acquisition["bold"]
    np.testing.assert_array_equal(series.data[:], np.moveaxis(rig.volumes, -1, 0))
    assert (series.starting_time, series.rate) == (0.0, 1 / TR)
    said = json.loads(series.comments)
    np.testing.assert_allclose(said["affine"], np.diag([3, 3, 4, 1]))
    assert said["axes"] == ["time", "x", "y", "z"]
    slices = file.processing["synchronization"]["bold_slice_times"]
    np.testing.assert_allclose(slices.data[:], np.arange(8)[:, None] * TR + [0, 1.2, 0.6])


def test_behavior_has_a_series_for_each_column(file: Any, synced: nc.Timeline) -> None:
    held = file.processing["behavior"]["behavior"]
    assert isinstance(held, pynwb.behavior.BehavioralTimeSeries)
    velocity, lick = held["velocity"], held["lick"]
    times = synced.window(*synced.span)["behavior"].time
    np.testing.assert_array_equal(velocity.timestamps[:], times)
    np.testing.assert_array_equal(lick.timestamps[:], times)
    np.testing.assert_allclose(velocity.data[:], np.sin(times), atol=1e-6)
    np.testing.assert_array_equal(lick.data[:], (times + 1e-9).astype(int) % 2)
    assert lick.data.dtype == np.int64


def test_events_are_intervals_with_all_columns(file: Any) -> None:
    events = file.intervals["events"].to_dataframe()
    assert events["start_time"].to_list() == [2.0, 6.0, 11.25, 19.8]
    assert events["stop_time"].to_list() == [3.0, 7.0, 12.25, 20.8]
    assert events["trial_type"].to_list() == ["go", "stop", "go", "go"]
    assert events["onset"].to_list() == events["start_time"].to_list()
    assert file.intervals["windows"].to_dataframe()["start_time"].to_list() == [
        pytest.approx(Rig.OFFSET, abs=1e-3)
    ]


def test_spikes_are_units_with_the_times_they_were_looked_for(file: Any, synced: nc.Timeline) -> None:
    units = file.units
    assert units.id[:].tolist() == [3, 5, 9]
    assert units["unit_name"][:].tolist() == ["3", "5", "9"]
    assert [units["spike_times"][i].tolist() for i in range(3)] == [[2.25, 2.5], [2.75, 8.0], []]
    np.testing.assert_array_equal(units["obs_intervals"][1], [synced.span])


def test_it_says_where_all_of_it_comes_from(file: Any, synced: nc.Timeline, rig: Rig) -> None:
    assert file.session_start_time == BEGAN
    assert file.experimenter == ("A. Person",)
    series, fit = file.acquisition["video"], synced.fit("video")
    said = json.loads(series.comments)
    assert said["source"] == ["cam.mp4", "ttl.csv"]
    assert ClockMap.from_json(said["clock_map"]) == synced.map("video")
    assert (said["residual_rms"], said["uncertainty"]) == (fit.rms, synced.uncertainty("video"))
    assert "fitted to pulses on the clock of ephys: drift" in series.description
    assert "which nobody has shown" in file.acquisition["bold"].description
    residuals = file.processing["synchronization"]["video_residuals"]
    np.testing.assert_array_equal(residuals.data[:], fit.residuals)
    np.testing.assert_allclose(residuals.timestamps[:], np.delete(rig.pulses, [3, 17]), atol=1e-3)
    lineage = json.loads(file.scratch["lineage"].data)
    assert lineage["streams"]["ephys"]["files"][0]["name"] == "probe.bin"
    assert lineage["windows"] == [list(synced.span)]
    assert file.was_generated_by[0][0] == "neurochain"


def test_neurochain_opens_it(whole: Path, synced: nc.Timeline, rig: Rig) -> None:
    first, _ = within(rig, synced)
    ephys = nc.open(whole, part="ephys")
    assert (ephys.sampling_frequency, ephys.start, ephys.units[0]) == (RATE, first / RATE, "V")
    assert ephys.channels == tuple(str(i) for i in range(CHANNELS))
    np.testing.assert_allclose(ephys[:, :50], rig.samples[first : first + 50].T * 0.195e-6, rtol=1e-12)
    assert ephys.start_time == (BEGAN + timedelta(seconds=first / RATE)).replace(tzinfo=None)
    video = nc.open(whole, part="video")
    np.testing.assert_array_equal(video[3], nc.open(rig.film)[3].transpose(1, 0, 2))
    assert nc.open(whole, part="bold").shape == (8, 5, 4, 3)
    assert nc.open(whole, part="velocity").sampling_frequency == pytest.approx(50)
    units = nc.read_table(whole, variable="units").collect()
    assert units["unit_name"].to_list() == ["3", "5", "9"]
    events = nc.read_table(whole, variable="events").collect()
    assert events["trial_type"].to_list() == ["go", "stop", "go", "go"]
    again = nc.timeline(
        ephys=ephys, events=nc.stream(whole, variable="events"), sorted=nc.stream(whole, variable="units")
    )
    np.testing.assert_array_equal(again.window(2, 3)["sorted"].time, [2.25, 2.5, 2.75])
    np.testing.assert_allclose(
        again.window(2, 3)["ephys"].read(), rig.samples[2 * RATE : 3 * RATE] * 0.195e-6, rtol=1e-6
    )


def test_windows_that_overlap_are_written_once(synced: nc.Timeline, rig: Rig, tmp_path: Path) -> None:
    windows = [synced.window(a, b) for a, b in ((8.0, 8.5), (2.0, 3.0), (2.5, 3.5))]
    path = valid(synced.to_nwb(tmp_path / "w.nwb", windows, session_start_time=BEGAN))

    def check(file: Any) -> None:
        ephys = file.acquisition["ephys"]
        wanted = [*range(2 * RATE, 3 * RATE + RATE // 2), *range(8 * RATE, 8 * RATE + RATE // 2)]
        np.testing.assert_array_equal(ephys.data[:], rig.samples[wanted])
        np.testing.assert_allclose(ephys.timestamps[:], np.array(wanted) / RATE)
        np.testing.assert_array_equal(
            file.acquisition["bold"].data[:], np.moveaxis(rig.volumes, -1, 0)[[0, 1, 3]]
        )
        assert file.intervals["events"]["trial_type"][:].tolist() == ["go"]
        table = file.intervals["windows"].to_dataframe()
        assert table["start_time"].to_list() == [8.0, 2.0, 2.5]
        assert table["stop_time"].to_list() == [8.5, 3.0, 3.5]
        np.testing.assert_array_equal(file.units["obs_intervals"][0], [[2.0, 3.5], [8.0, 8.5]])
        assert file.units["spike_times"][1].tolist() == [2.75, 8.0]

    read(path, check)
    opened = nc.open(path, part="ephys")
    assert opened.segments == ((2.0, pytest.approx(3.5)), (8.0, pytest.approx(8.5)))


def test_filters_are_masks_beside(synced: nc.Timeline, rig: Rig, tmp_path: Path) -> None:
    t = synced.where("signal > 10 and channel in [1, 2]", stream="ephys").where("velocity < 0")
    t = t.where("signal > 500", stream="bold").where("duration > 2", stream="events")
    t = t.where("time < 2.6", stream="sorted")
    path = valid(t.to_nwb(tmp_path / "w.nwb", t.window(2, 3), session_start_time=BEGAN))

    def check(file: Any) -> None:
        masks = file.processing["masks"]
        part = rig.samples[2 * RATE : 3 * RATE].astype(np.float32) * np.float32(0.195)
        np.testing.assert_array_equal(
            masks["ephys"].data[:], (part > 10) & np.isin(np.arange(CHANNELS), [1, 2])
        )
        assert (masks["ephys"].rate, masks["ephys"].starting_time) == (RATE, 2.0)
        np.testing.assert_array_equal(masks["bold"].data[:], np.moveaxis(rig.volumes, -1, 0)[:2] > 500)
        velocity = file.processing["behavior"]["behavior"]["velocity"]
        np.testing.assert_array_equal(masks["behavior"].data[:, 0], velocity.data[:] < 0)
        np.testing.assert_array_equal(masks["behavior"].timestamps[:], velocity.timestamps[:])
        assert "velocity < 0" in masks["behavior"].description
        assert file.intervals["events"]["counts"][:].tolist() == [False]
        assert file.units["spike_times"][0].tolist() == [2.25, 2.5]
        assert file.units["spike_times"][1].tolist() == []

    read(path, check)


def test_values_are_written_in_blocks(
    synced: nc.Timeline, rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    one = streamed.Streamed.__next__

    def measured(self: Any) -> Any:
        found = one(self)
        sizes.append(found.data.nbytes)
        return found

    monkeypatch.setattr(streamed, "AT_ONCE", 30_000)
    monkeypatch.setattr(streamed, "CHUNK_BYTES", 10_000)
    monkeypatch.setattr(streamed.Streamed, "__next__", measured)
    for compression in ("gzip", None):
        path = synced.to_nwb(tmp_path / "w.nwb", session_start_time=BEGAN, compression=compression)
        first, last = within(rig, synced)
        ephys, bold, video = read(
            path,
            lambda f: (
                f.acquisition["ephys"].data[:],
                f.acquisition["bold"].data[:],
                f.acquisition["video"].data[:],
            ),
        )
        np.testing.assert_array_equal(ephys, rig.samples[first:last])
        np.testing.assert_array_equal(bold, np.moveaxis(rig.volumes, -1, 0))
        np.testing.assert_array_equal(video, nc.open(rig.film)[:].transpose(0, 2, 1, 3))
    assert max(sizes) <= 30_000
    with pytest.raises(ValueError, match="choose 'gzip', or None"):
        synced.to_nwb(tmp_path / "w.nwb", session_start_time=BEGAN, compression="lzf")


def test_when_the_session_began(synced: nc.Timeline, tmp_path: Path) -> None:
    with pytest.raises(
        nc.ShapeError, match=r"no stream says when it was recorded.*session_start_time=datetime"
    ):
        synced.to_nwb(tmp_path / "w.nwb")
    local = datetime(2020, 2, 3, 4, 5, 6, 250_000)
    said = nc.Recording.of(np.zeros((1, 50)), 10.0, units="uV", start=2.0, start_time=local)
    other = nc.Recording.of(np.zeros((1, 90)), 10.0, units="uV")
    t = nc.timeline(other=other, said=said).move("said", 1.5)

    def began(path: Path) -> datetime:
        found: datetime = read(path, lambda f: f.session_start_time)
        return found

    expected = (local - timedelta(seconds=3.5)).astimezone()
    assert began(valid(t.to_nwb(tmp_path / "w.nwb"))) == expected
    zone = timezone(timedelta(hours=-5))
    given = datetime(1999, 12, 31, 23, tzinfo=zone)
    assert began(t.to_nwb(tmp_path / "w.nwb", session_start_time=given)) == given
    named = t.to_nwb(tmp_path / "w.nwb", session_description="open field", identifier="s1", session_id="7")
    assert read(named, lambda f: (f.session_description, f.identifier, f.session_id)) == (
        "open field",
        "s1",
        "7",
    )
    with pytest.raises(TypeError, match="unrecognized argument: 'labb'"):
        t.to_nwb(tmp_path / "x.nwb", labb="?")
    assert not (tmp_path / "x.nwb").exists()
