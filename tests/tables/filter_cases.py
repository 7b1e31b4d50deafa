"""Rows and conditions that tell right filters from wrong ones: edges, quotes, nulls, values of other types."""

import datetime as dt
import random
from typing import Any

import polars as pl
from hypothesis import strategies as st

INTEGERS = [-(2**63), -(2**53) - 1, -7, -1, 0, 1, 5, 6, 7, 2**31, 2**53, 2**53 + 1, 2**63 - 1]
FLOATS = [-1e300, -2.5, -0.0, 0.0, 0.1, 1.0, 2.5, 1e300, 7.0]
TEXTS = [
    *("", "a", "A", "b", "ab", "ß", "é", "z", "7", "07", "a b", "a=b", "100%", "a_b", "naïve", "日本", "😀"),
    *("'", '"', "x'; drop table t; --", "1) or (1=1", "\\", "\\n", ":name", "%(x)s", "null", "true", "a "),
]
DAYS = [
    dt.date(1, 1, 1),
    dt.date(1969, 12, 31),
    dt.date(2024, 2, 29),
    dt.date(2024, 4, 28),
    dt.date(9999, 12, 31),
]
TIMES = [
    *(
        dt.datetime(1969, 12, 31, 23, 59, 59, 999999),
        dt.datetime(2024, 4, 28),
        dt.datetime(2024, 4, 28, 0, 0, 0, 1),
    ),
    *(dt.datetime(2024, 4, 28, 12, 30), dt.datetime(2262, 1, 1)),
]
INJECTION = "1) or (1=1"
SCHEMA = {
    "id": pl.Int64(),
    "i": pl.Int64(),
    "h": pl.Int16(),
    "f": pl.Float64(),
    "s": pl.String(),
    "b": pl.Boolean(),
    "d": pl.Date(),
    "t": pl.Datetime("us"),
}
LISTS = {"l": pl.List(pl.Int64()), "w": pl.List(pl.String())}


def rows(count: int = 120) -> pl.DataFrame:
    """Rows in which every edge stands, and nulls."""
    chance = random.Random(9)

    def column(values: list[Any]) -> list[Any]:
        return [None if chance.random() < 0.15 else chance.choice(values) for _ in range(count)]

    made: dict[str, list[Any]] = {
        "id": list(range(count)),
        "i": column(INTEGERS),
        "h": column([-(2**15), -1, 0, 5, 7, 23, 2**15 - 1]),
        "f": column(FLOATS),
        "s": column(TEXTS),
        "b": column([True, False]),
        "d": column(DAYS),
        "t": column(TIMES),
        "l": [
            None if v is None else v[: chance.randrange(4)] for v in column([[1, 5, None], [7, 7, -1], [0]])
        ],
        "w": [
            None if v is None else v[: chance.randrange(3)] for v in column([["a", "b"], ["'", None], ["é"]])
        ],
    }
    return pl.DataFrame(made, schema={**SCHEMA, **LISTS})


def _same(values: list[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


NUMBERS = st.one_of(
    _same(
        [*INTEGERS, 2**63, -(2**63) - 1, 10**30, 2.5, -0.5, 6.999, 1e19, -1e19, float("inf"), float("-inf")]
    ),
    st.integers(-10, 30),
)
# Of a column of floats a whole number that no float is would be rounded.
FLOATING = st.one_of(_same([*FLOATS, 0, 1, 5, float("inf"), float("-inf")]), st.floats(allow_nan=False))
WRITTEN_NUMBERS = _same(["7", "-1", "9007199254740993", "007", "1e3", "abc", "", INJECTION, " 7", "1_0"])
ORDERED_TEXTS = _same(["7", "-1", "9007199254740993"])
EQUAL: dict[str, st.SearchStrategy[Any]] = {
    "id": NUMBERS,
    "i": NUMBERS | WRITTEN_NUMBERS,
    "h": NUMBERS | WRITTEN_NUMBERS,
    "f": FLOATING | _same(["2.5", "0.1", "abc", INJECTION]),
    "s": _same(TEXTS) | st.text(max_size=3, alphabet=st.characters(exclude_categories=["Cs"])),
    "b": st.booleans() | _same(["true", "False", INJECTION]),
    "d": _same([*DAYS, "2024-04-28", "2024-02-30", INJECTION]),
    "t": _same([*TIMES, dt.date(2024, 4, 28), "2024-04-28", "2024-04-28T12:30:00", INJECTION])
    | _same([dt.datetime(2024, 4, 28, 14, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))]),
    "l": _same([0, 1, 5, 7, 99, "7", 2.5, 2**70]),
    "w": _same(["a", "b", "'", "é", "", "zz"]),
}
ORDERED: dict[str, st.SearchStrategy[Any]] = {
    "id": NUMBERS,
    "i": NUMBERS | ORDERED_TEXTS,
    "h": NUMBERS | ORDERED_TEXTS,
    "f": FLOATING | _same(["2.5"]),
    "s": EQUAL["s"],
    "d": _same([*DAYS, "2024-04-28"]),
    "t": _same([*TIMES, dt.date(2024, 4, 28), "2024-04-28T12:30:00"]),
}


@st.composite
def terms(draw: st.DrawFn, columns: tuple[str, ...]) -> tuple[str, str, Any]:
    """One filter, as (column, operator, value)."""
    column = draw(st.sampled_from(columns))
    nulls = ["is null", "is not null"]
    if column in LISTS:
        operator = draw(st.sampled_from([*nulls, "includes", "includes any", "includes all"]))
        values = EQUAL[column]
        many = st.lists(values, max_size=3)
        return column, operator, draw(many if " a" in operator else values) if operator not in nulls else None
    operators = [*nulls, "=", "==", "!=", "in", "not in"]
    if column in ORDERED:
        operators += ["<", "<=", ">", ">=", "between"]
    if column == "s":
        operators.append("contains")
    operator = draw(st.sampled_from(operators))
    match operator:
        case "is null" | "is not null":
            return column, operator, None
        case "in" | "not in":
            return column, operator, draw(st.lists(EQUAL[column], max_size=4))
        case "between":
            return column, operator, [draw(ORDERED[column]), draw(ORDERED[column])]
        case "<" | "<=" | ">" | ">=":
            return column, operator, draw(ORDERED[column])
    return column, operator, draw(EQUAL[column])


def conditions(columns: tuple[str, ...]) -> st.SearchStrategy[list[list[tuple[str, str, Any]]]]:
    """Cases, one of which must hold, of filters that all must."""
    return st.lists(st.lists(terms(columns), min_size=1, max_size=3), max_size=3)
