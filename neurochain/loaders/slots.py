"""Slots: memory that two processes share, and batches that lie in it.

A slot is a file without a name, so nothing is left behind by a process that is killed. Who is handed a batch holds arrays
over the slot's memory; the slot is free when the last view of them is gone, and not before.
"""

import mmap
import os
import tempfile
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from neurochain.loaders.mapped import Values

ALIGN = 64  # bytes: arrays begin where a line of the processor's cache does
SHARED = "/dev/shm"

Packed = Any
"""A batch with `_Place` where its arrays were."""


class _Place:
    """Where an array lies, and whether it is a tensor, and has its axes turned round (see `_turned`)."""

    __slots__ = ("dtype", "offset", "shape", "tensor", "turned")

    def __init__(self, offset: int, dtype: str, shape: tuple[int, ...], tensor: bool, turned: bool) -> None:
        self.offset, self.dtype, self.shape = offset, dtype, shape
        self.tensor, self.turned = tensor, turned

    def __reduce__(self) -> tuple[Any, ...]:
        return _Place, (self.offset, self.dtype, self.shape, self.tensor, self.turned)


class Slot:
    """Some bytes that other processes see.

    Parameters
    ----------
    size : int
        Bytes.
    descriptor : int, optional
        Of the file, where another process has made it.
    """

    def __init__(self, size: int, descriptor: int | None = None) -> None:
        self.size = size
        if descriptor is None:
            with tempfile.TemporaryFile(dir=SHARED if os.path.isdir(SHARED) else None) as file:
                os.ftruncate(file.fileno(), size)
                descriptor = os.dup(file.fileno())
        self.descriptor = descriptor
        self.memory = mmap.mmap(descriptor, size)
        self._end = 0

    def clear(self) -> None:
        """Begin a new batch."""
        self._end = 0

    def place(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Values | None:
        """An array in the slot; None where there is no room for it."""
        start = -(-self._end // ALIGN) * ALIGN
        count = int(np.prod(shape, dtype=np.int64))
        end = start + count * dtype.itemsize
        if end > self.size:
            return None
        self._end = end
        return np.frombuffer(self.memory, dtype, count, start).reshape(shape)

    def pack(self, value: Any) -> Packed:
        """A batch whose arrays lie in the slot, as far as there is room; what does is a place, the rest stays."""
        match value:
            case dict():
                return {name: self.pack(inner) for name, inner in value.items()}
            case list() | tuple():
                packed = [self.pack(inner) for inner in value]
                return packed if isinstance(value, list) else tuple(packed)
            case np.ndarray() if value.dtype.kind in "biufc":
                return self._packed(value, False)
        if type(value).__module__ == "torch" and hasattr(value, "numpy"):
            with suppress(TypeError):  # numpy has no bfloat16: it travels as it is
                return self._packed(value.detach().numpy(), True)
        return value

    def _packed(self, array: Values, tensor: bool) -> Packed:
        turned = array.ndim > 2 and not array.flags.c_contiguous and _turned(array).flags.c_contiguous
        lying = _turned(array) if turned else array
        offset = array.ctypes.data - self._address()
        if not (0 <= offset < self.size and lying.flags.c_contiguous):
            inside = self.place(lying.shape, array.dtype)
            if inside is None:
                return array
            inside[...] = lying
            offset = inside.ctypes.data - self._address()
        return _Place(offset, array.dtype.str, lying.shape, tensor, turned)

    def _address(self) -> int:
        return np.frombuffer(self.memory, np.uint8, 1).ctypes.data

    def unpack(self, packed: Packed, released: Callable[[], None] | None) -> Any:
        """The batch: arrays over the slot's memory, or copies.

        Parameters
        ----------
        packed : Packed
            As `pack` made it.
        released : callable or None
            Called when nobody holds the arrays any more; None gives copies, which hold nothing.
        """
        whole: Values = np.frombuffer(self.memory, np.uint8)
        if released is not None:
            weakref.finalize(whole, released).atexit = False
        return _unpacked(packed, whole, released is None)

    def close(self) -> None:
        """Give back the descriptor; the memory stays until no array needs it."""
        os.close(self.descriptor)


def _unpacked(packed: Packed, whole: Values, copy: bool) -> Any:
    match packed:
        case dict():
            return {name: _unpacked(inner, whole, copy) for name, inner in packed.items()}
        case list():
            return [_unpacked(inner, whole, copy) for inner in packed]
        case tuple():
            return tuple(_unpacked(inner, whole, copy) for inner in packed)
        case _Place():
            dtype = np.dtype(packed.dtype)
            end = packed.offset + int(np.prod(packed.shape, dtype=np.int64)) * dtype.itemsize
            array = whole[packed.offset : end].view(dtype).reshape(packed.shape)
            array = array.copy() if copy else array
            array = _turned(array) if packed.turned else array
            return as_tensor(array) if packed.tensor else array
    return packed


def _turned(array: Values) -> Values:
    """A view with the axes behind the first in the other order."""
    return array.transpose(0, *range(array.ndim - 1, 0, -1))


def as_tensor(array: Values) -> Any:
    """A tensor over an array."""
    import torch  # a worker that makes no tensors need not import it

    return torch.from_numpy(array)


def size_of(value: Any) -> int:
    """Bytes that the arrays of a batch take in a slot."""
    match value:
        case dict():
            return sum(map(size_of, value.values()))
        case list() | tuple():
            return sum(map(size_of, value))
    return int(getattr(value, "nbytes", 0)) + ALIGN
