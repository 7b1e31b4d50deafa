"""Rows to come are announced to the kernel where the disk was waited for, and only there; the batches are the same."""

import os
from pathlib import Path

import numpy as np
import pytest

import neurochain as nc
from neurochain.loaders import foresight
from neurochain.loaders.dataset import TorchDataset
from neurochain.loaders.mapped import Mapped
from neurochain.loaders.maps import settle

ROWS = 6_000
pytestmark = pytest.mark.skipif(not foresight.COUNTS, reason="only Linux says how often a thread has waited")


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often the disk was waited for, as the test says."""
    said = [0]
    monkeypatch.setattr(foresight, "_waits", lambda _: said[0])
    return said


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Bytes [start, end) that the kernel was asked for."""
    asked: list[tuple[int, int]] = []

    def note(fd: int, start: int, length: int, advice: int) -> None:
        assert advice == os.POSIX_FADV_WILLNEED
        asked.append((start, start + length))

    monkeypatch.setattr(os, "posix_fadvise", note)
    return asked


@pytest.fixture
def half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TorchDataset:
    monkeypatch.chdir(tmp_path)
    rows = nc.read_values(i=list(range(ROWS)))
    rows.map_batches(lambda i: {"x": np.repeat(i[:, None], 512, 1)}, batch_size=500).save("rows")
    data: TorchDataset = nc.read_dataset("rows").filter(nc.Column("i") % 2 == 0).to_pytorch(shuffle=True)
    settle()
    return data


def order(data: TorchDataset, waits: list[int], wait_at: int | None) -> list[int]:
    found = []
    for number, batch in enumerate(data.loader(batch_size=10)):
        waits[0] += number == wait_at
        assert (batch["x"] == batch["i"][:, None]).all()
        found += batch["i"].tolist()
    return found


def test_nothing_is_asked_for_where_nobody_waits(
    half: TorchDataset, waits: list[int], announced: list[tuple[int, int]]
) -> None:
    assert sorted(order(half, waits, None)) == list(range(0, ROWS, 2))
    assert announced == []


def test_rows_are_asked_for_before_they_are_taken(
    half: TorchDataset, waits: list[int], announced: list[tuple[int, int]]
) -> None:
    found = order(half, waits, 5)
    (x,) = half.rows.announced
    head = os.path.getsize(x.mapped.path) - ROWS * 4096
    # From the batch after the one that waited on, for as many as are relied on and those ahead of them.
    first = 10 * 6
    expected = [(head + i * 4096, head + (i + 1) * 4096) for i in found[first:]]
    assert announced == expected[: len(announced)]
    batches = len(announced) / 10
    assert foresight.RELIED_ON <= batches <= foresight.RELIED_ON + foresight.AHEAD + 1


def test_what_is_mostly_wanted_and_small_columns_are_left_to_the_kernel(
    half: TorchDataset, waits: list[int], announced: list[tuple[int, int]]
) -> None:
    whole = nc.read_dataset("rows").to_pytorch(shuffle=True)
    assert whole.rows.announced == []
    assert len(order(whole, waits, 3)) == ROWS
    small = nc.read_dataset("rows").filter(nc.Column("i") < 9).select("i").to_pytorch()
    assert small.rows.announced == []
    assert announced == []


def test_arrays_of_several_shapes_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, announced: list[tuple[int, int]]
) -> None:
    monkeypatch.chdir(tmp_path)
    nc.read_values(i=[0, 1, 2, 3], x=[np.full(n, n, np.float32) for n in (500, 700, 300, 900)]).save("words")
    data = nc.read_dataset("words").filter(nc.Column("i") > 1).to_pytorch()
    settle()
    data.rows.announce(np.array([1, 0]))
    head = os.path.getsize(data.rows.columns["x"].data.path) - 2400 * 4
    assert announced == [(head + 6000, head + 9600), (head + 4800, head + 6000)]


def test_a_file_that_is_gone_is_no_error_of_asking(half: TorchDataset) -> None:
    settle()
    (x,) = half.rows.announced
    other = Mapped(x.mapped.path)
    _ = other.values
    x.mapped.path.unlink()
    other.announce([(0, 1)])
