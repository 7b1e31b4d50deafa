"""Arcs: a condition on stored integers of 8 or 16 bits as ranges of those integers, found by trying all of them.

The stored numbers of a channel lie on a circle, for behind the largest comes the smallest; what a condition lets through
is mostly one arc of it: ``signal > 0.8`` as well as ``abs(signal) > 3 * std``. Whether a number lies on an arc is one
subtraction and one comparison of integers, and no sample becomes a float.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from neurochain.formats.recordings.samples import scaled
from neurochain.formats.recordings.scratch import Scratch
from neurochain.timeline.filters.block import Array, Block, Floats, Mask
from neurochain.timeline.filters.evaluation import condition
from neurochain.timeline.filters.tree import Comparison, Label, Membership, Name, Node, below, used

__all__ = ["Arcs", "Rule", "is_local"]

MOST = 3  # arcs: of more, floats are as quick
LONG = 8192  # values of a row that is repeated, so that numpy has long rows to work on
KINDS = ("i1", "u1", "i2", "u2")


class Rule(NamedTuple):
    """A condition, and what of each channel it may name.

    Attributes
    ----------
    node : Node
        The condition.
    channels : Block
        Of one sample, whose value is not looked at: labels, indices, means and standard deviations.
    gains, offsets : ndarray, shape (n_channels, 1), float64, or None
        ``physical = stored * gain + offset``; None for the numbers as they are stored.
    """

    node: Node
    channels: Block
    gains: Floats | None
    offsets: Floats | None


def is_local(node: Node) -> bool:
    """Whether a condition depends on nothing but a sample's own value and its channel."""
    return not any(isinstance(n, Label) or n.name == "time" for n in used(node))


class Arcs:
    """Which stored numbers of each channel a condition lets through.

    Attributes
    ----------
    lows, widths : ndarray, shape (n_arcs, n_channels), unsigned integers
        An arc begins at a low number and holds as many more as it is wide; where a channel has fewer, one comes twice.
    never : ndarray of int
        Channels that have none.
    dtype : dtype
        Of the stored numbers.
    """

    def __init__(self, lows: Array, widths: Array, never: Array, dtype: np.dtype[Any]) -> None:
        self.lows, self.widths, self.never, self.dtype = lows, widths, never, dtype
        ends, limits = (lows + widths).view(dtype), np.iinfo(dtype)
        self._from = len(lows) == 1 and bool((ends == limits.max).all())
        self._to = len(lows) == 1 and bool((lows.view(dtype) == limits.min).all())
        self._longer: tuple[Array, Array] | None = None
        self._scratch = Scratch()
        self._same = bool((lows == lows[:, :1]).all() and (widths == widths[:, :1]).all())

    @classmethod
    def of(cls, rule: Rule, dtype: np.dtype[Any], n_samples: int) -> "Arcs | None":
        """Arcs of a condition that is local; None where there would be too many, or it would take longer than comparing floats.

        Parameters
        ----------
        rule : Rule
            The condition.
        dtype : dtype
            Of the stored numbers, in the machine's byte order.
        n_samples : int
            That it will be used for.
        """
        if dtype.str[1:] not in KINDS:
            return None
        keys = [key.tobytes() for key in _keys(rule).T]
        circle = 2 ** (8 * dtype.itemsize)
        if len(set(keys)) * circle > n_samples * len(keys):
            return None
        found: dict[bytes, list[tuple[int, int]]] = {}
        numbers = _Circle(rule, dtype)
        for i, key in enumerate(keys):
            if key not in found:
                found[key] = numbers.arcs(i)
        most = max(max(map(len, found.values())), 1)
        if most > MOST:
            return None
        padded = {key: (arcs or [(0, 0)]) for key, arcs in found.items()}
        table = np.array([[padded[key][k % len(padded[key])] for key in keys] for k in range(most)])
        unsigned = np.dtype(f"u{dtype.itemsize}")
        lows, widths = (table[:, :, j].astype(unsigned) for j in (0, 1))
        return cls(lows, widths, np.flatnonzero([not found[key] for key in keys]), dtype)

    def write(self, stored: Array, out: Mask) -> None:
        """Write where the condition holds.

        Parameters
        ----------
        stored : ndarray, shape (n_samples, n_channels)
            Stored numbers.
        out : ndarray, shape (n_samples, n_channels), bool
            Memory for it.
        """
        for numbers, lows, widths, mask in self._tiles(stored.view(self.lows.dtype), out):
            self._write(numbers, lows, widths, mask)
        if len(self.never):
            out[:, self.never] = False

    def _tiles(self, numbers: Array, out: Mask) -> Iterator[tuple[Array, Array, Array, Mask]]:
        """Parts of a block, in rows as long as numpy likes them, with the arcs of what lies in them."""
        n_channels = numbers.shape[1]
        lows, widths = self.lows, self.widths
        if self._same:
            lows, widths = lows[:, :1], widths[:, :1]
        elif numbers.flags.c_contiguous and out.flags.c_contiguous and (many := LONG // n_channels) > 1:
            whole = len(numbers) // many * many
            longer = (-1, many * n_channels)
            if self._longer is None:
                self._longer = np.tile(lows, many), np.tile(widths, many)
            yield numbers[:whole].reshape(longer), *self._longer, out[:whole].reshape(longer)
            numbers, out = numbers[whole:], out[whole:]
        yield numbers, lows, widths, out

    def _write(self, numbers: Array, lows: Array, widths: Array, out: Mask) -> None:
        """Write where numbers lie on an arc."""
        if self._from:  # arcs that end where the numbers do need but one comparison
            np.greater_equal(numbers.view(self.dtype), lows[0].view(self.dtype), out=out)
            return
        if self._to:
            np.less_equal(numbers.view(self.dtype), (lows[0] + widths[0]).view(self.dtype), out=out)
            return
        memory = self._scratch.take(numbers.nbytes).view(numbers.dtype)
        turned = not numbers.flags.c_contiguous and numbers.flags.f_contiguous
        moved = memory.reshape(numbers.shape[::-1]).T if turned else memory.reshape(numbers.shape)
        for k, (low, width) in enumerate(zip(lows, widths, strict=True)):
            # Numbers below the low one come round to the far end of the circle.
            np.subtract(numbers, low, out=moved)
            if not k:
                np.less_equal(moved, width, out=out)
            else:
                np.logical_or(out, moved <= width, out=out)


def _keys(rule: Rule) -> Floats:
    """What tells channels apart, shape (n_keys, n_channels): those with the same let the same numbers through."""
    channels, names = rule.channels, {n.name for n in used(rule.node) if isinstance(n, Name)}
    rows: list[Array | None] = [np.zeros(channels.values.shape[1])]
    if "signal" in names and rule.gains is not None and rule.offsets is not None:
        rows += [rule.gains[:, 0], rule.offsets[:, 0]]
    rows += [getattr(channels, name) for name in ("mean", "std") if name in names]
    return np.stack([np.asarray(row, np.float64) for row in (*rows, *_told(rule.node, channels))])


def _told(node: Node, channels: Block) -> Iterator[Array]:
    """What conditions that name the channel say of each."""
    if not isinstance(node, Comparison | Membership):
        for part in below(node):
            yield from _told(part, channels)
        return
    names = {n.name for n in used(node) if isinstance(n, Name)}
    if "channel" in names and "signal" in names:
        yield np.arange(float(channels.values.shape[1]))
    elif "channel" in names:
        yield np.broadcast_to(condition(node, channels), channels.values.shape)[0]


class _Circle:
    """All stored numbers of a kind in the order of their bits, and what they say of each channel.

    Parameters
    ----------
    rule : Rule
        The condition.
    dtype : dtype
        Of the numbers.
    """

    def __init__(self, rule: Rule, dtype: np.dtype[Any]) -> None:
        self._rule = rule
        self._stored = np.arange(2 ** (8 * dtype.itemsize), dtype=f"u{dtype.itemsize}").view(dtype)[None]
        self._physical: dict[tuple[float, float], Array] = {}

    def arcs(self, i: int) -> list[tuple[int, int]]:
        """First number of each arc of a channel, and how many more it holds."""
        channels = self._rule.channels
        indices, mean, std = (
            None if a is None else a[i : i + 1] for a in (channels.indices, channels.mean, channels.std)
        )
        block = Block(self._values(i), channels.labels[i : i + 1], None, indices, mean, std)
        found = condition(self._rule.node, block)
        if found.size == 1:
            return [(0, len(block.values) - 1)] if found.item() else []
        return _arcs(found[:, 0])

    def _values(self, i: int) -> Array:
        """Values of a channel, shape (n_numbers, 1)."""
        gains, offsets = self._rule.gains, self._rule.offsets
        if gains is None or offsets is None:
            return self._stored.T
        scale = gains[i, 0], offsets[i, 0]
        if scale not in self._physical:  # most channels have one scale, or each its own
            self._physical = {scale: scaled(self._stored, gains[i : i + 1], offsets[i : i + 1]).T}
        return self._physical[scale]


def _arcs(table: Mask) -> list[tuple[int, int]]:
    """First number of each arc, and how many more it holds."""
    count = len(table)
    changes = np.flatnonzero(table[1:] != table[:-1]) + 1
    if not len(changes):
        return [(0, count - 1)] if table[0] else []
    if table[0] != table[-1]:
        changes = np.append(changes, 0)  # the circle has one more there
    if table[changes[0]]:
        firsts, ends = changes[::2], changes[1::2]
    else:
        firsts, ends = changes[1::2], np.roll(changes[::2], -1)
    return [(int(a), int((b - a - 1) % count)) for a, b in zip(firsts, ends, strict=True)]
