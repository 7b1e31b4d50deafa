"""NumPy's array files, by range. What is pickled is never loaded.

https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import io
from math import prod

from numpy.lib import format as npy

from neurochain.errors import FormatError
from neurochain.formats.arrays.stored import ByteArray
from neurochain.storage import File

__all__ = ["open_npy"]

HEAD = 4096  # bytes; headers take 128


def open_npy(file: File) -> ByteArray:
    """Array of a ``.npy`` file.

    Raises
    ------
    FormatError
        It is no such file, holds no numbers, or is cut short.
    """
    head = io.BytesIO(file.read_range(0, HEAD))
    try:
        version = npy.read_magic(head)
        if version not in ((1, 0), (2, 0)):
            raise ValueError
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read(head)
    except (ValueError, TypeError, EOFError):
        raise FormatError(f"{file.name} is no .npy file") from None
    if dtype.kind not in "biufc":
        raise FormatError(f"{file.name} holds no numbers: {dtype}")
    needed = head.tell() + prod(shape) * dtype.itemsize
    if min(shape, default=1) < 0 or needed > file.size:
        raise FormatError(f"{file.name} should have {needed:,} bytes, and has {file.size:,}")
    return ByteArray(file, head.tell(), tuple(shape), dtype, "F" if fortran else "C")
