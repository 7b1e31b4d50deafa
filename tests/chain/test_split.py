"""Splits: subjects stay together, shares are kept, and the same seed gives the same parts for ever."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurochain as nc
from neurochain.chain.steps.split import dealt_numbers


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def subjects(count: int = 20, rows: int = 3) -> nc.Chain:
    names = [f"s{i:02}" for i in range(count) for _ in range(rows)]
    return nc.read_values(
        subject=names,
        trial=[k for _ in range(count) for k in range(rows)],
        group=["patient" if int(name[1:]) % 4 == 0 else "control" for name in names],
    )


def test_every_row_is_in_one_part_and_subjects_stay_together() -> None:
    chain = subjects()
    parts = chain.split(train=0.8, val=0.1, test=0.1)
    assert parts._fields == ("train", "val", "test")
    frames = [part.collect() for part in parts]
    assert [f["subject"].n_unique() for f in frames] == [16, 2, 2]
    assert pl.concat(frames).sort("subject", "trial").equals(chain.collect())
    for frame in frames:
        assert frame.equals(frame.sort("subject", "trial"))  # in the order they had


def test_parts_are_the_same_for_ever() -> None:
    """Written down: a split that a paper names must not change with a release."""
    test = subjects().split(train=0.8, val=0.1, test=0.1).test
    assert test.collect()["subject"].unique().sort().to_list() == ["s01", "s17"]


def test_seeds_give_other_parts() -> None:
    tests = {tuple(subjects().split(train=0.8, test=0.2, seed=s).test.collect()["subject"]) for s in range(8)}
    assert len(tests) == 8


def test_rows_in_another_order_are_dealt_out_alike() -> None:
    chain = subjects()
    turned = chain.order_by("trial", descending=True)
    one, other = (
        c.split(train=0.5, test=0.5).test.collect().sort("subject", "trial") for c in (chain, turned)
    )
    assert one.equals(other)


def test_strata_have_the_same_shares_in_each_part() -> None:
    parts = subjects(40).split(stratify="group", train=0.75, test=0.25)
    counts = [p.collect().group_by("group").agg(pl.col("subject").n_unique()).sort("group") for p in parts]
    assert counts[0].rows() == [("control", 23), ("patient", 7)] or counts[0].rows() == [
        ("control", 22),
        ("patient", 8),
    ]
    assert sum(c["subject"].sum() for c in counts) == 40
    assert counts[0]["subject"].sum() == 30


def test_rows_are_dealt_out_by_themselves_where_nothing_holds_them_together() -> None:
    parts = subjects().split(by=None, train=0.9, test=0.1)
    assert [p.count() for p in parts] == [54, 6]
    assert set(parts.test.collect()["subject"]) & set(parts.train.collect()["subject"])


def test_several_columns_tell_a_group() -> None:
    parts = subjects().split(by=["subject", "trial"], train=0.5, test=0.5)
    assert [p.count() for p in parts] == [30, 30]


@given(
    sizes=st.lists(st.integers(0, 30), min_size=1, max_size=6),
    weights=st.lists(st.integers(1, 20), min_size=2, max_size=4),
)
@settings(deadline=None)
def test_numbers_are_the_shares_rounded(sizes: list[int], weights: list[int]) -> None:
    shares = [w / sum(weights) for w in weights]
    dealt = np.array(dealt_numbers(sizes, shares))
    assert (dealt.sum(axis=1) == sizes).all()
    assert (dealt >= 0).all()
    for size, row in zip(sizes, dealt, strict=True):
        assert (np.abs(row - size * np.array(shares)) < len(shares)).all()
    assert (np.abs(dealt.sum(axis=0) - sum(sizes) * np.array(shares)) < 1 + 1e-6).all()


def test_the_part_stands_in_the_lineage_and_is_made_again() -> None:
    subjects().save("all")
    version = nc.read_dataset("all").split(train=0.8, test=0.2, seed=3).test.save("held_out")
    text = str(version.lineage())
    assert "test of train 0.8, test 0.2 by subject, seed 3" in text
    assert version.reproduce(yes=True)


def test_what_cannot_be_dealt_out_is_refused() -> None:
    chain = subjects()
    with pytest.raises(nc.ExpressionError, match=r"make 0\.9, and not 1"):
        chain.split(train=0.8, test=0.1)
    with pytest.raises(nc.ExpressionError, match="between 0 and 1"):
        chain.split(train=1.5, test=-0.5)
    with pytest.raises(nc.ExpressionError, match="two parts"):
        chain.split(train=1)
    with pytest.raises(nc.ExpressionError, match="the parts and their shares"):
        chain.split()
    with pytest.raises(nc.ColumnNotFoundError, match="'patient' is not found"):
        chain.split(by="patient", train=0.5, test=0.5)
    with pytest.raises(nc.ExpressionError, match=r"val \(0.01\) would get none of 20 groups"):
        chain.split(train=0.99, val=0.01).train.collect()
    with pytest.raises(nc.ExpressionError, match="subject s00 has several values"):
        chain.split(stratify="trial", train=0.5, test=0.5).train.collect()
    gaps = nc.read_values(subject=["a", None, "b"])
    with pytest.raises(nc.ExpressionError, match="some rows have no subject"):
        gaps.split(train=0.5, test=0.5).train.collect()
