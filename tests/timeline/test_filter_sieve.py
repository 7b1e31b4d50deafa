"""A pass over a recording gives the mask of all its values, and the runs of that mask, whatever blocks it is read in."""

import pickle

import numpy as np
import pytest
from filter_trees import conditions
from hypothesis import given, settings
from hypothesis import strategies as st

import neurochain as nc
from neurochain.errors import ColumnNotFoundError, ExpressionError, FileChangedError, FormatError, ShapeError
from neurochain.formats import Recording
from neurochain.formats.recordings import storedsamples
from neurochain.storage import FolderMemo
from neurochain.testing.edf import write_edf
from neurochain.timeline.filters import sieve
from neurochain.timeline.filters.ahead import ahead
from neurochain.timeline.filters.block import Block
from neurochain.timeline.filters.filter import Filter
from neurochain.timeline.filters.moments import Moments
from neurochain.timeline.filters.sieve import Sieve
from neurochain.timeline.filters.tree import written

LABELS = ("Fp1", "O2", "Cz", "velocity")
RATE = 100.0
COUNT = 70_000


def made(kind, folder):
    """A recording of four channels whose values are between -40 and 40, as a file of some kind or in memory."""
    rng = np.random.default_rng(3)
    numbers = np.clip(rng.normal(0, 1000, (COUNT, 4)), -4000, 4000)
    if kind == "edf":
        write_edf(folder / "a.edf", numbers[:, :].T / 100, int(RATE), list(LABELS))
        return nc.open(folder / "a.edf")
    if kind == "memory":
        return Recording.of(numbers.T.astype(np.float32) / 100, RATE, LABELS, start=5.0)
    path = folder / f"{kind}.bin"
    numbers.astype(kind).tofile(path)
    gain = [0.01, 0.02, -0.01, 0.01] if kind == "<i2" else 0.01
    return nc.open(path, channels=list(LABELS), sampling_frequency=RATE, dtype=kind, gain=gain, offset=0.5)


@pytest.fixture(scope="module", params=["<i2", ">i2", "<i4", "<f4", "edf", "memory"])
def recording(request, tmp_path_factory):
    return made(request.param, tmp_path_factory.mktemp("recordings"))


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    return made("<i2", tmp_path_factory.mktemp("raw"))


def whole(text, recording, channels, moments):
    """Mask of all values at once."""
    at = list(channels)
    times = recording.start + np.arange(recording.shape[1]) / recording.sampling_frequency
    values = recording[...].T.astype(np.float64)
    columns = dict(zip(recording.channels, values.T, strict=True))
    labels = tuple(recording.channels[i] for i in at)
    block = Block(
        values[:, at], labels, times, np.array(at, float), moments.mean[at], moments.std[at], columns
    )
    return Filter.of(text).mask(block)


def runs_of(column):
    edges = np.flatnonzero(np.diff(np.concatenate([[0], column.astype(int), [0]])))
    return edges.reshape(-1, 2)


TEXTS = (
    "signal > 8",
    "abs(signal) > 3 * std",
    "abs(signal - mean) > 2 * std and channel in [1, 2]",
    "-0.5 <= velocity < 2",
    "signal > 8 and time >= 20.5",
    "signal > velocity or channel == 'O2'",
    "abs(signal) > std and velocity > 3 and channel != 'Cz'",
    "signal in [1, 2, 3, 4, 5, 6]",
    "channel in [0, 'Cz']",
    "time < 300",
    "1 > 2",
)


@pytest.mark.parametrize("text", TEXTS)
def test_masks_and_runs_are_those_of_all_values(recording, text, monkeypatch):
    monkeypatch.setattr(storedsamples, "NEAR", 60_000)
    monkeypatch.setattr(storedsamples, "FAR", 60_000)
    expected = whole(text, recording, range(4), Moments.of(recording))
    sieve = Sieve.of(text, recording)
    blocks = list(sieve.masks())
    assert [first for first, _ in blocks] == np.cumsum([0, *(len(mask) for _, mask in blocks[:-1])]).tolist()
    np.testing.assert_array_equal(np.concatenate([mask for _, mask in blocks]), expected)
    np.testing.assert_array_equal(sieve.read(), expected)
    for over, columns in (
        ("each", expected),
        ("any", expected.any(axis=1)[:, None]),
        ("all", expected.all(axis=1)[:, None]),
    ):
        runs = sieve.runs(over)
        assert runs.labels == (LABELS if over == "each" else (over,))
        for found, column in zip(runs.samples, columns.T, strict=True):
            np.testing.assert_array_equal(found, runs_of(column))


@settings(max_examples=30)
@given(
    tree=conditions(labels=("velocity",)),
    picked=st.lists(st.integers(0, 3), min_size=1, max_size=4, unique=True),
    n_samples=st.integers(1, 900),
)
def test_a_mask_does_not_depend_on_how_it_is_read(raw, tree, picked, n_samples):
    window = raw.window(3, 8)
    text = written(tree)
    moments = Moments.of(raw)
    expected = whole(text, window, picked, moments)
    sieve = Sieve.of(text, window, picked)
    blocks = list(sieve.masks(n_samples))
    assert {len(mask) for _, mask in blocks[:-1]} <= {n_samples}
    np.testing.assert_array_equal(np.concatenate([mask for _, mask in blocks]), expected)
    for found, column in zip(sieve.runs().samples, expected.T, strict=True):
        np.testing.assert_array_equal(found, runs_of(column))


def test_threads_change_nothing(raw, monkeypatch):
    found = [mask for _, mask in Sieve.of("abs(signal) > 2 * std", raw).masks(1000)]
    monkeypatch.setattr(sieve, "ahead", lambda work, items, together=1: map(work, items))
    alone = [mask for _, mask in Sieve.of("abs(signal) > 2 * std", raw).masks(1000)]
    np.testing.assert_array_equal(np.concatenate(found), np.concatenate(alone))
    assert list(ahead(str, range(20), threads=1)) == list(ahead(str, range(20), threads=3))


def test_what_is_kept_of_a_mask_stays_as_it_was(raw):
    """Memory of masks is used again, but not while a view of it is held."""
    sieve = Sieve.of("signal > 8", raw)
    kept = [(first, mask[::2, 1].T) for first, mask in sieve.masks(500)]
    column = sieve.read()[:, 1]
    for first, some in kept:
        np.testing.assert_array_equal(some, column[first : first + 500 : 2])


def test_a_pass_may_be_left_and_taken_again(raw):
    sieve = Sieve.of("signal > 8", raw)
    masks = sieve.masks(100)
    first = next(masks)[1].copy()
    masks.close()
    again = pickle.loads(pickle.dumps(sieve))
    np.testing.assert_array_equal(next(again.masks(100))[1], first)
    assert again.labels == LABELS
    assert "signal > 8" in repr(again)


def test_what_is_judged_is_numbered_as_in_the_recording(raw):
    sieve = Sieve.of("channel in [3] or channel == 'Fp1'", raw, ["velocity", "O2", "Fp1"])
    assert sieve.read()[0].tolist() == [True, False, True]
    assert sieve.labels == ("velocity", "O2", "Fp1")
    assert sieve.runs().of("velocity").tolist() == [[0, COUNT]]
    assert sieve.runs().counts.tolist() == [1, 0, 1]
    picked = Sieve.of("channel in [3]", raw.pick([3, 0]))
    assert not picked.read().any()


def with_gaps(values):
    array = Recording.of(values, 10.0)._samples
    return Recording(
        None, "memory", None, array,
        channels=("a", "b"), units=("", ""), sampling_frequencies=(10.0,) * 2, lengths=(values.shape[1],) * 2,
        gains=np.ones(2), offsets=np.zeros(2), start_time=None, duration=values.shape[1] / 10,
        discontinuous=True, stored=True, segments=lambda: ((0.0, 1.0), (5.0, 6.5), (20.0, 20.5)),
    )  # fmt: skip


def test_no_run_reaches_over_a_gap():
    recording = with_gaps(np.ones((2, 30)))
    runs = Sieve.of("signal > 0 and channel == 'a'", recording).runs()
    assert runs.of("a").tolist() == [[0, 10], [10, 25], [25, 30]]
    assert runs.times("a").tolist() == [[0, 1], [5, 6.5], [20, 20.5]]
    assert runs.of("b").tolist() == []
    assert runs.times("b").shape == (0, 2)
    for text in ("1 < 2", "signal > 0"):
        assert Sieve.of(text, recording).runs("all").of("all").tolist() == [[0, 10], [10, 25], [25, 30]]
    late = Sieve.of("time >= 6", recording, ["b"], clock=lambda seconds: seconds + 1)
    assert late.runs().of("b").tolist() == [[10, 25], [25, 30]]
    assert late.runs().times("b").tolist() == [[6, 7.5], [21, 21.5]]


def test_times_are_those_of_the_common_clock(raw):
    window = raw.window(10, 20)
    sieve = Sieve.of("time >= 2 * 12 + 100", window, ["O2"], clock=lambda seconds: 2 * seconds + 100)
    runs = sieve.runs()
    assert runs.of("O2").tolist() == [[200, 1000]]
    assert runs.times("O2").tolist() == [[124, 140]]
    assert repr(runs) == "<Runs (1 of 'O2')>"


def test_progress_tells_of_the_statistics_too(raw, tmp_path):
    memo = FolderMemo(tmp_path / "memo")
    sieve, told = Sieve.of("signal > std", raw, memo=memo), []
    assert sieve.to_read == 2 * COUNT
    assert sum(len(mask) for _, mask in sieve.masks(progress=told.append)) == COUNT
    assert told == sorted(told)
    assert told[-1] == 2 * COUNT
    assert sieve.to_read == Sieve.of("signal > mean", raw, memo=memo).to_read == COUNT
    told.clear()
    sieve.runs(progress=told.append)
    assert told[-1] == COUNT


def test_recordings_that_cannot_be_judged_are_refused(raw, tmp_path):
    with pytest.raises(ExpressionError, match=r"no channel is called 'speed'.*'velocity'"):
        Sieve.of("speed > 3", raw)
    with pytest.raises(ExpressionError, match="a value may stand here"):
        Sieve.of("signal >", raw)
    with pytest.raises(ColumnNotFoundError, match="no channel 'Pz'"):
        Sieve.of("signal > 3", raw, ["Pz"])
    with pytest.raises(ExpressionError, match="complex128"):
        Sieve.of("signal > 3", Recording.of(np.zeros((1, 3), complex), 1.0))
    with pytest.raises(ValueError, match="one sample at least"):
        Sieve.of("signal > 3", raw).masks(0)
    with pytest.raises(ValueError, match="'each', 'any' or 'all'"):
        Sieve.of("signal > 3", raw).runs("some")
    path = tmp_path / "a.bin"
    np.zeros((10, 2), np.int16).tofile(path)
    unclear = nc.open(path, channels=2, sampling_frequency=1.0, dtype="int16")
    unclear.gains[1] = np.nan
    with pytest.raises(FormatError, match="does not say what the values of '1' mean"):
        Sieve.of("signal > 3", unclear)
    assert Sieve.of("signal >= 0", unclear, [0]).read().all()
    assert Sieve.of("signal >= 0", unclear.stored).read().all()
    assert Sieve.of("channel == 1", unclear).read().any(axis=0).tolist() == [False, True]


def test_channels_of_other_rates_are_refused():
    with pytest.raises(ShapeError, match="different sampling frequencies"):
        Sieve.of("signal > 3", two_rates())


def two_rates():
    return Recording(
        None, "memory", None, Recording.of(np.zeros((2, 4)), 1.0)._samples,
        channels=("a", "b"), units=("", ""), sampling_frequencies=(1.0, 2.0), lengths=(2, 4),
        gains=np.ones(2), offsets=np.zeros(2), start_time=None, duration=2.0, stored=True,
    )  # fmt: skip


def test_a_file_that_changes_meanwhile_is_an_error(tmp_path):
    path = tmp_path / "a.bin"
    np.zeros((1000, 2), np.int16).tofile(path)
    sieve = Sieve.of("signal > 3", nc.open(path, channels=2, sampling_frequency=1.0, dtype="int16"))
    np.zeros((500, 2), np.int16).tofile(path)
    with pytest.raises(FileChangedError):
        sieve.runs()


def test_recordings_without_samples_have_no_runs():
    empty = Recording.of(np.zeros((2, 10)), 1.0).window(3, 3)
    sieve = Sieve.of("signal > 0 or channel == 1", empty)
    assert list(sieve.masks()) == []
    assert sieve.read().shape == (0, 2)
    assert [len(one) for one in sieve.runs().samples] == [0, 0]
