"""Batches of an epoch: each row once, for any number of ranks, from the beginning or from where another loop stood."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochain import LoaderError
from neurochain.loaders.batches import Batches

sizes = st.tuples(st.integers(0, 500), st.integers(1, 40), st.integers(1, 7))


def rows_of(batches: Batches) -> list[int]:
    return [int(row) for batch in batches for row in batch]


@given(sizes=sizes, shuffle=st.booleans(), epoch=st.integers(0, 5))
@settings(deadline=None)
def test_ranks_together_see_each_row_once(sizes: tuple[int, int, int], shuffle: bool, epoch: int) -> None:
    rows, size, ranks = sizes
    each = [Batches(rows, size, shuffle, 3, rank=rank, ranks=ranks) for rank in range(ranks)]
    for one in each:
        one.epoch = epoch
    seen = [list(one) for one in each]
    for one, batches in zip(each, seen, strict=True):
        assert len(batches) == len(one)
        assert all(0 < len(batch) <= size for batch in batches)
    assert sorted(int(r) for batches in seen for batch in batches for r in batch) == list(range(rows))
    numbers = [sum(map(len, batches)) for batches in seen]
    assert max(numbers) - min(numbers) <= 1


@given(sizes=sizes)
@settings(deadline=None)
def test_without_the_last_all_ranks_have_whole_batches(sizes: tuple[int, int, int]) -> None:
    rows, size, ranks = sizes
    for rank in range(ranks):
        batches = Batches(rows, size, True, drop_last=True, rank=rank, ranks=ranks)
        assert len(batches) == rows // (size * ranks)
        assert [len(batch) for batch in batches] == [size] * len(batches)


@given(rows=st.integers(1, 400), ranks=st.sampled_from([1, 2, 3, 4]))
@settings(deadline=None)
def test_what_ranks_see_together_is_the_batch_of_one(rows: int, ranks: int) -> None:
    alone = list(Batches(rows, 12, True, 9))
    shared = [list(Batches(rows, 12 // ranks, True, 9, rank=rank, ranks=ranks)) for rank in range(ranks)]
    for number, batch in enumerate(alone):
        parts = [batches[number] for batches in shared if number < len(batches)]
        assert np.array_equal(np.concatenate(parts), batch)


@given(sizes=sizes, done=st.integers(0, 30), other=st.integers(1, 40), shuffle=st.booleans())
@settings(deadline=None)
def test_another_loop_goes_on_where_one_stood(
    sizes: tuple[int, int, int], done: int, other: int, shuffle: bool
) -> None:
    """Whatever its batch size and number of ranks; the state travels as JSON."""
    rows, size, ranks = sizes
    first = [Batches(rows, size, shuffle, 1, rank=rank, ranks=ranks, identity="x") for rank in range(ranks)]
    whole = rows_of(Batches(rows, 1, shuffle, 1))
    done = min(done, rows // (size * ranks))
    given = [int(r) for one in first for batch in list(one)[:done] for r in batch]
    state: dict[str, Any] = json.loads(json.dumps(first[0].state(0, done, 0)))
    again = Batches(rows, other, shuffle, 1, identity="x")
    again.resume(state)
    rest = rows_of(again)
    if state["epoch"] == 0:
        assert sorted(given) == sorted(whole[: len(given)])
        assert rest == whole[len(given) :]
        assert again.epoch == 1
    else:
        assert len(given) == rows
        assert sorted(rest) == list(range(rows))


def test_each_pass_is_the_next_epoch() -> None:
    batches = Batches(100, 10, True, 5)
    first, second = rows_of(batches), rows_of(batches)
    assert first != second
    assert batches.epoch == 2
    batches.epoch = 0
    assert rows_of(batches) == first


def test_a_state_of_other_rows_is_refused() -> None:
    state = Batches(100, 10, True, 5, identity="a").state(0, 3, 0)
    for other in (
        Batches(101, 10, True, 5, identity="a"),
        Batches(100, 10, False, 5, identity="a"),
        Batches(100, 10, True, 6, identity="a"),
        Batches(100, 10, True, 5, identity="b"),
    ):
        with pytest.raises(LoaderError, match=r"of another loader: (rows|order|seed|identity) "):
            other.resume(state)
    with pytest.raises(LoaderError, match="no state of a loader"):
        Batches(100, 10, True, 5).resume({"epoch": 1})
    with pytest.raises(LoaderError, match="position 200 of 100"):
        Batches(100, 10, True, 5, identity="a").resume({**state, "position": 200})


def test_sizes_that_cannot_be_are_refused() -> None:
    with pytest.raises(LoaderError, match="at least one row"):
        Batches(10, 0)
    with pytest.raises(LoaderError, match="counted from 0 to 1"):
        Batches(10, 1, rank=2, ranks=2)
