"""gen: one row to many."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

import neurochain as nc
from neurochain.datasets.schema import KEY

Calls = Callable[[], int]


class Window(BaseModel):
    start: float
    end: float
    label: str | None = None


def windows(x: int) -> Iterator[Window]:
    for i in range(x):
        yield Window(start=float(i), end=i + 1.0, label="odd" if i % 2 else None)


def keys(chain: nc.Chain) -> list[bytes]:
    state, _ = chain.execute()
    return state.frame.select(KEY).collect()[KEY].to_list()


def test_each_result_is_a_row_beside_its_parent(folder: Any) -> None:
    chain = nc.read_values(x=[2, 0, 3], name=["a", "b", "c"]).gen(windows)
    assert list(chain.schema) == ["x", "name", "start", "end", "label"]
    assert chain.collect().rows() == [
        (2, "a", 0.0, 1.0, None),
        (2, "a", 1.0, 2.0, "odd"),
        (3, "c", 0.0, 1.0, None),
        (3, "c", 1.0, 2.0, "odd"),
        (3, "c", 2.0, 3.0, None),
    ]
    assert chain.count() == 5
    version = chain.save("windows")
    assert version.rows == 5
    assert nc.read_dataset("windows").collect().equals(chain.collect())


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: [x] * x, [1, 2, 2]),
        (lambda x: (i for i in range(x)), [0, 0, 1]),
        (lambda x: np.arange(x), [0, 0, 1]),
        (lambda x: None, []),
        (lambda x: {x}, [1, 2]),
    ],
)
def test_what_may_give_many(function: Callable[..., Any], expected: list[int], folder: Any) -> None:
    assert nc.read_values(x=[1, 2]).gen(v=function).collect()["v"].to_list() == expected


@pytest.mark.parametrize("value", ["text", b"bytes", {"a": 1}, 3])
def test_one_result_is_no_many(value: Any, folder: Any) -> None:
    with pytest.raises(nc.UDFError, match=r"gen\(\) takes functions that give many rows"):
        nc.read_values(x=[1]).gen(v=lambda x: value).collect()


def test_annotations_say_the_columns(folder: Any) -> None:
    def patches(x: int) -> Iterator[Annotated[np.ndarray, nc.Unit("uV")]]:
        for i in range(x):
            yield np.full((2, 2), i, np.float32)

    chain = nc.read_values(x=[2]).gen(patch=patches)
    version = chain.save("patches")
    assert str(version.schema["patch"].type) == "float32[2, 2]"
    assert version.schema["patch"].unit == "uV"
    nothing = nc.read_values(x=[0, 0]).gen(windows).collect()
    assert nothing.columns == ["x", "start", "end", "label"]
    assert nothing.height == 0


def test_rows_are_told_apart_at_any_depth(folder: Any) -> None:
    twice = nc.read_values(x=[3, 4]).gen(a=lambda x: range(x)).gen(b=lambda x: range(x))
    found = keys(twice)
    assert len(found) == len(set(found)) == 9 + 16
    assert keys(twice) == found
    assert {len(k) for k in found} == {16}


def test_results_are_remembered_also_those_that_are_none(folder: Any, calls: Calls) -> None:
    def counted(x: int) -> Iterator[int]:
        with open("calls", "ab") as side:
            side.write(b".")
        yield from range(x)

    chain = nc.read_values(x=[2, 0, 3]).gen(i=counted)
    first = chain.collect()
    assert calls() == 3
    assert chain.collect().equals(first)
    assert calls() == 0
    assert nc.read_values(x=[5, 0, 2]).gen(i=counted).collect()["i"].to_list() == [0, 1, 2, 3, 4, 0, 1]
    assert calls() == 1
    never = nc.read_values(x=[0, -1]).gen(i=counted)
    assert never.collect().height == 0
    assert never.collect().height == 0
    assert calls() == 1  # of -1; 0 is known
    assert never.save("never").lineage().activity["reused"] == 2


def test_a_generator_that_fails_in_the_middle_leaves_nothing(folder: Any, calls: Calls) -> None:
    def fails(x: int) -> Iterator[int]:
        with open("calls", "ab") as side:
            side.write(b".")
        for i in range(100):
            if i == 99 and x == 1:
                raise ValueError("in the middle")
            yield i

    chain = nc.read_values(x=[0, 1, 2]).gen(i=fails)
    with pytest.raises(nc.UDFError, match="row 1: ValueError: in the middle"):
        chain.collect()
    assert calls() == 2
    skipped = chain.settings(on_error="skip").collect()
    assert skipped.height == 200
    assert skipped["x"].unique().sort().to_list() == [0, 2]
    assert calls() == 2  # 0 was remembered, 1 was not
    kept = chain.settings(on_error="keep").collect()
    assert kept.height == 201
    assert kept.filter(pl.col("x") == 1)["i"].to_list() == [None]


@given(st.lists(st.integers(0, 5), max_size=40), st.integers(1, 7))
def test_against_a_nested_loop(folder: Any, counts: list[int], size: int) -> None:
    expected = [(x, i) for x in counts for i in range(x)]
    chain = nc.read_values(x=pl.Series(counts, dtype=pl.Int64).to_list() or [0]).gen(i=lambda x: range(x))
    assert chain.collect().rows() == expected


def test_mistakes(folder: Any) -> None:
    chain = nc.read_values(x=[1])
    with pytest.raises(nc.UDFError, match=r"gen\(\) needs a function"):
        chain.gen()
    with pytest.raises(nc.UDFError, match="takes one function"):
        chain.gen(a=lambda x: [x], b=lambda x: [x])
    with pytest.raises(
        nc.ColumnExistsError, match=r"'x', which exists already. Name the result: gen\(other="
    ):
        chain.gen(x=lambda x: [x]).collect()
