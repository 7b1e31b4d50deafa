"""Arrays that are copied out of parts are those that decoding gives."""

import errno
import os
from dataclasses import dataclass

import numpy as np
import pytest

import neurochain as nc
from neurochain.chain import run, saving
from neurochain.datasets.pages import ArrayPages
from neurochain.errors import SchemaError, StorageError

SHAPE = (30, 20)  # 2,400 bytes


@pytest.fixture
def copied(monkeypatch):
    """How many arrays were copied."""
    found = [0]
    real = ArrayPages.of

    def of(path, column, width):
        pages = real(path, column, width)
        found[0] += pages.rows if pages is not None else 0
        return pages

    monkeypatch.setattr(ArrayPages, "of", of)
    return found


def signal(x: int) -> np.ndarray:
    return np.random.default_rng(x).normal(size=SHAPE).astype(np.float32)


def save(name: str, rows: range, call=signal, what: str = "signal") -> nc.DatasetVersion:
    return nc.read_values(x=list(rows)).map(**{what: call}).save(name)


def taken(chain: nc.Chain) -> np.ndarray:
    return np.concatenate([batch["signal"] for batch in chain.to_numpy_batches(64)])


def test_they_are_those_of_the_rows(project, copied):
    save("signals", range(500))
    expected = np.stack([signal(x) for x in range(500)])
    np.testing.assert_array_equal(taken(nc.read_dataset("signals")), expected)
    assert copied[0] == 500
    np.testing.assert_array_equal(taken(nc.read_dataset("signals").select("signal")), expected)
    np.testing.assert_array_equal(
        taken(nc.read_dataset("signals").filter(nc.Column("x") >= 490)), expected[490:]
    )
    assert copied[0] == 500  # once for all of them


@dataclass
class Found:
    signal: np.ndarray
    x: int


def test_a_field_of_a_record_is_copied_too(project, copied):
    save("signals", range(500), lambda x: Found(signal(x), x), what="found")
    found = taken(nc.read_dataset("signals").select("found.signal"))
    np.testing.assert_array_equal(found, np.stack([signal(x) for x in range(500)]))
    assert copied[0] == 500


@pytest.mark.parametrize("otherwise", [{0}, {1}, {0, 2}, set()])
def test_parts_that_have_them_otherwise_are_decoded(project, copied, monkeypatch, otherwise):
    monkeypatch.setattr(run, "BATCH_BYTES", 1_300_000)
    monkeypatch.setattr(run, "PART_BYTES", 1_200_000)
    monkeypatch.setattr(saving, "PART_BYTES", 1_200_000)
    version = save("signals", range(1_600))
    assert len(version.part_hashes()) == 3
    hashes = [version.part_hashes()[i] for i in otherwise]
    real = ArrayPages.of
    monkeypatch.setattr(
        ArrayPages, "of", lambda path, *asked: None if path.stem in hashes else real(path, *asked)
    )
    found = taken(nc.read_dataset("signals"))
    np.testing.assert_array_equal(found, np.stack([signal(x) for x in range(1_600)]))
    assert (copied[0] == 1_600) == (not otherwise)


def test_nulls_are_refused_as_ever(project, copied):
    save("signals", range(20), lambda x: signal(x) if x != 13 else None)
    with pytest.raises(SchemaError, match="null in 1 rows, row 13 first"):
        nc.read_dataset("signals").to_numpy_batches(4)
    assert copied[0] == 0
    found = taken(nc.read_dataset("signals").filter(nc.Column("x") != 13))
    np.testing.assert_array_equal(found, np.stack([signal(x) for x in range(20) if x != 13]))


def test_writes_that_stop_half_way_are_gone_on_with(project, copied, monkeypatch):
    save("signals", range(500))
    calls = []

    def some(fd, pieces):
        calls.append(len(pieces))
        whole = b"".join(pieces)
        return os.write(fd, whole[: (len(calls) * 7919) % len(whole)])

    monkeypatch.setattr(os, "writev", some)
    np.testing.assert_array_equal(
        taken(nc.read_dataset("signals")), np.stack([signal(x) for x in range(500)])
    )
    assert calls
    assert copied[0] == 500


def test_a_full_disk_is_said(project, monkeypatch):
    save("signals", range(500))

    def full(fd, pieces):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "writev", full)
        with pytest.raises(StorageError, match=r"cannot be mapped in .*No space left"):
            nc.read_dataset("signals").to_numpy_batches(4)
    assert len(taken(nc.read_dataset("signals"))) == 500
