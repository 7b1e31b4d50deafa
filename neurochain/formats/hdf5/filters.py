"""Filters: what HDF5 does with the bytes of a chunk before they are stored, undone.

Source: https://support.hdfgroup.org/documentation/hdf5/latest/_h5_d__u_g.html and the list of registered filters.
"""

import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurochain.errors import FormatError, require
from neurochain.formats.arrays.deflate import ERRORS, ZLIB, inflater

__all__ = ["Filter", "check_filters", "decoded"]

DEFLATE, SHUFFLE, FLETCHER32 = OWN = 1, 2, 3
BY_LIBRARY = {32000: "lzf", 32001: "blosc", 32004: "lz4", 32008: "bitshuffle", 32015: "zstd"}
"""What HDF5 and its plugins undo. Others are refused: some of them end the process where the data is damaged."""
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
    if any(f.code in BY_LIBRARY for f in used):
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


def check_filters(name: str, codes: Sequence[int]) -> None:
    """Look whether all filters of a dataset are ones that are undone.

    Parameters
    ----------
    name : str
        Of the dataset.
    codes : sequence of int
        Of its filters.

    Raises
    ------
    FormatError
        One is not.
    """
    for code in codes:
        if code not in OWN and code not in BY_LIBRARY:
            known = ", ".join(("deflate", "shuffle", "fletcher32", *BY_LIBRARY.values()))
            raise FormatError(
                f"{name} was stored by filter {code} of HDF5, which is not read. Read are {known}"
            )


def _inflated(data: bytes, most: int) -> bytes:
    try:
        step = inflater(ZLIB)
        found = step.decompress(data, most)
        more = not step.eof and step.decompress(step.unconsumed_tail, 1)
    except ERRORS as error:
        raise FormatError(f"a chunk of it cannot be inflated ({error}): it is damaged") from None
    if more:
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
    '0x4ff029c7'
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
            require("hdf5plugin", "nwb", f"{BY_LIBRARY[step.code]} in an HDF5 file")
    try:
        with h5py.File(io.BytesIO(), "w") as file:
            given = [_given(h5py, file, step, shape, dtype.str) for step in filters]
            made = _made(h5py, file, list(zip(filters, given, strict=True)), shape, dtype.str)
            made.write_direct_chunk((0,) * len(shape), data)
            out = np.empty(shape, dtype)
            made.read(h5py.h5s.ALL, h5py.h5s.ALL, out)
    except (OSError, ValueError, RuntimeError, TypeError) as error:
        raise FormatError(f"a chunk of it cannot be decoded ({error}): it is damaged") from None
    return out


def _made(
    h5py: Any, file: Any, steps: list[tuple[Filter, tuple[int, ...]]], shape: tuple[int, ...], kind: str
) -> Any:
    """A dataset of one chunk, without a name."""
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk(shape)
    for step, values in steps:
        plist.set_filter(step.code, h5py.h5z.FLAG_OPTIONAL, values)
    space = h5py.h5s.create_simple(shape)
    return h5py.h5d.create(file.id, None, h5py.h5t.py_create(np.dtype(kind)), space, plist)


def _given(h5py: Any, file: Any, step: Filter, shape: tuple[int, ...], kind: str) -> tuple[int, ...]:
    """Parameters that a filter must be given to have those that are stored: some put others in front of them."""
    for skipped in range(len(step.values) + 1):
        values = step.values[skipped:]
        with suppress(ValueError, RuntimeError):  # what no filter may be given
            plist = _made(h5py, file, [(step, values)], shape, kind).get_create_plist()
            if plist.get_filter(0)[2] == step.values:
                return values
    raise FormatError(f"the parameters {step.values} of its {BY_LIBRARY[step.code]} filter cannot be")
