"""Runs: the half-open ranges of samples in which a condition holds, found block by block."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurochain.formats.recordings.channels import channel_index
from neurochain.formats.recordings.scratch import Scratch
from neurochain.timeline.filters.block import Floats, Mask
from neurochain.timeline.filters.sampletimes import Numbers, SampleTimes

__all__ = ["Changes", "Joiner", "Runs", "everywhere"]


WORD = 8  # entries of a mask that are looked at at a time
SPARSE = 256  # entries for one of those where it holds, so that looking for them pays


@dataclass(frozen=True, eq=False)
class Runs:
    """Samples in which a condition holds, without interruption.

    Attributes
    ----------
    labels : tuple of str
        What each has runs of: the channels, or ``"any"``, or ``"all"``.
    samples : tuple of ndarray, shape (n_runs, 2), int64
        Of each label: first sample, and the one behind the last; ascending. None reaches over a gap of the recording.
    when : SampleTimes
        When samples were taken.

    Examples
    --------
    >>> runs.of("Cz")                                             # doctest: +SKIP
    array([[ 30, 34],
           [120, 121]])
    """

    labels: tuple[str, ...]
    samples: tuple[Numbers, ...]
    when: SampleTimes

    def of(self, label: str | int) -> Numbers:
        """Samples [first, last) of the runs of a channel, by label or index, shape (n_runs, 2), int64.

        Raises
        ------
        ColumnNotFoundError
            There is no such channel.
        """
        return self.samples[channel_index(label, self.labels, "the filter's result")]

    def times(self, label: str | int) -> Floats:
        """Times [start, end) of the runs of a channel, on the common clock, shape (n_runs, 2), float64, seconds.

        Raises
        ------
        ColumnNotFoundError
            There is no such channel.
        """
        first, last = self.of(label).T
        return np.stack([self.when.at(first), self.when.ends(last)], axis=1)

    @property
    def counts(self) -> Numbers:
        """How many runs there are of each, shape (n_labels,), int64."""
        return np.array([len(one) for one in self.samples], np.int64)

    def __repr__(self) -> str:
        shown = [
            f"{len(runs):,} of {label!r}"
            for label, runs in zip(self.labels[:4], self.samples[:4], strict=True)
        ]
        return f"<Runs ({', '.join(shown)}{', …' if len(self.labels) > 4 else ''})>"


@dataclass(frozen=True, eq=False)
class Changes:
    """Where a block of a mask changes from one sample to the next, and its border rows.

    Attributes
    ----------
    first : int
        The first sample of the block.
    samples, channels : ndarray, shape (n_changes,), int64
        The sample that is not as the one before it; ascending in each channel.
    top, bottom : ndarray, shape (n_channels,), bool
        First and last row.
    """

    first: int
    samples: Numbers
    channels: Numbers
    top: Mask
    bottom: Mask

    @classmethod
    def of(cls, mask: Mask, first: int, scratch: Scratch) -> "Changes":
        """Changes of a mask, shape (n_samples, n_channels), one sample at least.

        Parameters
        ----------
        mask : ndarray, shape (n_samples, n_channels), bool
            In either order.
        first : int
            Its first sample.
        scratch : Scratch
            Memory for as many entries.
        """
        turned = not mask.flags.c_contiguous
        rows = mask.T if turned else mask
        now, before = (rows[:, 1:], rows[:, :-1]) if turned else (rows[1:], rows[:-1])
        if (few := None if turned else _few(rows, scratch)) is not None:
            changes = few
        else:
            changed = scratch.take(now.size).view(np.bool_)
            np.not_equal(now, before, out=changed.reshape(now.shape))
            changes = np.flatnonzero(changed)
        one, other = np.divmod(changes, max(now.shape[1], 1))
        channels, samples = (one, other) if turned else (other, one)
        return cls(first, samples + (first + 1), channels, mask[0].copy(), mask[-1].copy())


def _few(rows: Mask, scratch: Scratch) -> Numbers | None:
    """Where in ``rows[1:] != rows[:-1]``, laid out flat, something is; None where the mask holds in too many places.

    Of where it holds nearly nowhere, eight entries are looked at at a time.
    """
    flat, n_channels = rows.reshape(-1), rows.shape[1]
    whole = flat.size // WORD * WORD
    words = flat[:whole].view(np.uint64)
    holds = scratch.take(len(words)).view(np.bool_)
    places = np.flatnonzero(np.not_equal(words, 0, out=holds))
    if len(places) * SPARSE > whole:
        return None
    held = (places[:, None] * WORD + np.arange(WORD)).reshape(-1)
    held = np.concatenate([held[flat[held]], whole + np.flatnonzero(flat[whole:])])
    # It changes where it holds and did not, and one sample later than it holds and does no longer.
    found: Numbers = np.setxor1d(held - n_channels, held, assume_unique=True)
    first, last = np.searchsorted(found, (0, flat.size - n_channels))
    return found[first:last]


class Joiner:
    """Joins the runs of one block after another, without keeping any mask.

    Parameters
    ----------
    count : int
        Of channels.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._last: Mask = np.zeros(count, np.bool_)
        self._samples: list[Numbers] = []
        self._channels: list[Numbers] = []

    def add(self, changes: Changes) -> None:
        """Take the next block."""
        self._border(changes.top, changes.first)
        self._samples.append(changes.samples)
        self._channels.append(changes.channels)
        self._last = changes.bottom

    def end(self, sample: int) -> None:
        """End all runs before a sample: a gap is there, or nothing more."""
        self._border(np.zeros(self._count, np.bool_), sample)
        self._last = np.zeros(self._count, np.bool_)

    def runs(self) -> tuple[Numbers, ...]:
        """Samples [first, last) of the runs of each channel, shape (n_runs, 2), int64."""
        channels = np.concatenate([np.zeros(0, np.int64), *self._channels])
        samples = np.concatenate([np.zeros(0, np.int64), *self._samples])
        # Each channel's changes ascend already, and are its runs' first and last samples in turn.
        samples = samples[np.argsort(channels, kind="stable")]
        bounds = np.cumsum(np.bincount(channels, minlength=self._count))[:-1]
        return tuple(one.reshape(-1, 2) for one in np.split(samples, bounds))

    def _border(self, row: Mask, sample: int) -> None:
        changed = np.flatnonzero(row != self._last)
        self._channels.append(changed)
        self._samples.append(np.full(len(changed), sample, np.int64))


def everywhere(stretches: Sequence[tuple[int, int]], holds: bool) -> Numbers:
    """Runs of a condition that holds everywhere, or nowhere, shape (n_runs, 2), int64."""
    found = [(first, last) for first, last in stretches if last > first and holds]
    return np.array(found, np.int64).reshape(-1, 2)
