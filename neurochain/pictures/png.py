"""PNG: pixels as a file that every page shows.

Written here, by zlib: Pillow is no part of the core installation, 7 MB for what is a header and a filter per row.
https://www.w3.org/TR/png-3/
"""

import base64
import struct
import zlib
from typing import Any
from urllib.parse import quote

import numpy as np

__all__ = ["data_uri", "png_bytes", "svg_uri"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
KINDS = {1: 0, 3: 2, 4: 6}  # type of colour by values of a pixel
NONE, SUB, UP = 0, 1, 2  # filters of a row: as it is, less the pixel before, less the one above
UNTOUCHED = " /+=:;,.()-!*~'"  # what stands in an address within double quotes as it is
EFFORT = 9  # of zlib: pictures are small, and kept in pages
Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def png_bytes(pixels: Pixels) -> bytes:
    """A PNG file of 8 bits; the same pixels have the same bytes.

    Parameters
    ----------
    pixels : ndarray, shape (rows, columns[, 3 or 4]), uint8
        Grey, or red, green, blue and how opaque.

    Examples
    --------
    >>> png_bytes(np.zeros((2, 3), np.uint8))[1:4]
    b'PNG'
    """
    rows, columns = pixels.shape[:2]
    count = pixels.shape[2] if pixels.ndim == 3 else 1
    if pixels.dtype != np.uint8 or count not in KINDS or not rows or not columns:
        raise ValueError(
            f"pixels of {pixels.dtype}, {pixels.shape}: rows x columns x 1, 3 or 4 of uint8 are needed"
        )
    head = struct.pack(">IIBBBBB", columns, rows, 8, KINDS[count], 0, 0, 0)
    body = zlib.compress(_filtered(pixels.reshape(rows, columns * count), count), EFFORT)
    return SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def data_uri(data: bytes, kind: str = "image/png") -> str:
    """An address that holds what it leads to."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def svg_uri(svg: str) -> str:
    """An address that holds a drawing; most of it stays as it is."""
    return f"data:image/svg+xml,{quote(svg, safe=UNTOUCHED)}"


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _filtered(lines: Pixels, count: int) -> bytes:
    """Rows, each behind its filter: that which leaves the smallest numbers."""
    before = np.zeros_like(lines)
    before[:, count:] = lines[:, :-count]
    above = np.zeros_like(lines)
    above[1:] = lines[:-1]
    tried = np.stack([lines, lines - before, lines - above])  # uint8 goes round, as the format has it
    sizes = np.abs(tried.view(np.int8).astype(np.int16)).sum(2)
    chosen = sizes.argmin(0).astype(np.uint8)
    found = np.empty((len(lines), lines.shape[1] + 1), np.uint8)
    found[:, 0] = chosen
    found[:, 1:] = tried[chosen, np.arange(len(lines))]
    return found.tobytes()
