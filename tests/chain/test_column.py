"""Column: what is recorded gives what Polars gives, and mistakes are answered in words."""

import datetime as dt
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_series_equal

import neurochain as nc
from neurochain.chain.expressions.expression import replay

VALUES: dict[str, list[Any]] = {
    "i": [3, 1, None, -2, 7],
    "j": [1, 1, 4, None, 7],
    "x": [0.5, -1.5, None, float("nan"), float("inf")],
    "s": ["alpha", "Beta", None, "", "al pha"],
    "t": ["01", "02", "1", None, "al"],
    "b": [True, False, None, True, False],
    "c": [True, True, False, None, None],
    "d": [dt.date(2025, 1, 31), dt.date(2026, 2, 1), None, dt.date(1999, 12, 31), dt.date(2025, 6, 1)],
    "w": [
        dt.datetime(2025, 1, 31, 12, 30, 1, 5),
        dt.datetime(2026, 2, 1),
        None,
        None,
        dt.datetime(1970, 1, 1),
    ],
    "u": [dt.datetime(2025, 1, 31, tzinfo=dt.UTC), None, dt.datetime(1980, 1, 1, tzinfo=dt.UTC), None, None],
    "p": [dt.timedelta(seconds=90), None, dt.timedelta(days=-1), dt.timedelta(0), dt.timedelta(hours=3)],
    "l": [[1, 2, 3], [], None, [5], [2, 2]],
    "m": [["a", "b"], ["c"], None, [], ["a"]],
    "k": [b"ab", b"", None, b"abc", b"b"],
}
FRAME = pl.DataFrame(
    {name: pl.Series(name, values, strict=False) for name, values in VALUES.items()},
    schema_overrides={"w": pl.Datetime("us"), "u": pl.Datetime("us", "UTC")},
)

LAWS: dict[str, Callable[[Callable[[str], Any]], Any]] = {
    "equal": lambda c: c("i") == 3,
    "not equal": lambda c: c("i") != c("j"),
    "less": lambda c: c("i") < 3,
    "at most": lambda c: c("i") <= c("j"),
    "greater": lambda c: c("x") > 0.25,
    "at least": lambda c: c("x") >= c("i"),
    "nan": lambda c: c("x") == float("nan"),
    "infinity": lambda c: c("x") == float("inf"),
    "text": lambda c: c("s") == "alpha",
    "date": lambda c: c("d") > dt.date(2025, 1, 1),
    "datetime": lambda c: c("w") >= dt.datetime(2025, 1, 31, 12),
    "aware": lambda c: c("u") > dt.datetime(2000, 1, 1, tzinfo=dt.UTC),
    "duration": lambda c: c("p") < dt.timedelta(hours=1),
    "bytes": lambda c: c("k") == b"ab",
    "and": lambda c: (c("i") > 1) & (c("j") > 1),
    "or": lambda c: c("b") | c("c"),
    "xor": lambda c: c("b") ^ c("c"),
    "not": lambda c: ~c("b"),
    "and literal": lambda c: True & c("b"),
    "or literal": lambda c: False | c("b"),
    "xor literal": lambda c: True ^ c("b"),
    "minus": lambda c: -c("i"),
    "plus": lambda c: c("i") + 1,
    "plus from the right": lambda c: 1 + c("i"),
    "minus from the right": lambda c: 10 - c("i"),
    "times": lambda c: 2 * c("x") * c("i"),
    "divide": lambda c: c("i") / 2,
    "divide from the right": lambda c: 2 / c("i"),
    "floor": lambda c: c("i") // 2,
    "floor from the right": lambda c: 7 // c("i"),
    "modulo": lambda c: c("i") % 2,
    "modulo from the right": lambda c: 7 % c("i"),
    "power": lambda c: c("i") ** 2,
    "power from the right": lambda c: 2.0 ** c("i"),
    "text plus": lambda c: c("s") + "!",
    "date minus date": lambda c: c("d") - dt.date(2025, 1, 1),
    "date plus duration": lambda c: c("w") + c("p"),
    "nulls": lambda c: c("i").is_null() | c("s").is_not_null(),
    "null-safe": lambda c: c("i").eq_missing(c("j")),
    "null-safe not": lambda c: c("i").ne_missing(None),
    "fill": lambda c: c("i").fill_null(0),
    "fill with a column": lambda c: c("i").fill_null(c("j")),
    "fill by strategy": lambda c: c("i").fill_null(strategy="forward"),
    "fill text": lambda c: c("s").fill_null("none"),
    "fill nan": lambda c: c("x").fill_nan(0.0),
    "nan kinds": lambda c: c("x").is_nan() | c("x").is_infinite(),
    "finite": lambda c: c("x").is_finite(),
    "in": lambda c: c("s").is_in(["alpha", ""]),
    "in numbers": lambda c: c("i").is_in([1, 7]),
    "in a list column": lambda c: c("i").is_in(c("l")),
    "between": lambda c: c("i").is_between(1, 3),
    "between open": lambda c: c("i").is_between(1, 7, closed="none"),
    "between columns": lambda c: c("i").is_between(c("j"), 5),
    "cast": lambda c: c("i").cast(pl.Float64),
    "cast to text": lambda c: c("i").cast(pl.String),
    "cast small": lambda c: c("i").cast(pl.Int8),
    "cast unsigned": lambda c: c("j").cast(pl.UInt16),
    "cast to bool": lambda c: c("j").cast(pl.Boolean),
    "round": lambda c: c("x").round(1),
    "clip": lambda c: c("i").clip(0, 3),
    "abs, sqrt": lambda c: c("i").abs().sqrt(),
    "sign, log": lambda c: c("i").sign() + c("j").log(),
    "shift": lambda c: c("i").shift(1),
    "cumulative": lambda c: c("i").cum_sum(),
    "rank": lambda c: c("i").rank("min"),
    "mean": lambda c: c("i") - c("i").mean(),
    "deviation": lambda c: c("i") > c("i").median(),
    "unique": lambda c: c("j").is_unique(),
    "replace": lambda c: c("s").replace({"alpha": "A", "": "empty"}),
    "replace lists": lambda c: c("s").replace(["alpha"], ["A"]),
    "contains": lambda c: c("s").str.contains("al"),
    "literal contains": lambda c: c("s").str.contains(".", literal=True),
    "starts": lambda c: c("s").str.starts_with("al"),
    "upper": lambda c: c("s").str.to_uppercase(),
    "slice": lambda c: c("s").str.slice(1, 2),
    "length": lambda c: c("s").str.len_chars(),
    "extract": lambda c: c("s").str.extract(r"(\w+)", 1),
    "split": lambda c: c("s").str.split(" "),
    "text replace": lambda c: c("s").str.replace_all("a", "o"),
    "pad": lambda c: c("t").str.zfill(3),
    "to integer": lambda c: c("t").str.to_integer(strict=False),
    "parse": lambda c: c("d").dt.strftime("%Y-%m-%d").str.strptime(pl.Date, "%Y-%m-%d"),
    "recode": lambda c: c("j").replace_strict({1: "one"}, default="other", return_dtype=pl.String),
    "strip": lambda c: c("s").str.strip_prefix("al"),
    "contains column": lambda c: c("s").str.contains(c("t"), literal=True),
    "year": lambda c: c("d").dt.year(),
    "weekday": lambda c: c("d").dt.weekday(),
    "hour": lambda c: c("w").dt.hour(),
    "format": lambda c: c("d").dt.strftime("%Y"),
    "truncate": lambda c: c("w").dt.truncate("1d"),
    "offset": lambda c: c("d").dt.offset_by("1mo"),
    "seconds": lambda c: c("p").dt.total_seconds(),
    "list length": lambda c: c("l").list.len(),
    "list contains": lambda c: c("l").list.contains(2),
    "list get": lambda c: c("l").list.get(0, null_on_oob=True),
    "list sum": lambda c: c("l").list.sum(),
    "list sort": lambda c: c("l").list.sort(descending=True),
    "list join": lambda c: c("m").list.join("-"),
    "bytes size": lambda c: c("k").bin.size(),
}


@pytest.fixture
def chain(folder: Path) -> nc.Chain:
    return nc.read_values(VALUES)


@pytest.mark.parametrize("law", LAWS)
def test_column_equals_polars(law: str, chain: nc.Chain) -> None:
    expected = FRAME.select(LAWS[law](pl.col).alias("out"))["out"]
    column = LAWS[law](nc.Column)
    given = chain.mutate(out=column).collect()["out"]
    assert_series_equal(given, expected)
    if expected.dtype == pl.Boolean:
        kept = chain.filter(column).collect()
        assert kept.equals(chain.collect().filter(expected))
    # The node is plain JSON, and nothing else is needed to replay it.
    again = replay(json.loads(json.dumps(column.node)), pl.col)
    assert_series_equal(FRAME.select(again.alias("out"))["out"], expected)
    back = pickle.loads(pickle.dumps(column))
    assert back.node == column.node
    assert repr(back).startswith("Column(")


def test_a_text_is_a_value_never_a_column(chain: nc.Chain) -> None:
    assert chain.filter(nc.Column("t").is_between("01", "02")).collect()["t"].to_list() == ["01", "02"]
    assert chain.filter(nc.Column("t") == "s").count() == 0


def test_records_and_arrays(folder: Path) -> None:
    chain = nc.read_values(
        r=[{"a": 1, "b": {"c": "x"}}, {"a": 2, "b": {"c": "y"}}],
        v=[np.array([1.0, 2.0]), np.array([3.0, 5.0])],
    )
    assert chain.filter(nc.Column("r.b.c") == "y").collect()["r"].to_list() == [{"a": 2, "b": {"c": "y"}}]
    assert chain.mutate(m=nc.Column("v").arr.mean()).collect()["m"].to_list() == [1.5, 4.0]
    with pytest.raises(nc.ExpressionError, match=r"Name one of its fields.*'a'"):
        chain.filter(nc.Column("r") == 1)
    with pytest.raises(nc.ExpressionError, match="map"):
        chain.mutate(double=nc.Column("v") * 2)


def test_a_column_copied_is_the_same_column(folder: Path) -> None:
    values: dict[str, list[Any]] = {
        "r": [{"a": 1, "v": np.eye(2)}, None],
        "v": [np.eye(2), np.ones((2, 2))],
        "g": [np.arange(2), np.arange(3)],
        "l": [[1], None],
    }
    chain = nc.read_values(values)
    copied = chain.mutate(**{f"{n}2": nc.Column(n) for n in values}).collect()
    for name in values:
        assert_series_equal(copied[f"{name}2"], copied[name], check_names=False)


def test_polars_expressions_name_fields_by_the_same_rule(folder: Path) -> None:
    chain = nc.read_values(r=[{"a": 1, "b": 2}, {"a": 3, "b": 4}])
    assert chain.mutate(a=pl.col("a") * 2, c=pl.col("a") + pl.col("b")).select("a", "c").collect().rows() == [
        (2, 3),
        (6, 7),
    ]
    assert chain.filter(pl.col("b") > 2).collect()["r"].to_list() == [{"a": 3, "b": 4}]
    assert chain.order_by(pl.col("a"), descending=True).collect()["r"].to_list()[0] == {"a": 3, "b": 4}
    with pytest.raises(nc.ColumnNotFoundError, match="'z' is not found"):
        chain.filter(pl.col("z") > 2)


def test_polars_expressions_work_too(chain: nc.Chain) -> None:
    out = (
        chain.mutate(y=pl.col("i") + 1, z=pl.struct(pl.col("i"), pl.col("s")))
        .filter(pl.col("y") > 2)
        .collect()
    )
    assert out["y"].to_list() == [4, 8]
    assert out["z"].to_list() == [{"i": 3, "s": "alpha"}, {"i": 7, "s": "al pha"}]
    with pytest.raises(nc.ExpressionError, match=r"Python code.*map\(\)"):
        chain.filter(pl.col("s").map_elements(str.title, return_dtype=pl.String) == "Alpha")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: nc.Column("s").str.contain("a"), "Column.str has no 'contain'.*'contains'"),
        (lambda: nc.Column("s").is_nul(), "no 'is_nul'.*'is_null'"),
        (lambda: nc.Column("s").map_elements(len), "no 'map_elements'"),
        (lambda: nc.Column("i") > 1 and nc.Column("j") > 1, "Write & for and"),
        (lambda: nc.Column("i") > 1 or nc.Column("j") > 1, "| for or"),
        (lambda: 1 < nc.Column("i") < 5, "is_between"),
        (lambda: not nc.Column("i"), "~ for not"),
        (lambda: list(nc.Column("i")), "no values yet"),
        (lambda: nc.Column(""), "name of a column"),
        (lambda: nc.Column(3), "name of a column"),  # type: ignore[arg-type]
        (lambda: nc.Column("i").cast("int65"), r"no type 'int65'.*'int64'"),
        (lambda: nc.Column("i") == None, r"\.is_null\(\)"),  # noqa: E711
        (lambda: nc.Column("i") != None, r"\.is_not_null\(\)"),  # noqa: E711
        (lambda: nc.Column("i") == object(), "cannot stand in a column expression"),
    ],
)
def test_mistakes_are_explained(wrong: Callable[[], Any], message: str) -> None:
    with pytest.raises(nc.ExpressionError, match=message):
        wrong()


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (lambda: nc.Column("i") + 1, "not true or false"),
        (lambda: nc.Column("s") + nc.Column("l") == 1, "cannot be computed"),
        (lambda: nc.Column("s").dt.year() == 2025, "cannot be computed"),
        (lambda: lambda i: i > 1, "map"),
    ],
)
def test_a_filter_is_checked_when_it_is_written(
    chain: nc.Chain, condition: Callable[[], Any], message: str
) -> None:
    with pytest.raises(nc.ExpressionError, match=message):
        chain.filter(condition())


def test_a_value_that_an_expression_cannot_take_is_told(chain: nc.Chain) -> None:
    cast = chain.mutate(n=nc.Column("s").cast("int64"))
    for run in (
        cast.collect,
        cast.show,
        lambda: list(cast),
        lambda: cast.save("d"),
        cast.map(y=lambda n: n).collect,
    ):
        with pytest.raises(
            nc.ExpressionError, match=r"for all rows: conversion from `str` to `i64` failed in column 's'"
        ):
            run()
    with pytest.raises(nc.ExpressionError, match="for all rows"):
        chain.mutate(n=nc.Column("i").drop_nulls()).collect()


def test_text_of_an_expression() -> None:
    column = (nc.Column("age") > 30) & nc.Column("site").is_in(["A"]) | ~nc.Column("b").fill_null(False)
    assert repr(column) == "Column(((age > 30) & site.is_in(['A'])) | ~b.fill_null(False))"
    assert column.names() == ["age", "site", "b"]
    assert (nc.Column("n") == np.float32(0.5)).node == (nc.Column("n") == 0.5).node
    assert nc.Column("n").is_in({2, 1}).node == nc.Column("n").is_in({1, 2}).node
    assert (1 - nc.Column("n")).node == ["binary", "-", ["literal", 1], ["column", "n"]]
