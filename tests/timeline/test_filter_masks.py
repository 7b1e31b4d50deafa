"""A filter's mask of a block is what Python says of each sample."""

import numpy as np
import pytest
from filter_trees import LABELS, as_python, conditions
from hypothesis import given
from hypothesis import strategies as st

from neurochain.errors import ExpressionError, ShapeError
from neurochain.timeline.filters.block import Block
from neurochain.timeline.filters.filter import Filter
from neurochain.timeline.filters.grammar import parse
from neurochain.timeline.filters.tree import written

SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0, 0.5, 1.0, -1.0, 2.0, 1e300)
floats = st.sampled_from(SPECIAL) | st.floats(-5, 5)


@given(conditions(), st.data())
def test_a_mask_is_what_python_says(tree, data):
    n = data.draw(st.integers(0, 4))

    def drawn(count):
        return np.array(data.draw(st.lists(floats, min_size=count, max_size=count)), np.float64)

    values = drawn(n * len(LABELS)).reshape(n, len(LABELS))
    times, mean, std = drawn(n), drawn(len(LABELS)), np.abs(drawn(len(LABELS)))
    if data.draw(st.booleans()):
        values = np.asfortranarray(values)
    found = Filter(written(tree), tree).mask(Block(values, LABELS, times, None, mean, std))
    assert found.dtype == bool
    np.testing.assert_array_equal(found, as_python(tree, values, LABELS, times, mean, std))


def test_channels_are_numbers_and_labels():
    block = Block(np.zeros((1, 3)), ("Fp1", "O2", "Cz"), indices=np.array([4.0, 5.0, 7.0]))
    assert Filter.of("channel in [5, 'Cz']").mask(block).tolist() == [[False, True, True]]
    assert Filter.of("channel > 4 and channel != 'Cz'").mask(block).tolist() == [[False, True, False]]


def test_a_channel_by_name_counts_for_all_channels_of_its_time():
    block = Block(np.array([[1.0, 9.0], [5.0, 9.0]]), ("velocity", "`odd`"))
    assert Filter.of("velocity > 3").mask(block).tolist() == [[False, False], [True, True]]
    assert Filter.of("```odd``` > 3").mask(block).all()
    named = Block(np.zeros((2, 1)), ("Cz",), columns={"velocity": np.array([1, 5])})
    assert Filter.of("-0.5 <= velocity < 2").mask(named).tolist() == [[True], [False]]


def test_what_is_no_number_fails_every_comparison_but_one():
    block = Block(np.array([[np.nan, 1.0]]))
    for text in ("signal > 0", "signal <= 0", "signal == signal", "signal in [0, 1]", "0 < signal < 2"):
        assert not Filter.of(text).mask(block)[0, 0]
    for text in ("signal != signal", "not signal > 0", "signal not in [1]"):
        assert Filter.of(text).mask(block)[0, 0]


def test_numbers_of_any_kind_are_compared_as_they_are():
    for dtype in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "f4", "?"):
        values = np.array([[0, 1]], dtype)
        assert Filter.of("-signal < 0.5 / 1").mask(Block(values)).all()
        assert Filter.of("signal - 1 >= 0").mask(Block(values)).tolist() == [[False, True]]
    assert Filter.of("abs(signal) == 32768").mask(Block(np.array([[-32768]], np.int16))).all()


def test_a_channel_that_is_not_there_shows_which_are():
    block = Block(np.zeros((1, 2)), ("Fp1-Ref", "velocity"))
    with pytest.raises(ExpressionError) as error:
        Filter.of("signal > 1   and velocty > 3").mask(block)
    assert str(error.value) == (
        "signal > 1 and velocty > 3\n"
        "               ^ no channel is called 'velocty'. Did you mean 'velocity'? Existing: 'Fp1-Ref', 'velocity'."
    )
    with pytest.raises(ExpressionError, match="several channels are called 'a'"):
        Filter.of("a > 1").mask(Block(np.zeros((1, 2)), ("a", "a")))


def test_a_block_without_what_is_named_is_refused():
    for name in ("time", "mean", "std"):
        with pytest.raises(ExpressionError, match=f"names {name}"):
            Filter.of(f"signal > {name}").mask(Block(np.zeros((1, 1))))
    with pytest.raises(ShapeError, match="times has 2 entries"):
        Block(np.zeros((1, 1)), times=np.zeros(2))
    with pytest.raises(ShapeError, match="labels has 1 entries"):
        Block(np.zeros((1, 2)), ("a",))
    with pytest.raises(ShapeError, match="n_samples, n_channels"):
        Block(np.zeros(3))


def test_conditions_without_values_hold_everywhere_or_nowhere():
    for text, holds in (
        ("1 < 2", True),
        ("1 / 0 > 5", True),
        ("0 / 0 == 0 / 0", False),
        ("sqrt(-1) < 1", False),
    ):
        found = Filter.of(text).mask(Block(np.zeros((2, 3))))
        assert found.shape == (2, 3)
        assert (found == holds).all()
        found[:] = False  # in memory of its own
    assert parse("1 < 2") == Filter.of("1 < 2").tree
