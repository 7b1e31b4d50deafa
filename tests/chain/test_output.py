"""Output: which columns a function's results become, and what happens when they change."""

import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypedDict

import numpy as np
import polars as pl
import pydantic
import pytest

import neurochain as nc


@dataclasses.dataclass
class Stats:
    mean: float
    spread: Annotated[float, nc.Unit("uV")] = 0.0


class Model(pydantic.BaseModel):
    mean: float
    inner: Stats | None = None


class Pair(NamedTuple):
    left: int
    right: str


class Typed(TypedDict):
    a: int
    b: str


def stats(x: int) -> Stats:
    return Stats(x / 2, 1.0)


def maybe(x: int) -> Stats | None:
    return None if x == 1 else Stats(x)


def model(x: int) -> Model:
    return Model(mean=x)


def pair(x: int) -> Pair:
    return Pair(x, "r")


def typed(x: int) -> Typed:
    return {"a": x, "b": "t"}


def double(x: int) -> int:
    return x * 2


class Scale:
    def __call__(self, x: int) -> int:
        return x

    def method(self, x: int) -> int:
        return x


def scaled(x: int, by: int) -> int:
    return x * by


@pytest.mark.parametrize(
    ("function", "columns"),
    [
        (double, ["double"]),
        (lambda x: x, ["result"]),
        (lambda x: {"a": x, "b": 1}, ["a", "b"]),
        (lambda x: Stats(x), ["mean", "spread"]),
        (lambda x: (x, x), ["result"]),
        (stats, ["mean", "spread"]),
        (maybe, ["mean", "spread"]),
        (model, ["mean", "inner"]),
        (pair, ["left", "right"]),
        (typed, ["a", "b"]),
        (partial(scaled, by=2), ["scaled"]),
        (Scale(), ["Scale"]),
        (Scale().method, ["method"]),
    ],
)
def test_names_of_columns(function: Callable[..., Any], columns: list[str], folder: Path) -> None:
    chain = nc.read_values(x=[1, 2])
    assert chain.map(function).collect().columns == ["x", *columns]
    assert chain.map(out=function).collect().columns == ["x", "out"]
    # The second time the rows come from the ledger, and are the same.
    assert chain.map(function).collect().equals(chain.map(function).settings(reuse=False).collect())


def test_columns_are_known_before_the_chain_runs(folder: Path) -> None:
    chain = nc.read_values(x=[1]).map(stats)
    assert [f.name for f in chain.schema.values()] == ["x", "mean", "spread"]
    assert chain.schema["spread"].unit == "uV"
    assert not chain.schema.partial
    assert nc.read_values(x=[1]).map(y=lambda x: x).schema.partial
    assert "y" not in nc.read_values(x=[1]).map(y=lambda x: x).schema


def test_units_and_axes_of_an_annotation(folder: Path) -> None:
    def trace(x: int) -> Annotated[np.ndarray, nc.Unit("uV"), nc.Axes("channel", "time")]:
        return np.zeros((2, 3))

    nc.read_values(x=[1]).map(trace).save("traces")
    field = nc.dataset("traces").schema["trace"]
    assert (str(field.type), field.unit, field.axes) == ("float64[2, 3]", "uV", ("channel", "time"))


def test_a_nested_record_is_one_column(folder: Path) -> None:
    frame = nc.read_values(x=[1, 2]).map(lambda x: {"a": {"b": x, "c": None if x == 1 else "z"}}).collect()
    assert frame["a"].to_list() == [{"b": 1, "c": None}, {"b": 2, "c": "z"}]
    row = next(iter(nc.read_values(x=[5]).map(model)))
    assert (row.mean, row.inner) == (5.0, None)


def test_a_missing_record_is_null_in_every_field(folder: Path) -> None:
    assert nc.read_values(x=[1, 2]).map(maybe).collect().rows() == [(1, None, None), (2, 2.0, 0.0)]
    assert nc.read_values(x=[1, 2]).map(lambda x: None if x == 1 else {"a": x}).collect()["a"].to_list() == [
        None,
        2,
    ]


@pytest.mark.parametrize("function", [double, lambda x: {"double": 1}, lambda x: {"x": 1}, stats])
def test_a_collision_is_an_error(function: Callable[..., Any], folder: Path) -> None:
    chain = nc.read_values(x=[1], double=[2], mean=[3], y=[4])
    with pytest.raises(nc.ColumnExistsError, match=r"exists already.*select\(\)"):
        chain.map(function).collect()
    with pytest.raises(nc.ColumnExistsError, match="'y', which exists already"):
        chain.map(y=function).collect()


def changing(seen: list[Any]) -> Callable[[int], Any]:
    return lambda x: seen[x]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, "a"], r"'out' holds int64, but row 1 gives str \('a'\)"),
        ([1] * 64 + [1.5], r"'out' holds int64, but row 64 gives float"),
        (["a", b"a"], "row 1 gives bytes"),
        ([np.zeros(2), np.zeros(2, np.float32)], r"holds float64\[2\], but row 1 gives float32\[2\]"),
        ([np.zeros(2), 1.0], r"holds float64\[2\], but row 1 gives float"),
        ([[1], ["a"]], r"'out\[\]' holds int64, but row 1 gives str"),
        ([{"a": 1}, {"a": "x"}], "'out.a' holds int64, but row 1 gives str"),
        ([None, 1, "x"], r"holds int64, but row 2 gives str"),
    ],
)
def test_drift_between_batches(
    values: list[Any], message: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Every row is a batch of its own, as in a function that takes long.
    monkeypatch.setattr("neurochain.chain.executors.inline.REMEMBER_SECONDS", 0.0)
    chain = nc.read_values(x=range(len(values)))
    with pytest.raises(nc.SchemaError, match=message):
        chain.map(out=changing(values)).collect()


def test_the_first_rows_tell_the_type_together(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = nc.read_values(x=range(100))
    expected = numbers.map(out=changing([1, 1.5, *range(98)])).collect()
    assert expected["out"].dtype == pl.Float64
    # However the rows were cut, and whatever the ledger holds.
    monkeypatch.setattr("neurochain.chain.executors.inline.REMEMBER_SECONDS", 0.0)
    assert numbers.map(out=changing([1, 1.5, *range(98)])).settings(reuse=False).collect().equals(expected)
    assert numbers.map(out=changing([1, 1.5, *range(98)])).collect().equals(expected)
    assert numbers.map(out=changing([1.5] * 64 + [1] * 36)).collect()["out"].dtype == pl.Float64


def test_fields_that_come_later_are_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurochain.chain.executors.inline.REMEMBER_SECONDS", 0.0)
    with pytest.raises(nc.SchemaError, match="new fields 'b' from row 16"):
        nc.read_values(x=range(32)).map(lambda x: {"a": 1} if x < 16 else {"a": 1, "b": 2}).collect()
    with pytest.raises(nc.SchemaError, match="row 20 gives int"):
        nc.read_values(x=range(32)).map(lambda x: {"a": 1} if x < 20 else 3).collect()
    frame = nc.read_values(x=range(32)).map(lambda x: {"a": 1, "b": 2} if x < 16 else {"a": 1}).collect()
    assert frame["b"].null_count() == 16


def test_what_widens_without_loss(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurochain.chain.executors.inline.REMEMBER_SECONDS", 0.0)
    chain = nc.read_values(x=range(48))
    shapes = chain.map(v=lambda x: None if x < 16 else np.arange(float(x // 16))).select("v")
    assert [None if row.v is None else row.v.shape for row in shapes] == [None] * 16 + [(1,)] * 16 + [
        (2,)
    ] * 16
    assert str(shapes.save("shapes").schema["v"].type) == "float64[?]"
    assert [None if r.v is None else len(r.v) for r in nc.read_dataset("shapes")] == [None] * 16 + [
        1
    ] * 16 + [2] * 16


def test_a_new_row_must_fit_the_rows_of_the_ledger(folder: Path) -> None:
    function = changing([1, 2, "three"])
    assert nc.read_values(x=[0, 1]).map(out=function).collect()["out"].to_list() == [1, 2]
    with pytest.raises(nc.SchemaError, match="'out' holds int64, but row 2 gives str"):
        nc.read_values(x=[0, 1, 2]).map(out=function).collect()
    shapes = changing([np.zeros(1), np.zeros(2)])
    assert nc.read_values(x=[0]).map(out=shapes).collect().height == 1
    assert [r.out.shape for r in nc.read_values(x=[1, 0, 1]).map(out=shapes)] == [(2,), (1,), (2,)]


def test_none_tells_nothing_of_the_columns(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurochain.chain.executors.inline.REMEMBER_SECONDS", 0.0)
    chain = nc.read_values(x=range(64))
    late = chain.map(lambda x: {"a": x} if x in (40, 41) else None)
    for _ in range(2):  # computed, and then from the ledger
        assert late.collect().columns == ["x", "a"]
        assert late.filter(nc.Column("a").is_not_null()).collect().rows() == [(40, 40), (41, 41)]
    never = chain.map(lambda x: None)
    assert never.collect().columns == ["x", "result"]
    # Rows that are new give None, those of the ledger gave records.
    bad = nc.read_values(x=[40, 41, 100, 101]).map(
        changing([{"a": i} if i < 100 else None for i in range(102)])
    )
    assert (
        nc.read_values(x=[40, 41])
        .map(changing([{"a": i} if i < 100 else None for i in range(102)]))
        .collect()
        .height
    )
    assert bad.collect()["a"].to_list() == [40, 41, None, None]


def test_one_function_may_give_different_columns_for_different_data(folder: Path) -> None:
    # The columns come from the data; what other data gave must neither break nor change a result.
    function = changing([{"a": 1}, {"b": 2}, "text", {"a": 3}])
    for _ in range(2):
        assert nc.read_values(x=[0]).map(function).collect().columns == ["x", "a"]
        assert nc.read_values(x=[1]).map(function).collect().columns == ["x", "b"]
        assert nc.read_values(x=[2]).map(function).collect().columns == ["x", "result"]
    assert nc.read_values(x=[3, 0]).map(function).collect()["a"].to_list() == [3, 1]


def test_a_column_does_not_depend_on_what_the_ledger_holds(folder: Path) -> None:
    results = [
        np.zeros(1),
        np.zeros(2),
        np.ones(2),
        None,
        {"v": np.zeros(1)},
        {"v": np.zeros(2)},
        {"v": None},
    ]
    function = changing(results)

    def types(*rows: int, **settings: bool) -> list[str]:
        version = nc.read_values(x=rows).map(function).settings(**settings).save("d")
        return [str(f.type) for name, f in version.schema.items() if name != "x"]

    types(0, 1, 2, 3)
    types(4, 5, 6)
    for rows in ([0], [1, 2], [0, 1], [3, 1], [4], [5, 4], [6], [4, 6]):
        assert types(*rows) == types(*rows) == types(*rows, reuse=False), rows


def test_a_record_without_fields_is_an_error(folder: Path) -> None:
    with pytest.raises(nc.SchemaError, match="records without fields"):
        nc.read_values(x=[1]).map(lambda x: {}).collect()
