"""Evaluation: what a tree gives for the values of a block, as numpy computes it."""

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from neurochain.timeline.filters.block import Array, Block, Mask
from neurochain.timeline.filters.tree import (
    And,
    Arithmetic,
    Call,
    Comparison,
    Label,
    Membership,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Or,
    Text,
)

__all__ = ["condition", "mask_of"]

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
}
COMPARISON: dict[str, Callable[[Any, Any], Any]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
FUNCTIONS: dict[str, Callable[[Any], Any]] = {"abs": np.abs, "sqrt": np.sqrt}


def mask_of(node: Node, block: Block) -> Mask:
    """Where a condition holds, shape (n_samples, n_channels); in memory of its own.

    Examples
    --------
    >>> signal = Comparison((Name("signal"), Number(0.5)), (">",))
    >>> mask_of(signal, Block(np.array([[0.0, 1.0], [0.7, 0.5]])))
    array([[False,  True],
           [ True, False]])
    """
    found = condition(node, block)
    if found.shape == block.values.shape:
        return found
    # Values of a channel first are masks of a channel first.
    return np.array(np.broadcast_to(found, block.values.shape))


def condition(node: Node, block: Block) -> Mask:
    """Where a condition holds, in as few axes as it depends on: shape () or with 1 for those along which it is the same."""
    # Nothing is wrong with 1 / 0: infinity and "no number" compare too.
    with np.errstate(all="ignore"):
        return np.asarray(_condition(node, block))


def _condition(node: Node, block: Block) -> Any:
    match node:
        case And(parts):
            return reduce(np.logical_and, (_condition(part, block) for part in parts))
        case Or(parts):
            return reduce(np.logical_or, (_condition(part, block) for part in parts))
        case Not(operand):
            return np.logical_not(_condition(operand, block))
        case Membership(operand, members, negated):
            found = reduce(np.logical_or, _memberships(operand, members, block))
            return np.logical_not(found) if negated else found
        case Comparison(operands, signs):
            pairs = zip(operands[:-1], signs, operands[1:], strict=True)
            return reduce(np.logical_and, (_compared(*pair, block) for pair in pairs))
    raise TypeError(f"{node!r} is no condition.")  # the grammar lets none through


def _compared(left: Node, sign: str, right: Node, block: Block) -> Any:
    for text in (left, right):
        if isinstance(text, Text):
            return COMPARISON[sign](_labelled(text.value, block), True)
    return COMPARISON[sign](_value(left, block), _value(right, block))


def _memberships(operand: Node, members: tuple[float | str, ...], block: Block) -> list[Any]:
    """Whether it is one of the numbers, and whether it is one of the labels."""
    numbers = [m for m in members if not isinstance(m, str)]
    found = [_labelled(m, block) for m in members if isinstance(m, str)]
    if numbers:
        value = _value(operand, block)
        found += [np.equal(value, one) for one in numbers] if len(numbers) <= 8 else [np.isin(value, numbers)]
    return found


def _labelled(label: str, block: Block) -> Mask:
    return np.array([[one == label for one in block.labels]], np.bool_)


def _value(node: Node, block: Block) -> Any:
    match node:
        case Number(value):
            return np.float64(value)
        case Name(name):
            return _named(name, block)
        case Label(label):
            return _floats(block.column(label))[:, None]
        case Negative(operand):
            return np.negative(_value(operand, block))
        case Call(function, operand):
            return FUNCTIONS[function](_value(operand, block))
        case Arithmetic(sign, left, right):
            return ARITHMETIC[sign](_value(left, block), _value(right, block))
    raise TypeError(f"{node!r} is no value.")  # the grammar lets none through


def _named(name: str, block: Block) -> Array:
    if name == "signal":
        return _floats(block.values)
    if name == "time":
        return _given(block.times, name)[:, None]
    return _given(getattr(block, "indices" if name == "channel" else name), name)[None, :]


def _given(values: Array | None, name: str) -> Array:
    if values is None:
        raise ValueError(f"The filter names {name}, and the block holds none: Block(values, …, {name}=…).")
    return _floats(values)


def _floats(values: Array) -> Array:
    return values if values.dtype == np.float64 else values.astype(np.float64)
