"""Every method of the white list gives what Polars gives, on values that trip programs up."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_series_equal

import neurochain as nc
from neurochain.chain.expressions.expression import replay
from neurochain.chain.expressions.methods import METHODS, NAMESPACES

Law = Callable[[Callable[[str], Any]], Any]

VALUES: dict[str, list[Any]] = {
    "i": [3, 1, None, -2, 7, 3],
    "j": [1, 1, 4, None, 7, 2],
    "x": [0.5, -1.5, None, float("nan"), float("inf"), -0.0],
    "y": [0.25, 1.0, None, 0.5, -0.75, 0.125],
    "s": ["alpha", "Beta", None, "", "al phä", "𝔘nï\ncode"],
    "t": ["01", "02", "1", None, "2024-02-29", "12:30"],
    "g": ["a", "b", None, "a", None, "b"],
    "b": [True, False, None, True, False, True],
    "d": [dt.date(2024, 2, 29), dt.date(1900, 2, 28), None, dt.date(1999, 12, 31), dt.date(1, 1, 1), dt.date(2100, 3, 1)],
    "w": [dt.datetime(2024, 2, 29, 23, 59, 59, 999_999), dt.datetime(1969, 12, 31), None, dt.datetime(2026, 2, 1, 12, 30, 1, 5), dt.datetime(1970, 1, 1), None],
    "p": [dt.timedelta(seconds=90), None, dt.timedelta(days=-1, microseconds=7), dt.timedelta(0), dt.timedelta(hours=3), dt.timedelta(365)],
    "l": [[1, 2, 3], [], None, [5, None], [2, 2], [None]],
    "m": [["a", "ä"], ["c"], None, [], ["", None], ["a"]],
    "f": [[True, None], [], None, [False], [True], [True, True]],
    "k": [b"ab", b"", None, b"\xff\x00", b"b", b"abc"],
    "o": ['{"a": {"b": 1}}', "{}", None, '{"a": [1, 2]}', '{"a": null}', '"text"'],
    "v": [np.array([1.0, 2.0]), np.array([3.0, np.nan]), None, np.array([0.0, -1.0]), np.array([2.0, 2.0]), np.array([5.0, 6.0])],
    "q": [np.array([1, 2, 2])] * 5 + [None],
    "e": [[{"n": 1, "s": "x"}, {"n": 2, "s": "y"}], [], None, [{"n": None, "s": ""}], [], []],
    "z": [np.array([True, False])] * 5 + [None],
}  # fmt: skip

# One value or one per row.
ROWS: dict[str, list[Law]] = {
    "abs": [lambda c: c("i").abs(), lambda c: c("p").abs()],
    "all": [lambda c: c("b").all(), lambda c: c("b").all(ignore_nulls=False)],
    "any": [lambda c: c("b").any()],
    "arccos": [lambda c: c("y").arccos()],
    "arccosh": [lambda c: (c("y") + 2).arccosh()],
    "arcsin": [lambda c: c("y").arcsin()],
    "arcsinh": [lambda c: c("x").arcsinh()],
    "arctan": [lambda c: c("x").arctan()],
    "arctanh": [lambda c: c("y").arctanh()],
    "arg_max": [lambda c: c("i").arg_max()],
    "arg_min": [lambda c: c("x").arg_min()],
    "backward_fill": [lambda c: c("i").backward_fill(), lambda c: c("g").backward_fill(limit=1)],
    "cast": [lambda c: c("i").cast(pl.Float32), lambda c: c("y").cast(pl.String), lambda c: c("d").cast(pl.Datetime)],
    "cbrt": [lambda c: c("i").cbrt()],
    "ceil": [lambda c: c("y").ceil()],
    "clip": [lambda c: c("i").clip(0, 3), lambda c: c("i").clip(upper_bound=2), lambda c: c("i").clip(c("j"), 9)],
    "cos": [lambda c: c("y").cos()],
    "cosh": [lambda c: c("y").cosh()],
    "cot": [lambda c: c("y").cot()],
    "count": [lambda c: c("s").count()],
    "cum_count": [lambda c: c("i").cum_count()],
    "cum_max": [lambda c: c("i").cum_max()],
    "cum_min": [lambda c: c("i").cum_min(reverse=True)],
    "cum_prod": [lambda c: c("i").cum_prod()],
    "cum_sum": [lambda c: c("i").cum_sum(), lambda c: c("y").cum_sum(reverse=True)],
    "degrees": [lambda c: c("y").degrees()],
    "diff": [lambda c: c("i").diff(), lambda c: c("d").diff(2)],
    "entropy": [lambda c: c("y").abs().fill_null(0.5).entropy()],
    "eq_missing": [lambda c: c("i").eq_missing(c("j")), lambda c: c("s").eq_missing(None), lambda c: c("s").eq_missing("g")],
    "ewm_mean": [lambda c: c("y").ewm_mean(alpha=0.5), lambda c: c("y").ewm_mean(half_life=2, ignore_nulls=True)],
    "ewm_std": [lambda c: c("y").ewm_std(span=2)],
    "ewm_var": [lambda c: c("y").ewm_var(com=1.0)],
    "exp": [lambda c: c("x").exp()],
    "fill_nan": [lambda c: c("x").fill_nan(0.0), lambda c: c("x").fill_nan(None), lambda c: c("x").fill_nan(c("y"))],
    "fill_null": [lambda c: c("s").fill_null("g"), lambda c: c("i").fill_null(c("j")), lambda c: c("i").fill_null(strategy="forward")],
    "first": [lambda c: c("s").first()],
    "floor": [lambda c: c("y").floor()],
    "forward_fill": [lambda c: c("s").forward_fill()],
    "has_nulls": [lambda c: c("s").has_nulls()],
    "interpolate": [lambda c: c("i").interpolate(), lambda c: c("y").interpolate("nearest")],
    "is_between": [lambda c: c("i").is_between(1, 3), lambda c: c("y").is_between(c("x"), 1, closed="left")],
    "is_duplicated": [lambda c: c("g").is_duplicated()],
    "is_finite": [lambda c: c("x").is_finite()],
    "is_first_distinct": [lambda c: c("g").is_first_distinct()],
    "is_in": [lambda c: c("s").is_in(["alpha", "", None]), lambda c: c("d").is_in([dt.date(2024, 2, 29)]), lambda c: c("i").is_in(c("l"))],
    "is_infinite": [lambda c: c("x").is_infinite()],
    "is_last_distinct": [lambda c: c("g").is_last_distinct()],
    "is_nan": [lambda c: c("x").is_nan()],
    "is_not_nan": [lambda c: c("x").is_not_nan()],
    "is_not_null": [lambda c: c("s").is_not_null(), lambda c: c("l").is_not_null(), lambda c: c("v").is_not_null()],
    "is_null": [lambda c: c("s").is_null(), lambda c: c("x").is_null(), lambda c: c("v").is_null()],
    "is_unique": [lambda c: c("i").is_unique()],
    "kurtosis": [lambda c: c("y").kurtosis(), lambda c: c("i").kurtosis(fisher=False)],
    "last": [lambda c: c("s").last()],
    "len": [lambda c: c("s").len(), lambda c: c("v").len()],
    "log": [lambda c: c("i").log(), lambda c: c("j").log(2)],
    "log10": [lambda c: c("x").log10()],
    "log1p": [lambda c: c("y").log1p()],
    "max": [lambda c: c("x").max(), lambda c: c("s").max(), lambda c: c("d").max()],
    "mean": [lambda c: c("i").mean(), lambda c: c("b").mean(), lambda c: c("w").mean()],
    "median": [lambda c: c("i").median()],
    "min": [lambda c: c("x").min(), lambda c: c("w").min()],
    "n_unique": [lambda c: c("g").n_unique()],
    "nan_max": [lambda c: c("x").nan_max()],
    "nan_min": [lambda c: c("x").nan_min()],
    "ne_missing": [lambda c: c("i").ne_missing(c("j")), lambda c: c("s").ne_missing("s")],
    "not_": [lambda c: c("b").not_()],
    "null_count": [lambda c: c("s").null_count()],
    "over": [
        lambda c: c("i").sum().over("g"),
        lambda c: c("i") - c("i").mean().over("g"),
        lambda c: c("i").cum_sum().over("g", order_by="j"),
        lambda c: c("y").rank().over(["g", "b"]),
        lambda c: c("y").max().over("g", "b"),
        lambda c: c("y").first().over(c("i") % 2, order_by=["j", "i"], descending=True, nulls_last=True),
    ],
    "pct_change": [lambda c: c("i").pct_change()],
    "product": [lambda c: c("i").product()],
    "quantile": [lambda c: c("i").quantile(0.3), lambda c: c("i").quantile(0.5, interpolation="linear")],
    "radians": [lambda c: c("i").radians()],
    "rank": [lambda c: c("i").rank(), lambda c: c("i").rank("dense", descending=True), lambda c: c("s").rank("ordinal")],
    "replace": [lambda c: c("s").replace({"alpha": "A", "": None}), lambda c: c("i").replace([3, 1], [30, 10])],
    "replace_strict": [lambda c: c("j").replace_strict({1: "one"}, default="other", return_dtype=pl.String)],
    "reverse": [lambda c: c("s").reverse()],
    "rolling_max": [lambda c: c("i").rolling_max(2)],
    "rolling_mean": [lambda c: c("y").rolling_mean(2), lambda c: c("i").rolling_mean(3, min_samples=1, center=True)],
    "rolling_median": [lambda c: c("y").rolling_median(2)],
    "rolling_min": [lambda c: c("i").rolling_min(2, min_samples=1)],
    "rolling_quantile": [lambda c: c("y").rolling_quantile(0.5, window_size=3, min_samples=1)],
    "rolling_std": [lambda c: c("y").rolling_std(2)],
    "rolling_sum": [lambda c: c("i").rolling_sum(2), lambda c: c("y").fill_null(0).rolling_sum(2, weights=[1.0, 0.5])],
    "rolling_var": [lambda c: c("y").rolling_var(2, ddof=0)],
    "round": [lambda c: c("y").round(1), lambda c: c("y").round()],
    "round_sig_figs": [lambda c: (c("y") * 123.456).round_sig_figs(2)],
    "shift": [lambda c: c("s").shift(1), lambda c: c("i").shift(-1, fill_value=0), lambda c: c("s").shift(fill_value="g")],
    "sign": [lambda c: c("x").sign()],
    "sin": [lambda c: c("y").sin()],
    "sinh": [lambda c: c("y").sinh()],
    "skew": [lambda c: c("y").skew(bias=False)],
    "sort": [lambda c: c("s").sort(), lambda c: c("i").sort(descending=True, nulls_last=True)],
    "sort_by": [lambda c: c("s").sort_by("i"), lambda c: c("s").sort_by(["g", "j"], descending=[True, False])],
    "sqrt": [lambda c: c("i").sqrt()],
    "std": [lambda c: c("i").std(), lambda c: c("y").std(ddof=0)],
    "sum": [lambda c: c("i").sum(), lambda c: c("b").sum(), lambda c: c("p").sum()],
    "tan": [lambda c: c("y").tan()],
    "tanh": [lambda c: c("x").tanh()],
    "var": [lambda c: c("i").var()],
    "str.contains": [lambda c: c("s").str.contains("^al"), lambda c: c("s").str.contains(".", literal=True), lambda c: c("t").str.contains(c("g"))],
    "str.contains_any": [lambda c: c("s").str.contains_any(["ph", "𝔘"]), lambda c: c("s").str.contains_any(["BETA"], ascii_case_insensitive=True)],
    "str.count_matches": [lambda c: c("s").str.count_matches("a"), lambda c: c("t").str.count_matches(r"\d")],
    "str.decode": [lambda c: c("s").str.encode("hex").str.decode("hex").bin.size()],
    "str.encode": [lambda c: c("s").str.encode("base64")],
    "str.ends_with": [lambda c: c("s").str.ends_with("ä")],
    "str.extract": [lambda c: c("s").str.extract(r"(\w+)\s", 1)],
    "str.extract_all": [lambda c: c("t").str.extract_all(r"\d+")],
    "str.find": [lambda c: c("s").str.find("a"), lambda c: c("s").str.find("[ä]")],
    "str.head": [lambda c: c("s").str.head(2)],
    "str.join": [lambda c: c("g").str.join("-"), lambda c: c("g").str.join(",", ignore_nulls=False)],
    "str.json_path_match": [lambda c: c("o").str.json_path_match("$.a"), lambda c: c("o").str.json_path_match("$.a.b")],
    "str.len_bytes": [lambda c: c("s").str.len_bytes()],
    "str.len_chars": [lambda c: c("s").str.len_chars()],
    "str.normalize": [lambda c: c("s").str.normalize("NFKD")],
    "str.pad_end": [lambda c: c("s").str.pad_end(7, "*")],
    "str.pad_start": [lambda c: c("s").str.pad_start(7)],
    "str.replace": [lambda c: c("s").str.replace("a", "g"), lambda c: c("s").str.replace(r"(l)", "$1$1")],
    "str.replace_all": [lambda c: c("s").str.replace_all("a", "o", literal=True)],
    "str.replace_many": [lambda c: c("s").str.replace_many({"a": "b", "ä": "ae"}), lambda c: c("s").str.replace_many(["a"], ["g"])],
    "str.reverse": [lambda c: c("s").str.reverse()],
    "str.slice": [lambda c: c("s").str.slice(-3, 2)],
    "str.split": [lambda c: c("s").str.split(" "), lambda c: c("s").str.split("a", inclusive=True)],
    "str.starts_with": [lambda c: c("s").str.starts_with("al"), lambda c: c("t").str.starts_with(c("t"))],
    "str.strip_chars": [lambda c: c("s").str.strip_chars("ae")],
    "str.strip_chars_end": [lambda c: c("s").str.strip_chars_end("aä")],
    "str.strip_chars_start": [lambda c: c("s").str.strip_chars_start("a")],
    "str.strip_prefix": [lambda c: c("s").str.strip_prefix("al")],
    "str.strip_suffix": [lambda c: c("s").str.strip_suffix("a")],
    "str.strptime": [lambda c: c("t").str.strptime(pl.Date, "%Y-%m-%d", strict=False)],
    "str.tail": [lambda c: c("s").str.tail(2)],
    "str.to_date": [lambda c: c("t").str.to_date("%Y-%m-%d", strict=False)],
    "str.to_datetime": [lambda c: c("t").str.to_datetime("%Y-%m-%d", strict=False, time_unit="us")],
    "str.to_integer": [lambda c: c("t").str.to_integer(strict=False), lambda c: c("t").str.to_integer(base=16, strict=False)],
    "str.to_lowercase": [lambda c: c("s").str.to_lowercase()],
    "str.to_time": [lambda c: c("t").str.to_time("%H:%M", strict=False)],
    "str.to_uppercase": [lambda c: c("s").str.to_uppercase()],
    "str.zfill": [lambda c: c("t").str.zfill(4)],
    "dt.century": [lambda c: c("d").dt.century()],
    "dt.date": [lambda c: c("w").dt.date()],
    "dt.day": [lambda c: c("d").dt.day()],
    "dt.days_in_month": [lambda c: c("d").dt.days_in_month()],
    "dt.epoch": [lambda c: c("w").dt.epoch("s")],
    "dt.hour": [lambda c: c("w").dt.hour()],
    "dt.is_leap_year": [lambda c: c("d").dt.is_leap_year()],
    "dt.iso_year": [lambda c: c("d").dt.iso_year()],
    "dt.microsecond": [lambda c: c("w").dt.microsecond()],
    "dt.millisecond": [lambda c: c("w").dt.millisecond()],
    "dt.minute": [lambda c: c("w").dt.minute()],
    "dt.month": [lambda c: c("d").dt.month()],
    "dt.month_end": [lambda c: c("d").dt.month_end()],
    "dt.month_start": [lambda c: c("w").dt.month_start()],
    "dt.nanosecond": [lambda c: c("w").dt.nanosecond()],
    "dt.offset_by": [lambda c: c("d").dt.offset_by("1y"), lambda c: c("w").dt.offset_by("-1mo2h")],
    "dt.ordinal_day": [lambda c: c("d").dt.ordinal_day()],
    "dt.quarter": [lambda c: c("d").dt.quarter()],
    "dt.round": [lambda c: c("w").dt.round("1h")],
    "dt.second": [lambda c: c("w").dt.second()],
    "dt.strftime": [lambda c: c("d").dt.strftime("%d/%m/%Y")],
    "dt.time": [lambda c: c("w").dt.time()],
    "dt.timestamp": [lambda c: c("w").dt.timestamp("ms")],
    "dt.to_string": [lambda c: c("w").dt.to_string("%H:%M:%S")],
    "dt.total_days": [lambda c: c("p").dt.total_days()],
    "dt.total_hours": [lambda c: c("p").dt.total_hours()],
    "dt.total_microseconds": [lambda c: c("p").dt.total_microseconds()],
    "dt.total_milliseconds": [lambda c: c("p").dt.total_milliseconds()],
    "dt.total_minutes": [lambda c: c("p").dt.total_minutes()],
    "dt.total_seconds": [lambda c: c("p").dt.total_seconds()],
    "dt.truncate": [lambda c: c("w").dt.truncate("1d"), lambda c: c("d").dt.truncate("1mo")],
    "dt.week": [lambda c: c("d").dt.week()],
    "dt.weekday": [lambda c: c("d").dt.weekday()],
    "dt.year": [lambda c: c("d").dt.year()],
    "list.all": [lambda c: c("f").list.all()],
    "list.any": [lambda c: c("f").list.any()],
    "list.arg_max": [lambda c: c("l").list.arg_max()],
    "list.arg_min": [lambda c: c("l").list.arg_min()],
    "list.contains": [lambda c: c("l").list.contains(2), lambda c: c("m").list.contains("a"), lambda c: c("l").list.contains(c("i"))],
    "list.count_matches": [lambda c: c("l").list.count_matches(2), lambda c: c("m").list.count_matches("a")],
    "list.diff": [lambda c: c("l").list.diff()],
    "list.drop_nulls": [lambda c: c("l").list.drop_nulls()],
    "list.first": [lambda c: c("m").list.first()],
    "list.gather": [lambda c: c("l").list.gather([0, 2], null_on_oob=True)],
    "list.gather_every": [lambda c: c("l").list.gather_every(2)],
    "list.get": [lambda c: c("l").list.get(1, null_on_oob=True)],
    "list.head": [lambda c: c("l").list.head(2)],
    "list.join": [lambda c: c("m").list.join("-"), lambda c: c("m").list.join("-", ignore_nulls=False)],
    "list.last": [lambda c: c("l").list.last()],
    "list.len": [lambda c: c("m").list.len()],
    "list.max": [lambda c: c("l").list.max()],
    "list.mean": [lambda c: c("l").list.mean()],
    "list.median": [lambda c: c("l").list.median()],
    "list.min": [lambda c: c("l").list.min()],
    "list.n_unique": [lambda c: c("l").list.n_unique()],
    "list.reverse": [lambda c: c("m").list.reverse()],
    "list.shift": [lambda c: c("l").list.shift(1)],
    "list.slice": [lambda c: c("l").list.slice(1, 2)],
    "list.sort": [lambda c: c("l").list.sort(descending=True, nulls_last=True)],
    "list.std": [lambda c: c("l").list.std()],
    "list.sum": [lambda c: c("l").list.sum()],
    "list.tail": [lambda c: c("l").list.tail(1)],
    "list.unique": [lambda c: c("l").list.unique(maintain_order=True)],
    "list.var": [lambda c: c("l").list.var()],
    "arr.all": [lambda c: c("z").arr.all()],
    "arr.any": [lambda c: c("z").arr.any()],
    "arr.arg_max": [lambda c: c("q").arr.arg_max()],
    "arr.arg_min": [lambda c: c("v").arr.arg_min()],
    "arr.contains": [lambda c: c("q").arr.contains(2)],
    "arr.count_matches": [lambda c: c("q").arr.count_matches(2)],
    "arr.first": [lambda c: c("v").arr.first()],
    "arr.get": [lambda c: c("v").arr.get(1)],
    "arr.last": [lambda c: c("v").arr.last()],
    "arr.len": [lambda c: c("q").arr.len()],
    "arr.max": [lambda c: c("v").arr.max()],
    "arr.mean": [lambda c: c("v").arr.mean()],
    "arr.median": [lambda c: c("v").arr.median()],
    "arr.min": [lambda c: c("v").arr.min()],
    "arr.n_unique": [lambda c: c("q").arr.n_unique()],
    "arr.std": [lambda c: c("v").arr.std()],
    "arr.sum": [lambda c: c("v").arr.sum()],
    "arr.to_list": [lambda c: c("v").arr.to_list()],
    "arr.var": [lambda c: c("v").arr.var()],
    "bin.contains": [lambda c: c("k").bin.contains(b"b")],
    "bin.encode": [lambda c: c("k").bin.encode("hex")],
    "bin.ends_with": [lambda c: c("k").bin.ends_with(b"b")],
    "bin.size": [lambda c: c("k").bin.size()],
    "bin.starts_with": [lambda c: c("k").bin.starts_with(b"a")],
    "struct.field": [lambda c: c("e").list.first().struct.field("n")],
}  # fmt: skip

# Other numbers of values than there are rows.
LISTS: dict[str, list[Law]] = {
    "drop_nans": [lambda c: c("x").drop_nans()],
    "drop_nulls": [lambda c: c("s").drop_nulls()],
    "filter": [lambda c: c("s").filter(c("b")), lambda c: c("i").filter(c("i") > 1, c("b"))],
    "head": [lambda c: c("i").head(2)],
    "implode": [lambda c: c("s")],
    "mode": [lambda c: c("g").drop_nulls().mode().sort()],
    "slice": [lambda c: c("i").slice(1, 3)],
    "tail": [lambda c: c("s").tail(2)],
    "unique": [lambda c: c("i").unique(maintain_order=True), lambda c: c("g").unique(maintain_order=True)],
}
ALL = [(name, i) for laws in (ROWS, LISTS) for name, several in laws.items() for i in range(len(several))]
TYPES: dict[str, Any] = {
    "v": pl.Array(pl.Float64, 2),
    "q": pl.Array(pl.Int64, 3),
    "z": pl.Array(pl.Boolean, 2),
    "w": pl.Datetime("us"),
}
FRAME = pl.DataFrame(
    [
        pl.Series(
            n,
            [None if v is None else v.tolist() for v in values] if n in "vqz" else values,
            dtype=TYPES.get(n),
        )
        for n, values in VALUES.items()
    ]
)


@pytest.fixture
def chain(folder: Path) -> nc.Chain:
    return nc.read_values(VALUES)


def test_no_method_is_left_out() -> None:
    listed = METHODS | {f"{space}.{name}" for space, names in NAMESPACES.items() for name in names}
    assert set(ROWS) | set(LISTS) == listed


def test_the_rows_are_those_of_the_frame(chain: nc.Chain) -> None:
    assert chain.collect().equals(FRAME)


@pytest.mark.parametrize(("name", "number"), ALL)
def test_a_method_is_that_of_polars(name: str, number: int, chain: nc.Chain) -> None:
    law = (ROWS.get(name) or LISTS[name])[number]
    column, expression = law(nc.Column), law(pl.col)
    if name in LISTS:
        expected = FRAME.select(out=expression.implode())["out"]
        given = chain.group_by(out=column.implode()).collect()["out"]
    else:
        expected = FRAME.with_columns(out=expression)["out"]
        given = chain.mutate(out=column).collect()["out"]
    assert given.equals(expected.cast(given.dtype), null_equal=True) or _alike(given, expected)
    # The node is plain JSON, and nothing else is needed to replay it.
    node = json.loads(json.dumps(column.node))
    assert node == column.node
    again = FRAME.with_columns(out=replay(node, pl.col)) if name in ROWS else None
    assert again is None or _alike(again["out"], expected)


def _alike(given: pl.Series, expected: pl.Series) -> bool:
    assert_series_equal(given, expected.cast(given.dtype), rel_tol=1e-12)
    return True


@pytest.mark.parametrize(("name", "number"), [case for case in ALL if case[0] not in LISTS])
def test_a_method_works_on_no_rows_and_in_filters(name: str, number: int, chain: nc.Chain) -> None:
    column = ROWS[name][number](nc.Column)
    assert chain.limit(0).mutate(out=column).collect().height == 0
    whole = chain.mutate(out=column).collect()["out"]
    if whole.dtype == pl.Boolean:
        assert chain.filter(column).collect().equals(FRAME.filter(whole))
