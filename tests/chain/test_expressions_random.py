"""Any composition of operators gives what it gives in Polars itself, nulls and all."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_series_equal

import neurochain as nc
from neurochain.chain.expressions.column import column_of
from neurochain.chain.expressions.expression import names, replay

Maker = Callable[[Callable[[str], Any], Callable[..., Any]], Any]  # of (column, when)

FRAME = pl.DataFrame(
    {
        "i": [3, -1, None, 0, 7, 2**40],
        "j": [1, 2, 4, None, -7, 3],
        "x": [0.5, -1.5, None, float("nan"), float("inf"), -0.0],
        "y": [1.0, None, 2.5, 0.0, -3.0, 1e-9],
        "s": ["a", "", None, "ä𝔘", "b ", "A"],
        "t": ["b", None, "a", "", "b ", "ä"],
        "b": [True, False, None, True, None, False],
        "c": [None, True, True, False, None, False],
    }
)


def column(name: str) -> Maker:
    return lambda c, when: c(name)


def binary(op: Callable[[Any, Any], Any]) -> Callable[[Maker, Maker], Maker]:
    return lambda a, b: lambda c, when: op(a(c, when), b(c, when))


def unary(op: Callable[[Any], Any]) -> Callable[[Maker], Maker]:
    return lambda a: lambda c, when: op(a(c, when))


def chosen(condition: Maker, a: Maker, b: Maker) -> Maker:
    return lambda c, when: when(condition(c, when)).then(a(c, when)).otherwise(b(c, when))


def number(value: Any) -> Maker:
    return lambda c, when: value


INTS = st.sampled_from(["i", "j"]).map(column)
FLOATS = st.sampled_from(["x", "y"]).map(column)
TEXTS = st.sampled_from(["s", "t"]).map(column)
BOOLS = st.sampled_from(["b", "c"]).map(column)
CONSTANTS = st.sampled_from([-2, 0, 3, 0.5]).map(number)

ARITHMETIC = [
    lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / b, lambda a, b: a // b,
    lambda a, b: a % b,
]  # fmt: skip
COMPARISON = [
    lambda a, b: a == b, lambda a, b: a != b, lambda a, b: a < b, lambda a, b: a <= b, lambda a, b: a > b,
    lambda a, b: a >= b, lambda a, b: a.eq_missing(b), lambda a, b: a.ne_missing(b),
]  # fmt: skip
LOGIC = [lambda a, b: a & b, lambda a, b: a | b, lambda a, b: a ^ b]
# None takes its operand twice: nested, an expression would be exponentially large.
NUMERIC = [
    lambda a: -a, lambda a: a.abs(), lambda a: a.fill_null(1), lambda a: a.clip(-1, 5), lambda a: a.sign(),
    lambda a: a.mean(), lambda a: a.shift(1), lambda a: a.cum_sum(), lambda a: a.max(),
]  # fmt: skip
TEXTUAL = [
    lambda a: a.str.to_uppercase(), lambda a: a + "!", lambda a: a.fill_null("none"), lambda a: a.str.slice(0, 1),
    lambda a: a.str.strip_chars(), lambda a: a.str.replace("a", "o"),
]  # fmt: skip
TO_BOOL = [lambda a: a.is_null(), lambda a: a.is_not_null(), lambda a: a.is_unique()]

numbers: st.SearchStrategy[Maker] = st.deferred(
    lambda: (
        INTS
        | FLOATS
        | st.builds(
            lambda op, a, b: binary(op)(a, b), st.sampled_from(ARITHMETIC), numbers, numbers | CONSTANTS
        )
        | st.builds(lambda op, a, b: binary(op)(a, b), st.sampled_from(ARITHMETIC), CONSTANTS, INTS | FLOATS)
        | st.builds(lambda op, a: unary(op)(a), st.sampled_from(NUMERIC), numbers)
        | st.builds(lambda a: unary(lambda v: v.str.len_chars().cast(pl.Int64))(a), texts)
        | st.builds(chosen, bools, numbers, numbers | CONSTANTS)
    )
)
texts: st.SearchStrategy[Maker] = st.deferred(
    lambda: (
        TEXTS
        | st.builds(lambda a, b: binary(lambda v, w: v + w)(a, b), texts, texts)
        | st.builds(lambda op, a: unary(op)(a), st.sampled_from(TEXTUAL), texts)
        | st.builds(chosen, bools, texts, texts)
    )
)
bools: st.SearchStrategy[Maker] = st.deferred(
    lambda: (
        BOOLS
        | st.builds(
            lambda op, a, b: binary(op)(a, b), st.sampled_from(COMPARISON), numbers, numbers | CONSTANTS
        )
        | st.builds(lambda op, a, b: binary(op)(a, b), st.sampled_from(COMPARISON), texts, texts)
        | st.builds(lambda op, a, b: binary(op)(a, b), st.sampled_from(LOGIC), bools, bools)
        | st.builds(lambda a: unary(lambda v: ~v)(a), bools)
        | st.builds(lambda op, a: unary(op)(a), st.sampled_from(TO_BOOL), numbers | texts | bools)
        | st.builds(lambda a: unary(lambda v: v.is_in([3, 0]))(a), INTS)
        | st.builds(lambda a: unary(lambda v: v.is_in(["a", ""]))(a), texts)
        | st.builds(lambda a: unary(lambda v: v.is_between(-1, 3))(a), numbers)
    )
)


def when(condition: Any) -> Any:
    """As `pl.when`, where a text is a value as it is here."""

    class Then:
        def __init__(self, value: Any) -> None:
            self.value = value

        def otherwise(self, other: Any) -> Any:
            return pl.when(condition).then(self.value).otherwise(other)

    class When:
        then = staticmethod(Then)

    return When


def evaluated(expression: Any) -> pl.Series | str:
    try:
        return FRAME.lazy().with_columns(out=expression).collect()["out"]
    except pl.exceptions.PolarsError as error:
        return type(error).__name__


@settings(max_examples=300)
@given(numbers | texts | bools)
def test_an_expression_is_that_of_polars(make: Maker) -> None:
    recorded = make(nc.Column, nc.when)
    expected = evaluated(make(pl.col, when))
    node = json.loads(json.dumps(recorded.node))
    assert node == recorded.node
    given = evaluated(replay(node, pl.col, lambda name: pl.col(name)))
    if isinstance(expected, str) or isinstance(given, str):
        assert isinstance(given, str) == isinstance(expected, str), (given, expected)
    else:
        assert_series_equal(given, expected)
    assert set(names(node)) <= set(FRAME.columns)
    assert repr(column_of(node)) == repr(column_of(recorded.node))


@settings(max_examples=60)
@given(numbers | texts | bools)
def test_a_chain_computes_it_too(tmp_path: Path, make: Maker) -> None:
    expected = evaluated(make(pl.col, when))
    if isinstance(expected, str):
        return
    chain = nc.read_values(FRAME.to_dict(as_series=False))
    column = make(nc.Column, nc.when)
    given = chain.mutate(out=column).collect()["out"]
    assert_series_equal(given, expected)
    if expected.dtype == pl.Boolean:
        assert chain.filter(column).collect().equals(FRAME.filter(expected))
