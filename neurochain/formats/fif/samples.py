"""FIF samples: the buffers of a recording, found in the list of tags without reading them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.fif.chain import TAG, Held
from neurochain.formats.fif.tags import Tags

__all__ = ["FifSamples", "find_samples"]

RAW = (102, 112, 119)  # raw data, continuous data, raw data with active shielding
FIRST_SAMPLE, BUFFER, SKIP, SKIP_SAMPLES = 208, 300, 301, 303
DTYPES = {2: ">i2", 3: ">i4", 4: ">f4", 5: ">f8", 16: ">i2"}
COMPLEX = {20: "complex64", 21: "complex128"}

Integers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class FifSamples:
    """Buffers of a recording.

    Attributes
    ----------
    block : int
        Kind of the block that they stand in.
    dtype : dtype
        As stored.
    starts, counts : ndarray, shape (n_buffers,), int64
        Byte at which the samples of each begin, and sampling times in it.
    numbers : ndarray, shape (n_buffers,), int64
        Of the first sample of each, counted from the start of the acquisition, gaps too.
    """

    block: int
    dtype: np.dtype[Any]
    starts: Integers
    counts: Integers
    numbers: Integers

    @property
    def n_samples(self) -> int:
        """Of each channel, gaps left out."""
        return int(self.counts.sum())

    @property
    def first(self) -> int:
        """Number of the first sample."""
        return int(self.numbers[0])

    @property
    def n_skips(self) -> int:
        """Gaps between buffers."""
        return int(np.count_nonzero(self.numbers[1:] != self.numbers[:-1] + self.counts[:-1]))

    def segments(self, sampling_frequency: float) -> tuple[tuple[float, float], ...]:
        """Times [start, end) of each stretch without gaps, seconds from the first sample."""
        ends = self.numbers + self.counts
        breaks = (np.flatnonzero(self.numbers[1:] != ends[:-1]) + 1).tolist()
        return tuple(
            (
                int(self.numbers[a] - self.first) / sampling_frequency,
                int(ends[b - 1] - self.first) / sampling_frequency,
            )
            for a, b in zip([0, *breaks], [*breaks, len(ends)], strict=True)
        )


def find_samples(file: Held, tags: Tags, n_channels: int) -> FifSamples | None:
    """Samples of a file; None where it holds no raw data.

    Raises
    ------
    FormatError
        The buffers cannot be so.
    """
    blocks = tags.found(*RAW)
    if not blocks:
        return None
    if len(blocks) > 1:
        raise FormatError(f"it holds {len(blocks)} blocks of raw data; one is expected")
    inside = np.array(tags.inside(blocks[0]), np.int64)
    buffers = inside[tags.kinds[inside] == BUFFER]
    if not len(buffers):
        raise FormatError("its block of raw data holds no samples: it is cut short, or nothing was recorded")
    if not n_channels:
        raise FormatError("it holds raw data, and describes no channels")
    dtype = _dtype(tags, buffers)
    row = n_channels * dtype.itemsize
    starts, sizes = tags.places[buffers] + TAG.size, tags.sizes[buffers]
    if len(wrong := np.flatnonzero(sizes % row)):
        raise FormatError(
            f"its buffer at byte {int(starts[wrong[0]]):,} has {int(sizes[wrong[0]]):,} bytes, which are no whole number "
            f"of samples of {n_channels:,} channels x {dtype.itemsize} bytes"
        )
    # The same bytes listed again and again would be a recording larger than its file.
    if len(wrong := np.flatnonzero(starts[1:] < starts[:-1] + sizes[:-1])):
        raise FormatError(
            f"its buffers at bytes {int(starts[wrong[0]]):,} and {int(starts[wrong[0] + 1]):,} overlap"
        )
    counts = sizes // row
    numbers = _numbers(file, tags, inside, buffers, counts)
    return FifSamples(tags.block_kinds[blocks[0]], dtype, starts, counts, numbers)


def _dtype(tags: Tags, buffers: Integers) -> np.dtype[Any]:
    types = np.unique(tags.types[buffers]).tolist()
    if named := [COMPLEX[t] for t in types if t in COMPLEX]:
        raise FormatError(
            f"its samples are {named[0]} numbers; only real ones are read. Read it with MNE-Python"
        )
    if unknown := [t for t in types if t not in DTYPES]:
        raise FormatError(f"its samples are of type {unknown[0]}; known are {', '.join(map(str, DTYPES))}")
    kinds = {DTYPES[t] for t in types}
    if len(kinds) > 1:
        raise FormatError(f"its samples are of the types {', '.join(map(str, types))}; one is expected")
    return np.dtype(kinds.pop())


def _numbers(file: Held, tags: Tags, inside: Integers, buffers: Integers, counts: Integers) -> Integers:
    """Number of the first sample of each buffer. A skip counts buffers of the length of the next, or samples."""
    kinds = tags.kinds[inside]
    marks = inside[np.isin(kinds, (FIRST_SAMPLE, SKIP, SKIP_SAMPLES)) & (tags.sizes[inside] == 4)]
    shifts = np.zeros(len(buffers), np.int64)
    for i, data in zip(marks.tolist(), tags.contents(file, marks.tolist()), strict=True):
        value = int.from_bytes(data, "big", signed=True)
        following = int(np.searchsorted(buffers, i))
        if tags.kinds[i] == FIRST_SAMPLE:
            shifts[0] += value if following == 0 else 0
        elif following < len(buffers):
            shifts[following] += max(value, 0) * (int(counts[following]) if tags.kinds[i] == SKIP else 1)
    return np.cumsum(shifts) + np.cumsum(counts) - counts
