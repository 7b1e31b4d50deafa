"""Decided: for which channels a condition is known to hold, or not to, before any sample is read."""

from functools import reduce
from typing import NamedTuple

import numpy as np

from neurochain.timeline.filters.block import Block, Mask
from neurochain.timeline.filters.evaluation import condition
from neurochain.timeline.filters.tree import And, Label, Node, Not, Or, used

__all__ = ["Decided", "decided"]


class Decided(NamedTuple):
    """What is known of a condition, of each channel.

    Attributes
    ----------
    surely : ndarray, shape (n_channels,), bool
        It holds at all samples.
    perhaps : ndarray, shape (n_channels,), bool
        It may hold at some.
    """

    surely: Mask
    perhaps: Mask


def decided(node: Node, block: Block) -> Decided:
    """What the channels, their mean and their standard deviation say of a condition.

    Parameters
    ----------
    node : Node
        The condition.
    block : Block
        Of one sample, whose value is not looked at.

    Examples
    --------
    >>> from neurochain.timeline.filters.grammar import parse
    >>> decided(parse("signal > 2 and channel in [0, 2]"), Block(np.zeros((1, 3)))).perhaps
    array([ True, False,  True])
    """
    count = block.values.shape[1]
    match node:
        case And(parts):
            found = [decided(part, block) for part in parts]
            surely = reduce(np.logical_and, (f.surely for f in found))
            return Decided(surely, reduce(np.logical_and, (f.perhaps for f in found)))
        case Or(parts):
            found = [decided(part, block) for part in parts]
            surely = reduce(np.logical_or, (f.surely for f in found))
            return Decided(surely, reduce(np.logical_or, (f.perhaps for f in found)))
        case Not(operand):
            inner = decided(operand, block)
            return Decided(~inner.perhaps, ~inner.surely)
    if any(isinstance(n, Label) or n.name in ("signal", "time") for n in used(node)):
        return Decided(np.zeros(count, np.bool_), np.ones(count, np.bool_))
    known = np.broadcast_to(condition(node, block), (1, count))[0]
    return Decided(known, known)
