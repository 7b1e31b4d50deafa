"""Keys: equal values have equal digests, and only those; a row keeps its key."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurochain as nc
from neurochain.chain.keys import argument_digests
from neurochain.datasets.schema import KEY

TYPES: dict[str, tuple[Any, Any]] = {
    "int64": (pl.Int64, st.integers(-(2**63), 2**63 - 1)),
    "int8": (pl.Int8, st.integers(-3, 3)),
    "uint64": (pl.UInt64, st.integers(0, 2**64 - 1)),
    "bool": (pl.Boolean, st.booleans()),
    "float64": (pl.Float64, st.floats(allow_nan=False)),
    "float32": (pl.Float32, st.floats(width=32, allow_nan=False)),
    "string": (pl.String, st.text(max_size=3)),
    "bytes": (pl.Binary, st.binary(max_size=3)),
    "date": (pl.Date, st.dates(dt.date(1900, 1, 1))),
    "datetime": (pl.Datetime("us"), st.datetimes(dt.datetime(1900, 1, 1))),
    "time": (pl.Time, st.times()),
    "duration": (pl.Duration("us"), st.timedeltas(dt.timedelta(-9), dt.timedelta(9))),
    "list": (pl.List(pl.Int64), st.lists(st.integers(0, 2) | st.none(), max_size=3)),
    "texts": (pl.List(pl.String), st.lists(st.text(max_size=2), max_size=3)),
}


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    height = draw(st.integers(1, 8))
    chosen = draw(st.lists(st.sampled_from(sorted(TYPES)), min_size=1, max_size=4))
    series = []
    for i, name in enumerate(chosen):
        dtype, strategy = TYPES[name]
        values = draw(st.lists(st.none() | strategy, min_size=height, max_size=height))
        series.append(pl.Series(str(i), values, dtype=dtype))
    return pl.DataFrame(series)


def _signed(value: Any) -> Any:
    # A result may depend on the sign of zero, so the two zeros are two values.
    return (value, np.signbit(value).item()) if isinstance(value, float) else value


@settings(max_examples=150, deadline=None)
@given(frames())
def test_digests_are_equal_iff_the_values_are(frame: pl.DataFrame) -> None:
    digests = argument_digests(frame).to_list()
    rows = [tuple(map(_signed, row)) for row in frame.rows()]
    for i, a in enumerate(rows):
        for j, b in enumerate(rows):
            assert (digests[i] == digests[j]) == (a == b), (a, b)
    assert all(len(d) == 16 for d in digests)


@settings(max_examples=60, deadline=None)
@given(frames(), st.data())
def test_a_digest_does_not_depend_on_the_batch(frame: pl.DataFrame, data: st.DataObject) -> None:
    digests = argument_digests(frame).to_list()
    order = data.draw(st.permutations(range(frame.height)))
    assert argument_digests(frame[order]).to_list() == [digests[i] for i in order]
    row = data.draw(st.integers(0, frame.height - 1))
    assert argument_digests(frame.slice(row, 1)).to_list() == [digests[row]]


def test_columns_do_not_run_into_each_other() -> None:
    frame = pl.DataFrame({"a": ["x", "xy", None, ""], "b": ["yz", "z", "", None]})
    assert argument_digests(frame).n_unique() == 4


def keys(chain: nc.Chain) -> dict[Any, bytes]:
    state, _ = chain.execute()
    frame = state.frame.select("x", KEY).collect()
    return dict(zip(frame["x"].to_list(), frame[KEY].to_list(), strict=True))


def test_a_row_keeps_its_key(folder: Path) -> None:
    chain = nc.read_values(x=[5, 3, 4, 1])
    before = keys(chain)
    assert len(set(before.values())) == 4
    later = (
        chain.order_by("x")
        .filter(nc.Column("x") > 1)
        .mutate(y=nc.Column("x") * 2)
        .map(z=lambda y: y)
        .select("z", "x")
    )
    assert keys(later) == {x: k for x, k in before.items() if x > 1}
    assert keys(later.limit(2)) == {3: before[3], 4: before[4]}
    assert keys(chain.persist()) == before
    chain.save("kept")
    assert keys(nc.read_dataset("kept")) == before


def test_keys_by_position_or_by_a_column(folder: Path) -> None:
    assert keys(nc.read_values(x=["a", "b"]))["a"] == keys(nc.read_values(x=["c", "d"]))["c"]
    first = keys(nc.read_values(x=["a", "b"], key="x"))
    assert keys(nc.read_values(x=["z", "b", "a"], key="x"))["a"] == first["a"]
    with pytest.raises(nc.SchemaError, match="does not tell the rows apart"):
        nc.read_values(x=["a", "a"], key="x")
    with pytest.raises(nc.SchemaError, match=r"key='x' is a list\[int64\]"):
        nc.read_values(x=[[1], [2]], key="x")
    with pytest.raises(nc.ColumnNotFoundError, match="'y'"):
        nc.read_values(x=["a"], key="y")


def test_a_file_is_keyed_by_its_path_below_the_root(dicom_tree: Path) -> None:
    def of(pattern: str) -> dict[str, bytes]:
        state, _ = nc.read_storage(pattern, headers=False).execute()
        frame = state.frame.select("file.path", KEY).collect()
        return dict(zip(frame["file.path"].to_list(), frame[KEY].to_list(), strict=True))

    before = of("data/**/*.dcm")
    path = dicom_tree / "2025" / "series0" / "im0.dcm"
    path.write_bytes(path.read_bytes() + b"\0\0")
    assert of("data/**/*.dcm") == before
    assert len(set(before.values())) == 9


def test_merged_rows_have_keys_of_their_own(folder: Path) -> None:
    left = nc.read_values(x=[1, 2], k=["a", "b"])
    right = nc.read_values(k=["a", "a"], y=[10, 20])
    state, _ = left.merge(right, on="k", how="left", many=True).execute()
    assert state.frame.collect()[KEY].n_unique() == 3
