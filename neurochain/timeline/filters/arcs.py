"""Arcs: a condition on stored integers of 8 or 16 bits as ranges of those integers, found by trying all of them.

The stored numbers of a channel lie on a circle, for behind the largest comes the smallest; what a condition lets through
is mostly one arc of it: ``signal > 0.8`` as well as ``abs(signal) > 3 * std``. Whether a number lies on an arc is one
subtraction and one comparison of integers, and no sample becomes a float.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from neurochain.formats.recordings.samples import scaled
from neurochain.timeline.filters.block import Array, Block, Floats, Mask
from neurochain.timeline.filters.evaluation import condition
from neurochain.timeline.filters.tree import Comparison, Label, Membership, Name, Node, below, used

__all__ = ["Arcs", "Rule", "is_local"]

MOST = 3  # arcs: of more, floats are as quick
LONG = 8192  # values of a row that is repeated, so that numpy has long rows to work on
TILE = 2**17  # values that are subtracted and compared while the cache holds them
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
    """

    def __init__(self, lows: Array, widths: Array, never: Array) -> None:
        self.lows, self.widths, self.never = lows, widths, never
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
        for i, key in enumerate(keys):
            if key not in found:
                found[key] = _arcs(_table(rule, i, dtype))
        most = max(max(map(len, found.values())), 1)
        if most > MOST:
            return None
        padded = {key: (arcs or [(0, 0)]) for key, arcs in found.items()}
        table = np.array([[padded[key][k % len(padded[key])] for key in keys] for k in range(most)])
        unsigned = np.dtype(f"u{dtype.itemsize}")
        lows, widths = (table[:, :, j].astype(unsigned) for j in (0, 1))
        return cls(lows, widths, np.flatnonzero([not found[key] for key in keys]))

    def write(self, stored: Array, out: Mask) -> None:
        """Write where the condition holds.

        Parameters
        ----------
        stored : ndarray, shape (n_samples, n_channels)
            Stored numbers, which are overwritten.
        out : ndarray, shape (n_samples, n_channels), bool
        """
        for numbers, lows, widths, mask in self._tiles(stored.view(self.lows.dtype), out):
            _write(numbers, lows, widths, mask)
        if len(self.never):
            out[:, self.never] = False

    def _tiles(self, numbers: Array, out: Mask) -> Iterator[tuple[Array, Array, Array, Mask]]:
        """Parts of a block, small enough for the cache, with the arcs of what lies in them."""
        n_samples, n_channels = numbers.shape
        lows, widths = self.lows, self.widths
        step = max(TILE // n_channels, 1)
        if self._same:
            lows, widths = lows[:, :1], widths[:, :1]
        elif numbers.flags.c_contiguous and out.flags.c_contiguous and (many := LONG // n_channels) > 1:
            whole = n_samples // many * many
            longer = (whole // many, many * n_channels)
            numbers_, out_ = numbers[:whole].reshape(longer), out[:whole].reshape(longer)
            repeated = np.tile(lows, many), np.tile(widths, many)
            rows = max(TILE // longer[1], 1)
            for at in range(0, longer[0], rows):
                yield numbers_[at : at + rows], *repeated, out_[at : at + rows]
            numbers, out = numbers[whole:], out[whole:]
        for at in range(0, len(numbers), step):
            yield numbers[at : at + step], lows, widths, out[at : at + step]


def _write(numbers: Array, lows: Array, widths: Array, out: Mask) -> None:
    """Write where numbers lie on an arc; they are overwritten."""
    for k, (low, width) in enumerate(zip(lows, widths, strict=True)):
        # Numbers below the low one come round to the far end of the circle.
        moved = np.subtract(numbers, low, out=numbers if k == len(lows) - 1 else None)
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


def _table(rule: Rule, i: int, dtype: np.dtype[Any]) -> Mask:
    """Whether a channel's condition holds, for each stored number in the order of its bits."""
    channels = rule.channels
    circle = 2 ** (8 * dtype.itemsize)
    stored = np.arange(circle, dtype=f"u{dtype.itemsize}").view(dtype)[None]
    if rule.gains is not None and rule.offsets is not None:
        stored = scaled(stored, rule.gains[i : i + 1], rule.offsets[i : i + 1])
    indices, mean, std = (
        None if a is None else a[i : i + 1] for a in (channels.indices, channels.mean, channels.std)
    )
    block = Block(stored.T, channels.labels[i : i + 1], None, indices, mean, std)
    return np.broadcast_to(condition(rule.node, block), (circle, 1))[:, 0]


def _arcs(table: Mask) -> list[tuple[int, int]]:
    """First number of each arc, and how many more it holds."""
    if table.all():
        return [(0, len(table) - 1)]
    before = np.roll(table, 1)
    firsts, ends = np.flatnonzero(table & ~before), np.flatnonzero(before & ~table)
    if len(firsts) and ends[0] < firsts[0]:
        ends = np.roll(ends, -1)  # an arc that goes on at 0
    return [(int(a), int((b - a - 1) % len(table))) for a, b in zip(firsts, ends, strict=True)]
