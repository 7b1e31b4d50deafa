"""Checks: counts against plain Python, one reading for all, and one that fails does not stop the others."""

import datetime as dt
import json
import re
from collections import Counter
from typing import Any

import polars as pl
import pytest
from filter_cases import rows
from hypothesis import given
from hypothesis import strategies as st
from polars.io.plugins import register_io_source

import neurochain as nc


def table(frame: pl.DataFrame | pl.LazyFrame, *checks: Any) -> nc.Table:
    return nc.FunctionTable(name="t", function=lambda: frame.lazy(), checks=checks)


def verdict(frame: pl.DataFrame, check: Any) -> tuple[Any, ...]:
    found = table(frame, check).check()
    assert found.schema == {
        "check": pl.String,
        "holds": pl.Boolean,
        "rows": pl.Int64,
        "failing": pl.Int64,
        "example": pl.String,
        "error": pl.String,
    }
    return found.drop("check").row(0)


HOURS = pl.DataFrame(
    {
        "hour": [0, 5, 23, 24, None],
        "side": ["L", "R", "X", None, "L"],
        "date": ["2024-04-28", "2024-4-28", "2024-04-28\n", None, "x2024-04-28"],
        "end": [1.0, 2.0, None, 4.0, 5.0],
    }
)


@pytest.mark.parametrize(
    ("check", "holds", "looked", "failing", "example"),
    [
        (nc.not_null("hour"), False, 5, 1, "hour=None"),
        (nc.not_null("hour", "side"), False, 5, 2, "hour=24, side=None"),
        (nc.in_range("hour", 0, 23), False, 4, 1, "hour=24"),
        (nc.in_range("hour", 0, 24), True, 4, 0, None),
        (nc.in_range("hour", high="23"), False, 4, 1, "hour=24"),
        (nc.in_range("hour", -1e9, 1e9), True, 4, 0, None),
        (nc.one_of("side", ["L", "R"]), False, 4, 1, "side='X'"),
        (nc.one_of("hour", []), False, 4, 4, "hour=0"),
        (nc.matches("date", r"\d{4}-\d\d-\d\d"), False, 4, 3, "date='2024-4-28'"),
        (nc.matches("hour", r"\d|2\d"), True, 4, 0, None),
        (nc.unique("hour"), True, 4, 0, None),
        (nc.unique("side"), False, 4, 1, "side='L', rows=2"),
        (nc.unique("side", "hour"), True, 3, 0, None),
        (nc.row_count(at_least=5), True, 5, 0, None),
        (nc.row_count(6), False, 5, 0, "1 rows too few"),
        (nc.row_count(0, at_most=3), False, 5, 0, "2 rows too many"),
        (nc.check("late", nc.Column("hour") < nc.Column("end")), False, 3, 2, "hour=5, end=2.0"),
        (nc.check("late", pl.col("hour") < 24), False, 4, 1, "hour=24"),
    ],
)
def test_verdicts(check: Any, holds: bool, looked: int, failing: int, example: str | None) -> None:
    assert verdict(HOURS, check) == (holds, looked, failing, example, None)


@pytest.mark.parametrize(
    "kind", [pl.Datetime("us"), pl.Datetime("ms", "Europe/Berlin"), pl.Datetime("ns", "UTC")]
)
def test_freshness(kind: Any) -> None:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    times = pl.Series("ts", [now - dt.timedelta(hours=h) for h in (30, 5)], dtype=pl.Datetime("us", "UTC"))
    frame = times.to_frame().with_columns(
        pl.col("ts").dt.convert_time_zone(kind.time_zone or "UTC").dt.cast_time_unit(kind.time_unit)
    )
    if kind.time_zone is None:
        frame = frame.with_columns(pl.col("ts").dt.replace_time_zone(None))
    assert verdict(frame, nc.fresh("ts", within="6h"))[:3] == (True, 2, 0)
    assert verdict(frame, nc.fresh("ts", within="4h59m"))[0] is False
    assert f"{times[1]:%Y-%m-%d %H:%M:%S} UTC" in verdict(frame, nc.fresh("ts", within="1h"))[3]
    assert verdict(frame.clear(), nc.fresh("ts", within="1d"))[:4] == (False, 0, 0, "no row has a time")


def test_freshness_of_days() -> None:
    today = dt.datetime.now(dt.UTC).date()
    assert verdict(pl.DataFrame({"d": [today]}), nc.fresh("d", within="1s"))[0]
    assert not verdict(pl.DataFrame({"d": [today - dt.timedelta(days=3)]}), nc.fresh("d", within="1d"))[0]
    assert "neither times nor dates" in verdict(HOURS, nc.fresh("hour", within="1d"))[4]


FRAME = rows(60)
ROWS = FRAME.to_dicts()


@given(st.sets(st.sampled_from(["h", "s", "b", "d"]), min_size=1))
def test_uniqueness_is_that_of_python(columns: set[str]) -> None:
    names = sorted(columns)
    known = [tuple(r[n] for n in names) for r in ROWS if all(r[n] is not None for n in names)]
    surplus = sum(n - 1 for n in Counter(known).values())
    assert verdict(FRAME, nc.unique(*names))[:3] == (surplus == 0, len(known), surplus)


@given(st.integers(-(2**15), 2**15), st.integers(-(2**15), 2**15))
def test_ranges_are_those_of_python(low: int, high: int) -> None:
    known = [r["h"] for r in ROWS if r["h"] is not None]
    outside = sum(not low <= h <= high for h in known)
    assert verdict(FRAME, nc.in_range("h", low, high))[:3] == (outside == 0, len(known), outside)


def test_all_are_asked_in_one_reading() -> None:
    readings = []

    def source(columns: Any, *_: Any) -> Any:
        readings.append(columns)
        yield HOURS.select(columns or HOURS.columns)

    lazy = register_io_source(source, schema=HOURS.schema)
    holding = [nc.row_count(1), nc.in_range("hour", 0, 24), nc.unique("hour"), nc.matches("side", "[LRX]")]
    assert table(lazy, *holding).check()["holds"].all()
    assert len(readings) == 1
    assert "end" not in (readings[0] or HOURS.columns)
    readings.clear()
    table(lazy, *holding, nc.not_null("end")).check()
    assert len(readings) == 2  # one more, for an example


def test_one_that_cannot_be_computed_does_not_stop_the_others() -> None:
    found = table(
        HOURS,
        nc.not_null("hours"),
        nc.in_range("hour", "many", 3),
        nc.check("fails on a value", nc.Column("side").cast("int64") > 0),
        nc.check("no truth", nc.Column("side")),
        nc.in_range("hour", 0, 24),
    ).check()
    assert found["holds"].to_list() == [None, None, None, None, True]
    assert "no column 'hours'. Did you mean 'hour'" in found["error"][0]
    assert "neither more nor less" in found["error"][1]
    assert "conversion from `str` to `i64` failed" in found["error"][2]
    assert found["error"][3]
    assert found["rows"].to_list() == [None, None, None, None, 4]


def test_of_some_rows() -> None:
    made = table(HOURS, nc.in_range("hour", 0, 23))
    assert made.check(nc.Filter("side", "=", "L"))["failing"].item() == 0
    assert table(HOURS).check().height == 0
    assert table(HOURS.clear(), nc.not_null("hour"), nc.row_count(0)).check()["holds"].to_list() == [
        True,
        True,
    ]


def test_as_json() -> None:
    every = [
        nc.not_null("a", "b"),
        nc.unique("a"),
        nc.in_range("d", dt.date(2024, 1, 1)),
        nc.one_of("s", ["L", "R"]),
        nc.matches("s", r"\d"),
        nc.row_count(3),
        nc.fresh("ts", "1d"),
        nc.check("c", nc.Column("a") > 1),
        nc.check("p", pl.col("a") > 1),
    ]
    said = json.loads(json.dumps([c.to_json() for c in every]))
    assert [s["check"] for s in said][:3] == ["not_null", "unique", "in_range"]
    assert said[2] == {"check": "in_range", "column": "d", "low": "2024-01-01", "high": None}
    assert said[7]["expression"] == ["binary", ">", ["column", "a"], ["literal", 1]]
    assert [c.label for c in every][:5] == [
        "not_null(a, b)",
        "unique(a)",
        "in_range(d, 2024-01-01)",
        "one_of(s, ['L', 'R'])",
        r"matches(s, \d)",
    ]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: nc.not_null(), "names of columns"),
        (lambda: nc.unique(7), "names of columns"),  # type: ignore[arg-type]
        (lambda: nc.in_range("a"), "has no ends"),
        (lambda: nc.one_of("a", "LR"), "a list of values"),
        (lambda: nc.matches("a", "("), "no regular expression"),
        (lambda: nc.matches("a", "a)|(b"), "no regular expression"),
        (lambda: nc.row_count(-1), "no number of rows"),
        (lambda: nc.fresh("a", "soon"), re.escape("write a time as 90s")),
        (lambda: nc.check("a", lambda row: True), "is no expression"),
    ],
)
def test_what_is_no_check(make: Any, said: str) -> None:
    with pytest.raises(nc.TableError, match=said):
        make()
