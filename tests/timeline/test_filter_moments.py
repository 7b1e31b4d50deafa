"""Means and standard deviations of whole recordings: exact of integers, found once, of the file as it is."""

import math
import statistics
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import neurochain as nc
from neurochain.formats import Recording
from neurochain.storage import FolderMemo
from neurochain.timeline.filters import moments
from neurochain.timeline.filters.moments import Moments
from neurochain.timeline.filters.sums import FloatSums, WholeSums, sums_of

WHOLE = ("i1", "u1", "i2", "u2", "i4", "u4")


def in_parts(block, cuts):
    sums = sums_of(block.dtype, len(block))
    for part in np.split(block, sorted(cuts), axis=1):
        sums.add(sums.part(part))
    return sums.moments()


@given(st.data(), st.sampled_from(WHOLE), st.lists(st.integers(0, 30), max_size=4))
def test_sums_of_integers_are_exact(data, dtype, cuts):
    shape = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 30)))
    info = np.iinfo(dtype)
    entries = st.integers(info.min, info.max) | st.sampled_from([info.min, info.max])
    block = data.draw(arrays.arrays(dtype, shape, elements=entries))
    block = np.asfortranarray(block) if data.draw(st.booleans()) else block
    count, mean, std = in_parts(block, [min(c, shape[1]) for c in cuts])
    assert (count == shape[1]).all()
    for i, row in enumerate(block.tolist()):
        exact = Fraction(sum(row), len(row))
        variance = Fraction(sum(x * x for x in row), len(row)) - exact**2
        assert mean[i] == float(exact)
        assert std[i] == math.sqrt(variance)


def test_sums_of_the_largest_integers_do_not_overflow():
    for dtype in WHOLE:
        info = np.iinfo(dtype)
        block = np.full((2, 100_000), info.min, dtype)
        block[1] = info.max
        sums = WholeSums(block.dtype, 2)
        part = sums.part(block)
        for _ in range(3):
            sums.add(part)
        sums._held_samples = 2**31  # as if there had been many more: they are put aside
        sums.add(part)
        count, mean, std = sums.moments()
        assert count.tolist() == [400_000, 400_000]
        assert mean.tolist() == [info.min, info.max]
        assert std.tolist() == [0, 0]


@given(
    arrays.arrays(
        np.float64,
        st.tuples(st.integers(1, 3), st.integers(1, 40)),
        elements=st.floats(-1e3, 1e3) | st.just(np.nan),
    ),
    st.lists(st.integers(0, 40), max_size=4),
)
def test_of_floats_what_is_no_number_is_left_out(block, cuts):
    count, mean, std = in_parts(block, [min(c, block.shape[1]) for c in cuts])
    for i, row in enumerate(block):
        numbers = row[~np.isnan(row)].tolist()
        assert count[i] == len(numbers)
        if not numbers:
            assert np.isnan([mean[i], std[i]]).all()
            continue
        assert mean[i] == pytest.approx(statistics.fmean(numbers), rel=1e-12, abs=1e-12)
        assert std[i] == pytest.approx(statistics.pstdev(numbers), rel=1e-9, abs=1e-9)


def test_floats_far_from_zero_lose_nothing():
    values = 1e9 + np.random.default_rng(0).normal(0, 1e-3, (2, 100_000))
    _, mean, std = in_parts(values, [7, 40_000])
    np.testing.assert_allclose(mean, values.mean(axis=1), rtol=1e-15)
    np.testing.assert_allclose(std, values.std(axis=1), rtol=1e-6)
    assert isinstance(sums_of(np.dtype("i8"), 1), FloatSums)


def test_infinite_values_have_no_standard_deviation():
    found = Moments.of(Recording.of([[np.inf, 1.0], [np.nan, np.nan]], 1.0))
    assert found.mean[0] == np.inf
    assert np.isnan([found.std[0], found.mean[1], found.std[1]]).all()
    assert found.counts.tolist() == [2, 0]


@pytest.fixture
def raw(tmp_path):
    """A raw file, its numbers, and how to open it."""
    numbers = np.random.default_rng(0).integers(-3000, 3000, (5000, 4), np.int16)
    path = tmp_path / "raw.bin"
    numbers.tofile(path)
    said = {
        "channels": 4,
        "sampling_frequency": 100.0,
        "dtype": "int16",
        "gain": [0.5, 2, -1, 1],
        "offset": [0, 1, 0, 0],
    }
    return path, numbers, lambda: nc.open(path, **said)


class Counting(FolderMemo):
    def __init__(self, folder):
        super().__init__(folder)
        self.puts = 0

    def put(self, key, value):
        self.puts += 1
        super().put(key, value)


def test_moments_are_physical_and_of_the_whole(raw, tmp_path):
    _, numbers, opened = raw
    physical = numbers * np.array([0.5, 2, -1, 1]) + np.array([0, 1, 0, 0])
    memo = Counting(tmp_path / "memo")
    for part in (opened(), opened().window(3, 4), opened().pick([2, 0]).window(1, 7)):
        found = Moments.of(part, memo)
        at = [int(label) for label in part.channels]
        np.testing.assert_allclose(found.mean, physical[:, at].mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(found.std, physical[:, at].std(axis=0), rtol=1e-12)
        assert found.counts.tolist() == [5000] * len(at)
    np.testing.assert_allclose(Moments.of(opened().stored, memo).mean, numbers.mean(axis=0), rtol=1e-12)
    assert memo.puts == 1


def test_moments_are_found_once_for_each_channel(raw, tmp_path, monkeypatch):
    path, numbers, opened = raw
    memo = Counting(tmp_path / "memo")
    looked = []
    measured = moments._measured
    monkeypatch.setattr(
        moments,
        "_measured",
        lambda stream, progress: looked.append(stream.channels) or measured(stream, progress),
    )
    first = opened()
    assert Moments.to_read(first.pick([3]), memo) == 5000
    Moments.of(first.pick([3]), memo)
    Moments.of(first.pick([1, 3]), memo)
    assert looked == [[3], [1]]
    assert Moments.to_read(first.pick([1, 3]), memo) == 0
    found = Moments.of(first, memo)
    assert looked[2:] == [[0, 2]]
    np.testing.assert_allclose(found.std, numbers.std(axis=0) * [0.5, 2, 1, 1], rtol=1e-12)
    (numbers + np.int16(1)).tofile(path)
    changed = Moments.of(opened(), memo)
    assert looked[3:] == [[0, 1, 2, 3]]
    np.testing.assert_allclose(changed.mean, found.mean + np.array([0.5, 2, -1, 1]), rtol=1e-9)


def test_what_the_memo_lost_is_found_again(raw, tmp_path):
    *_, opened = raw
    memo = Counting(tmp_path / "memo")
    found = Moments.of(opened(), memo)
    for path in (tmp_path / "memo").rglob("*"):
        if path.is_file():
            path.write_bytes(b"something else")
    np.testing.assert_array_equal(Moments.of(opened(), memo).std, found.std)
    assert memo.puts == 2


def test_progress_tells_of_samples(raw, tmp_path):
    *_, opened = raw
    told = []
    Moments.of(opened(), FolderMemo(tmp_path / "memo"), told.append)
    assert told[-1] == 5000
    assert told == sorted(told)
