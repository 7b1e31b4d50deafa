"""Distinct and drop: fewer rows, fewer columns."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyed import keyed, keys

import neurochain as nc


@pytest.fixture
def chain(folder: Path) -> nc.Chain:
    return nc.read_values(s=["b", "a", "b", None, None, "a"], t=[1, 1, 2, 1, 1, 1], x=range(6))


def test_the_first_row_of_each_combination(chain: nc.Chain) -> None:
    assert chain.distinct("s").collect()["x"].to_list() == [0, 1, 3]
    assert chain.distinct("s", "t").collect()["x"].to_list() == [0, 1, 2, 3]
    assert chain.distinct().count() == 6
    assert chain.drop("x").distinct().count() == 4
    assert chain.order_by("x", descending=True).distinct("s").collect()["x"].to_list() == [5, 4, 2]
    assert set(keys(chain.distinct("s"))) <= set(keys(chain))
    assert keyed(chain.limit(0).distinct()).height == 0


@given(st.lists(st.tuples(st.none() | st.integers(0, 2), st.sampled_from(["", "a", None])), min_size=1))
def test_distinct_against_a_dict(tmp_path: Path, rows: list[tuple[int | None, str | None]]) -> None:
    chain = nc.read_values(a=[9, *(a for a, _ in rows)], b=["z", *(b for _, b in rows)])
    out = chain.distinct("b", "a").collect().rows()
    assert out == [(9, "z"), *dict.fromkeys(rows)]


def test_distinct_of_records_arrays_lists_and_keys(dicom_tree: Path) -> None:
    chain = nc.read_values(
        r=[{"a": 1, "b": None}, {"a": 1, "b": 2}, {"a": 1, "b": 2}, None],
        v=[np.zeros(2), np.ones(2), np.zeros(2), np.zeros(2)],
        g=[np.arange(1), np.arange(2), np.arange(2), np.arange(2)],
        l=[[1], [1], [], [1]],
        x=range(4),
    )
    found = {n: chain.distinct(n).collect()["x"].to_list() for n in ("r", "v", "g", "l", "r.a", "b")}
    assert found == {"r": [0, 1, 3], "v": [0, 1], "g": [0, 1], "l": [0, 2], "r.a": [0, 3], "b": [0, 1]}
    scans = nc.read_storage("data/**/*.dcm")
    assert scans.distinct("molecular_tag").count() == 2
    assert scans.distinct("file").count() == 9
    assert scans.distinct().count() == 9
    with pytest.raises(nc.ColumnNotFoundError, match="'z' is not found"):
        chain.distinct("z")
    with pytest.raises(nc.ExpressionError, match=r"distinct\(\) takes names.*mutate"):
        chain.distinct(nc.Column("x") > 1)  # type: ignore[arg-type]
    with pytest.raises(nc.ColumnNotFoundError, match="'nowhere' is not found"):
        scans.distinct("nowhere").collect()


def test_drop(chain: nc.Chain) -> None:
    assert chain.drop("s", "x").collect().columns == ["t"]
    assert keys(chain.drop("s")) == keys(chain)
    assert keyed(chain.limit(0).drop("s")).height == 0
    with pytest.raises(nc.ColumnNotFoundError, match=r"'tt' is not found.*Did you mean 't'"):
        chain.drop("tt")
    with pytest.raises(nc.ColumnNotFoundError, match="would leave no column"):
        chain.drop("s", "t", "x")
    with pytest.raises(nc.ColumnNotFoundError, match="at least one"):
        chain.drop()


def test_drop_takes_whole_columns(dicom_tree: Path) -> None:
    scans = nc.read_storage("data/**/*.dcm")
    assert "dicom" not in scans.drop("dicom", "sidecar").collect().columns
    for name in ("dicom.EchoTime", "EchoTime", "voxel_sizes"):
        with pytest.raises(
            nc.ExpressionError, match=r"is a field of '(dicom|header)'.*as a whole: drop\('(d|h)"
        ):
            scans.drop(name)
    with pytest.raises(nc.ColumnNotFoundError, match="'molecular_tag' is not found"):
        scans.drop("molecular_tag")  # a key of the sidecars, which nobody has looked at yet
    with pytest.raises(nc.ExpressionError, match=r"'sidecar.molecular_tag' is a field of"):
        scans.persist().drop("molecular_tag")


def test_columns_known_only_once_it_ran(folder: Path) -> None:
    def rough(x):  # type: ignore[no-untyped-def] # what it gives is known when it ran
        return {"y": x % 2, "z": x}

    chain = nc.read_values(x=range(4)).map(rough)
    assert chain.drop("z", "x").distinct("y").collect().rows() == [(0,), (1,)]
    with pytest.raises(nc.ColumnNotFoundError, match="'w' is not found"):
        chain.drop("w").collect()
    with pytest.raises(nc.ColumnNotFoundError, match="'w' is not found"):
        chain.distinct("w").collect()
