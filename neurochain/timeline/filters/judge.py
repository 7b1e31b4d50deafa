"""Judge: says of blocks of stored samples where a condition holds, as quickly as the condition allows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

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

    def steps(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Samples [first, last) of what is best judged at a time."""
        return self._stream.steps(first, last)

    @property
    def times_first(self) -> bool:
        """Whether the channels of a time come together, as in a file whose masks are best made so."""
        return self._stream.is_near

    def mask(self, first: int, last: int) -> Mask:
        """As `write`, in memory that is overwritten by the next call in the same thread."""
        memory = self._scratch.take((last - first) * self._count).view(np.bool_)
        if self.times_first:
            out = memory.reshape(-1, self._count)
        else:
            out = memory.reshape(self._count, -1).T
        self.write(first, last, out)
        return out

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
        for start, end in self.steps(first, last):
            self._write(start, end, out[start - first : end - first])

    def _write(self, first: int, last: int, out: Mask) -> None:
        stored = self._stream.read(first, last)
        here = stored[: self._count]
        # What is the same for all channels of a time is little.
        step = max(TILE // self._count, 1) if self._looks else last - first
        tiles = [] if self._rest is None else [slice(at, at + step) for at in range(0, last - first, step)]
        if self._arcs is None:
            for tile in tiles:
                out[tile] = self._judged(stored[:, tile], first + tile.start)
            return
        found = [self._judged(stored[:, tile], first + tile.start) for tile in tiles]
        self._arcs.write(here.T, out)  # which overwrites what was read
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
