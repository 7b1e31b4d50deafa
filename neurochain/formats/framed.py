"""FrameArray: an array whose frames are had one by one, such as those of compressed images."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from neurochain.formats.slicing import Axis
from neurochain.formats.stored import finish

__all__ = ["FrameArray"]

KEPT = 64 * 2**20
"""Bytes of frames that an array keeps, those used last: the next slice along another axis decodes nothing anew."""


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
    kept : int
        Bytes of frames to keep.
    """

    def __init__(
        self,
        read: Callable[[Sequence[int]], Iterable[np.ndarray[Any, Any]]],
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        stacked: bool,
        kept: int = KEPT,
    ) -> None:
        self._read = read
        self._stacked = stacked
        self._limit = kept
        self._kept: OrderedDict[int, np.ndarray[Any, Any]] = OrderedDict()
        self._lock = threading.Lock()
        self.shape = shape
        self.dtype = dtype

    def select(self, axes: tuple[Axis, ...]) -> np.ndarray[Any, Any]:
        """Selected entries.

        Raises
        ------
        FormatError
            A frame cannot be decoded.
        """
        out = np.empty(tuple(axis.count for axis in axes), self.dtype)
        if out.size:
            frames, inner = (axes[0], axes[1:]) if self._stacked else (Axis(0, 1, 1), axes)
            within = tuple(slice(a.start, a.start + (a.count - 1) * a.step + 1, a.step) for a in inner)
            places = out if self._stacked else out[None]
            for number, frame in self._frames(
                range(frames.start, frames.start + frames.count * frames.step, frames.step)
            ):
                places[(number - frames.start) // frames.step] = frame[within]
        return finish(out, axes)

    def _frames(self, numbers: Sequence[int]) -> Iterator[tuple[int, np.ndarray[Any, Any]]]:
        """Frames with their numbers, those at hand first."""
        with self._lock:
            held = {n: self._kept[n] for n in numbers if n in self._kept}
            for n in held:
                self._kept.move_to_end(n)
        yield from held.items()
        missing = [n for n in numbers if n not in held]
        if missing:
            for n, frame in zip(missing, self._read(missing), strict=True):
                self._keep(n, frame)
                yield n, frame

    def _keep(self, number: int, frame: np.ndarray[Any, Any]) -> None:
        with self._lock:
            most = self._limit // max(frame.nbytes, 1)
            if most:
                self._kept[number] = frame
            while len(self._kept) > most:
                self._kept.popitem(last=False)
