"""Channels by name: pick and window(channels=) give what indexing the whole gives, and read no more."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from edf_files import edf_bytes, noise
from hypothesis import given
from hypothesis import strategies as st

from neurochain.errors import ColumnExistsError, ColumnNotFoundError, ShapeError
from neurochain.formats import Recording, open_recording
from neurochain.storage import File, ReadLog, recording_reads

LABELS = ["Fp1", "Fp2", "Cz", "O1", "O2"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Five channels of 4 s at 100 Hz."""
    signals = [{"label": label, "samples": noise(4, 100, i)} for i, label in enumerate(LABELS)]
    (tmp_path / "a.edf").write_bytes(edf_bytes(signals, 4))
    return tmp_path / "a.edf"


@pytest.fixture
def uneven(tmp_path: Path) -> Recording:
    """Two channels at 100 Hz, and between them two at 10 Hz."""
    rates = {"Fp1": 100, "SpO2": 10, "Temp": 10, "O2": 100}
    signals = [{"label": label, "samples": noise(4, n, i)} for i, (label, n) in enumerate(rates.items())]
    (tmp_path / "uneven.edf").write_bytes(edf_bytes(signals, 4))
    return open_recording(File.at(tmp_path / "uneven.edf"))


@given(st.lists(st.sampled_from(range(-5, 5)), min_size=1, unique_by=lambda i: i % 5), st.data())
def test_picked_channels_are_those_of_the_whole(picked: list[int], data: st.DataObject) -> None:
    values = np.arange(200.0).reshape(5, 40)
    in_memory = Recording.of(values, 10.0, LABELS, [f"{i}V" for i in range(5)], start=3.0)
    named = [LABELS[i] if data.draw(st.booleans()) else i for i in picked]
    start, end = sorted(data.draw(st.tuples(st.integers(0, 40), st.integers(0, 40))))
    once = in_memory.pick(named)
    cut = in_memory.window(3 + start / 10, 3 + end / 10, channels=named)
    for found, expected in ((once, values[picked]), (cut, values[picked, start:end])):
        np.testing.assert_array_equal(found[...], expected)
        np.testing.assert_array_equal(np.asarray(found), expected)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(found))[...], expected)
    assert once.channels == tuple(LABELS[i] for i in picked)
    assert once.units == tuple(f"{i % 5}V" for i in picked)
    assert (once.start, once.duration, once.shape) == (3.0, 4.0, (len(picked), 40))
    again = data.draw(st.permutations(range(len(picked))))
    np.testing.assert_array_equal(once.pick(again)[...], values[[picked[i] for i in again]])


def test_picked_channels_of_a_file(path: Path) -> None:
    whole = open_recording(File.at(path))
    values = whole.read()
    picked = whole.pick(["O2", "Fp1", np.int64(2)])
    np.testing.assert_array_equal(picked[...], values[[4, 0, 2]])
    np.testing.assert_array_equal(picked[::-1, 5:300:7], values[[2, 0, 4], 5:300:7])
    np.testing.assert_array_equal(picked.channel("Cz", 150, 160), values[2, 150:160])
    np.testing.assert_array_equal(picked.stored[0], whole.stored[4])
    assert picked.gains.shape == picked.offsets.shape == (3,)
    window = whole.window(1.25, 2.5, channels=["O2", "Fp1"])
    assert repr(window) == "<Recording a.edf (2 channels, 1.25 s from 1.25 s) 100 Hz>"
    np.testing.assert_array_equal(window[...], values[[4, 0], 125:250])
    np.testing.assert_array_equal(window.window(1.5, 2.0, channels=["Fp1"])[0], values[0, 150:200])
    np.testing.assert_array_equal(window.pick([1])[0], values[0, 125:250])
    for one in (picked, picked.stored, window, window.stored):
        again = pickle.loads(pickle.dumps(one))
        assert (again.channels, again.shape, again.start, again.dtype) == (
            one.channels,
            one.shape,
            one.start,
            one.dtype,
        )
        np.testing.assert_array_equal(again[...], one[...])


def test_picking_reads_nothing_and_a_slice_reads_what_was_picked(path: Path) -> None:
    with recording_reads(ReadLog(io="bytes")) as log:
        recording = open_recording(File.at(path), format="edf")
        opened = log.bytes
        window = recording.window(1.0, 3.0, channels=["O2"])
        assert log.bytes == opened
        assert window[...].shape == (1, 200)
        assert log.bytes - opened == 2 * (100 * 2) + 4 * 200  # what lies between is less than a request


def test_picked_channels_of_one_rate_have_an_array(uneven: Recording) -> None:
    with pytest.raises(ShapeError, match=r"different sampling frequencies .* recording\.pick\(\[…\]\)"):
        _ = uneven.shape
    fast, slow = uneven.pick(["O2", "Fp1"]), uneven.pick(["SpO2", "Temp"])
    assert (fast.shape, fast.sampling_frequency) == ((2, 400), 100.0)
    assert (slow.shape, slow.sampling_frequency) == ((2, 40), 10.0)
    np.testing.assert_array_equal(np.asarray(fast), [uneven.channel("O2"), uneven.channel("Fp1")])
    np.testing.assert_array_equal(slow[1], uneven.channel("Temp"))
    cut = uneven.window(0.95, 2.05, channels=["Temp"])
    np.testing.assert_array_equal(cut[0], uneven.channel("Temp", 10, 21))
    assert cut.start == 1.0
    with pytest.raises(ShapeError, match="different sampling frequencies"):
        _ = uneven.pick(["Fp1", "Temp"]).shape


def test_a_window_in_a_window_keeps_each_channel_on_the_clock(uneven: Recording) -> None:
    outer = uneven.window(0.95, 3.05)  # begins between two samples of the slow channels
    inner = outer.window(1.0, 2.0)
    np.testing.assert_array_equal(inner.channel("Temp"), uneven.channel("Temp", 10, 20))
    np.testing.assert_array_equal(inner.channel("O2"), uneven.channel("O2", 100, 200))
    assert (outer.start, inner.start) == (0.95, 1.0)
    again = pickle.loads(pickle.dumps(outer)).window(1.0, 2.0)
    np.testing.assert_array_equal(again.channel("Temp"), inner.channel("Temp"))


def test_a_label_that_several_channels_have(tmp_path: Path) -> None:
    signals = [{"label": label, "samples": noise(1, 8, i)} for i, label in enumerate(["EEG", "EEG", "ECG"])]
    (tmp_path / "a.edf").write_bytes(edf_bytes(signals, 1))
    recording = open_recording(File.at(tmp_path / "a.edf"))
    with pytest.raises(ColumnNotFoundError, match=r"a\.edf has several channels 'EEG': use .* \[0, 1\]"):
        recording.pick(["EEG"])
    np.testing.assert_array_equal(recording.pick([1, "ECG"]).stored[0], signals[1]["samples"][0])


@pytest.mark.parametrize(
    ("channels", "error", "message"),
    [
        (["Fpz"], ColumnNotFoundError, "has no channel 'Fpz'. Did you mean 'Fp2' or 'Fp1'"),
        (["fp1"], ColumnNotFoundError, "Did you mean 'Fp1'"),
        (["Fp1", "Cz", 0], ColumnExistsError, r"Channel 0 \('Fp1'\) .* is named by 'Fp1' and 0"),
        (["Cz", "Cz"], ColumnExistsError, r"named by 'Cz', twice"),
        ([], ShapeError, "Name one at least"),
        ("Cz", TypeError, r"named in a list: \['Cz'\]"),
        ([True, False], TypeError, "True is no channel"),
        ([5], IndexError, "has 5 channels: there is no index 5"),
        ([1.5], TypeError, "float"),
    ],
)
def test_channels_that_cannot_be(path: Path, channels: object, error: type[Exception], message: str) -> None:
    recording = open_recording(File.at(path))
    for use in (recording.pick, lambda c: recording.window(0, 1, channels=c)):
        with pytest.raises(error, match=message):
            use(channels)  # type: ignore[arg-type]


def test_picked_memory_is_shared_where_it_lies_evenly() -> None:
    array = np.arange(12.0).reshape(4, 3)
    recording = Recording.of(array, 1.0)
    assert np.shares_memory(np.asarray(recording.pick([1, 3])), array)
    assert np.shares_memory(np.asarray(recording.pick([2]).window(1, 2)), array)
    backwards = recording.pick([2, 1])
    np.testing.assert_array_equal(np.asarray(backwards, np.float32), array[[2, 1]])
    with pytest.raises(ValueError, match="no memory to share"):
        backwards.__array__(copy=False)
