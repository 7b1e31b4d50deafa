"""A pass over a file that lends its bytes finds what a pass finds that reads them, and lives through whoever changes it."""

import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest

import neurochain as nc
from neurochain.formats.recordings import interleaved, storedsamples
from neurochain.formats.recordings.scratch import Scratch
from neurochain.storage import FolderMemo, recording_reads
from neurochain.timeline.filters import runs, sums
from neurochain.timeline.filters.runs import Changes
from neurochain.timeline.filters.sieve import Sieve
from neurochain.timeline.filters.sums import WholeSums

SAID = {"channels": 4, "sampling_frequency": 100.0, "dtype": "int16", "gain": 0.1}
CUT = """
import os, sys
import neurochain as nc
from neurochain.errors import FileChangedError, FormatError
from neurochain.formats.recordings import storedsamples
from neurochain.timeline.filters.sieve import Sieve

storedsamples.NEAR = 8_000
recording = nc.open(sys.argv[1], channels=4, sampling_frequency=100.0, dtype="int16", gain=0.1)
try:
    Sieve.of("signal > 20", recording).runs(progress=lambda done: os.truncate(sys.argv[1], 100_000))
except (FileChangedError, FormatError) as error:
    print(type(error).__name__)
"""


@pytest.fixture
def path(tmp_path):
    numbers = np.random.default_rng(0).normal(0, 100, (50_000, 4)).astype(np.int16)
    numbers.tofile(tmp_path / "a.bin")
    return tmp_path / "a.bin"


@pytest.fixture
def lendings(monkeypatch):
    """Whether each asking was granted."""
    granted, real = [], interleaved.lent

    @contextmanager
    def told(*asked):
        with real(*asked) as found:
            granted.append(found is not None)
            yield found

    monkeypatch.setattr(interleaved, "lent", told)
    monkeypatch.setattr(storedsamples, "NEAR", 60_000)
    return granted


def passes(path, folder):
    recording = nc.open(path, **SAID)
    found = [Sieve.of("signal > 20", recording).runs(), Sieve.of("signal > 0", recording).runs()]
    found.append(Sieve.of("abs(signal) > 3 * std", recording, memo=FolderMemo(folder)).runs())
    found.append(Sieve.of("signal > 20", recording, [3, 1]).runs())
    return [np.concatenate(one.samples).tolist() for one in found]


@pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")
def test_what_is_lent_and_what_is_read_is_the_same(path, tmp_path, lendings):
    found = passes(path, tmp_path / "memo")
    assert lendings
    assert all(lendings)
    count = len(lendings)
    with open(path, "r+b"):  # somebody may write: nobody is lent anything
        assert passes(path, tmp_path / "another") == found
    assert not any(lendings[count:])
    assert len(lendings) == 2 * count


def test_reads_that_are_noted_are_reads(path, lendings):
    with recording_reads() as log:
        Sieve.of("signal > 20", nc.open(path, **SAID)).runs()
    assert not lendings
    assert log.files()[0].ranges == ((0, 400_000),)


def test_a_file_that_is_cut_during_a_pass_is_an_error(path):
    ran = subprocess.run([sys.executable, "-c", CUT, path], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout) == (0, "FileChangedError\n"), ran.stderr


@pytest.mark.parametrize("share", [0, 1e-4, 1e-3, 0.02, 0.5, 1])
@pytest.mark.parametrize("shape", [(1, 3), (2000, 5), (4000, 1), (3, 2), (701, 384)])
def test_changes_of_masks_that_rarely_hold(share, shape, monkeypatch):
    mask = np.random.default_rng(1).random(shape) < share
    mask[-1, -1] = mask[0, 0] = True
    samples, channels = np.nonzero(mask[1:] != mask[:-1])
    for sparse in (0, 8, runs.SPARSE, 10**9):
        monkeypatch.setattr(runs, "SPARSE", sparse)
        found = Changes.of(mask, 10, Scratch())
        assert found.samples.tolist() == (samples + 11).tolist()
        assert found.channels.tolist() == channels.tolist()


@pytest.mark.parametrize("largest", [0, 3, 300, 511, 512, 513, 5000, 32_767])
@pytest.mark.parametrize("kind", ["random", "positive", "negative"])
def test_sums_of_small_and_of_large_integers_are_exact(largest, kind, monkeypatch):
    monkeypatch.setattr(sums, "LONG", 6)
    monkeypatch.setattr(sums, "WIDE", 1000)
    block = np.random.default_rng(0).integers(-largest, largest, (1501, 3), np.int16, endpoint=True)
    if kind != "random":
        block[:] = largest if kind == "positive" else -largest
    count, found = WholeSums(block.dtype, 3).part(block.T)
    exact = block.astype(object)
    assert count == 1501
    assert found.tolist() == [exact.sum(axis=0).tolist(), (exact * exact).sum(axis=0).tolist()]
    assert (sums._near_zero(block) is None) == ((largest > 511 and kind != "random") or largest > 1000)
