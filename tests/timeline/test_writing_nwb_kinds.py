"""Every kind of stream in NWB: units and gains, clocks that jump, odd tables; each file valid by pynwb."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import polars as pl
import pynwb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sessions import read, valid

import neurochain as nc
from neurochain.testing.edf import write_edf
from neurochain.timeline.clocks.clockmap import ClockMap
from neurochain.timeline.clocks.evenclock import EvenClock
from neurochain.timeline.writing.nwb.taken import Taken

BEGAN = datetime(2026, 5, 1, 14, 30, tzinfo=UTC)


def made(n: int = 100, **streams: Any) -> nc.Timeline:
    """Streams beside a recording of ten seconds."""
    return nc.timeline(base=nc.Recording.of(np.zeros((1, n)), n / 10, units="uV"), **streams)


def written(timeline: nc.Timeline, folder: Path, into: Any, windows: Any = None) -> Any:
    """What is found in a valid file of windows."""
    return read(valid(timeline.to_nwb(folder / "w.nwb", windows, session_start_time=BEGAN)), into)


def physical(series: Any) -> np.ndarray:
    """Values in the unit of a series, as the standard says."""
    each = 1.0 if getattr(series, "channel_conversion", None) is None else series.channel_conversion[:]
    values: np.ndarray = series.data[:] * series.conversion * each + series.offset
    return values


def test_channels_of_several_units_are_several_series(tmp_path: Path) -> None:
    values = np.arange(40.0).reshape(4, 10)
    recording = nc.Recording.of(values, 1.0, ["Fz", "temp", "Cz", "sync"], ["uV", "degC", "mV", ""])

    def check(file: Any) -> None:
        assert sorted(file.acquisition) == ["eeg", "eeg_sync", "eeg_temp"]
        eeg = file.acquisition["eeg"]
        np.testing.assert_allclose(physical(eeg), values[[0, 2]].T * [1e-6, 1e-3], rtol=1e-12)
        assert eeg.electrodes.to_dataframe()["channel_name"].to_list() == ["Fz", "Cz"]
        temp, sync = file.acquisition["eeg_temp"], file.acquisition["eeg_sync"]
        assert (type(temp), temp.unit, sync.unit) == (pynwb.TimeSeries, "degC", "unknown")
        np.testing.assert_array_equal(temp.data[:], values[[1]].T)
        assert json.loads(sync.comments)["labels"] == ["sync"]

    written(nc.timeline(eeg=recording), tmp_path, check)


def test_what_is_not_in_volts_is_no_electrode(tmp_path: Path) -> None:
    raw = np.arange(-100, 100, dtype=">i2")
    raw.tofile(tmp_path / "p.bin")
    recording = nc.open(
        tmp_path / "p.bin", channels=2, sampling_frequency=10, dtype=">i2", gain=0.5, unit="degC"
    )

    def check(file: Any) -> None:
        series = file.acquisition["warm"]
        assert (type(series), series.unit, series.conversion) == (pynwb.TimeSeries, "degC", 0.5)
        assert (series.data.dtype.kind, series.data.dtype.itemsize) == ("i", 2)
        np.testing.assert_array_equal(series.data[:], raw.reshape(-1, 2))
        assert file.electrodes is None

    written(nc.timeline(warm=recording), tmp_path, check)


@pytest.mark.parametrize("offsets", [(0.0, 0.0), (5.0, 5.0), (5.0, -3.0)])
def test_stored_integers_stay_where_the_standard_can_say_what_they_mean(
    offsets: tuple[float, float], tmp_path: Path
) -> None:
    recording = _scaled(tmp_path, offsets)

    def check(file: Any) -> None:
        series = file.acquisition["eeg"]
        same = offsets[0] == offsets[1]
        assert series.data.dtype == (np.int16 if same else np.float32)
        np.testing.assert_allclose(physical(series), recording[...].T * 1e-6, rtol=1e-6, atol=1e-9)
        if same:
            np.testing.assert_array_equal(series.data[:], recording.stored[...].T)
            np.testing.assert_allclose(series.channel_conversion[:], recording.gains * 1e-6)
            assert series.offset == pytest.approx(recording.offsets[0] * 1e-6)

    written(nc.timeline(eeg=recording), tmp_path, check)


def _scaled(folder: Path, offsets: tuple[float, float]) -> nc.Recording:
    """Integers with a gain and an offset for each channel."""
    write_edf(
        folder / "e.edf", np.random.default_rng(0).integers(-90, 90, (2, 100)).astype(float), 10, ["Fz", "Cz"]
    )
    recording: nc.Recording = nc.open(folder / "e.edf")
    return recording._with(gains=np.array([0.5, 0.25]), offsets=np.array(offsets), units=("uV", "uV"))


def test_gains_that_nobody_says_leave_numbers_of_an_unknown_unit(tmp_path: Path) -> None:
    recording = _scaled(tmp_path, (0.0, 0.0))._with(gains=np.array([np.nan, 0.5]))

    def check(file: Any) -> None:
        assert file.acquisition["eeg"].electrodes.to_dataframe()["channel_name"].to_list() == ["Cz"]
        other = file.acquisition["eeg_Fz"]
        assert (other.unit, other.conversion) == ("unknown", 1.0)
        np.testing.assert_array_equal(other.data[:], recording.stored[:1].T)

    written(nc.timeline(eeg=recording), tmp_path, check)


def test_electrodes_of_several_recordings_are_one_table(tmp_path: Path) -> None:
    t = nc.timeline(
        probe=nc.Recording.of(np.zeros((3, 20)), 10.0, units="uV"),
        eeg=nc.Recording.of(np.ones((2, 20)), 10.0, ["Fz", "Cz"], "uV"),
        probe_aux=nc.Recording.of(np.ones((1, 20)), 10.0, ["x"], "g"),
    )

    def check(file: Any) -> None:
        assert len(file.electrodes) == 5
        assert file.acquisition["eeg"].electrodes.to_dataframe()["channel_name"].to_list() == ["Fz", "Cz"]
        assert sorted(file.electrode_groups) == ["eeg", "probe"]
        assert file.acquisition["probe_aux"].unit == "g"

    written(t, tmp_path, check)


def test_thousands_of_channels(tmp_path: Path) -> None:
    labels = [f"E{i}" for i in range(1000)]
    grid = nc.Recording.of(np.zeros((1000, 4), np.float32), 4.0, labels, "uV")
    found = written(nc.timeline(grid=grid), tmp_path, lambda f: f.electrodes["channel_name"][:].tolist())
    assert found == labels
    assert nc.open(tmp_path / "w.nwb", part="grid").channels == tuple(labels)


def test_gaps_and_jumps_are_in_the_timestamps(tmp_path: Path) -> None:
    jump = ClockMap.piecewise([0, 4, 5, 10], [0, 4, 5.5, 10.5], breaks=[1])
    stopped = nc.Recording.of(np.arange(100.0)[None], 10.0, units="uV")
    t = made(beside=stopped).move("beside", jump)

    def check(file: Any) -> None:
        series = file.acquisition["beside"]
        kept = np.array([*range(40), *range(50, 95)])
        np.testing.assert_array_equal(series.data[:, 0], kept)
        np.testing.assert_allclose(series.timestamps[:], jump(kept / 10))
        assert np.isfinite(series.timestamps[:]).all()
        assert file.acquisition["base"].rate == 10

    written(t, tmp_path, check)


@settings(max_examples=200)
@given(st.data())
def test_times_are_those_of_the_excerpts(data: st.DataObject) -> None:
    """However windows lie: each sample of known time once, in order, and a rate says the same as timestamps."""
    knots = sorted(data.draw(st.lists(st.integers(0, 200), min_size=2, max_size=5, unique=True)))
    steps = [data.draw(st.integers(1, 30)) / 10 for _ in knots]
    breaks = [k for k in range(len(knots) - 1) if data.draw(st.booleans())]
    to_common = data.draw(
        st.sampled_from(
            [
                ClockMap.identity(),
                ClockMap.offset(1.5),
                ClockMap.affine(1.0001, 3.0, 7.0),
                ClockMap.piecewise([k / 10 for k in knots], np.cumsum(steps), breaks),
            ]
        )
    )
    recording = nc.Recording.of(np.zeros((1, 200)), 10.0, units="uV")
    t = nc.timeline(base=nc.stream([0.0]), one=recording).move("one", to_common)
    low, high = t.span_of("one")
    windows = []
    for _ in range(data.draw(st.integers(1, 4))):
        a, b = sorted(data.draw(st.tuples(st.floats(0, 1), st.floats(0, 1))))
        if a < b and low + a * (high - low) < low + b * (high - low):
            windows.append(t.window(low + a * (high - low), low + b * (high - low)))
    if not windows:
        return
    taken = Taken.of([w["one"] for w in windows])
    expected: dict[int, float] = {}
    for w in windows:
        one = w["one"]
        expected |= {
            i: s for i, s in zip(range(one.first, one.last), one.time, strict=True) if np.isfinite(s)
        }
    order = sorted(expected)
    assert [i for first, last in taken.ranges for i in range(first, last)] == order
    np.testing.assert_array_equal(taken.times(), [expected[i] for i in order])
    rate = taken.rate if order else None
    if rate is not None:
        np.testing.assert_allclose(
            rate.start + np.arange(len(order)) / rate.sampling_frequency, taken.times(), rtol=1e-12, atol=1e-9
        )
    elif order and len(taken.ranges) == 1:
        assert to_common.kind == "piecewise"


def test_stretches_of_a_recording_with_gaps(tmp_path: Path) -> None:
    clock = EvenClock(10.0, 60, segments=((0.0, 4.0), (5.0, 7.0)))
    t = made()
    stream = nc.stream(nc.Recording.of(np.arange(60.0)[None], 10.0, units="uV"))
    object.__setattr__(stream, "clock", clock)
    t = made(gapped=stream)

    def check(file: Any) -> None:
        series = file.acquisition["gapped"]
        np.testing.assert_allclose(series.timestamps[:], clock.times(0, 60))
        np.testing.assert_array_equal(series.data[:, 0], np.arange(60))

    written(t, tmp_path, check)
    one = written(t, tmp_path, lambda f: f.acquisition["gapped"].rate, t.window(5, 6))
    assert one == 10


def test_scaled_volumes_and_their_axes(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 900, (5, 4, 3, 6)).astype(np.int16)
    image = nib.Nifti1Image(values, np.eye(4))
    image.header.set_slope_inter(0.5, 10)
    image.header.set_xyzt_units("mm", "sec")
    image.header.set_zooms((1, 1, 1, 1.5))
    nib.save(image, tmp_path / "b.nii")
    zyx = nc.stream(nc.Volume.of(values.T, axes=("t", "z", "y", "x")), repetition_time=1.5)
    flat = nc.stream(nc.Volume.of(values[:, :, 0], axes=("x", "y", "t")), repetition_time=1.5)

    def check(file: Any) -> None:
        bold = file.acquisition["bold"]
        assert bold.data.dtype == np.int16
        np.testing.assert_array_equal(bold.data[:], np.moveaxis(values, -1, 0))
        np.testing.assert_array_equal(physical(bold), np.moveaxis(values, -1, 0) * 0.5 + 10)
        np.testing.assert_array_equal(file.acquisition["zyx"].data[:], np.moveaxis(values, -1, 0))
        np.testing.assert_array_equal(file.acquisition["flat"].data[:], np.moveaxis(values[:, :, 0], -1, 0))

    t = made(bold=tmp_path / "b.nii", zyx=zyx, flat=flat).where("signal > 300", stream="zyx")
    written(t, tmp_path, check)
    mask = written(t, tmp_path, lambda f: f.processing["masks"]["zyx"].data[:])
    np.testing.assert_array_equal(mask, np.moveaxis(values, -1, 0) > 300)
    five = nc.stream(nc.Volume.of(values[None], axes=("echo", "x", "y", "z", "t")), repetition_time=1.5)
    with pytest.raises(nc.ShapeError, match="'five' has the axes echo, x, y, z, time"):
        made(five=five).to_nwb(tmp_path / "x.nwb", session_start_time=BEGAN)
    assert not (tmp_path / "x.nwb").exists()


EVENTS = pl.DataFrame(
    {
        "onset": [3.0, 1.0, 7.5],
        "duration": [0.5, None, -1.0],
        "start_time": ["a", "b", "c"],
        "id": [7, 8, 9],
        "correct": [True, False, None],
        "side/left": ["ü", None, "nul\0"],
        "side_left": [1, None, 3],
        "tags": [["x", "y"], None, []],
        "on": [date(2026, 1, 1), None, date(2026, 1, 2)],
        "nothing": [None, None, None],
    }
)


def test_tables_of_any_columns_are_intervals(tmp_path: Path) -> None:
    def check(file: Any) -> None:
        rows = file.intervals["task"].to_dataframe()
        assert rows["start_time"].to_list() == [1.0, 3.0, 7.5]
        assert rows["stop_time"].to_list() == [1.0, 3.5, 7.5]
        assert rows["start_time_recorded"].to_list() == ["b", "a", "c"]
        assert rows["id_recorded"].to_list() == [8, 7, 9]
        assert rows["correct"].to_list() == ["False", "True", ""]
        assert rows["side_left"].to_list() == ["", "ü", "nul\\0"]
        np.testing.assert_array_equal(rows["side_left_1"], [np.nan, 1, 3])
        assert rows["tags_recorded"].to_list() == ["", '["x", "y"]', "[]"]
        assert rows["on"].to_list() == ["", "2026-01-01", "2026-01-02"]
        assert rows["nothing"].to_list() == ["", "", ""]

    written(made(task=EVENTS), tmp_path, check)


@pytest.mark.parametrize("name", ["trials", "epochs", "invalid_times", "windows"])
def test_events_may_have_names_that_nwb_knows(name: str, tmp_path: Path) -> None:
    t = made(**{name: {"onset": [1.0, 2.0], "end": [1.5, 9.0]}}).move(name, 0.25)
    written(t, tmp_path, lambda f: None)
    rows = nc.read_table(tmp_path / "w.nwb", variable=f"/intervals/{name}").collect()
    assert rows["start_time"].to_list() == [1.25, 2.25]
    assert rows["stop_time"].to_list() == [1.75, 9.25]


def test_behavior_of_any_columns(tmp_path: Path) -> None:
    table = {
        "time": [0.0, 1.0, 2.0],
        "state": ["run", None, "rest"],
        "x/y:z": [1, None, 3],
        "lick": [True, False, True],
        "x_y_z": [4, 5, 6],
    }
    even = nc.stream({"speed": [0.5, 1.5, 2.5, 3, 4, 5]}, sampling_frequency=2.0)
    only = nc.stream({"time": [0.0, 1.0, 2.0]}, time="time")

    def check(file: Any) -> None:
        held = file.processing["behavior"]["track"].time_series
        assert held["state"].data[:].tolist() == ["run", "", "rest"]
        np.testing.assert_array_equal(held["x_y_z"].data[:], [1, np.nan, 3])
        np.testing.assert_array_equal(held["x_y_z_1"].data[:], [4, 5, 6])
        assert held["lick"].data[:].tolist() == [True, False, True]
        for series in held.values():
            np.testing.assert_array_equal(series.timestamps[:], [0, 1, 2])
        speed = file.processing["behavior"]["even"]["speed"]
        assert (speed.rate, speed.starting_time) == (2.0, 0.0)
        np.testing.assert_array_equal(speed.data[:], [0.5, 1.5, 2.5, 3, 4, 5])
        assert "only" not in file.processing["behavior"].data_interfaces

    t = made(track=table, even=even, only=only)
    written(t, tmp_path, check)


def test_units_of_several_streams_and_of_any_name(tmp_path: Path) -> None:
    t = made(
        left={"unit_name": ["a", "7"], "spike_times": [[1.0, 2.0], []]},
        right={"cluster_id": [7], "spike_times": [[0.25, 9.75]]},
    )

    def check(file: Any) -> None:
        rows = file.units.to_dataframe()
        assert rows.index.to_list() == [0, 1, 2]
        assert rows["unit_name"].to_list() == ["a", "7", "7"]
        assert rows["stream"].to_list() == ["left", "left", "right"]
        assert [t.tolist() for t in rows["spike_times"]] == [[1.0, 2.0], [], [0.25, 9.75]]

    written(t, tmp_path, check)
    none = made(silent={"cluster_id": [1], "spike_times": [[50.0]]})
    assert written(none, tmp_path, lambda f: f.units["spike_times"][0].tolist()) == []


def test_streams_without_samples_are_left_out(tmp_path: Path) -> None:
    t = made(
        task={"onset": [9.0]},
        scan=nc.stream(nc.Volume.of(np.zeros((2, 2, 2, 5)), axes=("x", "y", "z", "t")), repetition_time=2.0),
    )
    found = written(t, tmp_path, lambda f: [*f.acquisition, *f.intervals], t.window(1, 1.05))
    assert found == ["base", "scan", "windows"]
    one = written(
        t,
        tmp_path,
        lambda f: (f.acquisition["base"].data.shape, f.acquisition["base"].rate),
        t.window(1, 1.05),
    )
    assert one == ((1, 1), 10.0)
