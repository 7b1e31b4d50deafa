"""Judge: says of blocks of stored samples where a condition holds, as quickly as the condition allows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from neurochain.formats.recordings.stream import Stream
from neurochain.timeline.filters.arcs import Arcs, Rule, is_local
from neurochain.timeline.filters.block import Array, Block, Mask
from neurochain.timeline.filters.evaluation import condition
from neurochain.timeline.filters.sampletimes import SampleTimes
from neurochain.timeline.filters.tree import And, Label, Node, used

__all__ = ["Judge"]

TILE = 2**15  # values whose floats the cache holds, with what is computed of them


class Judge:
    """A condition on some channels of a recording.

    Parameters
    ----------
    node : Node
        The condition.
    stream : Stream
        Samples of the channels that are judged, and behind them of those whose values the condition names.
    channels : Block
        Of one sample, whose value is not looked at: labels, indices, means and standard deviations of those that are judged.
    named : mapping of str to int
        Where in the stream the channels lie whose values the condition names, by label.
    when : SampleTimes, optional
        Of the stream's samples; where the condition names times.
    """

    def __init__(
        self,
        node: Node,
        stream: Stream,
        channels: Block,
        named: Mapping[str, int],
        when: SampleTimes | None,
    ) -> None:
        self._stream, self._channels, self._when = stream, channels, when
        self._count = len(channels.labels)
        self._here = stream.pick(list(range(self._count)))
        self._named = {label: (at, stream.pick([at])) for label, at in named.items()}
        parts = node.parts if isinstance(node, And) else (node,)
        local = [part for part in parts if is_local(part)]
        rule = Rule(_all(local), channels, self._here.gains, self._here.offsets) if local else None
        self._arcs = Arcs.of(rule, stream.dtype, stream.n_samples) if rule is not None else None
        self._rest = _all(parts if self._arcs is None else [part for part in parts if not is_local(part)])
        self._looks = self._rest is not None and any(
            not isinstance(n, Label) and n.name == "signal" for n in used(self._rest)
        )

    @property
    def at_once(self) -> int:
        """How many samples are best judged at a time."""
        return self._stream.at_once

    @property
    def order(self) -> Literal["C", "F"]:
        """Of masks, the same in which samples come: ``"C"`` where the channels of a time come together."""
        return "C" if self._stream.is_near else "F"

    def mask(self, first: int, last: int) -> Mask:
        """Where the condition holds among the samples [first, last), shape (n_samples, n_channels); as `write`."""
        out = np.empty((last - first, self._count), np.bool_, self.order)
        self.write(first, last, out)
        return out

    def write(self, first: int, last: int, out: Mask) -> None:
        """Write where the condition holds among the samples [first, last); safe to be called from several threads.

        Parameters
        ----------
        first, last : int
            Samples.
        out : ndarray, shape (n_samples, n_channels), bool

        Raises
        ------
        FormatError, StorageError
            The samples cannot be read.
        """
        stored = self._stream.read(first, last)
        here = stored[: self._count]
        if self._rest is None:
            assert self._arcs is not None
            self._arcs.write(here.T, out)
            return
        step = max(TILE // self._count, 1)
        tiles = [slice(at, at + step) for at in range(0, last - first, step)]
        if self._arcs is None:
            for tile in tiles:
                out[tile] = condition(self._rest, self._block(stored[:, tile], first + tile.start))
            return
        found = [condition(self._rest, self._block(stored[:, tile], first + tile.start)) for tile in tiles]
        self._arcs.write(here.T, out)
        for tile, also in zip(tiles, found, strict=True):
            out[tile] &= also

    def _block(self, stored: Array, first: int) -> Block:
        """Physical values of a block of stored samples, and what else the rest of the condition names."""
        n_samples, channels = stored.shape[1], self._channels
        values: Array = np.broadcast_to(np.nan, (n_samples, self._count))
        if self._looks:
            values = self._here.physical(stored[: self._count]).T
        columns = {
            label: one.physical(stored[at : at + 1])[0].astype(np.float64)
            for label, (at, one) in self._named.items()
        }
        times = None if self._when is None else self._when.at(np.arange(first, first + n_samples))
        return replace(channels, values=values, times=times, columns=columns)


def _all(parts: Sequence[Node]) -> Node | None:
    """One condition for several."""
    return None if not parts else parts[0] if len(parts) == 1 else And(tuple(parts))
