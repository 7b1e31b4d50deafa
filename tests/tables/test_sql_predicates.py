"""What of a scan's predicate helps to look at less: never more than it asks."""

from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from neurochain.tables.filters.condition import Condition
from neurochain.tables.sql.predicate import condition_of

NAMES = st.sampled_from(["a", "b", "s"])
VALUES = {
    "a": st.integers(-3, 3),
    "b": st.sampled_from([-0.5, 0.0, 1.5]),
    "s": st.sampled_from(["", "x", "y'"]),
}


@st.composite
def predicates(draw: Any, depth: int = 3) -> pl.Expr:
    kinds = ["compare", "in", "null"] + (["and", "or", "not"] if depth else [])
    kind = draw(st.sampled_from(kinds))
    if kind in ("and", "or"):
        left, right = draw(predicates(depth - 1)), draw(predicates(depth - 1))
        return left & right if kind == "and" else left | right
    if kind == "not":
        return ~draw(predicates(depth - 1))
    name = draw(NAMES)
    column = pl.col(name)
    if kind == "null":
        return column.is_null() if draw(st.booleans()) else column.is_not_null()
    if kind == "in":
        return column.is_in(draw(st.lists(VALUES[name], min_size=1, max_size=3)))
    operator = draw(st.sampled_from(["__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"]))
    made: pl.Expr = getattr(column, operator)(draw(VALUES[name]))
    return made


@given(predicates())
def test_a_condition_keeps_all_rows_that_its_predicate_keeps(predicate: pl.Expr) -> None:
    frame = pl.DataFrame(
        {
            "a": [*range(-4, 5), None] * 5,
            "b": [-0.5, 0.0, 1.5, None, 2.0] * 10,
            "s": ["", "x", "y'", None, "z"] * 2 * 5,
        }
    ).with_row_index("row")
    condition: Condition = condition_of(predicate).bound(frame.schema)
    expression = condition.expression()
    kept = frame if expression is None else frame.filter(expression)
    assert set(frame.filter(predicate)["row"]) <= set(kept["row"])


def test_a_condition_asks_what_a_predicate_asks() -> None:
    predicate = (
        (pl.col("date") == "x")
        & pl.col("hour").is_in([1, 2])
        & (pl.col("x") > 0.5)
        & pl.col("y").is_not_null()
    )
    assert [f[:3] for f in condition_of(predicate).cases[0]] == [
        ("date", "=", "x"),
        ("hour", "in", [1, 2]),
        ("x", ">", 0.5),
        ("y", "is not null", None),
    ]
    assert len(condition_of((pl.col("a") == 1) | (pl.col("a") == 2)).cases) == 2
    assert not condition_of((pl.col("a") == 1) | (pl.col("a").abs() == 2))
