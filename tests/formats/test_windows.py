"""Windows over the time of recordings."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochain.errors import ColumnNotFoundError, FormatError, ShapeError
from neurochain.formats import Header, Recording, open_recording, read_header
from neurochain.formats.arrays.memory import MemorySamples
from neurochain.formats.recordings.gaps import Segments
from neurochain.formats.recordings.windows import windows
from neurochain.storage import File
from neurochain.testing import CountingFile
from neurochain.testing.edf import write_edf

RATES = st.one_of(
    st.sampled_from((1.0, 250.0, 256.0, 1000.0, 512.41, 30000.28, 33.333333333333336, 4.9)),
    st.floats(1, 1000),
)


@settings(max_examples=300, deadline=None)
@given(
    rate=RATES,
    seconds=st.floats(1, 20),
    step=st.floats(1, 20),
    n_samples=st.integers(0, 30_000),
    drop_last=st.booleans(),
)
def test_cuts_hold_what_they_promise(rate, seconds, step, n_samples, drop_last):
    spec = windows(seconds, step, drop_last=drop_last)
    cuts, whole = spec.cuts(rate, n_samples), windows(seconds, step).cuts(rate, n_samples)
    assert cuts[: len(whole)] == whole
    assert len(cuts) <= len(whole) + (not drop_last)
    for k, (first, last) in enumerate(cuts):
        assert 0 <= first < last <= n_samples
        assert abs(first - k * step * rate) <= 0.5 + 1e-6, "errors must not add up"
        assert last == n_samples or abs((last - first) - seconds * rate) <= 0.5 + 1e-6
    assert len({last - first for first, last in whole}) <= 1
    assert round(len(whole) * step * rate) + round(seconds * rate) >= n_samples, "one more would not fit"
    if not drop_last and (step + 1 / rate) < seconds and n_samples:
        assert cuts[-1][1] == n_samples, "nothing is left behind"


@given(seconds=st.integers(1, 9), rate=st.integers(1, 500), n_samples=st.integers(0, 5000))
def test_windows_without_overlap_tile(seconds, rate, n_samples):
    cuts = windows(seconds, drop_last=False).cuts(rate, n_samples)
    assert [i for cut in cuts for i in range(*cut)] == list(range(n_samples))


def test_a_tenth_is_a_tenth():
    # 0.1 * 3 is more than 0.3 in binary; nobody who writes 0.1 means that.
    assert windows(0.1).cuts(5.0, 3)[:3] == [(0, 1), (1, 2), (1, 2)]
    cuts = windows(0.1).cuts(1000.0, 100_000)
    assert cuts == [(100 * k, 100 * k + 100) for k in range(1000)]


def test_windows_of_a_recording_are_its_slices():
    values = np.arange(3 * 1001.0).reshape(3, 1001)
    recording = Recording.of(values, 100.5, ["a", "b", "c"], start=1e9)
    spec = windows(1.5, 0.7, channels=["c", 0])
    cuts = spec.cuts(100.5, 1001)
    made = list(spec.of(recording))
    assert len(made) == len(cuts) == spec.count(recording) > 10
    for window, (first, last), (start, end) in zip(made, cuts, spec.times(recording), strict=True):
        np.testing.assert_array_equal(window, values[[2, 0], first:last])
        assert window.channels == ("c", "a")
        assert window.start == pytest.approx(start, abs=1e-6)
        assert window.start + window.duration == pytest.approx(end, abs=1e-6)
    assert list(windows(20).of(recording)) == []
    with pytest.raises(ColumnNotFoundError):
        next(windows(1, channels=["x"]).of(recording))


def test_a_header_counts_as_its_recording(tmp_path):
    path = write_edf(tmp_path / "a.edf", np.random.default_rng(0).normal(size=(2, 60 * 64)), 64, ["a", "b"])
    header = read_header(File.at(path)).header
    file = CountingFile.at(path)
    recording = open_recording(file)
    before = file.bytes_read
    for spec in (windows(2, 1), windows(7.3), windows(7, drop_last=False)):
        made = list(spec.of(recording))
        assert len(made) == spec.count(header) == spec.count(Header(**header)) == spec.count(recording)
        assert spec.times(header) == spec.times(recording)
    assert file.bytes_read == before, "windows are read when they are used"
    whole = recording.read()
    np.testing.assert_array_equal(made[-1], whole[:, 56 * 64 :])
    again = pickle.loads(pickle.dumps(made[3]))
    np.testing.assert_array_equal(again, whole[:, 21 * 64 : 28 * 64])
    with pytest.raises(ShapeError, match="neither samples nor a duration"):
        windows(2).count({"sampling_frequency": None})


def several_rates() -> Recording:
    class Two:
        dtype = np.dtype(float)

        def read(self, channels, start, end):
            return np.arange(start, end, dtype=float)[None].repeat(len(channels), 0)

        def bytes_needed(self, channels, start, end):
            return 0

    return Recording(
        None, "made", None, Two(), channels=("fast", "slow"), units=("", ""),
        sampling_frequencies=(100.0, 4.0), lengths=(1000, 40), gains=np.ones(2), offsets=np.zeros(2),
        start_time=None, duration=10.0,
    )  # fmt: skip


def test_channels_of_different_rates_share_the_times():
    recording = several_rates()
    for spec, expected in (
        (windows(3, 2), [(0, 3), (2, 5), (4, 7), (6, 9)]),
        (windows(3, drop_last=False), [(0, 3), (3, 6), (6, 9), (9, 10)]),
        (windows(2.5), [(0, 2.5), (2.5, 5), (5, 7.5), (7.5, 10)]),
    ):
        assert spec.times(recording) == expected == spec.times({"duration": 10.0})
        for window, (start, end) in zip(spec.of(recording), expected, strict=True):
            for name, rate in (("fast", 100), ("slow", 4)):
                np.testing.assert_array_equal(window.channel(name), np.arange(start * rate, end * rate))
    assert windows(0.3, channels=["slow"]).cuts(4.0, 40)[:3] == [(0, 1), (1, 2), (2, 3)]
    assert next(windows(0.3, channels=["slow"]).of(recording)).shape == (1, 1)


def test_no_window_reaches_over_a_gap():
    segments: Segments = ((0.0, 5.0), (7.5, 10.0))
    values = np.arange(75.0)[None]
    recording = Recording(
        None, "made", None, MemorySamples(values), channels=("a",), units=("",), sampling_frequencies=(10.0,),
        lengths=(75,), gains=np.ones(1), offsets=np.zeros(1), start_time=None, duration=7.5, discontinuous=True,
        segments=lambda: segments,
    )  # fmt: skip
    assert windows(2).times(recording) == [(0, 2), (2, 4), (7.5, 9.5)]
    made = list(windows(2, drop_last=False).of(recording))
    assert [w.start for w in made] == [0, 2, 4, 7.5, 9.5]
    np.testing.assert_array_equal(np.concatenate([w.read() for w in made], axis=1), values)


def test_what_cannot_be_is_refused():
    for bad in ((0,), (-1,), (np.inf,), (np.nan,), (2, 0), (2, -1)):
        with pytest.raises(ValueError, match="positive"):
            windows(*bad)
    with pytest.raises(ValueError, match=r"\['Fz'\]"):
        windows(2, channels="Fz")
    with pytest.raises(ShapeError, match="every 1 s"):
        windows(0.2).cuts(1.0, 10)


def test_real_recordings(real_data):
    paths = sorted((real_data / "eeg_mne").rglob("*.edf"))
    assert paths
    for path in paths:
        try:
            recording = open_recording(File.at(path))
        except FormatError:
            continue
        made = list(windows(1, drop_last=True).of(recording))
        assert len(made) == windows(1).count(recording)
        assert all(w.duration == pytest.approx(1, abs=1 / min(recording.sampling_frequencies)) for w in made)


@settings(max_examples=200, deadline=None)
@given(rate=RATES, seconds=st.floats(1, 20), step=st.floats(1, 20), n_samples=st.integers(0, 3_000))
def test_random_windows_begin_in_parts_of_their_own(rate, seconds, step, n_samples):
    recording = Recording.of(np.arange(n_samples, dtype=float)[None], rate)
    spec = windows(seconds, step, random=True)
    places = spec.beginnings(recording)
    cuts = spec.cuts(rate, n_samples)
    assert len(places) == len(cuts) == spec.count(recording)
    length = cuts[0][1] - cuts[0][0] if cuts else 0
    reached = set()
    for place in places:
        for share in (0.0, 0.37, 1 - 2**-53):
            window = spec.drawn(recording, place, share).read()[0]
            assert len(window) == length
            np.testing.assert_array_equal(np.diff(window), 1)
            assert place.start * rate - 0.5 <= window[0] <= place.end * rate + 0.5
            reached.add(int(window[0]))
    if places:
        assert {0, n_samples - length} <= reached, "the first and the last sample can be in a window"
        first, last = (np.array(places) * rate).round().astype(int).T
        if len(places) <= n_samples - length + 1:
            assert (first[1:] == last[:-1] + 1).all(), "each beginning is in one part"


def test_random_windows_keep_to_stretches_and_channels():
    segments: Segments = ((0.0, 5.0), (7.5, 10.0))
    recording = Recording(
        None, "made", None, MemorySamples(np.arange(150.0).reshape(2, 75)), channels=("a", "b"), units=("", ""),
        sampling_frequencies=(10.0, 10.0), lengths=(75, 75), gains=np.ones(2), offsets=np.zeros(2), start_time=None,
        duration=7.5, discontinuous=True, segments=lambda: segments,
    )  # fmt: skip
    spec = windows(2, channels=["b"], random=True)
    places = spec.beginnings(recording)
    assert [(round(p.start, 6), round(p.end, 6)) for p in places] == [(0, 1.4), (1.5, 3), (7.5, 8)]
    last = spec.drawn(recording, places[-1], 0.999)
    assert (last.channels, last.start, last.read()[0].tolist()) == (("b",), 8.0, list(np.arange(130.0, 150)))


def test_random_windows_that_cannot_be():
    with pytest.raises(ValueError, match="Leave drop_last out"):
        windows(2, random=True, drop_last=False)
    with pytest.raises(ShapeError, match="different sampling frequencies"):
        windows(2, random=True).beginnings(several_rates())
    with pytest.raises(ShapeError, match="to_pytorch"):
        windows(2, random=True).times(several_rates())
