"""Edits: which frames of a track are shown, and when (ISO/IEC 14496-12, 8.6.6)."""

import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from neurochain.errors import FormatError

__all__ = ["Edit", "edits_of", "shown"]

MOST = 10_000
EMPTY = -1
NORMAL = 1 << 16
Integers = np.ndarray[Any, np.dtype[np.int64]]


class Edit(NamedTuple):
    """A stretch of the track, or of nothing.

    Attributes
    ----------
    duration : int
        Ticks of the track; 0 for all that is left.
    start : int
        Where it begins, ticks of the track; `EMPTY` where nothing is shown.
    """

    duration: int
    start: int


def edits_of(body: bytes, scale: int, movie_scale: int) -> tuple[Edit, ...]:
    """Edits of a box ``elst``, whose durations are in the ticks of the movie.

    Raises
    ------
    FormatError
        It is no list of edits, or one of them is shown faster or slower.
    """
    if len(body) < 8:
        raise FormatError("its list of edits is cut short")
    version, count = body[0], int.from_bytes(body[4:8], "big")
    form = struct.Struct(">QqI" if version == 1 else ">IiI")
    if count > MOST or 8 + count * form.size > len(body):
        raise FormatError(f"it says {count:,} edits in {len(body):,} bytes")
    found = []
    for duration, start, rate in form.iter_unpack(body[8 : 8 + count * form.size]):
        if start != EMPTY and (start < 0 or rate != NORMAL):
            raise FormatError(
                f"an edit begins at {start} and is shown at {rate / NORMAL:g} times the speed, which is not read"
            )
        # As libavformat rounds it: half up.
        found.append(Edit((2 * duration * scale + movie_scale) // (2 * movie_scale), start))
    return tuple(found)


def shown(times: Integers, edits: Sequence[Edit]) -> tuple[Integers, Integers, int | None]:
    """Samples in the order in which they are shown, and when.

    Parameters
    ----------
    times : ndarray, shape (n_samples,), int64, ticks
        At which each is shown, by the track's own clock.
    edits : sequence of Edit
        None for a track that is shown as it is.

    Returns
    -------
    order : ndarray, shape (n_frames,), int64
        Samples; one that several edits show comes several times.
    ticks : ndarray, shape (n_frames,), int64
        Their times.
    end : int or None
        When the last edit ends, where it says so.

    Examples
    --------
    >>> shown(np.array([2, 8, 4, 6]), [Edit(4, 4)])
    (array([2, 3]), array([0, 2]), 4)
    """
    order = np.argsort(times, kind="stable").astype(np.int64)
    if not edits:
        return order, times[order], None
    orders, ticks, at, end = [], [], 0, 0
    total = 0
    for duration, start in edits:
        if start != EMPTY:
            first = int(np.searchsorted(times[order], start))
            last = int(np.searchsorted(times[order], start + duration)) if duration else len(order)
            total += last - first
            if total > 2 * len(order) + MOST:
                raise FormatError(f"its edits show {len(order):,} frames more than twice")
            orders.append(order[first:last])
            ticks.append(times[order[first:last]] - start + at)
            end = at + duration
        at += duration
    if not orders:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), None
    return np.concatenate(orders), np.concatenate(ticks), end if edits[-1].duration else None
