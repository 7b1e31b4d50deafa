"""Plan: what is known of a filter and the channels of a recording before their samples are read, and what judges the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurochain.formats import Recording
from neurochain.formats.arrays.recycled import recycled
from neurochain.formats.recordings.storedsamples import StoredSamples
from neurochain.timeline.filters.block import Array, Block, Mask
from neurochain.timeline.filters.decided import Decided, decided
from neurochain.timeline.filters.filter import Filter
from neurochain.timeline.filters.judge import Judge
from neurochain.timeline.filters.moments import Moments
from neurochain.timeline.filters.sampletimes import SampleTimes

__all__ = ["Plan"]

AT_ONCE = 2**20  # values of a mask that is the same everywhere


@dataclass(frozen=True, eq=False)
class Plan:
    """What a pass looks at.

    Attributes
    ----------
    known : Decided
        What is known beforehand of each channel.
    active : ndarray, shape (n_active,), int64
        Places among the channels of those that are looked at.
    judge : Judge or None
        Of those; None where there are none.
    """

    known: Decided
    active: Array
    judge: Judge | None

    @classmethod
    def of(
        cls,
        filter: Filter,
        recording: Recording,
        channels: Sequence[int],
        moments: Moments | None,
        when: SampleTimes | None,
    ) -> "Plan":
        """Plan of a pass.

        Parameters
        ----------
        filter : Filter
            The condition.
        recording : Recording
            Whose samples are looked at.
        channels : sequence of int
            Indices of the channels that are judged.
        moments : Moments or None
            Of these channels, where the filter names them.
        when : SampleTimes or None
            Of the samples, where the filter names times.
        """
        labels = tuple(recording.channels[i] for i in channels)
        block = _constants(labels, np.array(channels, np.float64), moments)
        known = decided(filter.tree, block)
        active = np.flatnonzero(known.perhaps & ~known.surely)
        if not len(active):
            return cls(known, active, None)
        if 2 * len(active) >= len(channels):  # all together are read more quickly than many one by one
            active = np.arange(len(channels))
        picked = [channels[i] for i in active.tolist()]
        named = {label: recording.channels.index(label) for label in filter.labels}
        needed = list(dict.fromkeys([*picked, *named.values()]))
        stream = StoredSamples.of(recording.pick(needed))
        places = {label: needed.index(i) for label, i in named.items()}
        assert block.indices is not None
        chosen = _constants(tuple(labels[i] for i in active.tolist()), block.indices[active], moments, active)
        return cls(known, active, Judge(filter.tree, stream, chosen, places, when))

    @property
    def at_once(self) -> int:
        """How many samples are best looked at at a time."""
        return max(AT_ONCE // len(self.known.surely), 1) if self.judge is None else self.judge.at_once

    def empty(self, n_samples: int) -> Mask:
        """Memory for a mask, shape (n_samples, n_channels), in the order in which samples come."""
        n_channels = len(self.known.surely)
        memory = recycled((n_samples * n_channels,), np.dtype(np.bool_))
        if self.judge is None or self.judge.times_first:
            return memory.reshape(n_samples, n_channels)
        return memory.reshape(n_channels, n_samples).T

    def write(self, first: int, last: int, out: Mask) -> None:
        """Write where the filter holds among the samples [first, last), shape (n_samples, n_channels).

        Raises
        ------
        FormatError, StorageError
            The samples cannot be read.
        """
        if self.judge is not None and len(self.active) == out.shape[1]:
            self.judge.write(first, last, out)
            return
        out[:] = self.known.surely
        if self.judge is not None:
            out[:, self.active] = self.judge.mask(first, last)


def _constants(
    labels: tuple[str, ...], indices: Array, moments: Moments | None, places: Array | slice = slice(None)
) -> Block:
    """One sample, whose value is not looked at, of channels."""
    mean, std = (None, None) if moments is None else (moments.mean[places], moments.std[places])
    return Block(np.zeros((1, len(labels))), labels, None, indices, mean, std)
