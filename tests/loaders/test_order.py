"""The order of an epoch: a permutation, the same everywhere, that looks like chance."""

import hashlib
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochain.loaders.order import BLOCK, Order

rows_of_any_size = st.one_of(st.integers(0, 300), st.integers(0, 20_000))


@given(rows=rows_of_any_size, seed=st.integers(), epoch=st.integers(0, 2**40))
@settings(deadline=None, max_examples=150)
def test_each_row_comes_once(rows: int, seed: int, epoch: int) -> None:
    found = Order(rows, seed, epoch).between(0, rows)
    assert found.dtype == np.int64
    assert np.array_equal(np.sort(found), np.arange(rows))


@given(rows=st.integers(1, 30_000), data=st.data())
@settings(deadline=None, max_examples=80)
def test_pieces_are_parts_of_the_whole(rows: int, data: st.DataObject) -> None:
    whole = Order(rows, 7, 1).at(np.arange(rows))
    order = Order(rows, 7, 1)
    for _ in range(6):
        start = data.draw(st.integers(0, rows))
        end = data.draw(st.integers(start, min(rows + 10, start + 3 * BLOCK)))
        assert np.array_equal(order.between(start, end), whole[start:end])


def test_it_is_what_it_says_in_plain_python() -> None:
    """The definition in the module's words, written once more with Python's own numbers."""
    rows, seed, epoch = 1_234, 3, 5
    side = math.isqrt(rows - 1) + 1
    digest = hashlib.sha512(f"neurochain order 1:{seed}:{epoch}".encode()).digest()
    keys = [int.from_bytes(digest[8 * i : 8 * i + 8], "little") for i in range(6)]
    mask = 2**64 - 1

    def splitmix64(state: int) -> int:
        z = (state + 0x9E3779B97F4A7C15) & mask
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    def row(x: int) -> int:
        while True:
            a, b = divmod(x, side)
            for key in keys:
                a, b = b, (a + splitmix64((b + key) & mask) % side) % side
            x = a * side + b
            if x < rows:
                return x

    assert Order(rows, seed, epoch).between(0, rows).tolist() == [row(x) for x in range(rows)]


def test_it_is_kept_from_release_to_release() -> None:
    assert Order(10, 0, 0).between(0, 10).tolist() == [5, 3, 1, 9, 6, 0, 8, 2, 7, 4]
    assert Order(100_000_000, 42, 3).at(np.array([0, 1, 99_999_999])).tolist() == [
        85_001_539,
        88_370_467,
        93_772_585,
    ]


def test_seed_and_epoch_give_other_orders() -> None:
    orders = {tuple(Order(50, seed, epoch).between(0, 50)) for seed in range(10) for epoch in range(10)}
    assert len(orders) == 100


@pytest.mark.parametrize("rows", [5, 10, 16, 23])
def test_every_row_comes_equally_often_at_every_place(rows: int) -> None:
    """Pearson's test, of the counts of each row at each place over 20,000 orders."""
    tries = 20_000
    counts = np.zeros((rows, rows))
    for epoch in range(tries):
        counts[np.arange(rows), Order(rows, 1, epoch).between(0, rows)] += 1
    expected = tries / rows
    statistic = ((counts - expected) ** 2 / expected).sum()
    freedom = (rows - 1) ** 2
    assert abs(statistic - freedom) < 5 * math.sqrt(2 * freedom)


def test_neighbours_do_not_stay_together() -> None:
    found = Order(100_000, 0, 0).between(0, 100_000)
    steps = np.diff(found)
    assert (np.abs(steps) == 1).mean() < 1e-4
    assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 0.02


def test_more_rows_than_there_can_be_are_refused() -> None:
    with pytest.raises(ValueError, match=r"2\^62"):
        Order(2**62)
