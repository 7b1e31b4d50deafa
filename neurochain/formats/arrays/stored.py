"""Arrays as they are stored: by range where the bytes lie open, whole where they must be decoded."""

import threading
from collections.abc import Callable
from dataclasses import replace
from math import prod
from typing import Any, Protocol, runtime_checkable

import numpy as np

from neurochain.formats.arrays.scattered import scattered
from neurochain.formats.arrays.slicing import Axis, Blocks, Order, Packed, Ranged, gather, plan

__all__ = ["Array", "ByteArray", "CutArray", "DecodedArray", "Picking", "finish", "pulled"]

PLANNED = 2**24  # pieces of a selection that are planned one by one only to say what they cost


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

    def bytes_needed(self, axes: tuple[Axis, ...]) -> int | None:
        """Bytes of the file that hold the selection, planned without reading; None: those of the whole file."""
        ...


@runtime_checkable
class Picking(Protocol):
    """Array that reads single entries cheaply; of any other the box around them is read."""

    def pick(self, mask: np.ndarray[Any, np.dtype[np.bool_]]) -> np.ndarray[Any, Any]:
        """Entries under a mask of the first axes, shape (n_selected, *rest), in the C order of the mask."""
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
        stored, blocks = self._planned(axes)
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

    def select_into(self, out: np.ndarray[Any, Any], axes: tuple[Axis, ...]) -> None:
        """Put selected entries into an array of their shape, whatever its dtype; in one copy, where its axes lie as the file's.

        Raises
        ------
        FormatError
            The file ends before they do.
        """
        stored, blocks = self._planned(axes)
        shown_as_stored = self._transpose == tuple(range(len(axes))) and self._correct is None
        target = out if self._order == "C" else out.T
        plain = shown_as_stored and target.flags.c_contiguous and not any(a.reverse or a.drop for a in stored)
        if not plain or not len(blocks.starts):
            np.copyto(out, self.select(axes), casting="unsafe")
            return
        gather(
            self._source,
            self._offset,
            blocks,
            self._dtype,
            target.reshape(len(blocks.starts), *blocks.shape),
        )

    def pick(self, mask: np.ndarray[Any, np.dtype[np.bool_]]) -> np.ndarray[Any, Any]:
        """Entries under a mask of the first axes, as ``array[mask]`` gives them; only their bytes are pulled.

        Raises
        ------
        FormatError
            The file ends before they do.
        """
        array = scattered(
            self._source, self._offset, self._shape, self._dtype, self._order, self._transpose, mask
        )
        return array if self._correct is None else self._correct(array)

    def bytes_needed(self, axes: tuple[Axis, ...]) -> int:
        """Bytes of the selected entries; of a compressed source, those that they are inflated from."""
        if not isinstance(self._source, Packed):
            return self._dtype.itemsize * prod(axis.count for axis in axes)
        _, blocks = self._planned(axes)
        at = self._offset
        return self._source.bytes_needed(
            [(at + start, at + end) for start, end, _, _ in blocks.ranges(self._source.gap)]
        )

    def pulled(self, axes: tuple[Axis, ...]) -> tuple[int, int]:
        """Bytes that selecting pulls, those between two pieces that are read along among them, and in how many pieces."""
        if isinstance(self._source, Packed):
            return self.bytes_needed(axes), 1
        if (many := self._pieces(axes)) > PLANNED:
            return self.bytes_needed(axes), many
        _, blocks = self._planned(axes)
        if not len(blocks.starts):
            return 0, 0
        between = np.diff(blocks.starts) - blocks.length
        along = between <= self._source.gap
        return len(blocks.starts) * blocks.length + int(between[along].sum()), int((~along).sum()) + 1

    def _pieces(self, axes: tuple[Axis, ...]) -> int:
        """How many pieces a selection has at most."""
        stored = [axes[self._transpose.index(i)] for i in range(len(axes))]
        pieces = prod(axis.count for axis in stored)
        fastest_first = zip(stored, self._shape, strict=True)
        for axis, n in list(fastest_first)[:: -1 if self._order == "C" else 1]:
            if axis.count > 1 and axis.step > 1:
                break
            pieces //= max(axis.count, 1)
            if axis.count < n:
                break
        return pieces

    def _planned(self, axes: tuple[Axis, ...]) -> tuple[tuple[Axis, ...], Blocks]:
        """The selection along the axes of the file, and the blocks that hold it."""
        stored = tuple(axes[self._transpose.index(i)] for i in range(len(axes)))
        return stored, plan(self._shape, self._dtype.itemsize, self._order, stored, self._source.gap)


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
    n_bytes : int, optional
        That are decoded; the whole file by default.
    """

    def __init__(
        self,
        decode: Callable[[], np.ndarray[Any, Any]],
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        n_bytes: int | None = None,
    ) -> None:
        self._decode = decode
        self._n_bytes = n_bytes
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

    def bytes_needed(self, axes: tuple[Axis, ...]) -> int | None:
        """All that must be decoded, whatever is selected of it."""
        return self._n_bytes if all(axis.count for axis in axes) else 0


class CutArray:
    """Part of another array.

    Parameters
    ----------
    array : Array
        The whole.
    cut : tuple of (int, int)
        Half-open range along each axis.
    """

    def __init__(self, array: Array, cut: tuple[tuple[int, int], ...]) -> None:
        self._array = array
        self._starts = tuple(start for start, _ in cut)
        self.shape = tuple(end - start for start, end in cut)
        self.dtype = array.dtype

    def select(self, axes: tuple[Axis, ...]) -> np.ndarray[Any, Any]:
        """As of the whole, counted from where the part begins."""
        return self._array.select(self._moved(axes))

    def bytes_needed(self, axes: tuple[Axis, ...]) -> int | None:
        """As of the whole."""
        return self._array.bytes_needed(self._moved(axes))

    def pulled(self, axes: tuple[Axis, ...]) -> tuple[int | None, int]:
        """As of the whole."""
        return pulled(self._array, self._moved(axes))

    def _moved(self, axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
        return tuple(replace(a, start=a.start + at) for a, at in zip(axes, self._starts, strict=True))


def pulled(array: Array, axes: tuple[Axis, ...]) -> tuple[int | None, int]:
    """Bytes of the file that selecting pulls, planned without reading, and in how many pieces; None: those of the whole file."""
    match array:
        case CutArray():
            return array.pulled(axes)
        case ByteArray():
            return array.pulled(axes)
        case _:
            return array.bytes_needed(axes), 1


def finish(array: np.ndarray[Any, Any], axes: tuple[Axis, ...]) -> np.ndarray[Any, Any]:
    """Turn round what was asked for backwards, and take away axes that one index selected."""
    if not any(axis.reverse or axis.drop for axis in axes):
        return array
    index = tuple(0 if a.drop else slice(None, None, -1 if a.reverse else None) for a in axes)
    found = np.asarray(array[index])
    # PyTorch takes no negative strides.
    return found.copy() if any(axis.reverse for axis in axes) else found
