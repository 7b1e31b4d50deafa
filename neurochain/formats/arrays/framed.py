"""FrameArray: an array whose frames are had one by one, such as those of compressed images."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import Any

import numpy as np

from neurochain.formats.arrays.slicing import Axis
from neurochain.formats.arrays.stored import finish

__all__ = ["FrameArray", "KeptFrames"]

KEPT = 128 * 2**20
"""Bytes of decoded frames that a process keeps, of all its arrays: a series has thousands of files."""

Pixels = np.ndarray[Any, Any]


class KeptFrames:
    """Frames that were used last, of any array. Safe to use from several threads.

    Parameters
    ----------
    limit : int
        Bytes.
    """

    def __init__(self, limit: int = KEPT) -> None:
        self._limit = limit
        self._frames: OrderedDict[tuple[int, int], Pixels] = OrderedDict()
        self._bytes = 0
        self._owners = count()
        self._lock = threading.Lock()

    def owner(self) -> int:
        """Number of one more array."""
        return next(self._owners)

    def find(self, owner: int, numbers: Iterable[int]) -> dict[int, Pixels]:
        """Those frames of an array that are kept, by number."""
        found = {}
        with self._lock:
            for n in numbers:
                if (frame := self._frames.get((owner, n))) is not None:
                    self._frames.move_to_end((owner, n))
                    found[n] = frame
        return found

    def keep(self, owner: int, number: int, frame: Pixels) -> None:
        """Keep a frame, and let go of those that were not used for longest; one beyond the limit is not kept."""
        if frame.nbytes > self._limit:
            return
        with self._lock:
            before = self._frames.pop((owner, number), None)
            self._bytes += frame.nbytes - (0 if before is None else before.nbytes)
            self._frames[owner, number] = frame
            while self._bytes > self._limit:
                self._bytes -= self._frames.popitem(last=False)[1].nbytes


_KEPT = KeptFrames()


class FrameArray:
    """Array that gets the frames that a slice touches, each once. Safe to use from several threads.

    Parameters
    ----------
    read : callable
        Gives the frames of some numbers, ascending, in that order. It is asked for those only that are not kept.
    shape : tuple of int
        Of the array; the first axis counts frames where `stacked`.
    dtype : dtype
        In the machine's byte order.
    stacked : bool
        Whether there is an axis of frames; otherwise the array is frame 0.
    needed : callable
        Bytes of the file that hold the frames of some numbers; None where nobody knows without reading.
    kept : KeptFrames, optional
        Where frames are kept: the next slice along another axis decodes nothing anew.
    """

    def __init__(
        self,
        read: Callable[[Sequence[int]], Iterable[Pixels]],
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        stacked: bool,
        needed: Callable[[Sequence[int]], int | None],
        kept: KeptFrames = _KEPT,
    ) -> None:
        self._read, self._needed = read, needed
        self._stacked = stacked
        self._kept, self._owner = kept, kept.owner()
        self.shape = shape
        self.dtype = dtype

    def select(self, axes: tuple[Axis, ...]) -> Pixels:
        """Selected entries.

        Raises
        ------
        FormatError
            A frame cannot be decoded.
        """
        out = np.empty(tuple(axis.count for axis in axes), self.dtype)
        if out.size:
            numbers = self._numbers(axes)
            inner = axes[1:] if self._stacked else axes
            within = tuple(slice(a.start, a.start + (a.count - 1) * a.step + 1, a.step) for a in inner)
            places = out if self._stacked else out[None]
            for n, frame in self._frames(numbers):
                places[numbers.index(n)] = frame[within]
        return finish(out, axes)

    def bytes_needed(self, axes: tuple[Axis, ...]) -> int | None:
        """Bytes of the file that hold the frames of a selection, planned without reading; None where nobody knows."""
        return self._needed(self._numbers(axes)) if all(axis.count for axis in axes) else 0

    def _numbers(self, axes: tuple[Axis, ...]) -> range:
        """Frames of a selection, ascending."""
        if not self._stacked:
            return range(1)
        return range(axes[0].start, axes[0].start + axes[0].count * axes[0].step, axes[0].step)

    def _frames(self, numbers: range) -> Iterator[tuple[int, Pixels]]:
        """Frames with their numbers, those at hand first."""
        held = self._kept.find(self._owner, numbers)
        yield from held.items()
        missing = [n for n in numbers if n not in held]
        if missing:
            for n, frame in zip(missing, self._read(missing), strict=True):
                self._kept.keep(self._owner, n, frame)
                yield n, frame
