"""Union: rows of several chains, one after the other."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyed import keyed, keys

import neurochain as nc
from neurochain.datasets.types import Ragged, Scalar


def test_rows_come_one_after_the_other(folder: Path) -> None:
    a = nc.read_values(x=[3, 1], s=["c", "a"])
    b = nc.read_values(s=["z"], x=[9])
    out = a.union(b)
    assert out.collect().rows() == [(3, "c"), (1, "a"), (9, "z")]  # in the columns' order of the first
    assert a.union(b, a).collect()["x"].to_list() == [3, 1, 9, 3, 1]
    assert a.union() is a
    assert out.limit(1).collect()["x"].to_list() == [3]
    assert out.count() == 3


@given(st.lists(st.lists(st.integers(-5, 5), max_size=5), min_size=1, max_size=4))
def test_against_lists(tmp_path: Path, parts: list[list[int]]) -> None:
    chains = [nc.read_values(x=[0, *part]).filter(pl.int_range(pl.len()) > 0) for part in parts]
    out = chains[0].union(*chains[1:])
    assert keyed(out)["x"].to_list() == [v for part in parts for v in part]


def test_keys_tell_the_branches_apart(folder: Path) -> None:
    a = nc.read_values(x=[1, 2])
    for chain in (a.union(a), a.union(a, a), a.union(a).union(a), a.union(a.union(a)), a.union(a.limit(0))):
        keyed(chain)
    assert keys(a.union(a.filter(nc.Column("x") > 1)))[:2] == keys(a.union(a))[:2]
    assert not set(keys(a.union(a))) & set(keys(a))
    keyed(a.merge(a, on="x").union(a.select("x").mutate(x_right=1).drop("x_right")))


def test_types_are_unified(folder: Path) -> None:
    a = nc.read_values(x=[1], v=[np.zeros(2)], r=[{"a": 1}], n=[None], l=[[1]])
    b = nc.read_values(x=[1.5], v=[np.ones(3)], r=[{"b": "x"}], n=["text"], l=[[0.5]])
    out = a.union(b)
    assert out.schema["x"].type == Scalar("float64")
    assert out.schema["v"].type == Ragged("float64", 1)
    rows = list(out)
    assert [r.x for r in rows] == [1.0, 1.5]
    assert [r.v.tolist() for r in rows] == [[0, 0], [1, 1, 1]]
    assert [dict(r.r) for r in rows] == [{"a": 1, "b": None}, {"a": None, "b": "x"}]
    assert [r.n for r in rows] == [None, "text"]
    assert [r.l for r in rows] == [[1.0], [0.5]]
    keyed(out)
    missing = nc.read_values(x=[5]).mutate(y=None).union(nc.read_values(x=[6], y=["b"]))
    assert missing.collect().rows() == [(5, None), (6, "b")]


def test_differences_are_listed(folder: Path) -> None:
    a = nc.read_values(x=[1], y=["a"], only=[1])
    b = nc.read_values(x=["1"], y=["a"], more=[2])
    with pytest.raises(nc.SchemaError) as told:
        a.union(b)
    for part in (
        "'only' is not in chain 2",
        "'more' is in chain 2 alone",
        "'x' is int64, in chain 2 string",
        "mutate(name=None)",
    ):
        assert part in str(told.value)
    assert "'y'" not in str(told.value)
    with pytest.raises(nc.ExpressionError, match=r"union\(\) takes a chain, not 5"):
        a.union(5)  # type: ignore[arg-type]


def test_columns_known_only_once_it_ran(folder: Path) -> None:
    def rough(x):  # type: ignore[no-untyped-def] # what it gives is known when it ran
        return {"y": x * 2}

    a = nc.read_values(x=[1, 2]).map(rough)
    out = a.union(nc.read_values(x=[5], y=[0.5])).filter(nc.Column("y") > 1)
    assert out.schema.partial
    assert out.collect().rows() == [(1, 2.0), (2, 4.0)]
    with pytest.raises(nc.SchemaError, match="'y' is not in chain 2"):
        a.union(nc.read_values(x=[5])).collect()


def test_files_and_json_keys(dicom_tree: Path) -> None:
    old = nc.read_storage("data/2025/**/*.dcm")
    new = nc.read_storage("data/2026/**/*.dcm").filter(nc.Column("header.error").is_null())
    out = old.union(new)
    assert keyed(out).height == 9
    assert out.filter(nc.Column("molecular_tag") == "target_beta").count() == 3
    assert out.map(size=lambda file: file.size).count() == 9
    saved = old.save("old")
    assert nc.read_dataset("old").union(new).select("molecular_tag").distinct().count() == 2
    version = out.save("both")
    assert len(version.lineage().sources) == 2
    mixed = nc.read_dataset("old").union(old).save("mixed")
    assert str(saved) in str(mixed.lineage().sources) or len(mixed.lineage().sources) == 2


def test_functions_of_both_branches_are_in_the_lineage(folder: Path) -> None:
    a = nc.read_values(x=[1]).map(y=lambda x: x + 1)
    b = nc.read_values(x=[2]).map(y=lambda x: x + 2)
    version = a.union(b).map(z=lambda y: y).save("u")
    assert len(version.lineage().functions) == 3
    plans: list[Any] = [str(c._plan.to_json()) for c in (a.union(b), b.union(a), a.union(b, b))]
    assert len(set(plans)) == 3


def test_no_rows(folder: Path) -> None:
    a = nc.read_values(x=[1])
    assert keyed(a.limit(0).union(a.limit(0))).height == 0
    assert keyed(a.limit(0).union(a)).height == 1
