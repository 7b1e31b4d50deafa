"""Arrays of several shapes: refused, padded, cropped, or put into buckets."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import neurochain as nc
from neurochain.loaders.buckets import Buckets


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


LENGTHS = [3, 5, 3, 2, 5, 3, 4]


def words() -> nc.Chain:
    return nc.read_values(
        i=list(range(7)),
        x=[np.full((n, 2), i + 1, np.float32) for i, n in enumerate(LENGTHS)],
        y=[[i] * n for i, n in enumerate(LENGTHS)],
    )


def test_shapes_that_differ_are_an_error_that_says_what_to_do() -> None:
    with pytest.raises(
        nc.ShapeError, match=r"row 0 has shape \[3, 2\] and row 1 has \[5, 2\].*'pad'}, 'crop' or 'bucket'"
    ):
        next(iter(words().select("x").to_pytorch().loader(4)))


def test_padding_says_how_long_they_were() -> None:
    (batch,) = words().to_pytorch(ragged={"x": "pad", "y": "pad"}).loader(7)
    assert list(batch) == ["i", "x", "x_shape", "y", "y_shape"]
    assert tuple(batch["x"].shape) == (7, 5, 2)
    assert batch["x_shape"].tolist() == [[n, 2] for n in LENGTHS]
    assert batch["y_shape"].tolist() == [[n] for n in LENGTHS]
    for i, n in enumerate(LENGTHS):
        assert (batch["x"][i, :n] == i + 1).all()
        assert (batch["x"][i, n:] == 0).all()


def test_cropping_keeps_the_beginning() -> None:
    (batch,) = words().to_numpy_batches(7, ragged={"x": "crop", "y": "crop"})
    assert batch["x"].shape == (7, 2, 2)
    assert batch["y"].tolist() == [[i, i] for i in range(7)]


@pytest.mark.parametrize("workers", [0, 2])
def test_buckets_hold_one_shape(workers: int) -> None:
    loader = (
        words().to_pytorch(shuffle=True, ragged={"x": "bucket", "y": "bucket"}).loader(2, num_workers=workers)
    )
    batches = list(loader)
    assert len(batches) == len(loader) == 5
    assert sorted(int(i) for b in batches for i in b["i"]) == list(range(7))
    for batch in batches:
        assert {LENGTHS[i] for i in batch["i"].tolist()} == {batch["x"].shape[1]}
        assert torch.equal(batch["x"][:, 0, 0], batch["i"] + 1.0)


@given(
    buckets=st.lists(st.integers(0, 4), max_size=200),
    size=st.integers(1, 9),
    ranks=st.integers(1, 3),
    drop_last=st.booleans(),
    stopped=st.integers(0, 40),
)
@settings(deadline=None)
def test_buckets_give_each_row_once_and_are_resumed(
    buckets: list[int], size: int, ranks: int, drop_last: bool, stopped: int
) -> None:
    numbers = np.array(buckets, np.int64)
    each = [
        Buckets(numbers, size, shuffle=True, rank=r, ranks=ranks, drop_last=drop_last) for r in range(ranks)
    ]
    seen = [list(one) for one in each]
    for one, batches in zip(each, seen, strict=True):
        assert len(one) == len(batches)
        assert all(len(set(numbers[batch].tolist())) == 1 for batch in batches)
    rows = Counter(int(r) for batches in seen for batch in batches for r in batch)
    assert set(rows.values()) <= {1}
    left = sum(n % (size * ranks) for n in Counter(buckets).values())
    assert len(rows) == len(buckets) - (left if drop_last else 0)
    stopped = min(stopped, len(seen[0]))
    state = each[0].state(0, stopped, 0)
    again = Buckets(numbers, size, shuffle=True, ranks=ranks, drop_last=drop_last)
    again.resume(state)
    if state["epoch"] == 0:
        assert [b.tolist() for b in again] == [b.tolist() for b in seen[0][stopped:]]
    else:
        assert stopped == len(seen[0])


def test_ways_that_there_are_not_are_refused() -> None:
    with pytest.raises(nc.LoaderError, match="there is 'pad', 'crop', 'bucket'"):
        words().to_pytorch(ragged={"x": "stretch"})
    with pytest.raises(nc.LoaderError, match="no such column, but 'i', 'x', 'y'"):
        words().to_pytorch(ragged={"z": "pad"})
    state = words().to_pytorch(ragged={"x": "bucket"}).loader(2).state_dict()
    with pytest.raises(nc.LoaderError, match="batches of 2 rows"):
        words().to_pytorch(ragged={"x": "bucket"}).loader(3).load_state_dict(state)
