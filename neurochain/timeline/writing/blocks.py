"""Blocks: an excerpt in pieces that fit into memory."""

from collections.abc import Iterator
from dataclasses import replace

from neurochain.timeline.excerpt import Excerpt

__all__ = ["blocks"]

AT_ONCE = 64 * 2**20  # bytes of values


def blocks(excerpt: Excerpt, at_once: int = AT_ONCE) -> Iterator[Excerpt]:
    """Parts of an excerpt one after the other; at least one.

    Parameters
    ----------
    excerpt : Excerpt
        Of any kind.
    at_once : int, bytes
        Of the values of a part.
    """
    count = len(excerpt)
    size = excerpt.dtype.itemsize
    for axis, n in enumerate(excerpt.shape):
        size *= 1 if axis == excerpt.stream.time_axis else n
    step = max(at_once // max(size, 1), 1)
    if count <= step:
        yield excerpt
        return
    for first in range(excerpt.first, excerpt.last, step):
        last = min(first + step, excerpt.last)
        given = None if excerpt.given is None else excerpt.given[first - excerpt.first : last - excerpt.first]
        yield replace(excerpt, first=first, last=last, given=given)
