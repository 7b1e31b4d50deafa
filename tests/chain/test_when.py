"""When, over, and what can be asked of whole records."""

import json
import pickle
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import neurochain as nc
from neurochain.chain.expressions.expression import replay

C = nc.Column


@pytest.fixture
def chain(folder: Path) -> nc.Chain:
    return nc.read_values(
        age=[5, 30, 70, None],
        s=["a", "b", None, "s"],
        r=[{"a": 1, "b": None}, None, {"a": None, "b": "x"}, {"a": 2}],
    )


def test_when(chain: nc.Chain) -> None:
    group = nc.when(C("age") < 18).then("child").when(C("age") < 65).then("adult").otherwise("old")
    assert chain.mutate(g=group).collect()["g"].to_list() == ["child", "adult", "old", "old"]
    without = nc.when(C("age") < 18).then(C("age") * 2)
    assert chain.mutate(g=without).collect()["g"].to_list() == [10, None, None, None]
    # A text is a value, a column is a Column: unlike Polars, which would take "s" for the column.
    assert chain.mutate(g=nc.when(C("s") == "a").then("s").otherwise(C("s"))).collect()["g"].to_list() == [
        "s", "b", None, "s",
    ]  # fmt: skip
    both = nc.when((C("age") > 1) & C("s").is_not_null()).then(1).otherwise(0).sum()
    assert chain.group_by(n=both).collect().item() == 2
    assert chain.filter(nc.when(C("age").is_null()).then(True).otherwise(C("age") > 60)).count() == 2
    assert chain.filter(group == "old").count() == 2


def test_when_is_kept_as_data(chain: nc.Chain) -> None:
    for expression in (
        nc.when(C("age") < 18).then("child").when(C("r.a") == 1).then(None).otherwise("old"),
        nc.when(C("age") < 18).then("child"),
        nc.when(C("age").is_in([5])).then([1, 2]),
    ):
        node = json.loads(json.dumps(expression.node))
        assert node == expression.node
        assert pickle.loads(pickle.dumps(expression)).node == node
        assert expression.names()[0] == "age"
        frame = pl.DataFrame({"age": [5, 20], "r.a": [1, 2]})
        assert frame.select(replay(node, pl.col)).height == 2
    text = "when(age < 18).then('child').when(age < 65).then('adult')"
    before = nc.when(C("age") < 18).then("child").when(C("age") < 65).then("adult")
    assert repr(before) == f"Column({text})"
    assert repr(before.otherwise("old")) == f"Column({text}.otherwise('old'))"
    with pytest.raises(nc.ColumnNotFoundError, match="'agee'"):
        chain.mutate(x=nc.when(C("age") < 18).then(C("agee")))
    with pytest.raises(nc.ExpressionError, match="cannot be computed"):
        chain.mutate(x=nc.when(C("s")).then(1))


def test_over_takes_names_of_columns(chain: nc.Chain, dicom_tree: Path) -> None:
    scans = nc.read_storage("data/**/*.dcm")
    out = scans.mutate(
        rest=C("dose") - C("dose").mean().over("molecular_tag"), n=C("dose").len().over("SeriesNumber")
    )
    assert out.collect()["rest"].to_list() == [-1.5, 0.0, 1.5] * 3
    assert out.collect()["n"].to_list() == [3] * 9
    first = C("InstanceNumber").first().over("dicom.SeriesNumber", order_by="dose", descending=True)
    assert scans.mutate(f=first).collect()["f"].to_list() == [2] * 9
    node = json.loads(json.dumps(first.node))
    assert node == first.node
    assert first.names() == ["InstanceNumber", "dicom.SeriesNumber", "dose"]
    assert repr(C("x").mean().over("s", "t")) == "Column(x.mean().over(s, t))"
    with pytest.raises(nc.ColumnNotFoundError, match="'nope'"):
        chain.mutate(x=C("age").mean().over("nope"))
    with pytest.raises(nc.ExpressionError, match="needs at least one column"):
        C("age").mean().over()
    with pytest.raises(nc.ExpressionError, match=r"over\(\) has no 'mapping_strategy'.*'order_by'"):
        C("age").over("s", mapping_strategy="explode")
    with pytest.raises(nc.ExpressionError, match="other numbers each time"):
        C("age").rank("random")
    assert chain.filter(C("age") == C("age").max().over("s")).count() == 3


def test_lists_hold_values(chain: nc.Chain) -> None:
    with pytest.raises(
        nc.ExpressionError, match=r"A list in an expression holds values.*\(a == x\) \| \(a == y\)"
    ):
        C("age").is_in([C("r.a"), 1])


def test_records_and_arrays_as_a_whole(chain: nc.Chain) -> None:
    assert chain.filter(C("r").is_null()).collect()["s"].to_list() == ["b"]
    assert chain.filter(C("r").is_not_null()).count() == 3
    assert chain.filter(~C("r").is_null() & (C("age") > 0)).count() == 2
    assert chain.group_by(
        n=C("r").len(), known=C("r").count(), none=C("r").null_count()
    ).collect().rows() == [(4, 3, 1)]
    odd = nc.read_values(
        g=[np.arange(2), None, np.arange(0)],
        z=[np.array([1j]), None, np.array([2j])],  # complex numbers have no expressions
        e=[np.empty((0, 2)), None, np.empty((0, 2))],
        v=[np.zeros(2), None, np.zeros(2)],
        l=[[1], None, []],
    )
    for name in odd.schema:
        assert odd.mutate(x=C(name).is_null()).collect()["x"].to_list() == [False, True, False], name
        assert odd.group_by(n=C(name).count()).collect().item() == 2
    for method in ("max", "first", "n_unique"):
        with pytest.raises(nc.ExpressionError, match="no single value"):
            chain.mutate(x=getattr(C("r"), method)())


def test_records_of_files(bids_tree: Path) -> None:
    files = nc.read_storage("study/**/*.{nii,edf,txt}")
    assert files.filter(C("edf").is_not_null()).count() == 2
    assert files.filter(C("nifti").is_not_null()).count() == 2
    assert files.filter(C("dicom").is_null()).count() == files.count()
    assert files.filter(C("header").is_null()).count() == 0  # every file has a header, be it empty
    assert files.filter(C("file").is_not_null()).count() == files.count()
    assert files.filter(C("sidecar").is_not_null()).count() == 2
    by = files.group_by("header.format", n=C("file").len(), recordings=C("edf").count()).order_by("format")
    assert by.select("n", "recordings").collect().rows() == [(2, 2), (3, 0), (1, 0)]


def test_ties_have_an_order(folder: Path) -> None:
    chain = nc.read_values(x=[3, 1, 3, 1, 2, None])
    out = chain.group_by(mode=C("x").mode().first(), kinds=C("x").unique().implode())
    assert out.collect().rows() == [(1, [3, 1, 2, None])]
    lists = nc.read_values(l=[[3, 1, 3, None, 1]]).mutate(u=C("l").list.unique())
    assert lists.collect()["u"].to_list() == [[3, 1, None]]


def test_a_when_without_a_value_is_told(chain: nc.Chain) -> None:
    with pytest.raises(nc.ExpressionError, match=r"when\(age < 18\), which lacks .then\(value\)"):
        chain.mutate(x=nc.when(C("age") < 18))
