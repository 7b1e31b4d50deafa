"""Laws of the digest: equal values, equal digests; one changed leaf, another digest."""

import copy
import enum
from collections import OrderedDict, deque
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochain.chain.fingerprint import fingerprint


class Color(enum.Enum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True)
class Point:
    x: Any
    y: Any = 0


class Slots:
    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.sampled_from(Color)
    | st.decimals()
    | st.dates()
    | st.builds(Point, st.integers())
    | st.builds(np.arange, st.integers(0, 5))
)
hashable = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(Color)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(hashable, inner, max_size=4)
        | st.sets(hashable, max_size=4)
        | st.builds(Point, inner, inner)
        | st.builds(Slots, inner)
        | st.lists(inner, max_size=3).map(deque)
    ),
    max_leaves=12,
)


def digest(value: object) -> str:
    found = fingerprint(lambda: value)
    assert not found.problems, found.problems
    return found.digest


@settings(max_examples=150, deadline=None)
@given(values)
def test_equal_values_have_equal_digests(value: Any) -> None:
    assert digest(copy.deepcopy(value)) == digest(value)


@settings(max_examples=150, deadline=None)
@given(st.lists(values, min_size=1, max_size=4), st.data())
def test_a_changed_leaf_changes_the_digest(items: list[Any], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(items) - 1))
    other = data.draw(leaves)
    changed = [*items[:index], other, *items[index + 1 :]]
    same = type(other) is type(items[index]) and repr(other) == repr(items[index])
    assert (digest(changed) == digest(items)) == same


@settings(max_examples=50, deadline=None)
@given(st.sets(hashable, max_size=6).map(list), st.randoms(use_true_random=False))
def test_sets_have_no_order(items: list[Any], random: Any) -> None:
    shuffled = items[:]
    random.shuffle(shuffled)
    assert digest(set(items)) == digest(set(shuffled))


LOOKALIKES: list[Any] = [
    0, 0.0, -0.0, False, 0j, "0", b"0", None, "", b"", (), [], {}, set(), frozenset(), bytearray(), range(0), deque(),
    OrderedDict(), [()], [[]], ((),), ([],), {"": None}, {None: ""}, [None], [0], [0.0], [False], ["0"], [b"0"], (0,),
    {0}, {False}, {0.0}, {0: 0}, {0: False}, {False: 0}, [1, 2], [12], ["1", "2"], ["1, 2"], ["1', '2"], [[1], 2],
    [1, [2]], [[1, 2]], "[1, 2]", Decimal(0), Decimal("0.0"), Decimal("-0"), np.float64(0), np.float32(0), np.int64(0),
    np.bool_(False), np.array(0), np.array([0]), np.array([[0]]), np.array([0], ">i8"), np.array([], "f4"),
    np.array([], "f8"), np.array([0], object), np.array([False]), np.zeros((0, 2)), np.zeros((2, 0)), Point(0),
    Point(0.0), Point(0, 1), Slots(0), Color.RED, Color.BLUE, Color, Point, 1, True, 10**5000, 10**5000 + 1,
    [10**5000], [10**5000, 1], float("nan"), float("inf"), -float("inf"), "nan", Ellipsis, NotImplemented, int, float,
    slice(0), slice(0, None, 1), memoryview(b"0"), "\ud800", "é", "e\u0301", np.dtype("f4"), np.dtype("f8"), np.float32,
    np.sin, np.cos, len, print, str.upper, str.lower, "a".upper, "b".upper,
]  # fmt: skip


def test_lookalikes_differ() -> None:
    found: dict[str, object] = {}
    for value in LOOKALIKES:
        key = digest(value)
        assert key not in found, (value, found.get(key))
        found[key] = value


@pytest.mark.parametrize("value", [float("nan"), -float("nan"), [float("nan")]], ids=repr)
def test_every_nan_is_the_same(value: Any) -> None:
    assert digest(value) == digest(copy.deepcopy(value))
