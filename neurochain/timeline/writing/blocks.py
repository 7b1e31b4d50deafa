"""Blocks: an excerpt in pieces that fit into memory."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from neurochain.timeline.excerpt import Excerpt

__all__ = ["AT_ONCE", "blocks", "row_bytes", "rows_of"]

AT_ONCE = 64 * 2**20  # bytes of values


def row_bytes(excerpt: Excerpt, dtype: np.dtype[np.generic] | None = None) -> int:
    """Bytes of the values of one sample, in a dtype where it is not the excerpt's own."""
    axis = excerpt.stream.time_axis
    sizes = [n for i, n in enumerate(excerpt.shape) if i != axis]
    return int(np.prod(sizes, dtype=np.int64)) * (dtype or excerpt.dtype).itemsize


def rows_of(size: int, at_once: int) -> int:
    """Samples of a size that fit into so many bytes: a power of two, so that smaller pieces tile larger ones; at least one."""
    return 1 << max((at_once // max(size, 1)).bit_length() - 1, 0)


def blocks(excerpt: Excerpt, rows: int | None = None) -> Iterator[Excerpt]:
    """Parts of an excerpt one after the other; none where it has no samples.

    Parameters
    ----------
    excerpt : Excerpt
        Of any kind.
    rows : int, optional
        Samples of a part; the last has what is left. By default as many as `AT_ONCE` bytes hold.
    """
    rows = rows_of(row_bytes(excerpt), AT_ONCE) if rows is None else rows
    for first in range(excerpt.first, excerpt.last, rows):
        last = min(first + rows, excerpt.last)
        given = None if excerpt.given is None else excerpt.given[first - excerpt.first : last - excerpt.first]
        yield replace(excerpt, first=first, last=last, given=given)
