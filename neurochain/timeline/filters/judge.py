"""Judge: says of blocks of stored samples where a condition holds, as quickly as the condition allows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from neurochain.formats.recordings.scratch import Scratch
from neurochain.formats.recordings.storedsamples import StoredSamples
from neurochain.timeline.filters.arcs import Arcs, Rule, is_local
from neurochain.timeline.filters.block import Array, Block, Mask
from neurochain.timeline.filters.evaluation import condition
from neurochain.timeline.filters.sampletimes import SampleTimes
from neurochain.timeline.filters.tree import And, Label, Node, used

__all__ = ["Judge"]

TILE = 2**15  # values whose floats the cache holds, with what is computed of them

R = TypeVar("R")


class Judge:
    """A condition on some channels of a recording.

    Parameters
    ----------
    node : Node
        The condition.
    stream : StoredSamples
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
        stream: StoredSamples,
        channels: Block,
        named: Mapping[str, int],
        when: SampleTimes | None,
    ) -> None:
        self._stream, self._channels, self._when = stream, channels, when
        self._count, self._scratch = len(channels.labels), Scratch()
        self._here = stream.pick(list(range(self._count)))
        self._named = {label: (at, stream.pick([at])) for label, at in named.items()}
        parts = node.parts if isinstance(node, And) else (node,)
        local = [part for part in parts if is_local(part)]
        self._arcs = None
        if (alone := _all(local)) is not None:
            rule = Rule(alone, channels, self._here.gains, self._here.offsets)
            self._arcs = Arcs.of(rule, stream.dtype, stream.n_samples)
        self._rest = _all(parts if self._arcs is None else [part for part in parts if not is_local(part)])
        self._looks = self._rest is not None and any(
            not isinstance(n, Label) and n.name == "signal" for n in used(self._rest)
        )

    @property
    def at_once(self) -> int:
        """How many samples one thread best judges before it hands over what it found."""
        return self._stream.by_one_thread

    @property
    def times_first(self) -> bool:
        """Whether the channels of a time come together, as in a file whose masks are best made so."""
        return self._stream.is_near

    def mask(self, first: int, last: int) -> Mask:
        """As `write`, in memory that is overwritten by the next call in the same thread."""
        out = self._memory(last - first)
        self.write(first, last, out)
        return out

    def each(self, first: int, last: int, look: Callable[[int, Mask], R]) -> list[R]:
        """What a function gives for the mask of samples [first, last), of which it sees as much at a time as is best judged.

        Parameters
        ----------
        first, last : int
            Samples.
        look : callable
            Is called with the first sample of a mask, and the mask; that is overwritten by the next.

        Raises
        ------
        FormatError, StorageError
            The samples cannot be read.
        """

        def looked(start: int, end: int, stored: Array) -> R:
            out = self._memory(end - start)
            self._write(start, stored, out)
            return look(start, out)

        return self._stream.each(first, last, looked)

    def write(self, first: int, last: int, out: Mask) -> None:
        """Write where the condition holds among the samples [first, last); safe to be called from several threads.

        Parameters
        ----------
        first, last : int
            Samples.
        out : ndarray, shape (n_samples, n_channels), bool
            Memory for it.

        Raises
        ------
        FormatError, StorageError
            The samples cannot be read.
        """
        self._stream.each(
            first, last, lambda a, b, stored: self._write(a, stored, out[a - first : b - first])
        )

    def _memory(self, n_samples: int) -> Mask:
        """Of a mask, in the order in which samples come."""
        memory = self._scratch.take(n_samples * self._count).view(np.bool_)
        return memory.reshape(-1, self._count) if self.times_first else memory.reshape(self._count, -1).T

    def _write(self, first: int, stored: Array, out: Mask) -> None:
        here, n_samples = stored[: self._count], stored.shape[1]
        # What is the same for all channels of a time is little.
        step = max(TILE // self._count, 1) if self._looks else n_samples
        tiles = [] if self._rest is None else [slice(at, at + step) for at in range(0, n_samples, step)]
        if self._arcs is None:
            for tile in tiles:
                out[tile] = self._judged(stored[:, tile], first + tile.start)
            return
        found = [self._judged(stored[:, tile], first + tile.start) for tile in tiles]
        self._arcs.write(here.T, out)
        for tile, also in zip(tiles, found, strict=True):
            out[tile] &= also

    def _judged(self, stored: Array, first: int) -> Mask:
        """Where the rest of the condition holds, in as few axes as it depends on."""
        assert self._rest is not None
        return condition(self._rest, self._block(stored, first))

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
