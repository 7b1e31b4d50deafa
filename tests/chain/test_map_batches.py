"""map_batches: many rows at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurochain as nc

Calls = Callable[[], int]


@pytest.fixture
def rows(folder: Path) -> nc.Chain:
    return nc.read_values(x=list(range(10)), name=[f"n{i}" for i in range(10)])


@pytest.mark.parametrize("size", [1, 3, 10, 1024])
def test_a_batch_gets_its_rows_in_order(size: int, rows: nc.Chain) -> None:
    seen: list[Any] = []

    def double(x: np.ndarray, name: list[str]) -> np.ndarray:
        seen.append((x.tolist(), list(name)))
        return x * 2

    chain = rows.map_batches(y=double, batch_size=size).settings(workers=0)
    assert chain.collect()["y"].to_list() == [2 * x for x in range(10)]
    assert [len(x) for x, _ in seen] == [size] * (10 // size) + ([10 % size] if 10 % size else [])
    assert [x for batch, _ in seen for x in batch] == list(range(10))
    assert chain.save("doubled").rows == 10


@pytest.mark.parametrize(
    "give",
    [
        lambda x: np.asarray(x, np.float32) / 2,
        lambda x: pl.Series(np.asarray(x, np.float32) / 2),
        lambda x: pa.array(np.asarray(x, np.float32) / 2),
        lambda x: {"y": np.asarray(x, np.float32) / 2},
        lambda x: pl.DataFrame({"y": np.asarray(x, np.float32) / 2}),
        lambda x: pa.table({"y": np.asarray(x, np.float32) / 2}),
        lambda x: pa.record_batch({"y": np.asarray(x, np.float32) / 2}),
        lambda x: [np.float32(v) / np.float32(2) for v in x],
    ],
)
def test_what_may_come_back(give: Callable[..., Any], rows: nc.Chain) -> None:
    named = isinstance(give(np.arange(2)), dict | pl.DataFrame | pa.Table | pa.RecordBatch)
    chain = rows.map_batches(give, batch_size=4) if named else rows.map_batches(y=give, batch_size=4)
    frame = chain.collect()
    assert frame["y"].dtype == pl.Float32
    assert frame["y"].to_list() == [x / 2 for x in range(10)]


@pytest.mark.parametrize("kind", [pl.DataFrame, pa.Table, pa.RecordBatch])
def test_a_whole_batch_as_a_frame(kind: type, rows: nc.Chain) -> None:
    def length(batch: Any) -> Any:
        assert isinstance(batch, kind)
        frame = batch if isinstance(batch, pl.DataFrame) else pl.from_arrow(batch)
        return frame.select(n=pl.col("name").str.len_chars() + pl.col("x"))

    length.__annotations__["batch"] = kind
    assert rows.map_batches(length, batch_size=4).collect()["n"].to_list() == [2 + i for i in range(10)]


def test_arrays_are_stacked_and_come_apart_again(folder: Path) -> None:
    chain = nc.read_values(image=[np.full((2, 3), i, np.float32) for i in range(5)])

    def halves(image: np.ndarray) -> np.ndarray:
        assert image.shape[1:] == (2, 3)
        return image[:, 0] / 2

    version = chain.map_batches(row=halves, batch_size=2).save("rows")
    assert str(version.schema["row"].type) == "float32[3]"
    assert [r.row.tolist() for r in nc.read_dataset("rows")] == [[i / 2] * 3 for i in range(5)]


def test_nulls(folder: Path) -> None:
    chain = nc.read_values(x=[1.0, None, 3.0], s=["a", None, "c"])
    assert chain.map_batches(y=lambda x: np.isnan(x), batch_size=2).collect()["y"].to_list() == [
        False,
        True,
        False,
    ]
    assert chain.map_batches(y=lambda s: [v is None for v in s]).collect()["y"].to_list() == [
        False,
        True,
        False,
    ]
    assert chain.map_batches(y=lambda s: s).collect()["y"].to_list() == ["a", None, "c"]


def test_a_batch_is_remembered_as_a_whole(folder: Path, calls: Calls) -> None:
    def counted(x: np.ndarray) -> np.ndarray:
        with open("calls", "ab") as side:
            side.write(b".")
        return x - x.mean()

    def run(values: list[float]) -> list[float]:
        return list(nc.read_values(x=values).map_batches(y=counted, batch_size=2).collect()["y"])

    assert run([1.0, 3.0, 5.0, 5.0]) == [-1.0, 1.0, 0.0, 0.0]
    assert calls() == 2
    assert run([1.0, 3.0, 5.0, 5.0, 9.0]) == [-1.0, 1.0, 0.0, 0.0, 0.0]
    assert calls() == 1
    assert run([5.0, 5.0, 1.0, 3.0]) == [0.0, 0.0, -1.0, 1.0]
    assert calls() == 0


def test_the_size_is_part_of_what_is_remembered_by_what_it_changes(rows: nc.Chain) -> None:
    def centred(x: np.ndarray) -> np.ndarray:
        return x - x.mean()

    first = rows.map_batches(y=centred, batch_size=5).collect()["y"].to_list()
    assert rows.map_batches(y=centred, batch_size=10).collect()["y"].to_list() != first
    assert rows.map_batches(y=centred, batch_size=5).collect()["y"].to_list() == first


def test_failures(rows: nc.Chain) -> None:
    def picky(x: np.ndarray) -> np.ndarray:
        if 4 in x:
            raise ValueError("four")
        return x

    chain = rows.map_batches(y=picky, batch_size=4)
    with pytest.raises(nc.UDFError, match="row 4: ValueError: four"):
        chain.collect()
    assert chain.settings(on_error="skip").collect()["x"].to_list() == [0, 1, 2, 3, 8, 9]
    kept = chain.settings(on_error="keep").collect()
    assert kept["y"].to_list() == [0, 1, 2, 3, None, None, None, None, 8, 9]
    assert kept["error"].struct.field("message").null_count() == 6


def test_rows_that_failed_before_are_not_in_the_batch(rows: nc.Chain) -> None:
    def fails(x: int) -> int:
        if x in (1, 4, 5, 6, 7):
            raise ValueError(str(x))
        return x

    def count(a: np.ndarray) -> np.ndarray:
        return np.full(len(a), len(a))

    kept = rows.map(a=fails).map_batches(n=count, batch_size=4).settings(on_error="keep").collect()
    assert kept["n"].to_list() == [3, None, 3, 3, None, None, None, None, 2, 2]


@pytest.mark.parametrize(
    ("give", "message"),
    [
        (lambda x: x[:1], "gives 1 values of 'y' for a batch of 4 rows"),
        (lambda x: 3, "takes functions that give a column"),
        (lambda x: "text", "takes functions that give a column"),
        (lambda x: {}, "returns no columns"),
    ],
)
def test_results_that_fit_no_rows(give: Callable[..., Any], message: str, rows: nc.Chain) -> None:
    with pytest.raises(nc.SchemaError, match=message):
        rows.map_batches(y=give, batch_size=4).collect()


def test_drift(rows: nc.Chain) -> None:
    def drifts(x: np.ndarray) -> Any:
        return x if x[0] < 4 else [str(v) for v in x]

    with pytest.raises(nc.SchemaError, match="'y' holds int64, but row 4 gives str"):
        rows.map_batches(y=drifts, batch_size=4).collect()
    with pytest.raises(nc.SchemaError, match="gives the columns 'b' from row 4 on; it gave 'a' before"):
        rows.map_batches(lambda x: {"a" if x[0] < 4 else "b": x}, batch_size=4).collect()


@given(st.integers(1, 9), st.integers(0, 40))
def test_any_size_gives_the_same_where_rows_do_not_matter_to_each_other(
    folder: Path, size: int, count: int
) -> None:
    chain = nc.read_values(x=list(range(count + 1)))
    assert chain.map_batches(y=lambda x: x**2, batch_size=size).collect()["y"].to_list() == [
        x * x for x in range(count + 1)
    ]


def test_mistakes(rows: nc.Chain) -> None:
    with pytest.raises(nc.UDFError, match="a batch has at least one row"):
        rows.map_batches(y=lambda x: x, batch_size=0)
    with pytest.raises(nc.UDFError, match="random generator, which belongs to a row"):
        rows.map_batches(y=lambda x, rng: x)
