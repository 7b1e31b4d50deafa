"""RLE Lossless: frames whose bytes are packed in runs.

PS3.5 annex G: https://dicom.nema.org/medical/dicom/current/output/html/part05.html#chapter_G
"""

import struct
from itertools import pairwise
from typing import Any

import numpy as np

from neurochain.errors import FormatError

__all__ = ["unpack_rle"]

HEADER = 64
RATIO = 64  # a run of 128 bytes takes two
STRAY = 16  # bytes by which writers overshoot when they pad a segment; a row more is another image


def unpack_rle(data: bytes, shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Unpack one frame.

    Parameters
    ----------
    data : bytes
        The frame's fragment.
    shape : tuple of int
        (rows, columns) or (rows, columns, samples).
    dtype : dtype
        Of whole bytes.

    Raises
    ------
    FormatError
        The frame is not of this shape, or is damaged; says where.

    Examples
    --------
    >>> two_runs = struct.pack("<16I", 1, 64, *[0] * 14) + bytes([255, 7, 1, 8, 9])
    >>> unpack_rle(two_runs, (2, 2), np.dtype("uint8"))
    array([[7, 7],
           [8, 9]], dtype=uint8)
    """
    rows, columns, samples = (*shape, 1)[:3]
    size, width = rows * columns, dtype.itemsize
    if len(data) < HEADER:
        raise FormatError(f"it has {len(data)} bytes, fewer than the {HEADER} of an RLE header")
    n, *offsets = struct.unpack_from("<16I", data)
    if n != samples * width:
        raise FormatError(
            f"it has {n:,} RLE segments, and {samples} samples of {width} bytes take {samples * width}"
        )
    edges = [*offsets[:n], len(data)]
    if edges[0] < HEADER or any(a > b for a, b in pairwise(edges)):
        raise FormatError(f"its RLE segments begin at {offsets[:n]} in {len(data):,} bytes")
    if size * n > (len(data) - HEADER) * RATIO:
        raise FormatError(
            f"its {len(data):,} bytes unpack to at most {(len(data) - HEADER) * RATIO:,}, not to {size * n:,}"
        )
    most = size + min(STRAY, columns - 1)
    planes = np.empty((samples, width, size), np.uint8)
    for i, plane in enumerate(planes.reshape(n, size)):
        unpacked = _unpacked(data[edges[i] : edges[i + 1]], most)
        if not size <= len(unpacked) <= most:
            more = "at least " if len(unpacked) > size else ""
            raise FormatError(
                f"its RLE segment {i} unpacks to {more}{len(unpacked):,} bytes, not to {size:,}"
            )
        plane[:] = np.frombuffer(unpacked, np.uint8, size)
    # A segment holds one byte of each sample, the highest first.
    pixels = np.ascontiguousarray(planes.transpose(2, 0, 1)).view(dtype.newbyteorder(">"))
    return pixels.astype(dtype, copy=False).reshape(shape)


def _unpacked(segment: bytes, most: int) -> bytearray:
    """Bytes of a segment, at most a run more than wanted."""
    out, at, end = bytearray(), 0, len(segment)
    while at < end and len(out) <= most:
        code = segment[at]
        if code < 128:
            out += segment[at + 1 : at + 2 + code]
            at += 2 + code
        else:
            if code > 128:
                out += segment[at + 1 : at + 2] * (257 - code)
            at += 2 if code > 128 else 1
    return out
