"""Filters: what HDF5 does with the bytes of a chunk before they are stored, undone.

Source: https://support.hdfgroup.org/documentation/hdf5/latest/_h5_d__u_g.html and the list of registered filters.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurochain.errors import FormatError, require
from neurochain.formats.arrays.deflate import ERRORS, ZLIB, inflater

__all__ = ["Filter", "decoded"]

DEFLATE, SHUFFLE, FLETCHER32 = 1, 2, 3
NAMES = {4: "szip", 5: "nbit", 6: "scaleoffset", 32000: "lzf", 32001: "blosc", 32004: "lz4", 32008: "bitshuffle",
         32013: "zfp", 32015: "zstd", 32026: "blosc2"}  # fmt: skip
Values = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Filter:
    """One step of a dataset's filters.

    Attributes
    ----------
    code : int
        As registered.
    values : tuple of int
        Its parameters.
    """

    code: int
    values: tuple[int, ...]


def decoded(
    data: bytes, filters: Sequence[Filter], skipped: int, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> Values:
    """Values of a chunk.

    Parameters
    ----------
    data : bytes
        As stored.
    filters : sequence of Filter
        In the order in which they were applied.
    skipped : int
        Bits of those that this chunk went without.
    shape : tuple of int
        Of a chunk.
    dtype : dtype
        As stored, byte order included.

    Raises
    ------
    FormatError
        It is damaged, or a filter is not known.
    MissingExtraError
        A filter needs a package that is not installed.
    """
    used = [f for i, f in enumerate(filters) if not skipped >> i & 1]
    n_bytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if any(f.code not in (DEFLATE, SHUFFLE, FLETCHER32) for f in used):
        return _by_library(data, used, shape, dtype)
    held: Any = data
    for step in reversed(used):
        if step.code == FLETCHER32:
            held = _summed(held)
        elif step.code == DEFLATE:
            held = _inflated(held, n_bytes + 4)  # a checksum may stand inside
        else:
            size = step.values[0] if step.values else dtype.itemsize
            held = _unshuffled(held, size)
    if len(held) != n_bytes:
        raise FormatError(f"a chunk of it holds {len(held):,} bytes instead of {n_bytes:,}: it is damaged")
    return np.frombuffer(held, dtype).reshape(shape)


def _inflated(data: bytes, most: int) -> bytes:
    try:
        step = inflater(ZLIB)
        found = step.decompress(data, most)
    except ERRORS as error:
        raise FormatError(f"a chunk of it cannot be inflated ({error}): it is damaged") from None
    if not step.eof and step.decompress(step.unconsumed_tail, 1):
        raise FormatError("a chunk of it holds more than its shape says: it is damaged")
    return found


def _unshuffled(data: bytes, size: int) -> bytes | memoryview:
    """Bytes that stood sorted by their place in a value, back in their values; what is left over stays where it is."""
    if size < 2:
        return data
    n = len(data) // size
    planes = np.frombuffer(data, np.uint8, n * size).reshape(size, n)
    out = np.empty(len(data), np.uint8)
    values = out[: n * size].reshape(n, size)
    for i in range(size):
        values[:, i] = planes[i]
    out[n * size :] = np.frombuffer(data, np.uint8, offset=n * size)
    return out.data


def _summed(data: bytes) -> bytes | memoryview:
    """Bytes in front of their checksum.

    Raises
    ------
    FormatError
        It is another.
    """
    view = memoryview(data)
    content, said = view[:-4], int.from_bytes(view[-4:], "little")
    if len(view) < 4 or fletcher32(content) != said:
        raise FormatError("the checksum of a chunk of it is wrong: it is damaged")
    return content


def fletcher32(data: bytes | memoryview) -> int:
    """Checksum as HDF5 computes it: of 16-bit words, the high byte first.

    Examples
    --------
    >>> hex(fletcher32(b"abcde"))
    '0x2829c5c7'
    """
    padded = bytes(data) + b"\0" * (len(data) % 2)
    words = np.frombuffer(padded, ">u2").astype(np.uint64)
    first = second = 0
    for at in range(0, len(words), 2**20):  # so that no sum is too large for 64 bits
        some = words[at : at + 2**20]
        n = len(some)
        second = (second + n * first + int((np.arange(n, 0, -1, dtype=np.uint64) * some).sum())) % 65535
        first = (first + int(some.sum())) % 65535
    return (second or 65535 * bool(words.any())) << 16 | (first or 65535 * bool(words.any()))


def _by_library(
    data: bytes, filters: Sequence[Filter], shape: tuple[int, ...], dtype: np.dtype[Any]
) -> Values:
    """Values of a chunk by HDF5 itself: as the only chunk of a file in memory, put there as it is stored."""
    h5py = require("h5py", "hdf5", "An HDF5 file with filters")
    for step in filters:
        if not h5py.h5z.filter_avail(step.code):
            require("hdf5plugin", "nwb", f"Filter {step.code} ({NAMES.get(step.code, 'not known')}) of HDF5")
        if not h5py.h5z.filter_avail(step.code):
            raise FormatError(f"it was stored by filter {step.code} of HDF5, which is not installed")
    try:
        with h5py.File(io.BytesIO(), "w") as file:
            plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            plist.set_chunk(shape)
            for step in filters:
                plist.set_filter(step.code, h5py.h5z.FLAG_OPTIONAL, step.values)
            space = h5py.h5s.create_simple(shape)
            made = h5py.h5d.create(file.id, b"chunk", h5py.h5t.py_create(dtype), space, plist)
            made.write_direct_chunk((0,) * len(shape), data)
            out = np.empty(shape, dtype)
            made.read(h5py.h5s.ALL, h5py.h5s.ALL, out)
    except (OSError, ValueError, RuntimeError, TypeError) as error:
        raise FormatError(f"a chunk of it cannot be decoded ({error}): it is damaged") from None
    return out
