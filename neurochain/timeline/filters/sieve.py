"""Sieve: a filter laid over a recording, which is read in one pass, block by block."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

import numpy as np

from neurochain.errors import ExpressionError
from neurochain.formats import Recording
from neurochain.formats.recordings.channels import channel_indices
from neurochain.formats.recordings.scratch import Scratch
from neurochain.storage import Memo
from neurochain.timeline.filters.ahead import ahead
from neurochain.timeline.filters.block import Block, Mask
from neurochain.timeline.filters.filter import Filter
from neurochain.timeline.filters.moments import Moments, Progress
from neurochain.timeline.filters.plan import Plan
from neurochain.timeline.filters.runs import Changes, Joiner, Runs, everywhere
from neurochain.timeline.filters.sampletimes import Clock, Numbers, SampleTimes

__all__ = ["Sieve"]

Over = Literal["each", "any", "all"]


class _Piece(NamedTuple):
    """Samples [first, last) that are looked at at a time; they are part of a block that begins at a sample."""

    first: int
    last: int
    begin: int
    mask: Mask


class Sieve:
    """Where in a recording a condition holds. Made by `of`; samples are read when masks or runs are taken.

    Memory does not grow with the recording: a few blocks of it are looked at at a time, and runs are joined over their borders.
    Where the condition depends on a sample's own value, its channel and the channel's statistics alone, and the file holds
    integers of 8 or 16 bits, samples are compared as they are stored. Channels of which it is clear beforehand that nothing
    holds are not looked at.

    Attributes
    ----------
    filter : Filter
        The condition.
    recording : Recording
        Whose samples and channels are numbered.
    channels : tuple of int
        Indices of the channels that are judged.
    clock : callable, optional
        From seconds on the recording's clock to seconds on the common one.
    memo : Memo, optional
        Where means and standard deviations are remembered.

    Examples
    --------
    >>> recording = Recording.of([[0.1, 0.9, 1.0, 0.2], [0.0, 0.0, 0.0, 2.0]], 2.0, ["Fz", "Cz"])
    >>> sieve = Sieve.of("signal > 0.8", recording)
    >>> [(first, mask.shape, int(mask.sum())) for first, mask in sieve.masks()]
    [(0, (4, 2), 3)]
    >>> sieve.runs().of("Fz"), sieve.runs().times("Cz")
    (array([[1, 3]]), array([[1.5, 2. ]]))
    >>> sieve.runs("any").of("any")
    array([[1, 4]])
    """

    def __init__(
        self,
        filter: Filter,
        recording: Recording,
        channels: tuple[int, ...],
        clock: Clock | None = None,
        memo: Memo | None = None,
    ) -> None:
        self.filter, self.recording, self.channels = filter, recording, channels
        self.clock, self.memo = clock, memo
        self._plan: Plan | None = None

    @classmethod
    def of(
        cls,
        filter: str | Filter,
        recording: Recording,
        channels: Iterable[str | int] | None = None,
        clock: Clock | None = None,
        memo: Memo | None = None,
    ) -> "Sieve":
        """Lay a filter over a recording, or over a window of one; nothing is read.

        Parameters
        ----------
        filter : str or Filter
            The condition.
        recording : Recording
            Of one sampling frequency.
        channels : iterable of str or int, optional
            Which are judged, by label or index; all by default. ``channel`` in the filter is the index in `recording`, and the
            filter may name others.
        clock : callable, optional
            From seconds on the recording's clock to seconds on the common one, of arrays; the same by default.
        memo : Memo, optional
            Where means and standard deviations are remembered; in the cache folder by default.

        Raises
        ------
        ExpressionError
            The filter is no condition, or names a channel that is not there; shows what there is.
        ColumnNotFoundError
            A channel that is to be judged is not there.
        ShapeError
            Sampling frequencies differ.
        FormatError
            The file does not say what the values mean that the filter names.
        """
        made, n_channels = Filter.of(filter), recording.shape[0]
        if recording.dtype.kind not in "biuf":
            raise ExpressionError(
                f"{made.text!r}: values of dtype {recording.dtype} are neither more nor less than others."
            )
        picked = tuple(range(n_channels))
        if channels is not None:
            picked = channel_indices(channels, recording.channels, "the recording")
        nothing = np.empty((0, n_channels))
        made.check(Block(nothing, recording.channels, nothing[:, 0], None, *np.empty((2, n_channels))))
        looked = {recording.channels.index(label) for label in made.labels}
        if made.needs_statistics or "signal" in made.names:
            looked |= set(picked)
        if looked:
            recording.pick(sorted(looked))[:, :0]  # raises where nobody says what the values mean
        return cls(made, recording, picked, clock, memo)

    @property
    def labels(self) -> tuple[str, ...]:
        """Of the channels that are judged."""
        return tuple(self.recording.channels[i] for i in self.channels)

    @property
    def shape(self) -> tuple[int, int]:
        """Samples, and channels that are judged."""
        return self.recording.shape[1], len(self.channels)

    @property
    def to_read(self) -> int:
        """Samples that a pass will look at: those of the recording, and before them those whose statistics are not yet known."""
        return self.shape[0] + self._to_know()

    def masks(
        self, n_samples: int | None = None, progress: Progress | None = None
    ) -> Iterator[tuple[int, Mask]]:
        """Where the condition holds, block by block.

        Parameters
        ----------
        n_samples : int, optional
            Of each block but the last; by default as many as are quickest.
        progress : callable, optional
            Is told how many samples of `to_read` are done.

        Yields
        ------
        first : int
            Number of the block's first sample.
        mask : ndarray, shape (n_samples, n_channels), bool
            In memory of its own.

        Raises
        ------
        FormatError, StorageError
            The samples cannot be read.
        ValueError
            Blocks without samples are asked for.
        """
        if n_samples is not None and n_samples < 1:
            raise ValueError(f"masks(n_samples={n_samples}): a block has one sample at least.")
        return self._masks(n_samples, progress)

    def read(self) -> Mask:
        """Where the condition holds, shape (n_samples, n_channels), bool: of windows, for a whole recording may not fit.

        Raises
        ------
        FormatError, StorageError
            The samples cannot be read.
        """
        found = [mask for _, mask in self._masks(max(self.shape[0], 1), None)]
        return found[0] if found else np.zeros(self.shape, np.bool_)

    def between(self, first: int, last: int) -> Mask:
        """Where the condition holds among samples [first, last), shape (last - first, n_channels).

        Raises
        ------
        FormatError, StorageError
            The samples cannot be read.
        """
        plan, _ = self._prepared(None)
        mask = plan.empty(last - first)
        for begin in range(first, last, plan.at_once):
            end = min(begin + plan.at_once, last)
            plan.write(begin, end, mask[begin - first : end - first])
        return mask

    def runs(self, over: Over = "each", progress: Progress | None = None) -> Runs:
        """Samples between which the condition holds without interruption; no mask is kept.

        Parameters
        ----------
        over : {"each", "any", "all"}
            Of each channel; or of all together: while it holds in any of them, or in all.
        progress : callable, optional
            Is told how many samples of `to_read` are done.

        Raises
        ------
        FormatError, StorageError
            The samples cannot be read, or the file does not say where its gaps are.
        ValueError
            `over` is none of these.
        """
        if over not in ("each", "any", "all"):
            raise ValueError(f"runs({over!r}): say 'each', 'any' or 'all'.")
        when = SampleTimes.of(self.recording, self.clock)
        plan, before = self._prepared(progress)
        surely, perhaps = plan.known
        if over == "each":
            found = [everywhere(when.stretches, bool(holds)) for holds in surely]
            for place, runs in zip(
                plan.active, self._joined(plan, over, when, before, progress), strict=True
            ):
                found[place] = runs
            return Runs(self.labels, tuple(found), when)
        holds = bool(surely.any() if over == "any" else surely.all())
        if plan.judge is None or holds or (over == "all" and not perhaps.all()):
            return Runs((over,), (everywhere(when.stretches, holds),), when)
        return Runs((over,), self._joined(plan, over, when, before, progress), when)

    def _to_know(self) -> int:
        """Samples whose statistics must be known first, and are not."""
        if self._plan is not None or not self.filter.needs_statistics:
            return 0
        return Moments.to_read(self.recording.pick(self.channels), self.memo)

    def _prepared(self, progress: Progress | None) -> tuple[Plan, int]:
        """What was found before the first pass, and how many samples were looked at for it now."""
        if self._plan is not None:
            return self._plan, 0
        names, before = self.filter.names, self._to_know()
        moments = when = None
        if self.filter.needs_statistics:
            moments = Moments.of(self.recording.pick(self.channels), self.memo, progress)
        if "time" in names:
            when = SampleTimes.of(self.recording, self.clock)
        self._plan = Plan.of(self.filter, self.recording, self.channels, moments, when)
        return self._plan, before

    def _masks(self, n_samples: int | None, progress: Progress | None) -> Iterator[tuple[int, Mask]]:
        plan, before = self._prepared(progress)
        total = self.shape[0]
        length = n_samples or plan.at_once

        def pieces() -> Iterator[_Piece]:
            for begin in range(0, total, length):
                end = min(begin + length, total)
                mask = plan.empty(end - begin)
                for first in range(begin, end, plan.at_once):
                    yield _Piece(first, min(first + plan.at_once, end), begin, mask)

        def judged(piece: _Piece) -> _Piece:
            plan.write(
                piece.first, piece.last, piece.mask[piece.first - piece.begin : piece.last - piece.begin]
            )
            return piece

        for piece in ahead(judged, pieces(), max(plan.at_once // length, 1)):
            if progress is not None:
                progress(before + piece.last)
            if piece.last == piece.begin + len(piece.mask):
                yield piece.begin, piece.mask

    def _joined(
        self, plan: Plan, over: Over, when: SampleTimes, before: int, progress: Progress | None
    ) -> tuple[Numbers, ...]:
        """Runs of the channels that are looked at, or of all of them together."""
        judge = plan.judge
        if judge is None:
            return ()

        scratch = Scratch()

        def changes_of(first: int, mask: Mask) -> Changes:
            if over != "each":
                mask = (np.any if over == "any" else np.all)(mask, axis=1, keepdims=True)
            return Changes.of(mask, first, scratch)

        def changes(piece: tuple[int, int, bool]) -> tuple[list[Changes], int, bool]:
            begin, end, is_last = piece
            return judge.each(begin, end, changes_of), end, is_last

        joiner = Joiner(len(plan.active) if over == "each" else 1)
        step = plan.at_once
        pieces = (
            (first, min(first + step, end), first + step >= end)
            for begin, end in when.stretches
            for first in range(begin, end, step)
        )
        for found, end, is_last in ahead(changes, pieces):
            for one in found:
                joiner.add(one)
            if is_last:
                joiner.end(end)
            if progress is not None:
                progress(before + end)
        return joiner.runs()

    def __reduce__(self) -> tuple[Any, ...]:
        return Sieve, (self.filter, self.recording, self.channels, self.clock, self.memo)

    def __repr__(self) -> str:
        return f"<Sieve {self.filter.text!r} over {len(self.channels)} of {self.recording!r}>"
