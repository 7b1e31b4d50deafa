"""Windows in HDF5 and Zarr, read back by h5py and zarr, against the truth of the rig."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rig import CHANNELS, RATE, TR, Rig
from trees import STORES, axes, read, write

import neurochain as nc
from neurochain.timeline.clocks.clockfit import ClockFit
from neurochain.timeline.clocks.clockmap import ClockMap
from neurochain.timeline.writing import tree

SYNC = f"ephys.{CHANNELS - 1}"


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def synced(rig: Rig) -> nc.Timeline:
    spikes = {"cluster_id": [3, 5], "spike_times": [[0.5, 2.25, 2.5], [2.75]]}
    t = nc.timeline(
        ephys=nc.open(rig.probe, **rig.raw),
        video=nc.stream(rig.film, pulses={"ttl": rig.ttl}),
        bold=rig.scan,
        behavior=rig.behavior,
        events=rig.events,
        units=spikes,
    )
    return t.sync("video", to="ephys", pulses=("video.ttl", SYNC))


def test_one_window_is_what_was_recorded(synced: nc.Timeline, rig: Rig, store: str, tmp_path: Path) -> None:
    path = write(synced, store, tmp_path, synced.window(2, 3))
    found = read(path)
    assert found["@streams"] == list(synced)
    assert (found["@start"], found["@end"], found["@n_windows"]) == (2.0, 3.0, 1)
    assert (found["@common_clock"], found["@layout"]) == ("ephys", "neurochain timeline 1")
    np.testing.assert_array_equal(found["ephys/data"], rig.samples[2 * RATE : 3 * RATE])
    assert found["ephys/data"].dtype == np.int16
    np.testing.assert_allclose(found["ephys/time"], np.arange(2 * RATE, 3 * RATE) / RATE)
    shown = rig.OFFSET + rig.frames * (1 + rig.DRIFT)
    first = int(np.argmin(np.abs(shown - found["video/time"][0])))
    count = len(found["video/time"])
    np.testing.assert_allclose(found["video/time"], shown[first : first + count], atol=1e-3)
    np.testing.assert_array_equal(found["video/data"], nc.open(rig.film)[first : first + count])
    np.testing.assert_array_equal(found["bold/data"], rig.volumes[..., 0:2])
    np.testing.assert_array_equal(found["bold/time"], [0, TR])
    np.testing.assert_allclose(found["bold/slice_time"], [[0, TR], [1.2, TR + 1.2], [0.6, TR + 0.6]])
    np.testing.assert_allclose(found["behavior/data"][:, 0], np.sin(np.arange(2, 3, 0.02)), atol=1e-6)
    np.testing.assert_array_equal(found["behavior/data"][:, 1], 0)
    assert found["behavior@labels"] == ["velocity", "lick"]
    np.testing.assert_array_equal(found["events/time"], [2.0])
    np.testing.assert_array_equal(found["events/data"], [[1.0]])
    assert found["events/columns/trial_type"].tolist() == ["go"]
    np.testing.assert_array_equal(found["units/time"], [2.25, 2.5, 2.75])
    np.testing.assert_array_equal(found["units/data"], [0, 0, 1])
    assert found["units@labels"] == ["3", "5"]
    assert not [name for name in found if name.endswith("/mask")]
    assert axes(path, "bold/data") == ["x", "y", "z", "time"]
    assert axes(path, "bold/slice_time") == ["z", "time"]
    assert axes(path, "video/data") == ["time", "row", "column", "color"]
    for name, kind in {"ephys": "recording", "video": "video", "bold": "volume", "behavior": "table"}.items():
        assert found[f"{name}@kind"] == kind
        assert found[f"{name}/time@unit"] == "s"
        assert found[f"{name}@axes"] == axes(path, f"{name}/data")


def test_attributes_say_where_times_come_from(
    synced: nc.Timeline, rig: Rig, store: str, tmp_path: Path
) -> None:
    found = read(write(synced, store, tmp_path, synced.window(2, 3)))
    assert found["ephys@source"] == ["probe.bin"]
    assert found["bold@source"] == ["sub-01_task-x_bold.nii.gz", "sub-01_task-x_bold.json"]
    assert found["units@source"] == ["memory"]
    assert found["bold@clock_by"] == "sub-01_task-x_bold.json"
    assert found["ephys@sampling_frequency"] == RATE
    assert found["bold@voxel_sizes"] == [3, 3, 4]
    np.testing.assert_allclose(found["bold@affine"], np.diag([3, 3, 4, 1]))
    assert {n: found[f"{n}@synced"] for n in synced} == {
        **dict.fromkeys(synced, False),
        "ephys": True,
        "video": True,
    }
    clock_map, fit = ClockMap.from_json(found["video@clock_map"]), synced.fit("video")
    assert clock_map == synced.map("video")
    truth = rig.OFFSET + rig.frames * (1 + rig.DRIFT)
    np.testing.assert_allclose(clock_map(rig.frames), truth, atol=1e-3)
    assert ClockMap.from_json(found["ephys@clock_map"]).kind == "identity"
    pulses, residuals = found["video/pulses"], found["video/residuals"]
    np.testing.assert_array_equal(pulses, np.stack([fit.device, fit.common], axis=1))
    np.testing.assert_allclose(pulses[:, 1], np.delete(rig.pulses, [3, 17]), atol=1e-3)
    np.testing.assert_allclose(residuals, pulses[:, 1] - clock_map(pulses[:, 0]), atol=1e-12)
    rebuilt = ClockFit.from_json(found["video@fit"])
    assert (rebuilt.map, rebuilt.n_pairs, rebuilt.n_common) == (fit.map, len(pulses), fit.n_common)
    assert found["video@fitted_to"] == "ephys"
    assert found["video@drift_ppm"] == pytest.approx(rig.DRIFT * 1e6, abs=20)
    assert found["video@residual_rms"] == pytest.approx(np.sqrt(np.mean(np.square(residuals))))
    assert found["video@residual_max"] == pytest.approx(np.abs(residuals).max())
    assert found["video@uncertainty"] == synced.uncertainty("video")
    assert "ephys@fit" not in found
    lineage = found["@lineage"]
    assert lineage["windows"] == [[2.0, 3.0]]
    assert lineage["streams"]["ephys"]["files"][0]["size"] == rig.probe.stat().st_size
    assert str(rig.probe.parent) not in json.dumps(found, default=str)


def test_several_windows_have_a_group_each(synced: nc.Timeline, rig: Rig, store: str, tmp_path: Path) -> None:
    windows = synced.around("events.onset", 0.25, 0.5, edges="drop")
    found = read(write(synced, store, tmp_path, windows))
    assert found["@n_windows"] == len(windows) == 3
    for number, window in enumerate(windows):
        home = f"windows/{number:06d}"
        assert (found[f"{home}@start"], found[f"{home}@end"]) == (window.start, window.end)
        for name, one in window.items():
            np.testing.assert_array_equal(found[f"{home}/{name}/data"], one.read())
            np.testing.assert_array_equal(found[f"{home}/{name}/time"], one.time)
        a, b = round(window.start * RATE), round(window.end * RATE)
        np.testing.assert_array_equal(found[f"{home}/ephys/data"], rig.samples[a:b])
    assert [found[f"windows/{n:06d}/events/columns/trial_type"].tolist() for n in range(3)] == [
        ["go"],
        ["stop"],
        ["go"],
    ]
    assert ClockMap.from_json(found["streams/video@clock_map"]) == synced.map("video")
    assert len(found["streams/video/residuals"]) == len(rig.pulses) - 2
    assert "windows/000000/video/residuals" not in found


def test_all_that_the_streams_have_together_is_the_default(
    synced: nc.Timeline, rig: Rig, store: str, tmp_path: Path
) -> None:
    found = read(write(synced, store, tmp_path))
    start, end = synced.span
    assert (found["@start"], found["@end"]) == (start, end)
    times = np.arange(len(rig.samples)) / RATE
    np.testing.assert_array_equal(
        found["ephys/data"], rig.samples[(times >= start - 1e-9) & (times < end - 1e-9)]
    )
    assert len(found["video/data"]) == len(rig.frames)


def test_filters_are_masks(synced: nc.Timeline, rig: Rig, store: str, tmp_path: Path) -> None:
    t = synced.where("signal > 100 and channel in [1, 2]").where("velocity < 0")
    t = t.where("signal > 500", stream="bold").where("signal > 300", stream="video")
    found = read(write(t, store, tmp_path, t.window(2, 3)))
    part = rig.samples[2 * RATE : 3 * RATE]
    expected = (part > 100) & np.isin(np.arange(CHANNELS), [1, 2])
    np.testing.assert_array_equal(found["ephys/mask"], expected)
    np.testing.assert_array_equal(found["bold/mask"], rig.volumes[..., 0:2] > 500)
    np.testing.assert_array_equal(found["behavior/mask"], found["behavior/data"][:, [0, 0]] < 0)
    assert found["video/mask"].shape == found["video/data"].shape
    assert not found["video/mask"].any()
    assert found["ephys/mask"].dtype == bool
    assert found["ephys@filter"] == "signal > 100 and channel in [1, 2]"
    assert "events/mask" not in found


def test_times_that_nobody_knows_are_masked(store: str, tmp_path: Path) -> None:
    values = np.arange(200.0)[None]
    jump = ClockMap.piecewise([0, 10, 11, 20], [0, 10, 13, 22], breaks=[1])
    t = nc.timeline(a=nc.Recording.of(np.zeros((1, 220)), 10.0), b=nc.Recording.of(values, 10.0)).move(
        "b", jump
    )
    found = read(write(t, store, tmp_path, t.window(0, 20)))
    unknown = np.isnan(found["b/time"])
    np.testing.assert_array_equal(np.flatnonzero(unknown), np.arange(100, 110))
    np.testing.assert_array_equal(found["b/mask"][:, 0], ~unknown)
    np.testing.assert_array_equal(found["b/data"], values.T[: len(unknown)])
    assert "a/mask" not in found
    assert ClockMap.from_json(found["b@clock_map"]) == jump


@settings(max_examples=25)
@given(data=st.data())
def test_blocks_are_the_whole(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    n, n_channels = data.draw(st.integers(1, 60)), data.draw(st.integers(1, 4))
    dtype = data.draw(st.sampled_from(["<i2", "<u1", "<f4", "<i8"]))
    values = np.arange(n * n_channels).reshape(n_channels, n).astype(dtype)
    frames = np.random.default_rng(n).integers(0, 255, (3, 2, 4, n)).astype(np.uint8)
    t = nc.timeline(
        ephys=nc.Recording.of(values, 10.0),
        bold=nc.stream(nc.Volume.of(frames, axes=("x", "y", "z", "t")), repetition_time=0.1),
    ).where("signal > 20")
    store = data.draw(st.sampled_from(STORES))
    folder = tmp_path_factory.mktemp("blocks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tree, "AT_ONCE", data.draw(st.integers(16, 400)))
        patch.setattr(tree, "TIMES", 2 ** data.draw(st.integers(0, 8)))
        found = read(write(t, store, folder))
    np.testing.assert_array_equal(found["ephys/data"], values.T)
    np.testing.assert_array_equal(found["ephys/time"], np.arange(n) / 10)
    np.testing.assert_array_equal(found["ephys/mask"], values.T > 20)
    np.testing.assert_array_equal(found["bold/data"], frames)


def test_no_more_than_a_block_is_read_at_once(store: str, tmp_path: Path, monkeypatch) -> None:
    values = np.arange(4000, dtype=np.int32).reshape(2, 2000)
    t = nc.timeline(ephys=nc.Recording.of(values, 100.0))
    sizes = []
    one = type(t["ephys"])
    read_all = one.read
    monkeypatch.setattr(one, "read", lambda s, a, b: sizes.append((b - a) * 8) or read_all(s, a, b))
    monkeypatch.setattr(tree, "AT_ONCE", 1000)
    write(t, store, tmp_path)
    assert max(sizes) <= 1000
    assert sum(sizes) == values.nbytes


def test_tables_keep_their_texts_and_odd_names(store: str, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "onset": [0.5, 1.5],
            "a/b": ["ü", None],
            "a_b": ["1", "2"],
            "..": ["dots", "dots"],
            "__x": ["under", "nul\0"],
            "zarr.json": ["file", ""],
            "when": [[1, 2], None],
            "side/left": [1, None],
        }
    )
    t = nc.timeline(ephys=nc.Recording.of(np.zeros((1, 20)), 10.0), events=frame)
    found = read(write(t, store, tmp_path))
    named = {
        found[f"{path}@name"]: path
        for path in found
        if path.startswith("events/columns/") and "@" not in path
    }
    assert set(named) == {"a/b", "a_b", "..", "__x", "zarr.json", "when"}
    texts = {name: found[path].tolist() for name, path in named.items()}
    assert texts["a/b"] == ["ü", ""]
    assert texts["a_b"] == ["1", "2"]
    assert texts["__x"] == ["under", "nul\\0"]
    assert texts["when"] == ["[1, 2]", ""]
    nulls = {
        found[f"{p}@name"]: found[p].tolist()
        for p in found
        if p.startswith("events/columns.null/") and "@" not in p
    }
    assert nulls == {"a/b": [False, True], "when": [False, True]}
    assert found["events@labels"] == ["side/left"]
    np.testing.assert_array_equal(found["events/data"], [[1.0], [np.nan]])


def test_thousands_of_channels_and_pulses(store: str, tmp_path: Path) -> None:
    n_channels = 12_000
    labels = [f"électrode {i:05d}" for i in range(n_channels)]
    rng = np.random.default_rng(3)
    pulses = np.cumsum(rng.uniform(0.02, 0.4, 9000))
    t = nc.timeline(
        grid=nc.Recording.of(np.zeros((n_channels, 3)), 1.0 / 700, labels, "uV"),
        camera=nc.stream(nc.Recording.of(np.zeros((1, 2000)), 1.0), pulses={"ttl": pulses - 0.25}),
    ).sync("camera", to="grid", pulses=("camera.ttl", pulses))
    found = read(write(t, store, tmp_path, t.window(1, 800)))
    assert found["grid@labels"] == labels
    assert found["grid@units"] == ["uV"] * n_channels
    np.testing.assert_allclose(found["camera/pulses"][:, 1], pulses)
    assert ClockMap.from_json(found["camera@clock_map"]) == t.map("camera")
    assert found["@lineage"]["streams"]["camera"]["links"][0]["fit"]["n_pairs"] == 9000


def test_streams_without_samples(store: str, tmp_path: Path) -> None:
    t = nc.timeline(
        ephys=nc.Recording.of(np.zeros((2, 100)), 10.0), licks=[50.0], notes={"onset": [60.0], "text": ["a"]}
    )
    found = read(write(t, store, tmp_path, t.window(1, 2)))
    assert found["licks/data"].shape == (0, 0)
    assert found["licks/time"].shape == (0,)
    assert found["notes/columns/text"].tolist() == []


def test_windows_of_another_timeline_are_refused(
    synced: nc.Timeline, rig: Rig, store: str, tmp_path: Path
) -> None:
    window = synced.window(2, 3)
    for other in (synced.move("bold", 0.5), synced.where("velocity > 0")):
        with pytest.raises(nc.ShapeError, match="another clock or filter in this timeline"):
            write(other, store, tmp_path, window)
    with pytest.raises(nc.ShapeError, match=r"'ephys' is not that of this timeline"):
        write(nc.timeline(ephys=nc.open(rig.probe, **rig.raw)), store, tmp_path, window)
    with pytest.raises(nc.ShapeError, match="there are no windows"):
        write(synced, store, tmp_path, [])
    assert not list(tmp_path.glob("*w.*"))


def test_file_names_of_any_bytes(store: str, tmp_path: Path) -> None:
    name = b"prob\xff \xc3\xa9\n.bin".decode("utf-8", "surrogateescape")
    np.arange(40, dtype=np.int16).tofile(tmp_path / name)
    t = nc.timeline(ephys=nc.open(tmp_path / name, channels=2, sampling_frequency=10, dtype="int16"))
    found = read(write(t, store, tmp_path))
    assert len(found["ephys/data"]) == 20
    assert found["ephys@source"] == ["prob\\xff é\n.bin"]
