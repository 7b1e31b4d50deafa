"""Verbs: what extends a chain, what runs it, and that nothing runs before."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import neurochain as nc


@pytest.fixture
def chain(folder: Path) -> nc.Chain:
    return nc.read_values(n=[3, 1, None, 2, 1], s=["c", "a", "x", None, "b"])


@pytest.fixture
def counted(folder: Path) -> tuple[nc.Chain, list[int]]:
    """A chain with a function, and the arguments it was called with."""
    seen: list[int] = []

    def double(x: int) -> int:
        seen.append(x)
        return x * 2

    return nc.read_values(x=[1, 2, 3]).map(y=nc.udf(double, version="1")), seen


def test_filter(chain: nc.Chain) -> None:
    assert chain.filter(nc.Column("n") > 1).collect()["s"].to_list() == ["c", None]
    assert chain.filter(nc.Column("n") > 1, nc.Column("s").is_not_null()).count() == 1
    assert chain.filter().count() == 5
    assert chain.filter(nc.Column("n") > 99).collect().shape == (0, 2)


def test_mutate(chain: nc.Chain) -> None:
    out = chain.mutate(n=nc.Column("n") + 1, both=nc.Column("s") + "!", one=1)
    assert out.collect().columns == ["n", "s", "both", "one"]
    assert out.collect()["n"].to_list() == [4, 2, None, 3, 2]
    assert out.schema["n"].type == chain.schema["n"].type
    # All expressions of one mutate see the columns from before it.
    assert chain.mutate(n=nc.Column("n") * 10, m=nc.Column("n")).collect()["m"].to_list() == [
        3,
        1,
        None,
        2,
        1,
    ]
    assert chain.mutate() is chain


def test_mutate_replaces_records_and_arrays(folder: Path) -> None:
    chain = nc.read_values(r=[{"a": 1, "b": 2}], v=[np.zeros(3)], x=[5])
    out = chain.mutate(r=nc.Column("r.a"), v=1, x=nc.Column("r")).collect()
    assert out.rows() == [(1, 1, {"a": 1, "b": 2})]


def test_select(chain: nc.Chain, dicom_tree: Path) -> None:
    assert chain.select("s", "n").collect().columns == ["s", "n"]
    scans = nc.read_storage("data/**/*.dcm")
    frame = scans.select("file", "header.shape", "dicom.SeriesNumber", "molecular_tag").collect()
    assert frame.columns == ["file", "shape", "SeriesNumber", "molecular_tag"]
    assert frame["molecular_tag"].unique().sort().to_list() == ["target_alpha", "target_beta"]
    with pytest.raises(nc.ColumnExistsError, match=r"two columns named 'shape'.*mutate"):
        scans.mutate(shape=1).select("shape", "header.shape")
    with pytest.raises(nc.ColumnNotFoundError, match="at least one"):
        chain.select()


def test_order_by(chain: nc.Chain) -> None:
    assert chain.order_by("n").collect()["s"].to_list() == ["a", "b", None, "c", "x"]
    assert chain.order_by("n", descending=True).collect()["s"].to_list() == ["c", None, "a", "b", "x"]
    assert chain.order_by("n", "s").collect()["s"].to_list() == ["a", "b", None, "c", "x"]
    assert chain.order_by(nc.Column("n") * -1).collect()["n"].to_list() == [3, 2, 1, 1, None]
    with pytest.raises(nc.ColumnNotFoundError, match="at least one"):
        chain.order_by()
    big = nc.read_values(k=[i % 3 for i in range(3000)], i=range(3000)).order_by("k").collect()
    assert big["i"].to_list() == sorted(range(3000), key=lambda i: i % 3)


def test_limit_and_count(chain: nc.Chain) -> None:
    assert chain.limit(2).collect()["n"].to_list() == [3, 1]
    assert chain.limit(99).count() == 5
    assert chain.limit(0).collect().shape == (0, 2)
    assert chain.order_by("n").limit(3).filter(nc.Column("n") == 1).count() == 2
    with pytest.raises(nc.ExpressionError, match="0 or more"):
        chain.limit(-1)


def test_chains_are_immutable(chain: nc.Chain) -> None:
    before = repr(chain), chain.collect()
    for extended in (
        chain.filter(nc.Column("n") > 1), chain.mutate(y=1), chain.select("n"), chain.order_by("n"),
        chain.limit(1), chain.map(y=lambda n: n), chain.settings(reuse=False), chain.persist(),
    ):  # fmt: skip
        assert extended is not chain
    assert repr(chain) == before[0]
    assert chain.collect().equals(before[1])


def test_nothing_runs_before_rows_are_asked_for(counted: tuple[nc.Chain, list[int]]) -> None:
    chain, seen = counted
    later = chain.filter(nc.Column("x") > 1).mutate(z=1).limit(2)
    assert "double" in repr(later)
    assert chain.count() == 3
    assert seen == []
    assert later.collect()["y"].to_list() == [4, 6]
    assert seen == [1, 2, 3]


@pytest.mark.parametrize(
    "action",
    [
        lambda chain: chain.collect(),
        lambda chain: list(chain),
        lambda chain: chain.save("d"),
        lambda chain: chain.persist(),
        lambda chain: chain.to_pandas(),
        lambda chain: chain.to_arrow(),
        lambda chain: chain.show(),
        lambda chain: chain.filter(nc.Column("y") > 2).count(),
    ],
)
def test_each_action_runs_it_once_and_no_other_again(
    counted: tuple[nc.Chain, list[int]], action: Callable[[nc.Chain], Any]
) -> None:
    chain, seen = counted
    action(chain)
    assert seen == [1, 2, 3]
    chain.collect()
    assert seen == [1, 2, 3]


def test_settings(counted: tuple[nc.Chain, list[int]]) -> None:
    chain, seen = counted
    chain.collect()
    assert chain.settings(reuse=False).collect()["y"].to_list() == [2, 4, 6]
    assert seen == [1, 2, 3] * 2
    assert chain.settings(threads=2).select("y").collect().height == 3
    with pytest.raises(
        nc.ExpressionError, match=r"settings\(\) has reuse, threads, io, workers, on_error, seed; not thread"
    ):
        chain.settings(thread=2)


def test_persist_runs_once(folder: Path) -> None:
    seen: list[int] = []

    def rough(x: int) -> float:
        seen.append(x)
        return np.random.default_rng().random()  # different each time it is called

    kept = nc.read_values(x=[1, 2]).map(rough).settings(reuse=False).persist()
    first = kept.collect()
    assert kept.mutate(y=1).collect()["rough"].equals(first["rough"])
    assert len(seen) == 2
    version = kept.filter(nc.Column("x") == 1).save("kept")
    assert [f.name for f in version.lineage().functions] == ["rough"]
    assert len(seen) == 2


def test_a_limit_computes_only_its_rows(folder: Path) -> None:
    seen: list[int] = []

    def look(x: int) -> int:
        seen.append(x)
        return x

    function = nc.udf(look, version="1")
    chain = nc.read_values(x=range(1000)).limit(3).map(y=function)
    assert chain.count() == 3
    assert seen == []
    chain.collect()
    assert seen == [0, 1, 2]
    late = nc.read_values(x=range(1000)).map(y=function).select("y").limit(5)
    assert late.collect()["y"].to_list() == [0, 1, 2, 3, 4]
    assert seen == [0, 1, 2, 3, 4]
    nc.read_values(x=range(1000)).map(y=function).show(6)
    assert seen == [0, 1, 2, 3, 4, 5, 6]  # one more, to tell whether there are more
    whole = nc.read_values(x=[2, 4, 6]).mutate(rest=nc.Column("x") - nc.Column("x").mean()).limit(1)
    assert whole.collect()["rest"].to_list() == [-2.0]
    assert nc.read_values(x=[3, 1, 2]).order_by("x").map(y=function).limit(1).collect()["x"].to_list() == [1]


def test_iteration(folder: Path) -> None:
    chain = nc.read_values(x=[1, 2], r=[{"a": 1, "b": None}, None], v=[np.arange(2), np.arange(2)])
    rows = list(chain)
    assert (rows[0].x, rows[0]["x"], rows[0].r.a, rows[0]["r"]["b"], rows[1].r) == (1, 1, 1, None, None)
    assert dict(rows[1])["x"] == 2
    assert np.array_equal(rows[0].v, [0, 1])
    rows[0].v[0] = 9  # arrays are the user's own
    assert repr(rows[0]).startswith("Row(x=1, r=Row(a=1)")
    with pytest.raises(AttributeError, match="no 'z' here; there is x, r, v"):
        rows[0].z  # noqa: B018
    with pytest.raises(AttributeError, match="cannot be changed"):
        rows[0].x = 2
    assert [row.x for row in nc.read_values(x=range(5000))] == list(range(5000))


def test_show(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chain = nc.read_values(
        x=range(30),
        v=[np.arange(4.0)] * 30,
        r=[{"a": 1, "b": None}] * 30,
        s=["long " * 40] * 30,
        n=[None] * 30,
    )
    chain.show(3)
    text = capsys.readouterr().out
    assert "3 rows, and more" in text
    assert "[0, 1, 2, …] float64[4]" in text
    assert "a=1" in text
    assert "b=" not in text
    assert max(map(len, text.splitlines())) <= 200
    chain.limit(1).show()
    assert capsys.readouterr().out.endswith("1 row\n")
    chain.filter(nc.Column("x") > 99).show()
    assert "0 rows" in capsys.readouterr().out


def test_exports(folder: Path) -> None:
    chain = nc.read_values(
        x=[1, 2], v=[np.eye(2, dtype=np.float32)] * 2, g=[np.arange(1), np.arange(2)], r=[{"a": 1}, None]
    )
    path = chain.to_parquet(folder / "out.parquet")
    read = pq.read_table(path)
    assert read.column("x").to_pylist() == [1, 2]
    assert read.column("r").to_pylist() == [{"a": 1}, None]
    assert pl.read_parquet(path).equals(chain.collect())
    table = chain.to_arrow()
    assert isinstance(table.schema.field("v").type, pa.FixedShapeTensorType)
    tensors = table.column("v").combine_chunks()
    assert np.array_equal(tensors.to_numpy_ndarray()[1], np.eye(2))
    frame = chain.to_pandas()
    assert frame["x"].tolist() == [1, 2]
    assert chain.collect()["v"].dtype == pl.Array(pl.Float32, (2, 2))
    assert chain.collect()["g"].to_list() == [{"data": [0], "shape": [1]}, {"data": [0, 1], "shape": [2]}]


def test_repr_shows_the_plan(chain: nc.Chain) -> None:
    text = repr(
        chain.filter(nc.Column("n") > 1)
        .mutate(y=nc.Column("n") * 2)
        .order_by("y")
        .limit(3)
        .map(z=lambda y: y)
    )
    for part in (
        "Chain(values)",
        ".filter(n > 1)",
        ".mutate(y = n * 2)",
        ".order_by(y)",
        ".limit(3 rows)",
        "z = result()",
        "y: int64",
        "…",
    ):
        assert part in text
