"""Comparing stored integers gives the mask that comparing physical values gives."""

import numpy as np
import pytest
from filter_trees import conditions
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochain.formats.recordings.samples import scaled
from neurochain.timeline.filters import arcs
from neurochain.timeline.filters.arcs import Arcs, Rule
from neurochain.timeline.filters.block import Block
from neurochain.timeline.filters.decided import decided
from neurochain.timeline.filters.evaluation import mask_of
from neurochain.timeline.filters.grammar import parse

LABELS = ("Fp1", "O2", "Cz")
local = conditions(("signal", "channel", "mean", "std"), ())
constants = st.sampled_from([0.0, 0.5, 1.0, -1.0, 0.195, -3.0, 1e-6, np.nan, np.inf]) | st.floats(-10, 10)


def rule_of(tree, draw, physical=True):
    def three():
        return np.array([draw(constants) for _ in LABELS])

    channels = Block(np.zeros((1, 3)), LABELS, None, np.array([0.0, 1.0, 4.0]), three(), np.abs(three()))
    gains, offsets = (three()[:, None], three()[:, None]) if physical else (None, None)
    return Rule(tree, channels, gains, offsets)


def slowly(rule, stored):
    values = stored if rule.gains is None else scaled(stored, rule.gains, rule.offsets)
    channels = rule.channels
    return mask_of(rule.node, Block(values.T, LABELS, None, channels.indices, channels.mean, channels.std))


def numbers_of(dtype):
    """All numbers of a kind, in three channels, each in an order of its own."""
    info = np.iinfo(dtype)
    every = np.arange(info.min, info.max + 1, dtype=dtype)
    return np.stack([every, every[::-1], np.random.default_rng(0).permutation(every)])


@pytest.mark.parametrize("dtype", ["i1", "u1"])
@given(tree=local, data=st.data(), fortran=st.booleans(), physical=st.booleans())
def test_the_mask_of_bytes_is_that_of_physical_values(dtype, tree, data, fortran, physical):
    rule = rule_of(tree, data.draw, physical)
    stored = numbers_of(dtype)
    with np.errstate(all="ignore"):
        found, expected = Arcs.of(rule, stored.dtype, 10**9), slowly(rule, stored)
    if found is None:
        turns = (
            np.diff(expected[np.argsort(stored.T.view(np.uint8), axis=0), [0, 1, 2]].astype(int), axis=0) > 0
        )
        assert turns.sum(axis=0).max() >= arcs.MOST  # too many of them
        return
    times_first = np.array(stored.T, order="F" if fortran else "C")
    out = np.ones(expected.shape, bool, order="F" if fortran else "C")
    found.write(times_first, out)
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("dtype", ["i2", "u2"])
@settings(max_examples=15)
@given(tree=local, data=st.data())
def test_the_mask_of_short_integers_is_that_of_physical_values(dtype, tree, data):
    rule = rule_of(tree, data.draw)
    stored = numbers_of(dtype)
    with np.errstate(all="ignore"):
        found, expected = Arcs.of(rule, stored.dtype, 10**9), slowly(rule, stored)
    if found is not None:
        out = np.empty(expected.shape, bool)
        found.write(np.array(stored.T, order="C"), out)
        np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("signal > 0.8", 1),
        ("abs(signal) > 3 * std", 1),
        ("-0.5 <= signal < 2", 1),
        ("signal != 3", 1),
        ("signal in [1, 5, 9]", 3),
        ("abs(abs(signal) - 5) < 1", 2),
        ("signal in [1, 3, 5, 7]", None),
    ],
)
def test_common_conditions_are_few_arcs(text, count):
    rule = Rule(parse(text), Block(np.zeros((1, 1)), std=np.array([2.5])), np.ones((1, 1)), np.zeros((1, 1)))
    found = Arcs.of(rule, np.dtype("i2"), 10**9)
    assert (None if found is None else len(found.lows)) == count


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2"])
@pytest.mark.parametrize("gain", [1.0, -1.0])
@pytest.mark.parametrize(
    "text", ["signal > 5", "signal <= 5", "abs(signal) > 5", "signal > 1e9", "signal < 1e9"]
)
def test_conditions_of_one_side_and_of_two_leave_what_is_stored(dtype, gain, text):
    rule = Rule(parse(text), Block(np.zeros((1, 3)), LABELS), np.full((3, 1), gain), np.zeros((3, 1)))
    stored = numbers_of(dtype)
    times_first = np.array(stored.T, order="C")
    times_first.flags.writeable = False
    out = np.empty(times_first.shape, bool)
    Arcs.of(rule, stored.dtype, 10**9).write(times_first, out)
    np.testing.assert_array_equal(out, slowly(rule, stored))


def test_arcs_are_not_looked_for_where_that_takes_longer():
    rule = Rule(parse("signal > 1"), Block(np.zeros((1, 4))), np.arange(4.0)[:, None], np.zeros((4, 1)))
    assert Arcs.of(rule, np.dtype("i2"), 65_536) is not None
    assert Arcs.of(rule, np.dtype("i2"), 65_535) is None
    for kind in ("i4", "f4", "f2", "?"):
        assert Arcs.of(rule, np.dtype(kind), 10**9) is None


def test_channels_that_the_condition_leaves_out_cost_no_arcs_of_their_own(monkeypatch):
    tried = []
    found = arcs._Circle.arcs
    monkeypatch.setattr(arcs._Circle, "arcs", lambda circle, i: tried.append(i) or found(circle, i))
    block = Block(np.zeros((1, 50)))
    Arcs.of(
        Rule(parse("signal > 1 and channel not in [3, 4]"), block, np.ones((50, 1)), np.zeros((50, 1))),
        np.dtype("i2"),
        10**9,
    )
    assert tried == [0, 3]


@given(conditions(labels=("Fp1",)), st.data())
def test_what_is_known_beforehand_is_so(tree, data):
    rule = rule_of(tree, data.draw)
    known = decided(tree, rule.channels)
    values = np.array(data.draw(st.lists(constants, min_size=12, max_size=12))).reshape(4, 3)
    channels = rule.channels
    mask = mask_of(tree, Block(values, LABELS, values[:, 0], channels.indices, channels.mean, channels.std))
    assert (mask >= known.surely).all()
    assert (mask <= known.perhaps).all()


def test_channels_that_a_filter_names_are_known_beforehand():
    block = Block(np.zeros((1, 4)), mean=np.arange(4.0))
    assert decided(parse("signal > 2 and channel in [0, 2]"), block).perhaps.tolist() == [
        True,
        False,
        True,
        False,
    ]
    assert decided(parse("signal > 2 or mean >= 3"), block).surely.tolist() == [False, False, False, True]
    assert decided(parse("not (signal > 2 or mean >= 3)"), block).perhaps.tolist() == [
        True,
        True,
        True,
        False,
    ]
