"""Filter: a condition in words on the values, times and channels of a recording."""

from typing import Any

from neurochain.errors import ExpressionError
from neurochain.timeline.filters.block import Block, Mask
from neurochain.timeline.filters.caret import pointed
from neurochain.timeline.filters.evaluation import mask_of
from neurochain.timeline.filters.grammar import parse
from neurochain.timeline.filters.tree import Label, Name, Node, used, written

__all__ = ["Filter"]


class Filter:
    """A condition on samples. Made by `of`; two that say the same are equal, and it pickles as its text.

    It may name ``signal`` (the physical value), ``time`` (seconds on the common clock), ``channel`` (the index in the
    recording, or its label where it is compared with text), ``mean`` and ``std`` (of each channel, over all its samples), and
    the label of any channel, which is then that channel's value at the same time. Labels that are no plain words, and such
    as ``time``, stand in backquotes.

    Everything is compared in float64, as numpy does it: a value that is no number (NaN) is not less, equal or greater than
    any, so every comparison but ``!=`` fails, and ``not`` of it holds. ``not signal > 1`` holds where there is no
    value, ``signal <= 1`` does not.

    Attributes
    ----------
    text : str
        As it is written here, whatever spaces and parentheses were given.

    Examples
    --------
    >>> loud = Filter.of("abs( signal )>3*std  and channel in [1,2, 5]")
    >>> loud
    Filter('abs(signal) > 3 * std and channel in [1, 2, 5]')
    >>> loud.names, loud.labels, loud.needs_statistics
    (('signal', 'std', 'channel'), (), True)
    >>> Filter.of("-0.5 <= velocity < 2 or `Fp1-Ref` > 3").labels
    ('velocity', 'Fp1-Ref')
    """

    __slots__ = ("text", "tree")

    def __init__(self, text: str, tree: Node) -> None:
        self.text, self.tree = text, tree

    @classmethod
    def of(cls, text: "str | Filter") -> "Filter":
        """Filter of a text.

        Raises
        ------
        ExpressionError
            It is no condition; shows where, and what may stand there.

        Examples
        --------
        >>> Filter.of("signal >> 0.8")
        Traceback (most recent call last):
        neurochain.errors.ExpressionError: signal >> 0.8
                ^ a value may stand here: a number, signal, time, channel, mean, std, a channel's name, abs(…), sqrt(…), (…)
        """
        if isinstance(text, Filter):
            return text
        plain = written(parse(text))
        return cls(plain, parse(plain))  # read again, so that positions are those in the text that is shown

    @property
    def names(self) -> tuple[str, ...]:
        """What it names of what every recording has, in the order in which that stands in it."""
        return tuple(dict.fromkeys(n.name for n in used(self.tree) if isinstance(n, Name)))

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the channels whose values it names."""
        return tuple(dict.fromkeys(n.label for n in used(self.tree) if isinstance(n, Label)))

    @property
    def needs_statistics(self) -> bool:
        """Whether all samples must be known before the first can be judged."""
        return not {"mean", "std"}.isdisjoint(self.names)

    def mask(self, block: Block) -> Mask:
        """Where the condition holds.

        Parameters
        ----------
        block : Block
            Physical values, and what else the filter names.

        Returns
        -------
        ndarray, shape (n_samples, n_channels), bool

        Raises
        ------
        ExpressionError
            It names what the block does not hold; shows what there is.

        Examples
        --------
        >>> import numpy as np
        >>> Filter.of("signal > 0.8").mask(Block(np.array([[0.5, 0.9], [1.0, 0.8]])))
        array([[False,  True],
               [ True, False]])
        """
        self.check(block)
        return mask_of(self.tree, block)

    def check(self, block: Block) -> None:
        """Check that a block holds what the filter names.

        Raises
        ------
        ExpressionError
            It does not; shows what there is.
        """
        for named in used(self.tree):
            if isinstance(named, Label):
                try:
                    block.column(named.label)
                except KeyError as error:
                    raise pointed(self.text, named.at, error.args[0]) from None
            elif (
                getattr(block, {"time": "times", "mean": "mean", "std": "std"}.get(named.name, "values"))
                is None
            ):
                raise ExpressionError(f"{self.text!r} names {named.name}, and the block holds none.")

    def __repr__(self) -> str:
        return f"Filter({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Filter) and other.text == self.text

    def __hash__(self) -> int:
        return hash((Filter, self.text))

    def __reduce__(self) -> tuple[Any, ...]:
        return Filter.of, (self.text,)
