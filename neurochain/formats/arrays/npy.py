"""NumPy's array files, by range. What is pickled is never loaded.

https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import io
from math import prod
from typing import Any

import numpy as np
from numpy.lib import format as npy

from neurochain.errors import FormatError
from neurochain.formats.arrays.stored import ByteArray
from neurochain.storage import File

__all__ = ["npy_head", "open_npy"]

HEAD = 4096  # bytes; headers take 128


def npy_head(file: File, length: int) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """What the head of a ``.npy`` file says: shape, whether it is in Fortran order, dtype, and the first byte of the values.

    Raises
    ------
    FormatError
        It is no such file, or its head is longer than `length` bytes.
    """
    head = io.BytesIO(file.read_range(0, length))
    try:
        version = npy.read_magic(head)
        if version not in ((1, 0), (2, 0)):
            raise ValueError
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read(head)
    except (ValueError, TypeError, EOFError):
        raise FormatError(f"{file.name} is no .npy file") from None
    return tuple(shape), fortran, dtype, head.tell()


def open_npy(file: File) -> ByteArray:
    """Array of a ``.npy`` file.

    Raises
    ------
    FormatError
        It is no such file, holds no numbers, or is cut short.
    """
    shape, fortran, dtype, first = npy_head(file, HEAD)
    if dtype.kind not in "biufc":
        raise FormatError(f"{file.name} holds no numbers: {dtype}")
    needed = first + prod(shape) * dtype.itemsize
    if min(shape, default=1) < 0 or needed > file.size:
        raise FormatError(f"{file.name} should have {needed:,} bytes, and has {file.size:,}")
    return ByteArray(file, first, shape, dtype, "F" if fortran else "C")
