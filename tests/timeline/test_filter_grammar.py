"""Filters are read as Python reads conditions, are written in one way, and what is none is an error that shows where."""

import contextlib
import pickle
from itertools import pairwise

import pytest
from filter_trees import LABELS, conditions
from hypothesis import example, given
from hypothesis import strategies as st

from neurochain.errors import ExpressionError
from neurochain.timeline.filters.filter import Filter
from neurochain.timeline.filters.grammar import DEEPEST, LONGEST, parse
from neurochain.timeline.filters.tokens import tokens
from neurochain.timeline.filters.tree import written

ODD = ("Fp1-Ref", "time", "in", "a b", "`", "``x", "", "é", "1", "EEG Fp1\n", "日本")
PIECES = [
    *("signal", "time", "channel", "mean", "std", "velocity", "abs", "sqrt", "and", "or", "not", "in", "if", "lambda"),
    *("<", "<=", ">", ">=", "==", "!=", "=", "+", "-", "*", "/", "**", "(", ")", "[", "]", ",", ".", "&", "|", "~", "!"),
    *("0", "1", "0.8", "1e3", "1e999", ".5", "5.", "3std", '"Fp1"', "'O2'", "`Fp1-Ref`", '"', "'", "`", " ", "\n", "\0", "é"),
]  # fmt: skip


@given(conditions(labels=LABELS + ODD))
def test_what_is_written_is_read_again(tree):
    text = written(tree)
    assert parse(text) == tree
    assert written(parse(text)) == text


@given(conditions())
def test_spaces_and_parentheses_that_say_nothing_change_nothing(tree):
    text = written(tree)
    bounds = [token.at for token in tokens(text)]
    spaced = "\n\t ".join(text[a:b].strip() for a, b in pairwise(bounds))
    assert Filter.of(f"(({spaced}))") == Filter.of(text)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("signal>0.8", "signal > 0.8"),
        ("abs(signal) > 3*std and channel in [1, 2, 5]", "abs(signal) > 3 * std and channel in [1, 2, 5]"),
        ("-0.5 <= velocity < 2", "-0.5 <= velocity < 2"),
        ("`velocity` > 1", "velocity > 1"),
        ("`Fp1-Ref` > 3", "`Fp1-Ref` > 3"),
        ("channel == 'Fp1'", 'channel == "Fp1"'),
        ("not (signal > 1)", "not signal > 1"),
        ("(signal > 1 and time < 2) or time > 5", "signal > 1 and time < 2 or time > 5"),
        ("signal > 1 and (time < 2 or time > 5)", "signal > 1 and (time < 2 or time > 5)"),
        ("signal > 1.50e3", "signal > 1500"),
        ("signal - (1 - 2) > 0", "signal - (1 - 2) > 0"),
        ("(signal - 1) - 2 > 0", "signal - 1 - 2 > 0"),
        ("channel not in [-1, 'it''s']", 'channel not in [-1, "it\'s"]'),
        ("- -signal*-2>0", "--signal * -2 > 0"),
    ],
)
def test_a_filter_is_written_in_one_way(given, text):
    found = Filter.of(given)
    assert found.text == text
    assert found == Filter.of(text)
    assert hash(found) == hash(Filter.of(text))
    assert pickle.loads(pickle.dumps(found)) == found
    assert Filter.of(found) is found


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("signal >> 0.8", 8, "a value may stand here: a number, signal"),
        ("", 0, "a value may stand here"),
        ("signal", 6, "a comparison may stand here: < <="),
        ("signal > ", 9, "a value may stand here"),
        ("signal = 1", 7, "== compares"),
        ("signal > 1 & time < 2", 11, "write and"),
        ("signal > 1 time", 11, "and, or, the end may stand here"),
        ("(signal > 1", 11, "and, or, ) may stand here"),
        ("(signal + 1 > 2 + (3", 20, "+ - * / < <= > >= == != in, not in, ) may stand here"),
        ("3std < signal", 1, "+ - * / < <="),
        ("max(signal) > 1", 0, "abs(…) and sqrt(…); there is no max(…)"),
        ("abs signal > 1", 4, "( may stand here: abs is a function"),
        ("abs(signal > 1) > 2", 4, "a number may stand here; this is a condition"),
        ("signal and time > 1", 0, "a condition may stand here, as signal > 0.8; this is a value"),
        ("not signal", 4, "a condition may stand here"),
        ("(signal > 1) + 2 > 1", 0, "a number may stand here; this is a condition"),
        ("signal > (time > 1)", 9, "a value may stand here; this is a condition"),
        ("signal < 'Fp1'", 9, "text is compared with channel alone"),
        ("channel < 'Fp1'", 10, "text is compared with channel alone, by == !="),
        ("'a' == 'a'", 0, "text is compared with channel alone"),
        ("'a' in ['a']", 0, "a value may stand here"),
        ("channel + 'a' == 1", 10, "a number may stand here; this is text"),
        ("signal in ['Fp1']", 11, "a number may stand here"),
        ("channel in []", 12, "a number or a label in quotes may stand here"),
        ("channel in [1 2]", 14, ", ] may stand here"),
        ("channel in (1, 2)", 11, "[ may stand here"),
        ("channel in [signal]", 12, "a number or a label in quotes may stand here"),
        ("1 < signal in [1]", 11, "and, or may stand here"),
        ("signal > 1e999", 9, "too large"),
        ("signal > `Fp1", 9, "never closed"),
        ("signal > Fp1.A2", 12, "in backquotes"),
        ("signal ** 2 > 1", 8, "a value may stand here"),
        ("signal > 1 # loud", 11, "this sign has no meaning"),
        ("signal > 1; 2", 10, "this sign has no meaning"),
    ],
)
def test_what_is_no_filter_shows_where_and_what_may_stand_there(text, at, said):
    with pytest.raises(ExpressionError) as error:
        Filter.of(text)
    shown, caret = str(error.value).split("\n")
    assert shown == text
    assert caret.index("^") == at
    assert said in caret


@given(
    st.text()
    | st.lists(st.sampled_from(PIECES)).map(" ".join)
    | st.lists(st.sampled_from(PIECES)).map("".join)
)
@example("\ud800 > 1")
@example("١ > signal")
def test_any_text_is_a_filter_or_an_error(text):
    with contextlib.suppress(ExpressionError):
        found = Filter.of(text)
        assert Filter.of(found.text) == found


@given(st.binary())
def test_bytes_are_no_filter_but_may_be_text_of_one(data):
    with pytest.raises(ExpressionError, match="A filter is a text"):
        Filter.of(data)
    test_any_text_is_a_filter_or_an_error.hypothesis.inner_test(data.decode("latin-1"))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "signal > 1" + ")" * 4990,
        "(" * 3000 + "signal > 1" + ")" * 3000,
        "not " * 2000 + "signal > 1",
        "-" * 5000 + "signal > 1",
        "abs(" * 2000,
        "signal" + " + 1" * 2000 + " > 1",
        "(" * 60 + "signal" + (" + 1" * 60 + ")") * 30 + " > 1",
        "`" * 9999,
        "[" * 9999,
        "signal > 1" + " " * LONGEST,
    ],
)
def test_what_is_too_deep_or_too_long_is_refused(text):
    with pytest.raises(ExpressionError):
        Filter.of(text)


def test_many_conditions_beside_each_other_are_not_deep():
    many = " or ".join(f"signal == {i}" for i in range(500))
    assert Filter.of(many).text == many
    deep = "(" * (DEEPEST - 3) + "signal > 1" + ")" * (DEEPEST - 3)
    assert Filter.of(deep).text == "signal > 1"


def test_a_long_filter_is_shown_around_what_is_wrong():
    text = "signal > 1 or " * 100 + "signal >> 2 or " + "signal > 1 or " * 100
    with pytest.raises(ExpressionError) as error:
        Filter.of(text)
    shown, caret = str(error.value).split("\n")
    assert shown[0] == shown[-1] == "…"
    assert len(shown) < 130
    assert shown[caret.index("^") - 1 : caret.index("^") + 3] == ">> 2"


def test_a_filter_says_what_it_names():
    found = Filter.of("abs(signal - mean) > 3 * std and velocity > 1 or `time` < velocity")
    assert found.names == ("signal", "mean", "std")
    assert found.labels == ("velocity", "time")
    assert found.needs_statistics
    assert not Filter.of("signal > 1").needs_statistics
    assert repr(Filter.of("signal>1")) == "Filter('signal > 1')"
    assert Filter.of("signal > 1") != "signal > 1"
