"""Sample: rows by chance, and always the same."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyed import keyed, keys

import neurochain as nc
from neurochain.chain.keys import position_keys, sample_hashes, smallest


def taken(chain: nc.Chain) -> list[int]:
    return keyed(chain)["x"].to_list()


def up_to(hashes: pl.Series, limit: bytes | None) -> int:
    return hashes.to_frame("h").select((pl.col("h") <= pl.lit(limit)).sum()).item()


def values(count: int) -> nc.Chain:
    return nc.read_values(x=range(count))


@given(st.integers(1, 60), st.integers(0, 70), st.integers(0, 2**64 - 1))
def test_as_many_rows_as_asked_in_their_order(tmp_path: Path, rows: int, n: int, seed: int) -> None:
    found = taken(values(rows).sample(n, seed=seed))
    assert len(found) == min(n, rows)
    assert found == sorted(found)
    more = taken(values(rows).sample(n + 1, seed=seed))
    assert set(found) <= set(more)


@given(st.integers(1, 50), st.floats(0, 1))
def test_a_share_is_exact(tmp_path: Path, rows: int, fraction: float) -> None:
    chain = values(rows).sample(fraction=fraction)
    assert abs(chain.count() - rows * fraction) <= 0.5
    assert chain.count() == len(taken(chain))


def test_a_sample_goes_by_the_identity_of_rows(folder: Path) -> None:
    names = [f"s{i}" for i in range(200)]

    def of(order: Sequence[str]) -> set[str]:
        return set(nc.read_values(s=order, key="s").sample(20, seed=3).collect()["s"])

    assert of(names) == of(names[::-1])
    assert of(names[:150]) >= of(names) & set(names[:150])  # rows of a grown dataset do not move others
    chain = values(200)
    assert set(taken(chain.order_by("x", descending=True).sample(20))) == set(taken(chain.sample(20)))
    assert taken(chain.persist().sample(20)) == taken(chain.sample(20))
    chain.save("kept")
    assert taken(nc.read_dataset("kept").sample(20)) == taken(chain.sample(20))
    assert set(keys(chain.sample(20))) <= set(keys(chain))


def test_it_is_the_same_sample_for_ever(folder: Path) -> None:
    assert taken(values(1000).sample(5, seed=7)) == [436, 553, 609, 889, 992]


def test_seeds_differ_and_are_fair(folder: Path) -> None:
    chain = values(1000)
    samples = [set(taken(chain.sample(100, seed=s))) for s in range(20)]
    assert all(len(a & b) < 30 for i, a in enumerate(samples) for b in samples[:i])
    middle = sum(sum(s) for s in samples) / 2000
    assert 450 < middle < 550


def test_hashes_that_begin_alike_are_told_apart() -> None:
    hashes = pl.Series(
        [b"a" * 8 + bytes([i] * 8) for i in (3, 1, 2, 0)] + [b"b" * 16, b"\0" * 16], dtype=pl.Binary
    )
    for count in range(8):
        limit = smallest(hashes, count)
        assert (0 if limit is None else up_to(hashes, limit)) == min(count, 6)
    many = sample_hashes(position_keys(5000), 1)
    for count in (1, 2, 2500, 4999):
        assert up_to(many, smallest(many, count)) == count


def test_verbs_before_and_behind(folder: Path) -> None:
    chain = values(100).map(y=lambda x: x * 2).sample(10).filter(nc.Column("y") >= 0)
    assert chain.collect()["y"].to_list() == [x * 2 for x in taken(chain)]
    assert chain.limit(3).count() == 3
    assert values(100).limit(10).sample(10).count() == 10
    assert keyed(values(0 + 1).limit(0).sample(5)).height == 0
    assert keyed(values(1).limit(0).sample(fraction=0.5)).height == 0


def test_bad_values_are_told(folder: Path) -> None:
    chain = values(3)
    with pytest.raises(nc.ExpressionError, match=r"sample\(100\) or sample\(fraction=0.1\)"):
        chain.sample()
    with pytest.raises(nc.ExpressionError, match="a number of rows or a share"):
        chain.sample(3, fraction=0.5)
    for wrong in (-1, 0.5, True, "3"):
        with pytest.raises(nc.ExpressionError, match="whole number, 0 or more"):
            chain.sample(wrong)  # type: ignore[arg-type]
    for share in (-0.1, 1.1, float("nan"), "half", True):
        with pytest.raises(nc.ExpressionError, match="between 0 and 1"):
            chain.sample(fraction=share)  # type: ignore[arg-type]
    for seed in (-1, 0.5, 2**64, None):
        with pytest.raises(nc.ExpressionError, match="a seed is a whole number"):
            chain.sample(1, seed=seed)  # type: ignore[arg-type]
