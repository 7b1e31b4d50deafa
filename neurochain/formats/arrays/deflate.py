"""Deflate: inflating by ISA-L, which takes half the time, where it is installed; by zlib elsewhere.

Both give the same bytes and have the same interface (https://python-isal.readthedocs.io).
"""

import zlib
from importlib import import_module
from typing import Any, Protocol

__all__ = ["ERRORS", "GZIP", "RAW", "ZLIB", "Inflater", "inflater"]

GZIP = 16 + zlib.MAX_WBITS
RAW = -zlib.MAX_WBITS
ZLIB = zlib.MAX_WBITS


class Inflater(Protocol):
    """As the standard library's decompression objects."""

    @property
    def eof(self) -> bool:
        """Whether the compressed data has come to its end."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What came behind the end."""
        ...

    @property
    def unconsumed_tail(self) -> bytes:
        """Input that waits until more output is asked for."""
        ...

    def decompress(self, data: bytes | memoryview, max_length: int = 0, /) -> bytes:
        """Inflated bytes, at most so many; 0 means all."""
        ...


def _fastest() -> Any:
    try:
        return import_module("isal.isal_zlib")
    except ImportError:  # there are machines without a wheel of it
        return zlib


LIBRARY: Any = _fastest()
ERRORS: tuple[type[Exception], ...] = (zlib.error, LIBRARY.error)
"""What an inflater raises where the data is damaged."""


def inflater(wbits: int, window: bytes = b"") -> Inflater:
    """Begin to inflate.

    Parameters
    ----------
    wbits : int
        `GZIP`, `ZLIB` or `RAW`.
    window : bytes
        Of raw data that does not begin at its beginning: what was inflated before, up to 32 KB.
    """
    begun: Inflater = LIBRARY.decompressobj(wbits, zdict=window) if window else LIBRARY.decompressobj(wbits)
    return begun
