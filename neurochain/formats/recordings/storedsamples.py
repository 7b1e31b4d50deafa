"""StoredSamples: the samples of a recording as they are stored, for those who pass over all of them."""

import hashlib
import pickle
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from neurochain.errors import ShapeError
from neurochain.formats.recordings.even import Floats
from neurochain.formats.recordings.interleaved import Interleaved
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.recordings.samples import Samples, bytes_of, scaled
from neurochain.formats.recordings.scratch import Scratch
from neurochain.storage import File

__all__ = ["StoredSamples", "identity"]

# Of fewer, threads would hand over to each other more often than they work.
NEAR = 4 * 2**20  # bytes of samples that lie on a disk here, as many as caches hold
STEPS = 6  # of these that one thread looks at; as much of the file is mapped at a time
FAR = 32 * 2**20  # bytes of others, of which a piece costs a request, or chunks that are decoded whole
EVEN = 128  # samples: they are added up in layers of that many, and what is left over slowly
PROBE = 64  # samples

R = TypeVar("R")


@dataclass(frozen=True, eq=False)
class StoredSamples:
    """Stored samples [0, n_samples) of a recording's channels, which have one rate.

    Attributes
    ----------
    samples : Samples
        Of the whole.
    channels : list of int
        Indices in the whole.
    first : int
        Sample of the whole with which the recording begins.
    n_samples : int
    gains, offsets : ndarray, shape (n_channels, 1), float64, or None
        Of the physical values; None where the recording is of the numbers of the file.
    """

    samples: Samples
    channels: list[int]
    first: int
    n_samples: int
    gains: Floats | None
    offsets: Floats | None
    _scratch: Scratch = field(default_factory=Scratch, repr=False)

    @classmethod
    def of(cls, recording: Recording) -> "StoredSamples":
        """Those of a recording, or of a window of one.

        Raises
        ------
        ShapeError
            Sampling frequencies differ.
        """
        part, n_samples = recording._part, recording.shape[1]
        scale = (
            (None, None) if recording._is_stored else (recording.gains[:, None], recording.offsets[:, None])
        )
        first = part.firsts[0]
        if len(set(part.firsts)) > 1:
            raise ShapeError(
                f"{recording._called}: its channels do not begin together. Choose some with pick([…])."
            )
        return cls(recording._samples, list(part.channels), first, n_samples, *scale)

    @classmethod
    def whole(cls, recording: Recording) -> "StoredSamples":
        """All samples that the channels have, whatever window of them is given, in the numbers of the file.

        Raises
        ------
        ShapeError
            Sampling frequencies differ.
        """
        here, all_channels = cls.of(recording), recording._whole
        return cls(here.samples, here.channels, 0, all_channels.lengths[here.channels[0]], None, None)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the stored numbers."""
        return self.samples.dtype

    @cached_property
    def in_order(self) -> bool:
        """Whether the channels are those of the file from one to another."""
        return self.channels == list(range(self.channels[0], self.channels[-1] + 1))

    @cached_property
    def is_near(self) -> bool:
        """Whether samples are read from a disk here, channels of a time together: pieces may be small."""
        source = self.samples._source if isinstance(self.samples, Interleaved) else None
        return isinstance(source, File) and not source.is_remote

    @property
    def at_once(self) -> int:
        """How many samples are best read at a time."""
        if self.is_near:
            count = max(NEAR // bytes_of(self.samples, self.channels, 0, 1), 1)
            return count // EVEN * EVEN or count
        return max(FAR // (len(self.channels) * self.dtype.itemsize), 1)

    @property
    def by_one_thread(self) -> int:
        """How many samples one of several threads best reads before it hands over what it found."""
        return self.at_once * (STEPS if self.is_near else 1)

    def steps(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Samples [first, last) of what is best read at a time."""
        step = self.at_once
        for first in range(start, end, step):
            yield first, min(first + step, end)

    def read(self, start: int, end: int) -> np.ndarray[Any, Any]:
        """Stored samples [start, end), shape (n_channels, end - start).

        They may be overwritten, and are by the next call in the same thread: memory that is new each time costs more than
        what is done with most samples.

        Raises
        ------
        FormatError
            The file ends before they do.
        """
        start, end = self.first + start, self.first + end
        rows = None
        if self.is_near and isinstance(self.samples, Interleaved):
            rows = self.samples.rows(start, end, self._scratch.take)
        if rows is None:
            return self.samples.read(self.channels, start, end)
        return self._of(rows)

    def each(self, start: int, end: int, look: Callable[[int, int, np.ndarray[Any, Any]], R]) -> list[R]:
        """What a function gives for samples [start, end), of which it sees as many at a time as are best looked at.

        Parameters
        ----------
        start, end : int
            Samples: those of `by_one_thread`, or fewer.
        look : callable
            Is called with the first sample, the one behind the last, and stored samples between them, shape (n_channels,
            n_samples). They are read-only, and not to be kept: where it can be had they are the file itself.

        Raises
        ------
        FormatError, StorageError
            They cannot be read.
        """
        near = self.samples if self.is_near and isinstance(self.samples, Interleaved) else None
        with near.lent(self.first + start, self.first + end) if near else nullcontext() as rows:
            return [
                look(a, b, self.read(a, b) if rows is None else self._of(rows[a - start : b - start]))
                for a, b in self.steps(start, end)
            ]

    def _of(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Stored samples of these channels, shape (n_channels, n_samples), from those of all channels of the file."""
        low, high = self.channels[0], self.channels[-1] + 1
        picked = rows[:, low:high] if self.in_order else rows[:, self.channels]
        return picked.T.astype(self.dtype, copy=False)

    def pick(self, indices: list[int]) -> "StoredSamples":
        """Some of the channels."""
        gains, offsets = (None if a is None else a[indices] for a in (self.gains, self.offsets))
        return StoredSamples(
            self.samples, [self.channels[i] for i in indices], self.first, self.n_samples, gains, offsets
        )

    def physical(self, stored: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """What the recording says of stored numbers, shape (n_channels, n_samples), as `Recording` gives it."""
        if self.gains is None or self.offsets is None:
            return stored
        return scaled(stored, self.gains, self.offsets)


def identity(recording: Recording) -> str | None:
    """What names the stored samples of a recording, whole and for as long as its files do not change; else None.

    Its reader and the part of the file that this opened, the file and its etag, and the file that holds the samples; where
    that does not say which it is, a hash of some of them.
    """
    file, samples = recording.file, recording._samples
    if file is None or not file.etag:
        return None
    try:
        how = pickle.dumps(recording._reopen, protocol=5)
    except (pickle.PicklingError, AttributeError, TypeError):
        return None
    digest = hashlib.blake2b(how, digest_size=16)
    held = samples._source if isinstance(samples, Interleaved) else None
    if isinstance(held, File):
        if not held.etag:
            return None
        digest.update(f"{held.uri} {held.etag}".encode())
    else:
        n = recording._whole.lengths[0]
        for start in sorted({0, max(n // 2 - PROBE, 0), max(n - PROBE, 0)}):
            digest.update(samples.read([0], start, min(start + PROBE, n)).tobytes())
    return f"{recording.format} {file.uri} {file.etag} {digest.hexdigest()}"
