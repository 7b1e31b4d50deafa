"""Recordings with gaps (EDF+D): windows on the true clock equal looking each data record's time up."""

import pickle
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from edf_files import annotation_signal, edf_bytes, noise, tal, with_gaps
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import memory_file

from neurochain.errors import FormatError, ShapeError
from neurochain.formats import Annotation, Recording, open_recording, read_header
from neurochain.storage import File, ReadLog, recording_reads

START = datetime(2004, 3, 2, 5, 6, 7)


class Kept:
    """Memo in a dict."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self.values.get(key)

    def put(self, key: str, value: bytes) -> None:
        self.values[key] = value


@pytest.fixture
def gapped(tmp_path: Path) -> Recording:
    """8 Hz; 3 s, a gap of 2.5 s, 2 s, a gap of 100 s, 1 s; the first record 0.25 s behind the header's second."""
    data, _ = with_gaps([0.25, 1.25, 2.25, 5.75, 6.75, 107.75], notes=[(6.25, "restart")])
    (tmp_path / "gaps.edf").write_bytes(data)
    return open_recording(File.at(tmp_path / "gaps.edf"))


def in_memory(data: bytes, memo: Kept | None = None) -> Recording:
    return open_recording(memory_file("memory.edf", data, "etag"), memo=memo or Kept())


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([0, 0, 0, 0, 0.5, 1, 1.25, 100]), min_size=1, max_size=40),
    st.sampled_from([1, 2, 0.5, 0.1]),
    st.sampled_from([0, 0.25, 3]),
    st.integers(0, 2),
    st.data(),
)
def test_windows_equal_looking_each_record_up(
    pauses: list[float], duration: float, first: float, silence: int, data: st.DataObject
) -> None:
    n = 8
    pauses = [*[0.0] * 50 * silence, *pauses, *[0.0] * 50 * silence]
    starts = first + np.cumsum(pauses) - pauses[0] + np.arange(len(pauses)) * duration
    raw, samples = with_gaps(starts.tolist(), duration, n)
    recording = in_memory(raw)
    times = (starts[:, None] - first + np.arange(n) * duration / n).ravel()
    breaks = np.flatnonzero(np.array(pauses[1:]) > 0) + 1
    expected = [
        (starts[a] - first, starts[b - 1] - first + duration)
        for a, b in zip([0, *breaks], [*breaks, len(pauses)], strict=True)
    ]
    np.testing.assert_allclose(recording.segments, expected, atol=1e-8)
    low, high = data.draw(st.sampled_from(recording.segments))
    parts = sorted(data.draw(st.tuples(st.floats(0, 1), st.floats(0, 1))))
    start, end = (low + part * (high - low) for part in parts)
    window = recording.stored.window(start, end)
    found = window[0]
    slack = 1e-6 * duration / n + 1e-8
    inside = (times >= start - slack) & (times < end - slack)
    if (np.abs(times[:, None] - [start, end]) > 2 * slack).all():
        np.testing.assert_array_equal(found, samples[inside])
    if len(found):
        at = np.flatnonzero(np.abs(times - window.start) < 1e-6)
        np.testing.assert_array_equal(found, samples[at[0] : at[0] + len(found)])
    assert window.segments == ((window.start, window.start + window.duration),)
    assert not window.discontinuous


def test_the_clock_goes_on_in_gaps(gapped: Recording) -> None:
    values = gapped.read()
    assert gapped.segments == ((0.0, 3.0), (5.5, 7.5), (107.5, 108.5))
    assert (gapped.duration, gapped.shape, gapped.discontinuous) == (6.0, (1, 48), True)
    assert repr(gapped) == "<Recording gaps.edf (1 channel, 6 s) 8 Hz, may have gaps>"
    assert gapped.start_time == START + timedelta(seconds=0.25)
    for (start, end), at in zip(gapped.segments, (0, 24, 40), strict=True):
        window = gapped.window(start, end)
        np.testing.assert_array_equal(window[...], values[:, at : at + round(8 * (end - start))])
        assert (window.start, window.duration) == (start, end - start)
        assert window.start_time == START + timedelta(seconds=0.25 + start)
    window = gapped.window(6.0, 7.0)
    np.testing.assert_array_equal(window[...], values[:, 28:36])
    assert repr(window) == "<Recording gaps.edf (1 channel, 1 s from 6 s) 8 Hz>"
    assert window.annotations == gapped.annotations == (Annotation(6.0, None, "restart"),)
    np.testing.assert_array_equal(window.window(6.5, 7.0)[...], values[:, 32:36])
    np.testing.assert_array_equal(gapped.window(6.0, 7.0, channels=["Cz"])[...], values[:, 28:36])
    for one in (window, window.stored, window.window(6.5, 7), gapped.pick([0]), gapped):
        again = pickle.loads(pickle.dumps(one))
        assert (again.start, again.start_time, again.segments) == (one.start, one.start_time, one.segments)
        np.testing.assert_array_equal(again[...], one[...])
    with pytest.raises(ShapeError, match="goes from 6 s to 7 s"):
        window.window(5.5, 7)


@pytest.mark.parametrize(
    ("span", "message"),
    [
        ((2, 6), r"window\(2, 6\): .*gaps\.edf has a gap from 3 s to 5\.5 s, .*recording\.segments"),
        ((4, 5), "has a gap from 3 s to 5.5 s"),
        ((4, 6), "has a gap from 3 s to 5.5 s"),
        ((0, 108.5), "has a gap from 3 s to 5.5 s"),
        ((7, 8), "has a gap from 7.5 s to 107.5 s"),
        ((-1, 1), "goes from 0 s to 108.5 s, with 2 gaps"),
        ((108, 109), "goes from 0 s to 108.5 s, with 2 gaps"),
        ((3, 2), "Ask for"),
        ((float("nan"), 2), "Ask for"),
    ],
)
def test_a_window_lies_in_one_stretch(gapped: Recording, span: tuple[float, float], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        gapped.window(*span)


def test_slices_by_sample_know_no_gaps(gapped: Recording) -> None:
    assert gapped[0, 20:30].shape == (10,)
    assert gapped.channel("Cz").shape == (48,)


def test_channels_of_different_rates_with_gaps(tmp_path: Path) -> None:
    fast, slow = noise(4, 100), noise(4, 5, 1)
    signals = [
        {"label": "fast", "samples": fast},
        annotation_signal([tal(t) for t in (0, 1, 7.5, 8.5)]),
        {"label": "slow", "samples": slow},
    ]
    (tmp_path / "a.edf").write_bytes(edf_bytes(signals, 4, reserved="EDF+D"))
    window = open_recording(File.at(tmp_path / "a.edf")).stored.window(7.75, 9.5)
    np.testing.assert_array_equal(window.channel("fast"), fast.ravel()[225:400])
    np.testing.assert_array_equal(window.channel("slow"), slow.ravel()[12:20])
    assert window.start == 7.75
    inner = pickle.loads(pickle.dumps(window)).window(8, 9)
    np.testing.assert_array_equal(inner.channel("slow"), slow.ravel()[13:18])


def test_without_gaps_it_is_as_any_other(tmp_path: Path) -> None:
    data, samples = with_gaps(range(30))
    memo = Kept()
    recording = in_memory(data, memo)
    assert recording.segments == ((0.0, 30.0),)
    assert list(memo.values.values()) == [b""]
    assert in_memory(data, memo).segments == ((0.0, 30.0),)
    np.testing.assert_array_equal(recording.stored.window(3, 21)[0], samples[24:168])
    with pytest.raises(ShapeError, match=r"goes from 0 s to 30 s\. Ask"):
        recording.window(29, 31)
    third, _ = with_gaps([i / 3 for i in range(3000)], 0.333333)  # 1/3 s has no eight characters
    assert len(in_memory(third).segments) == 1


def test_many_records_cost_few_times(tmp_path: Path) -> None:
    starts = np.arange(4000.0)
    starts[1234:] += 7
    starts[3999:] += 0.75
    n = 1000
    data, samples = with_gaps(starts.tolist(), 1, n)
    (tmp_path / "a.edf").write_bytes(data)
    expected = ((0.0, 1234.0), (1241.0, 4006.0), (4006.75, 4007.75))
    pulled, read = [], []
    memo = Kept()
    for i, io in enumerate(("bytes", "time", "bytes")):
        with recording_reads(ReadLog(io=io)) as log:  # type: ignore[arg-type]
            recording = open_recording(File.at(tmp_path / "a.edf"), format="edf", memo=memo)
            opened = log.bytes
            assert recording.segments == expected
            pulled.append(log.bytes - opened)
            before = log.bytes
            np.testing.assert_array_equal(
                recording.stored.window(1241, 1242)[0], samples[1234 * n : 1235 * n]
            )
            assert log.bytes - before == 2 * n
            read.append(log.files()[0].ranges)
        assert len(memo.values) == 1
        if i == 0:
            memo.values.clear()
    assert pulled[0] < 64 * 60  # two gaps, 12 halves each
    assert pulled[1] < len(data) / 10
    assert pulled[2] <= 64 * 6  # remembered: the first and last record of three stretches
    assert read[0] == read[1] == read[2]  # whatever it took to find them, the same ranges prove them


def test_what_was_remembered_is_no_more_than_a_hint(tmp_path: Path) -> None:
    data, _ = with_gaps([0, 1, 5, 6])
    memo = Kept()
    assert in_memory(data, memo).segments == ((0.0, 2.0), (5.0, 7.0))
    (key,) = memo.values
    for wrong in (
        b"",
        b"abc",
        np.array([9], "<i8").tobytes(),
        np.array([3, 2], "<i8").tobytes(),
        np.array([1, 2], "<i8").tobytes(),
    ):
        memo.values[key] = wrong
        assert in_memory(data, memo).segments == ((0.0, 2.0), (5.0, 7.0))


@pytest.mark.parametrize(
    ("starts", "message"),
    [
        ([0, 5, 3, 9], "they overlap"),
        ([0, 1, 1.25, 9], "data record 2 begins at 1.25 s, .* they overlap"),
        ([5, 1], "they overlap"),
    ],
)
def test_records_that_overlap_are_an_error(starts: list[float], message: str) -> None:
    recording = in_memory(with_gaps(starts)[0])
    with pytest.raises(FormatError, match=message):
        recording.window(0, 1)
    assert recording.shape == (1, 8 * len(starts))


def test_times_that_are_missing_are_an_error() -> None:
    samples = {"label": "Cz", "samples": noise(3, 8)}
    silent = annotation_signal([tal(0), b"\0", tal(4)])
    recording = in_memory(edf_bytes([samples, silent], 3, reserved="EDF+D"))
    with pytest.raises(FormatError, match="data record 1 cannot be read: when the record begins"):
        _ = recording.segments
    none = in_memory(edf_bytes([samples], 3, reserved="EDF+D"))
    with pytest.raises(FormatError, match=r"gaps \(EDF\+D\), but has no annotation signal"):
        none.window(0, 1)
    assert none[0, :3].shape == (3,)
    alone = in_memory(edf_bytes([annotation_signal([tal(0), tal(7, "", "a")])], 2, 0, reserved="EDF+D"))
    assert alone.segments == ()
    assert alone.annotations == (Annotation(7.0, None, "a"),)


def test_a_drift_of_less_than_a_sample_per_record_adds_up() -> None:
    starts = np.arange(200.0) * 1.01  # each begins 10 ms late, where a sample lasts 125 ms
    raw, samples = with_gaps(starts.tolist())
    recording = in_memory(raw)
    for low, high in recording.segments:
        window = recording.stored.window(low, high)
        at = round(window.start / 1.01) * 8
        np.testing.assert_array_equal(window[0], samples[at : at + window.shape[1]])
        assert abs(window.start - starts[at // 8]) < 1e-6
    assert 20 < len(recording.segments) < 40


def test_no_records(tmp_path: Path) -> None:
    recording = in_memory(
        edf_bytes(
            [{"label": "Cz", "samples": np.ones((1, 8))}, annotation_signal([tal(0)])], 0, reserved="EDF+D"
        )
    )
    assert (recording.segments, recording.annotations, recording.start_time) == ((), (), START)
    with pytest.raises(ShapeError, match="holds no samples"):
        recording.window(0, 0)


def test_the_header_says_that_there_may_be_gaps(gapped: Recording) -> None:
    assert gapped.file is not None
    found = read_header(gapped.file)
    assert found.record is not None
    assert (found.header["duration"], found.record["discontinuous"]) == (6.0, True)
