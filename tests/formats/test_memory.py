"""Volumes and recordings in memory, and windows: they behave as the lazy ones of files."""

import pickle
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from edf_files import edf_bytes, noise
from hypothesis import given
from hypothesis import strategies as st

from neurochain.errors import ColumnNotFoundError, ShapeError
from neurochain.formats import Recording, Volume, open_recording, open_volume
from neurochain.storage import File, recording_reads
from neurochain.testing.edf import write_edf

NOON = datetime(2025, 1, 1, 12)


def same(a: Recording, b: Recording) -> None:
    """Equal in all that can be asked."""
    names = ["file", "format", "channels", "units", "sampling_frequencies", "lengths", "start", "start_time"]
    names += ["duration", "discontinuous", "dtype", "shape"]
    assert {n: getattr(a, n) for n in names} == {n: getattr(b, n) for n in names}
    np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """Two channels of 10 s at 100 Hz, in a file."""
    signals = np.vstack([np.linspace(-50, 50, 1000), np.sin(np.arange(1000))])
    return open_recording(File.at(write_edf(tmp_path / "a.edf", signals, 100, ["Fz", "Cz"])))


@given(st.data())
def test_a_slice_of_a_volume_is_that_of_the_array(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=4)))
    array = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    if data.draw(st.booleans()):
        array = np.asfortranarray(array)[::-1]
    volume = Volume.of(array)
    index = tuple(
        data.draw(st.slices(n) | st.integers(-n, n - 1)) if n else slice(None)
        for n in shape[: data.draw(st.integers(0, len(shape)))]
    )
    found = volume[index]
    assert (found.shape, found.dtype) == (array[index].shape, array.dtype)
    np.testing.assert_array_equal(found, array[index])
    if isinstance(found, np.ndarray) and found.size:
        assert not np.shares_memory(found, array)
        torch.from_numpy(found)


def test_a_volume_says_what_it_is() -> None:
    affine = np.array([[0, -2.0, 0, 5], [3, 0, 0, 6], [0, 0, 4, 7], [0, 0, 0, 1]])
    volume = Volume.of(np.zeros((2, 3, 4, 5), ">i2"), affine)
    assert (volume.file, volume.format) == (None, "memory")
    assert (volume.shape, volume.ndim, volume.size, len(volume)) == ((2, 3, 4, 5), 4, 120, 2)
    assert volume.dtype == np.dtype("int16")
    assert (volume.axes, volume.voxel_sizes) == (("x", "y", "z", "t"), (3.0, 2.0, 4.0))
    assert (volume.slope, volume.intercept) == (1.0, 0.0)
    assert repr(volume) == "<Volume in memory (x: 2, y: 3, z: 4, t: 5) int16, 3 x 2 x 4 mm>"
    assert repr(volume.stored) == repr(volume)
    slice_ = Volume.of(np.ones((2, 2)), axes=["row", "column"], voxel_sizes=[0.5, 0.5])
    assert repr(slice_) == "<Volume in memory (row: 2, column: 2) float64, 0.5 x 0.5 mm>"
    assert (slice_.affine, Volume.of([1, 2]).voxel_sizes) == (None, ())
    assert Volume.of(np.zeros((1,) * 9)).axes[-2:] == ("dim8", "dim9")


def test_a_volume_equals_the_file_it_came_from(tmp_path: Path) -> None:
    voxels = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([2.0, 3, 4, 1])), tmp_path / "a.nii")
    lazy = open_volume(File.at(tmp_path / "a.nii"))
    held = Volume.of(lazy, lazy.affine, lazy.axes, lazy.voxel_sizes)
    for name in ("shape", "dtype", "axes", "voxel_sizes"):
        assert getattr(held, name) == getattr(lazy, name)
    assert Volume.of(lazy, lazy.affine).voxel_sizes == pytest.approx(lazy.voxel_sizes)
    np.testing.assert_array_equal(held.affine, lazy.affine)
    np.testing.assert_array_equal(held[:, 1, ::-1], lazy[:, 1, ::-1])


def test_memory_is_shared_where_nobody_asks_for_a_copy() -> None:
    array = np.arange(6.0).reshape(2, 3)
    for held in (Volume.of(array), Recording.of(array, 1.0)):
        assert np.shares_memory(np.asarray(held), array)
        assert not np.shares_memory(held.read(), array)
        assert not np.shares_memory(np.array(held), array)
        assert np.asarray(held, np.float32).dtype == np.float32
        with pytest.raises(ValueError, match="float64 becomes float32 by copying alone"):
            held.__array__(np.float32, copy=False)


def test_by_value_to_another_process() -> None:
    array = np.arange(60, dtype=np.int16).reshape(2, 30)
    volume = Volume.of(array, np.diag([1.0, 2, 3, 1]), ["a", "b"], [1.5])
    again = pickle.loads(pickle.dumps(volume))
    assert (again.axes, again.voxel_sizes, again.file) == (("a", "b"), (1.5,), None)
    np.testing.assert_array_equal(again.affine, volume.affine)
    np.testing.assert_array_equal(np.asarray(again), array)
    whole = Recording.of(array, 10.0, ["a", "b"], ["uV", "mV"], 7.0, NOON)
    same(pickle.loads(pickle.dumps(whole)), whole)
    window = whole.window(8, 9)
    same(pickle.loads(pickle.dumps(window)), window)
    large = Recording.of(np.zeros((2, 100_000)), 100.0)
    assert len(pickle.dumps(large.window(0, 1))) < 5_000  # the window, not what it was cut from


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Volume.of(np.zeros((2, 2)), np.eye(3)), ShapeError, r"affine has the shape \(4, 4\)"),
        (lambda: Volume.of(np.zeros((2, 2)), axes=["x"]), ShapeError, "2 axes, and 1 names are given: x"),
        (lambda: Volume.of(np.ma.masked_array([1], [1])), TypeError, "masked"),
        (lambda: Volume.of(["a"]), TypeError, "holds no numbers"),
        (lambda: Recording.of(np.zeros(3), 1), ShapeError, r"shape \(3,\) is not \(n_channels, n_samples\)"),
        (lambda: Recording.of(np.zeros((0, 3)), 1), ShapeError, "one channel at least"),
        (lambda: Recording.of(np.zeros((2, 3)), 0), ValueError, "sampling_frequency=0 is no positive"),
        (lambda: Recording.of(np.zeros((2, 3)), 1, ["a"]), ShapeError, "2 channels, and 1 labels"),
        (lambda: Recording.of(np.zeros((2, 3)), 1, units=["V"] * 3), ShapeError, "and 3 units are given"),
        (lambda: Recording.of(np.zeros((2, 3)), 1, start=float("nan")), ValueError, "no time in seconds"),
        (
            lambda: Recording.of(np.zeros((2, 3)), 1, start_time=datetime(2025, 1, 1, tzinfo=UTC)),
            ValueError,
            "local time",
        ),
    ],
)
def test_what_cannot_be_is_refused(make: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()  # type: ignore[operator]


def test_a_recording_says_what_it_is() -> None:
    array = np.arange(10, dtype=np.float32).reshape(2, 5)
    held = Recording.of(array, 2, ["Fz", "Cz"], "uV", 3.0, NOON)
    assert (held.file, held.format, held.shape, held.dtype) == (None, "memory", (2, 5), np.float32)
    assert (held.channels, held.units) == (("Fz", "Cz"), ("uV", "uV"))
    assert (held.sampling_frequency, held.duration, held.start, held.start_time) == (2.0, 2.5, 3.0, NOON)
    assert repr(held) == "<Recording in memory (2 channels, 2.5 s from 3 s) 2 Hz>"
    np.testing.assert_array_equal(held.channel("Cz", 1, 3), array[1, 1:3])
    np.testing.assert_array_equal(held[::-1, 4:1:-2], array[::-1, 4:1:-2])
    assert held[1, 2] == 7
    assert held.stored.dtype == np.float32
    with pytest.raises(ColumnNotFoundError, match="the recording has no channel 'Pz'"):
        held.channel("Pz")
    assert Recording.of(array, 2).channels == ("0", "1")
    assert Recording.of(array, 2).units == ("", "")


@given(
    st.sampled_from([1.0, 7.0, 128.0, 256.3, 30000.0]),
    st.integers(0, 200),
    st.lists(st.floats(0, 1), max_size=4),
    st.floats(-100, 100) | st.just(1.7e9),
)
def test_windows_side_by_side_are_the_whole(rate: float, n: int, cuts: list[float], start: float) -> None:
    array = np.arange(n, dtype=np.float64)[None]
    whole = Recording.of(array, rate, start=start)
    times = [start, *sorted(start + c * whole.duration for c in cuts), start + whole.duration]
    spans = list(pairwise(times))
    windows = [whole.window(a, b) for a, b in spans]
    np.testing.assert_array_equal(np.hstack([w[...] for w in windows]), array)
    for window, (a, b) in zip(windows, spans, strict=True):
        values = window[0]
        assert window.shape == (1, len(values))
        stamps = whole.start + values / rate
        slack = 1e-5 / rate + 1e-9 + 4 * np.spacing(abs(start) + whole.duration)
        assert ((stamps >= a - slack) & (stamps < b + slack)).all()
        if len(values):
            assert window.start == pytest.approx(stamps[0])
            assert (window.duration, window.sampling_frequency) == (len(values) / rate, rate)


def test_a_window_of_a_file_is_read_when_it_is_used(recording: Recording) -> None:
    whole = recording.read()
    with recording_reads() as log:
        lazy = open_recording(File.at(recording.file.uri)) if recording.file else recording
        opened = log.bytes
        window = lazy.window(2.5, 4)
        assert (log.bytes, window.file) == (opened, lazy.file)
        values = window[...]
        assert 0 < log.bytes - opened < 2 * 2 * 1000
    np.testing.assert_array_equal(values, whole[:, 250:400])
    assert (window.shape, window.start, window.duration) == ((2, 150), 2.5, 1.5)
    assert recording.start_time is not None
    assert window.start_time == recording.start_time + timedelta(seconds=2.5)
    assert repr(window) == "<Recording a.edf (2 channels, 1.5 s from 2.5 s) 100 Hz>"
    np.testing.assert_array_equal(window.channel("Cz", 10, 20), whole[1, 260:270])
    np.testing.assert_array_equal(window[1, -5:], whole[1, 395:400])
    np.testing.assert_array_equal(window.stored[0], recording.stored[0, 250:400])
    inner = window.window(3, 3.5)  # on the same clock
    np.testing.assert_array_equal(inner[...], whole[:, 300:350])
    for one in (window, inner, inner.stored):
        same(pickle.loads(pickle.dumps(one)), one)
    assert window.window(2.5, 2.5).shape == (2, 0)


@pytest.mark.parametrize("span", [(-1, 2), (9, 10.5), (3, 2), (float("nan"), 1), (0, float("inf"))])
def test_a_window_lies_within_its_recording(recording: Recording, span: tuple[float, float]) -> None:
    with pytest.raises(ShapeError, match=r"a\.edf goes from 0 s to 10 s"):
        recording.window(*span)
    with pytest.raises(ShapeError, match="goes from 2 s to 3 s"):
        recording.window(2, 3).window(1, 3)


def test_windows_of_channels_of_different_rates() -> None:
    fast, slow = noise(3, 100), noise(3, 10, 1)
    data = edf_bytes([{"label": "fast", "samples": fast}, {"label": "slow", "samples": slow}], 3)
    Path("two.edf").write_bytes(data)
    window = open_recording(File.at("two.edf")).stored.window(0.95, 2.05)
    np.testing.assert_array_equal(window.channel("fast"), fast.ravel()[95:205])
    np.testing.assert_array_equal(window.channel("slow"), slow.ravel()[10:21])
    again = pickle.loads(pickle.dumps(window))
    np.testing.assert_array_equal(again.channel("slow"), window.channel("slow"))
    with pytest.raises(ShapeError, match="different sampling frequencies"):
        np.asarray(window)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
