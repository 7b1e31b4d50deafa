"""GroupBy: one row per group, by expressions."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyed import keyed, keys
from polars.testing import assert_frame_equal

import neurochain as nc
from neurochain.datasets.schema import KEY
from neurochain.datasets.types import List, Scalar

C = nc.Column


@pytest.fixture
def chain(folder: Path) -> nc.Chain:
    return nc.read_values(
        s=["b", "a", None, "b", None, "b"],
        x=[1.0, 2.0, 3.0, None, 5.0, 6.0],
        ok=[True, False, None, True, True, False],
    )


def test_groups_come_in_the_order_of_their_first_rows(chain: nc.Chain) -> None:
    out = chain.group_by("s", n=C("x").len(), known=C("x").count(), mean=C("x").mean())
    assert out.collect().rows() == [("b", 3, 2, 3.5), ("a", 1, 1, 2.0), (None, 2, 2, 4.0)]
    assert out.schema["mean"].type == Scalar("float64")
    assert out.count() == 3
    assert chain.order_by("s").group_by("s").collect()["s"].to_list() == ["a", "b", None]


def test_expressions_of_several_columns_and_of_polars(chain: nc.Chain) -> None:
    out = chain.group_by(
        "s",
        good=C("x").filter(C("ok")).sum(),
        share=C("ok").sum() / C("ok").len(),
        both=pl.col("x").max() - pl.col("x").min(),
        rows=pl.len(),
        one=1,
        all=C("x").implode(),
        last=C("x").sort_by("x").last(),
        any=nc.when(C("ok").any()).then("yes").otherwise("no"),
    )
    row = out.collect().row(0, named=True)
    assert row == {
        "s": "b", "good": 1.0, "share": 2 / 3, "both": 5.0, "rows": 3, "one": 1, "all": [1.0, None, 6.0],
        "last": 6.0, "any": "yes",
    }  # fmt: skip
    assert out.schema["all"].type == List(Scalar("float64"))


def test_without_columns_all_rows_are_one(chain: nc.Chain) -> None:
    out = chain.group_by(n=C("x").len(), total=C("x").sum(), first=C("s").first())
    assert out.collect().rows() == [(6, 17.0, "b")]
    none = chain.limit(0).group_by(
        n=C("x").len(), total=C("x").sum(), mean=C("x").mean(), first=C("s").first()
    )
    assert none.collect().rows() == [(0, 0.0, None, None)]
    assert keys(none) == keys(out)
    assert keyed(chain.limit(0).group_by("s", n=C("x").len())).height == 0
    with pytest.raises(nc.ColumnNotFoundError, match="needs columns"):
        chain.group_by()


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("y=x", C("x")),
        (r"y=x - x.mean\(\)", C("x") - C("x").mean()),
        (r"y=x.unique\(\)", C("x").unique()),
        (r"y=x.mode\(\)", C("x").mode()),
        (r"y=x.head\(1\)", C("x").head(1)),
        (r"y=x.shift\(1\)", C("x").shift(1)),
        (r"y=x.mean\(\).over\(s\)", C("x").mean().over("s")),
        ("y=ok", C("ok")),
        (r"y=col\(\"x\"\)", pl.col("x")),
    ],
)
def test_what_gives_several_values_per_group_is_refused(chain: nc.Chain, text: str, expression: Any) -> None:
    with pytest.raises(nc.ExpressionError, match=rf"{text}\) does not give one value per group.*implode"):
        chain.group_by("s", y=expression)
    with pytest.raises(nc.ExpressionError, match="one value per group"):
        chain.group_by(y=expression)


def test_groups_by_fields_records_keys_and_arrays(dicom_tree: Path) -> None:
    scans = nc.read_storage("data/**/*.dcm")
    out = scans.group_by("molecular_tag", "header.modality", n=C("file").len(), dose=C("dose").sum())
    assert out.collect().rows() == [("target_alpha", "MR", 6, 9.0), ("target_beta", "MR", 3, 4.5)]
    keyed(out)
    chain = nc.read_values(
        r=[{"a": 1}, {"a": 1}, None],
        v=[np.zeros(2), np.ones(2), np.zeros(2)],
        g=[np.arange(1), np.arange(2), None],
    )
    by_record = chain.group_by("r", n=C("r").len(), known=C("r").count()).collect()
    assert by_record.rows() == [({"a": 1}, 2, 2), (None, 1, 0)]
    by_array = chain.group_by("v", n=C("a").len())
    assert [(r.v.tolist(), r.n) for r in by_array] == [([0, 0], 2), ([1, 1], 1)]
    assert [r.n for r in chain.group_by("g", n=C("g").null_count())] == [0, 0, 1]
    with pytest.raises(nc.ColumnNotFoundError, match="'nowhere' is not found"):
        scans.group_by("nowhere", n=C("file").len()).collect()


def test_keys_are_of_the_groups_values(chain: nc.Chain) -> None:
    def by_name(c: nc.Chain) -> dict[Any, bytes]:
        frame = keyed(c)
        return dict(zip(frame["s"].to_list(), frame[KEY].to_list(), strict=True))

    one = by_name(chain.group_by("s", n=C("x").len()))
    other = by_name(chain.order_by("x").filter(C("x") > 1).group_by("s"))
    assert one == other
    ints, floats = nc.read_values(s=[1, 2]), nc.read_values(s=[1.0, 2.0])
    assert not set(keys(ints.group_by("s"))) & set(keys(floats.group_by("s")))
    zeros = nc.read_values(s=[0.0, -0.0, float("nan"), float("nan"), None])
    assert keyed(zeros.group_by("s", n=C("s").len()))["n"].to_list() == [2, 2, 1]
    assert keys(zeros.group_by("s"))[0] == keys(zeros.order_by(C("s").is_null()).limit(2).group_by("s"))[0]


KINDS: dict[str, Any] = {
    "i": st.none() | st.integers(-2, 2),
    "f": st.none() | st.sampled_from([0.0, 1.5, float("inf")]),
    "s": st.none() | st.sampled_from(["", "a", "ä"]),
    "b": st.none() | st.booleans(),
    "d": st.none() | st.sampled_from([dt.date(2024, 2, 29), dt.date(1999, 12, 31)]),
}
FIRST = {"i": 1, "f": 1.5, "s": "", "b": True, "d": dt.date(2024, 2, 29)}


@given(
    st.lists(st.fixed_dictionaries(KINDS), max_size=12), st.lists(st.sampled_from(sorted(KINDS)), unique=True)
)
def test_against_polars(tmp_path: Path, rows: list[dict[str, Any]], by: list[str]) -> None:
    chain = nc.read_values([FIRST, *rows])
    frame = chain.collect()
    given = chain.group_by(
        *by, n=C("i").len(), sum=C("i").sum(), mean=C("f").mean(), max=C("s").max(), any=C("b").any(),
        first=C("d").first(), many=C("s").n_unique(), list=C("i").implode(),
    )  # fmt: skip
    expressions = [
        pl.col("i").len().alias("n"), pl.col("i").sum().alias("sum"), pl.col("f").mean().alias("mean"),
        pl.col("s").max().alias("max"), pl.col("b").any().alias("any"), pl.col("d").first().alias("first"),
        pl.col("s").n_unique().alias("many"), pl.col("i").implode().alias("list"),
    ]  # fmt: skip
    expected = frame.group_by(by, maintain_order=True).agg(expressions) if by else frame.select(expressions)
    assert_frame_equal(keyed(given).drop(KEY), expected)


def test_sums_of_floats_are_the_same_each_time(folder: Path) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=200_000) * 10.0 ** rng.integers(-8, 8, 200_000)
    nc.read_values(g=rng.integers(0, 5, 200_000).tolist(), x=values.tolist()).save("many")
    chain = nc.read_dataset("many").group_by("g", sum=C("x").sum(), mean=C("x").mean(), std=C("x").std())
    first = chain.collect()
    assert all(chain.collect().equals(first) for _ in range(4))
    whole = nc.read_dataset("many").group_by(sum=C("x").sum())
    assert len({whole.collect().item() for _ in range(4)}) == 1


def test_what_follows_a_group_by(chain: nc.Chain) -> None:
    out = (
        chain.group_by("s", mean=C("x").mean())
        .filter(C("mean") > 2)
        .map(text=lambda s, mean: f"{s} {mean}")
        .merge(chain.group_by("s", n=C("x").len()), on="s", how="left")
        .order_by("mean")
    )
    assert out.collect().rows() == [("b", 3.5, "b 3.5", 3), (None, 4.0, "None 4.0", None)]
    version = out.save("groups")
    assert version.rows == 2
    assert out.save("groups").version == version.version


def test_columns_known_only_once_it_ran(folder: Path) -> None:
    def rough(x):  # type: ignore[no-untyped-def] # what it gives is known when it ran
        return {"k": x % 2, "y": x}

    chain = nc.read_values(x=range(4)).map(rough)
    out = chain.group_by("k", total=C("y").sum(), n=C("x").len())
    assert out.schema.partial
    assert out.collect().rows() == [(0, 2, 2), (1, 4, 2)]
    with pytest.raises(nc.ExpressionError, match="one value per group"):
        chain.group_by("k", y=C("y")).collect()
    with pytest.raises(nc.ColumnNotFoundError, match="'w' is not found"):
        chain.group_by("w").collect()


def test_mistakes_are_told(chain: nc.Chain) -> None:
    with pytest.raises(nc.ColumnExistsError, match="two columns named 's'"):
        chain.group_by("s", s=C("x").len())
    with pytest.raises(nc.ColumnExistsError, match="two columns named 's'"):
        chain.group_by("s", "s")
    with pytest.raises(nc.ExpressionError, match="takes names of columns as texts"):
        chain.group_by(C("x") > 1)  # type: ignore[arg-type]
    with pytest.raises(nc.ExpressionError, match="arrays"):
        nc.read_values(v=[np.zeros(2)]).group_by(v=C("v").first())
    with pytest.raises(nc.ExpressionError, match=r"group_by\(y=s.dt.year\(\).max\(\)\) cannot be computed"):
        chain.group_by(y=C("s").dt.year().max())
    with pytest.raises(nc.ExpressionError, match=r"group_by\(.*cannot be computed"):
        chain.group_by(y=C("s").cast("int64").max()).collect()
    with pytest.raises(nc.ExpressionError, match="Python code"):
        chain.group_by(y=pl.col("x").map_elements(lambda v: v, return_dtype=pl.Float64).max())


def test_the_plan_is_plain(chain: nc.Chain) -> None:
    text = repr(chain.group_by("s", n=C("x").len()))
    assert ".group_by(s, n=x.len())" in text
    step = chain.group_by("s", n=C("x").len())._plan.to_json()["steps"][0]
    assert step["by"] == ["s"]
    assert step["columns"] == {"n": ["call", ["column", "x"], "len", [], {}]}
