"""Moments: mean and standard deviation of each channel over all its samples, found in one pass and kept."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurochain.formats import Recording
from neurochain.formats.recordings.storedsamples import StoredSamples, identity
from neurochain.storage import Memo, cache_memo
from neurochain.timeline.filters.ahead import ahead
from neurochain.timeline.filters.block import Floats
from neurochain.timeline.filters.sampletimes import Numbers
from neurochain.timeline.filters.sums import sums_of

__all__ = ["Moments", "Progress"]

KEY = "moments 1"
UNKNOWN = -1.0
Progress = Callable[[int], None]
"""Is told how many samples are done."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean and standard deviation of channels.

    Of integers of up to 32 bits the sums are exact, so both are the floats next to the truth. Values that are no numbers
    (NaN) are left out; with infinite ones there is no standard deviation. What lies in gaps was not sampled.

    Attributes
    ----------
    counts : ndarray, shape (n_channels,), int64
        Values, such as are no numbers left out.
    mean, std : ndarray, shape (n_channels,), float64
        In the channel's unit; NaN where there are no values. The standard deviation is that of the values themselves (divided
        by their number).
    """

    counts: Numbers
    mean: Floats
    std: Floats

    @classmethod
    def of(
        cls, recording: Recording, memo: Memo | None = None, progress: Progress | None = None
    ) -> "Moments":
        """Moments of the channels of a recording; of a window, those of the whole that it was cut from.

        They are computed once for the content of a file, and remembered for each channel.

        Parameters
        ----------
        recording : Recording
            Of one sampling frequency.
        memo : Memo, optional
            Where they are remembered; in the cache folder by default.
        progress : callable, optional
            Is told how many samples are done.

        Raises
        ------
        ShapeError
            Sampling frequencies differ.
        FormatError
            The file does not hold what its header promises, or changed meanwhile.

        Examples
        --------
        >>> found = Moments.of(Recording.of([[1.0, 3.0, np.nan], [4.0, 4.0, 4.0]], 1.0))
        >>> found.mean, found.std, found.counts
        (array([2., 4.]), array([1., 0.]), array([2, 3]))
        """
        memo, name = cache_memo() if memo is None else memo, identity(recording)
        whole, here = StoredSamples.whole(recording), StoredSamples.of(recording)
        wanted = np.array(whole.channels)
        table = _remembered(memo, name, int(wanted.max()) + 1)
        missing = np.flatnonzero(table[0, wanted] == UNKNOWN)
        if len(missing):
            table[:, wanted[missing]] = _measured(whole.pick(missing.tolist()), progress)
            if name is not None:
                memo.put(f"{KEY}: {name}", table.astype("<f8").tobytes())
        counts, mean, std = table[:, wanted]
        with np.errstate(all="ignore"):
            if here.gains is not None and here.offsets is not None:
                mean = mean * here.gains[:, 0] + here.offsets[:, 0]
                std = std * np.abs(here.gains[:, 0])
        return cls(counts.astype(np.int64), mean, std)

    @staticmethod
    def to_read(recording: Recording, memo: Memo | None = None) -> int:
        """How many samples `of` will look at: none, where all is remembered.

        Raises
        ------
        ShapeError
            Sampling frequencies differ.
        """
        whole = StoredSamples.whole(recording)
        table = _remembered(
            cache_memo() if memo is None else memo, identity(recording), max(whole.channels) + 1
        )
        return whole.n_samples if (table[0, whole.channels] == UNKNOWN).any() else 0


def _remembered(memo: Memo, name: str | None, count: int) -> Floats:
    """Counts, means and standard deviations of stored numbers, shape (3, n_channels), of `count` channels or more."""
    packed = memo.get(f"{KEY}: {name}") if name is not None else None
    kept = np.frombuffer(packed, "<f8") if packed and not len(packed) % 24 else np.zeros(0)
    kept = kept.reshape(3, -1).astype(np.float64)
    missing = max(count - kept.shape[1], 0)
    return np.concatenate([kept, np.full((3, missing), UNKNOWN)], axis=1)


def _measured(stream: StoredSamples, progress: Progress | None) -> Floats:
    """Counts, means and standard deviations of stored numbers, shape (3, n_channels)."""
    sums, step = sums_of(stream.dtype, len(stream.channels)), stream.by_one_thread

    def parts(start: int) -> list[Any]:
        end = min(start + step, stream.n_samples)
        return stream.each(start, end, lambda first, last, stored: sums.part(stored))

    starts = range(0, stream.n_samples, step)
    for start, found in zip(starts, ahead(parts, starts), strict=True):
        for part in found:
            sums.add(part)
        if progress is not None:
            progress(min(start + step, stream.n_samples))
    return np.stack(sums.moments())
