"""Arrays as they are stored: by range where the bytes lie open, whole where they must be decoded."""

import threading
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from neurochain.formats.slicing import Axis, Order, Ranged, gather, plan

__all__ = ["Array", "ByteArray", "DecodedArray", "finish"]


class Array(Protocol):
    """Array that reads what is selected of it. Values are as stored, before any scaling."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """In the machine's byte order."""
        ...

    def select(self, axes: tuple[Axis, ...]) -> np.ndarray[Any, Any]:
        """Selected entries, in memory of their own; dropped axes gone, reversed ones turned round."""
        ...


class ByteArray:
    """Array whose entries lie one after the other in a file.

    Parameters
    ----------
    source : Ranged
        File, or what stands for one.
    offset : int
        Of the first entry, bytes.
    shape : tuple of int
        As stored.
    dtype : dtype
        As stored, byte order included.
    order : {"C", "F"}
        Whether the last or the first axis varies fastest.
    transpose : tuple of int, optional
        Axes of the file in the order in which they are shown.
    correct : callable, optional
        Applied to what was read.
    """

    def __init__(
        self,
        source: Ranged,
        offset: int,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        order: Order,
        transpose: tuple[int, ...] | None = None,
        correct: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]] | None = None,
    ) -> None:
        self._source = source
        self._offset = offset
        self._shape = shape
        self._dtype = dtype
        self._order = order
        self._transpose = transpose or tuple(range(len(shape)))
        self._correct = correct
        self.shape = tuple(shape[i] for i in self._transpose)
        self.dtype = dtype.newbyteorder("=")

    def select(self, axes: tuple[Axis, ...]) -> np.ndarray[Any, Any]:
        """Selected entries.

        Raises
        ------
        FormatError
            The file ends before they do.
        """
        stored = tuple(axes[self._transpose.index(i)] for i in range(len(axes)))
        blocks = plan(self._shape, self._dtype.itemsize, self._order, stored, self._source.gap)
        counts = tuple(axis.count for axis in stored)
        if not len(blocks.starts):
            array = np.empty(counts, self.dtype)
        else:
            array = gather(self._source, self._offset, blocks, self._dtype)
            array = array.reshape(counts if self._order == "C" else counts[::-1])
            array = array if self._order == "C" else array.T
        array = array.transpose(self._transpose)
        if self._correct is not None:
            array = self._correct(array)
        return finish(array, axes)


class DecodedArray:
    """Array that exists as a whole only: decoded at the first use, then kept.

    Parameters
    ----------
    decode : callable
        Gives the array; called once.
    shape : tuple of int
        That it must have.
    dtype : dtype
        That it must have.
    """

    def __init__(
        self, decode: Callable[[], np.ndarray[Any, Any]], shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> None:
        self._decode = decode
        self._array: np.ndarray[Any, Any] | None = None
        self._lock = threading.Lock()
        self.shape = shape
        self.dtype = dtype

    def select(self, axes: tuple[Axis, ...]) -> np.ndarray[Any, Any]:
        """Selected entries.

        Raises
        ------
        FormatError
            The file cannot be decoded.
        """
        with self._lock:
            if self._array is None:
                self._array = self._decode()
        picked = self._array[tuple(slice(a.start, a.start + (a.count - 1) * a.step + 1, a.step)
                                   if a.count else slice(0, 0) for a in axes)]  # fmt: skip
        return finish(picked.copy(order="K"), axes)


def finish(array: np.ndarray[Any, Any], axes: tuple[Axis, ...]) -> np.ndarray[Any, Any]:
    """Turn round what was asked for backwards, and take away axes that one index selected."""
    if not any(axis.reverse or axis.drop for axis in axes):
        return array
    index = tuple(0 if a.drop else slice(None, None, -1 if a.reverse else None) for a in axes)
    found = np.asarray(array[index])
    # PyTorch takes no negative strides.
    return found.copy() if any(axis.reverse for axis in axes) else found
