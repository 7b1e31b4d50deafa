"""Filters: what is one, what its value becomes in a column, and what is refused."""

import datetime as dt
import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from filter_cases import LISTS, SCHEMA, conditions
from hypothesis import given, settings
from hypothesis import strategies as st

import neurochain as nc
from neurochain.tables.filters.binding import NOTHING, bound
from neurochain.tables.filters.condition import Condition
from neurochain.tables.filters.record import condition_json, condition_of_json
from neurochain.tables.filters.steps import has_steps, limits, step_of, value_at

BERLIN = pl.Datetime("ms", "Europe/Berlin")
CET = dt.timezone(dt.timedelta(hours=1))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("hour", "=>", 8), "no operator '=>'.*Did you mean"),
        (("", "=", 8), "name of a column"),
        (("hour", "=", None), "a null equals nothing.*'is null'"),
        (("hour", "in", 8), "takes a list"),
        (("hour", "in", "ab"), "takes a list"),
        (("hour", "in", [1, None]), "a null equals nothing"),
        (("hour", "=", [8]), "takes one value.*'in'"),
        (("hour", "between", [1, 2, 3]), "a lower and an upper"),
        (("hour", "between", {1, 2}), "a lower and an upper"),
        (("hour", "is null", 1), "takes no value"),
        (("text", "contains", 7), "text that is looked for"),
    ],
)
def test_what_is_no_filter(given: Any, said: str) -> None:
    with pytest.raises(nc.ExpressionError, match=said):
        Condition.of(nc.Filter(*given))


@pytest.mark.parametrize(
    "given", ["hour = 8", 8, {"hour": 8}, ["hour", "=", 8], [[nc.Filter("a", "=", 1)], 7]]
)
def test_what_is_no_condition(given: Any) -> None:
    with pytest.raises(nc.ExpressionError):
        Condition.of(given)


def test_lists_of_lists_or_not() -> None:
    one = nc.Filter("a", "=", 1)
    assert Condition.of(None).cases == Condition.of([]).cases == ()
    assert (
        Condition.of(one)
        == Condition.of([one])
        == Condition.of([[one]])
        == Condition.of(("a", "=", 1))
        == Condition.of([("a", "=", 1)])
    )
    assert not Condition.of([[one], []])  # one case asks for nothing, so all is kept
    with pytest.raises(nc.ExpressionError, match="not both at once"):
        Condition.of([one, [one]])


@pytest.mark.parametrize(
    ("dtype", "operator", "value", "operator_then", "value_then"),
    [
        (pl.Int8(), "=", "7", "=", 7),
        (pl.Int8(), "=", 300, "=", NOTHING),
        (pl.Int8(), "!=", 300, "!=", NOTHING),
        (pl.Int8(), "in", [7, 300, 7.0, 7.5, "x"], "in", [7, 7]),
        (pl.Int8(), "<", 300, "is not null", None),
        (pl.Int8(), ">", 300, "=", NOTHING),
        (pl.Int8(), ">=", -300, "is not null", None),
        (pl.Int8(), "<=", 7.9, "<=", 7),
        (pl.Int8(), "<", 7.9, "<=", 7),
        (pl.Int8(), ">", 7.1, ">=", 8),
        (pl.Int8(), "<", 127.5, "is not null", None),
        (pl.Int8(), "<", math.nan, "is not null", None),
        (pl.Int8(), ">", -math.inf, "is not null", None),
        (pl.Int8(), "between", [-1000, 5.5], "<=", 5),
        (pl.Int8(), "between", [-1000, 1000], "is not null", None),
        (pl.Int8(), "between", [1000, 5], "=", NOTHING),
        (pl.UInt64(), "=", 2**64 - 1, "=", 2**64 - 1),
        (pl.UInt8(), "<", 1, "=", 0),
        (pl.UInt8(), "<=", 0, "=", 0),
        (pl.UInt8(), "<", 0, "=", NOTHING),
        (pl.UInt8(), ">", 254, "=", 255),
        (pl.UInt8(), ">", 255, "=", NOTHING),
        (pl.UInt8(), ">=", 0, "is not null", None),
        (pl.UInt8(), "between", [0, 0], "=", 0),
        (pl.UInt8(), "between", [255, 254], "=", NOTHING),
        (pl.UInt8(), "between", [255, 255], "=", 255),
        (pl.UInt64(), ">", -1, "is not null", None),
        (pl.Int64(), "<", 2**63, "is not null", None),
        (pl.Int64(), "=", float(2**62), "=", 2**62),
        (pl.Int64(), "=", np.int64(5), "=", 5),
        (pl.Float32(), "=", 0.1, "=", float(np.float32(0.1))),
        (pl.Float64(), "=", 10**400, "=", math.inf),
        (pl.Decimal(5, 2), "=", 0.1, "=", Decimal("0.10")),
        (pl.Decimal(5, 2), "=", "0.125", "=", NOTHING),
        (pl.Decimal(5, 2), "<", Decimal("0.125"), "<=", Decimal("0.12")),
        (pl.Decimal(5, 2), ">", 1000, "=", NOTHING),
        (pl.Date(), "=", "2024-04-28", "=", dt.date(2024, 4, 28)),
        (pl.Date(), "=", "2024-04-31", "=", NOTHING),
        (pl.Datetime("us"), "=", dt.date(2024, 4, 28), "=", dt.datetime(2024, 4, 28)),
        (pl.Datetime("us"), "=", "2024-04-28T12:00:00+02:00", "=", dt.datetime(2024, 4, 28, 10)),
        (pl.Datetime("us"), "=", np.datetime64("2024-04-28", "ns"), "=", dt.datetime(2024, 4, 28)),
        (pl.Datetime("ms"), "=", dt.datetime(2024, 1, 1, 0, 0, 0, 5), "=", NOTHING),
        (pl.Datetime("ms"), "<", dt.datetime(2024, 1, 1, 0, 0, 0, 5), "<=", dt.datetime(2024, 1, 1)),
        (pl.Datetime("ns"), "<", dt.datetime(3000, 1, 1), "is not null", None),
        (BERLIN, "=", "2024-01-01T12:00:00", "=", dt.datetime(2024, 1, 1, 12, tzinfo=CET)),
        (BERLIN, "=", "2024-01-01T11:00:00Z", "=", dt.datetime(2024, 1, 1, 12, tzinfo=CET)),
        (pl.Time(), "=", "12:30", "=", dt.time(12, 30)),
        (pl.Duration("ms"), ">", dt.timedelta(microseconds=1500), ">=", dt.timedelta(milliseconds=2)),
        (pl.Boolean(), "=", "TRUE", "=", True),
        (pl.Enum(["a"]), "=", "b", "=", NOTHING),
        (pl.Null(), "<", 5, "=", NOTHING),
        (pl.Binary(), "=", b"a", "=", b"a"),
        (pl.List(pl.Int8()), "includes", 300, "includes", NOTHING),
        (pl.List(pl.Int8()), "includes all", [1, "x"], "includes all", [1, NOTHING]),
    ],
)
def test_values_become_those_of_the_column(
    dtype: Any, operator: str, value: Any, operator_then: str, value_then: Any
) -> None:
    found = bound(nc.Filter("c", operator, value).check(), dtype)
    assert (found.operator, found.value) == (operator_then, value_then)


@pytest.mark.parametrize(
    ("dtype", "operator", "value"),
    [
        (pl.String(), "=", 7),
        (pl.Int8(), "=", True),
        (pl.Boolean(), "=", 1),
        (pl.Int8(), "=", dt.date(2024, 1, 1)),
        (pl.Date(), "=", dt.datetime(2024, 1, 1)),
        (pl.Date(), "<", "soon"),
        (pl.Int8(), ">", "many"),
        (pl.Int8(), "contains", "7"),
        (pl.Int8(), "includes", 7),
        (pl.List(pl.Int8()), "=", 7),
        (pl.Struct({"a": pl.Int8()}), "=", 7),
        (pl.Enum(["a"]), "<", "b"),
    ],
)
def test_values_that_cannot_be_compared(dtype: Any, operator: str, value: Any) -> None:
    with pytest.raises(nc.ExpressionError, match="'c'"):
        bound(nc.Filter("c", operator, value), dtype)


STEPPED = [
    *(pl.Int8(), pl.UInt8(), pl.Int64(), pl.UInt64(), pl.Decimal(6, 2), pl.Date(), pl.Time()),
    *(pl.Datetime("ms"), pl.Datetime("us", "UTC"), pl.Duration("us"), BERLIN),
]


@given(st.sampled_from(STEPPED), st.integers(-(10**6), 10**6))
def test_steps_are_values(dtype: Any, step: int) -> None:
    least, most = limits(dtype)
    step = max(least, min(most, step))
    assert has_steps(dtype)
    if isinstance(dtype, pl.Time):
        step = step // 1000 * 1000  # Python's times have no nanoseconds
    assert step_of(value_at(step, dtype), dtype) == step


EDGES: dict[str, tuple[pl.DataType, list[Any]]] = {
    "zoned": (BERLIN, [dt.datetime(2024, 10, 27, h, 30, tzinfo=dt.UTC) for h in (0, 1)]),
    "coarse": (pl.Datetime("ms"), [dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 1, 0, 0, 0, 1000)]),
    "money": (pl.Decimal(10, 2), [Decimal("0.10"), Decimal("2.50")]),
    "single": (pl.Float32(), [0.1, 2.5, math.nan]),
    "great": (pl.UInt64(), [0, 2**63, 2**64 - 1]),
    "pair": (pl.Array(pl.Int64, 2), [[1, 2], [3, 4]]),
    "kind": (pl.Categorical(), ["a", "b"]),
    "level": (pl.Enum(["low", "high"]), ["low", "high"]),
    "bytes": (pl.Binary(), [b"", b"a\0b"]),
    "clock": (pl.Time(), [dt.time(0), dt.time(12, 30, 0, 1)]),
    "length": (pl.Duration("us"), [dt.timedelta(0), dt.timedelta(seconds=-1)]),
}


@pytest.mark.parametrize("stored", [False, True], ids=["in memory", "in a file"])
@pytest.mark.parametrize("name", list(EDGES))
def test_values_of_rarer_types_are_found(name: str, stored: bool, tmp_path: Path) -> None:
    dtype, values = EDGES[name]
    frame = pl.DataFrame({name: pl.Series([*values, None], dtype=dtype), "id": range(len(values) + 1)})
    frame.write_parquet(tmp_path / "a.parquet", row_group_size=1)
    table = (
        nc.ParquetTable(name="t", uri=str(tmp_path))
        if stored
        else nc.FunctionTable(name="t", function=lambda: frame)
    )

    def ids(operator: str, value: Any = None) -> list[int]:
        return table(nc.Filter(name, operator, value)).collect()["id"].to_list()

    assert ids("is null") == [len(values)]
    for i, value in enumerate(values):
        if name == "pair":
            assert ids("includes", value[0]) == ids("includes all", value) == [i]
            continue
        assert ids("=", value) == ids("in", [value]) == [i]
        assert ids("!=", value) == ids("not in", [value]) == [j for j in range(len(values)) if j != i]
        if name not in ("kind", "level"):
            assert ids("between", [value, value]) == [i]


def test_times_in_a_zone_are_told_apart_where_clocks_are_set_back() -> None:
    first, second = EDGES["zoned"][1]
    asked = bound(nc.Filter("t", "=", first), BERLIN).value
    other = bound(nc.Filter("t", "=", second), BERLIN).value
    assert asked.astimezone(dt.UTC) == first
    assert other.astimezone(dt.UTC) == second


@settings(max_examples=150)
@given(conditions((*SCHEMA, *LISTS)))
def test_a_recorded_condition_is_the_same(cases: Any) -> None:
    asked = Condition.of([[nc.Filter(*term) for term in case] for case in cases])
    again = condition_of_json(json.loads(json.dumps(condition_json(asked))))
    schema = pl.Schema({**SCHEMA, **LISTS})
    one, other = asked.bound(schema), again.bound(schema)
    assert repr(one) == repr(other) or one == other


def test_expressions_and_decimals_are_recorded() -> None:
    asked = Condition.of([nc.Column("a") > 3, nc.Filter("d", "in", [Decimal("0.1")])])
    said = condition_json(asked)
    assert said == condition_json(condition_of_json(said))


def test_what_must_be_equal() -> None:
    one = Condition.of([[nc.Filter("a", "=", 1)], [nc.Filter("a", "in", [1, 2]), nc.Filter("b", ">", 0)]])
    assert one.equal_to("a") == [1, 2]
    assert one.equal_to("b") is None
    assert Condition().equal_to("a") is None
    assert Condition.of(nc.Filter("a", "=", "x")).bound({"a": pl.Int8()}).equal_to("a") == []
