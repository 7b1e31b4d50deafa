"""Taken: what of a stream stands in a file: the samples of all windows, each of them once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from neurochain.timeline.clocks.evenclock import EvenClock
from neurochain.timeline.excerpt import Excerpt
from neurochain.timeline.streams.stream import Floats
from neurochain.timeline.writing.blocks import blocks

__all__ = ["Piece", "Rate", "Taken"]

EVEN = 1e-6  # of a sample: by how much rounding may move it


class Piece(NamedTuple):
    """Some samples in a row.

    Attributes
    ----------
    at : slice
        Among all that are taken.
    excerpt : Excerpt
        The samples.
    """

    at: slice
    excerpt: Excerpt


class Rate(NamedTuple):
    """Times of samples that follow each other evenly on the common clock: ``start + i / sampling_frequency``."""

    start: float
    sampling_frequency: float


@dataclass(frozen=True)
class Taken:
    """Samples of one stream.

    Attributes
    ----------
    excerpt : Excerpt
        Of any window: the stream, its map and its filter.
    ranges : tuple of (int, int)
        Samples [first, last), ascending, apart from each other.
    """

    excerpt: Excerpt
    ranges: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, excerpts: Sequence[Excerpt]) -> "Taken":
        """What several windows have of a stream, but for samples of which nobody knows when they were taken.

        Parameters
        ----------
        excerpts : sequence of Excerpt
            One at least.
        """
        found: list[tuple[int, int]] = []
        for first, last in sorted((e.first, e.last) for e in excerpts):
            if found and first <= found[-1][1]:
                found[-1] = found[-1][0], max(last, found[-1][1])
            elif first < last:
                found.append((first, last))
        one = excerpts[0]
        for k in one.map.breaks:
            found = [part for r in found for part in _without(r, *_unknown(one, k))]
        return cls(one, tuple(found))

    def __len__(self) -> int:
        return sum(last - first for first, last in self.ranges)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the values, with the stream's axes."""
        axis = self.excerpt.stream.time_axis
        return tuple(len(self) if i == axis else n for i, n in enumerate(self.excerpt.shape))

    def pieces(self, rows: int | None = None) -> Iterator[Piece]:
        """Samples one after the other, so many at once.

        Parameters
        ----------
        rows : int, optional
            At most; all that follow each other by default.
        """
        behind = 0
        for first, last in self.ranges:
            for part in blocks(replace(self.excerpt, first=first, last=last), rows or last - first):
                yield Piece(slice(behind, behind + len(part)), part)
                behind += len(part)

    @cached_property
    def rate(self) -> Rate | None:
        """Where times are even; None where each sample needs one of its own."""
        clock, to_common = self.excerpt.stream.clock, self.excerpt.map
        if len(self.ranges) != 1 or not isinstance(clock, EvenClock):
            return None
        ((first, last),) = self.ranges
        start, end = float(clock.times(first, first + 1)[0]), float(clock.times(last - 1, last)[0])
        gaps = abs((end - start) / clock.period - (last - first - 1)) > EVEN
        if gaps or (to_common.kind == "piecewise" and any(start < knot < end for knot in to_common.device)):
            return None
        slope = 1.0 if to_common.kind in ("identity", "offset") else to_common.slopes[0]
        if to_common.kind == "piecewise":
            behind = max(end, start + clock.period)
            slope = (to_common(behind) - to_common(start)) / (behind - start)
        found = Rate(to_common(start), float(clock.sampling_frequency) / slope)
        return found if np.isfinite(found).all() else None

    def times(self) -> Floats:
        """Of all samples, on the common clock, shape (n_samples,), seconds; for streams that are in memory, or coarse."""
        return np.concatenate([np.empty(0), *(piece.excerpt.time for piece in self.pieces())])

    def rows(self, frame: Any) -> Any:
        """Rows of a table, one for each sample, that are taken."""
        found = frame[:0]
        for first, last in self.ranges:
            found = found.vstack(frame[first:last])
        return found


def _unknown(excerpt: Excerpt, k: int) -> tuple[int, int]:
    """Samples [first, last) that were taken while the clock jumped."""
    clock, to_common = excerpt.stream.clock, excerpt.map

    def unknown(sample: int) -> bool:
        there = 0 <= sample < clock.n_samples
        return there and bool(np.isnan(to_common(clock.times(sample, sample + 1))[0]))

    first, last = clock.between(to_common.device[k], to_common.device[k + 1])
    while unknown(first - 1):
        first -= 1
    while unknown(last):
        last += 1
    while first < last and not unknown(first):
        first += 1
    while first < last and not unknown(last - 1):
        last -= 1
    return first, last


def _without(given: tuple[int, int], first: int, last: int) -> list[tuple[int, int]]:
    parts = (given[0], min(given[1], first)), (max(given[0], last), given[1])
    return [part for part in parts if part[0] < part[1]] if first < last else [given]
