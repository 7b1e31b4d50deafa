"""Compressors: bytes made small, made large again, and never larger than they may be.

What a compressed chunk says of its own size is checked before any memory is asked for: gzip, zlib, bzip2 and xz by the
standard library with a limit, the others by numcodecs, behind a look at their own headers.
"""

import bz2
import lzma
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from neurochain.errors import FormatError, require
from neurochain.formats.arrays.deflate import GZIP, ZLIB, inflater

__all__ = ["COMPRESSORS", "by_numcodecs"]

XZ_MEMORY = 256 * 2**20  # bytes that xz may use besides
BLOCK = 128 * 1024  # bytes of a block of zstd, at most
SLACK = 16 * 2**20  # bytes by which a frame of zstd that does not say its size may be overestimated
FRAME, SKIPPABLE = 0xFD2FB528, 0x184D2A50
BLOSC_HEADER = 16

Decompress = Callable[[bytes, int], Any]


def by_numcodecs(configuration: Mapping[str, Any], data: Any) -> Any:
    """What a codec of numcodecs makes of what it stored.

    Raises
    ------
    MissingExtraError
        numcodecs is not installed.
    """
    numcodecs: Any = require("numcodecs", "zarr", f"The codec {configuration['id']!r} of Zarr")
    return numcodecs.get_codec(dict(configuration)).decode(data)


def _deflated(wbits: int) -> Decompress:
    def decompress(data: bytes, most: int) -> bytes:
        parts, left, rest = [], most, data
        while rest:  # gzip may be in several members
            step = inflater(wbits)
            parts.append(step.decompress(rest, left + 1))
            left -= len(parts[-1])
            if left < 0:
                raise _too_large(most)
            if not step.eof:
                raise FormatError("it ends too soon")
            rest = step.unused_data if wbits == GZIP and step.unused_data.startswith(b"\x1f\x8b") else b""
        return b"".join(parts)

    return decompress


def _by_library(begin: Callable[[], Any]) -> Decompress:
    def decompress(data: bytes, most: int) -> bytes:
        parts, left, rest = [], most, data
        while rest:
            step = begin()
            parts.append(step.decompress(rest, left + 1))
            left -= len(parts[-1])
            if left < 0:
                raise _too_large(most)
            if not step.eof:
                raise FormatError("it ends too soon")
            rest = step.unused_data
        return b"".join(parts)

    return decompress


def _zstd(data: bytes, most: int) -> Any:
    found, known = _zstd_size(data)
    if found > (most if known else 4 * most + SLACK):
        raise _too_large(most)
    return by_numcodecs({"id": "zstd"}, data)


def _zstd_size(data: bytes) -> tuple[int, bool]:
    """Bytes that frames of zstd say, or at most hold; and whether they say it (RFC 8878, section 3.1)."""
    at = total = 0
    known = True
    while at < len(data):
        mark = _number(data, at, 4)
        if mark & 0xFFFFFFF0 == SKIPPABLE:
            at += 8 + _number(data, at + 4, 4)
            continue
        if mark != FRAME:
            raise FormatError("it is no zstd")
        flags = _number(data, at + 4, 1)
        single, at = bool(flags >> 5 & 1), at + 5
        window = 0
        if not single:
            said = _number(data, at, 1)
            window = (1 << 10 + (said >> 3)) * (8 + (said & 7)) // 8
            at += 1
        at += (0, 1, 2, 4)[flags & 3]
        width = (int(single), 2, 4, 8)[flags >> 6]
        content = _number(data, at, width) + 256 * (width == 2)
        at += width
        held, at = _zstd_blocks(data, at, min(content if single else window, BLOCK))
        total += content if width else held
        known &= bool(width)
        at += 4 * (flags >> 2 & 1)
    return total, known


def _zstd_blocks(data: bytes, at: int, largest: int) -> tuple[int, int]:
    """Bytes that the blocks of a frame hold at most, and where they end."""
    total, last = 0, False
    while not last:
        head = _number(data, at, 3)
        last, kind, size = bool(head & 1), head >> 1 & 3, head >> 3
        if kind == 3:
            raise FormatError("it is no zstd")
        total += largest if kind == 2 else size
        at += 3 + (1 if kind == 1 else size)
    return total, at


def _blosc(data: bytes, most: int) -> Any:
    if len(data) < BLOSC_HEADER:
        raise FormatError("it is no Blosc: it has no header")
    flags = data[2]
    large, block, stored = (_number(data, at, 4) for at in (4, 8, 12))
    if large > most:
        raise _too_large(most)
    plain = bool(flags & 2)
    if stored != len(data) or not data[3] or (plain and stored < large + BLOSC_HEADER):
        raise FormatError(f"its header says {stored:,} bytes, and there are {len(data):,}")
    if large and not plain:
        count = -(-large // block) if 0 < block <= large else 0
        if not count or BLOSC_HEADER + 4 * count > stored:
            raise FormatError(f"its header says blocks of {block:,} bytes")
        starts = np.frombuffer(data, "<i4", count, BLOSC_HEADER)
        if starts.min() < BLOSC_HEADER + 4 * count or starts.max() > stored - 4:
            raise FormatError("its blocks lie outside")
    return by_numcodecs({"id": "blosc"}, data)


def _lz4(data: bytes, most: int) -> Any:
    if _number(data, 0, 4) > most:
        raise _too_large(most)
    return by_numcodecs({"id": "lz4"}, data)


def _number(data: bytes, at: int, width: int) -> int:
    found = data[at : at + width]
    if len(found) < width:
        raise FormatError("it ends too soon")
    return int.from_bytes(found, "little")


def _too_large(most: int) -> FormatError:
    return FormatError(f"it holds more than the {most:,} bytes that its array's metadata says")


COMPRESSORS: Mapping[str, Decompress] = {
    "gzip": _deflated(GZIP),
    "zlib": _deflated(ZLIB),
    "bz2": _by_library(bz2.BZ2Decompressor),
    "lzma": _by_library(lambda: lzma.LZMADecompressor(memlimit=XZ_MEMORY)),
    "zstd": _zstd,
    "blosc": _blosc,
    "lz4": _lz4,
}
"""What makes ``(data, most)`` large again, by the ids of numcodecs: at most so many bytes, or FormatError."""
