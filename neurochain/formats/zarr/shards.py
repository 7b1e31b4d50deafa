"""Shards: several chunks in one object, with an index that says where each lies.

Source: https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed/index.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, Protocol

import numpy as np

from neurochain.errors import FormatError, require

__all__ = ["Decoder", "ShardIndex", "Sharding", "checked_crc32c"]

LARGEST_INDEX = 64 * 2**20  # bytes: four million chunks in one shard
NOTHING = 2**64 - 1  # offset and length of a chunk that was never written
Values = np.ndarray[Any, Any]


class Decoder(Protocol):
    """What makes values of the bytes of a chunk."""

    @property
    def most(self) -> int:
        """Bytes that an encoded chunk takes at most."""
        ...

    def decode(self, data: bytes) -> Values:
        """Values, in the shape of a chunk."""
        ...


@dataclass(frozen=True, slots=True)
class ShardIndex:
    """Where the chunks of one shard lie.

    Attributes
    ----------
    table : ndarray, shape (n_chunks, 2), uint64
        Offset and length of each, bytes.
    size : int
        Of the shard, bytes.
    """

    table: np.ndarray[Any, np.dtype[np.uint64]]
    size: int

    def range(self, number: int, most: int) -> tuple[int, int] | None:
        """Bytes [start, end) of a chunk; None where it was never written.

        Raises
        ------
        FormatError
            They lie outside the shard, or are more than a chunk can take.
        """
        start, length = int(self.table[number, 0]), int(self.table[number, 1])
        if start == length == NOTHING:
            return None
        if start + length > self.size:
            raise FormatError(
                f"its index says that a chunk lies at [{start:,}, {start + length:,}), and it has {self.size:,} bytes"
            )
        if length > most:
            raise FormatError(
                f"its index says that a chunk takes {length:,} bytes; up to {most:,} are possible"
            )
        return start, start + length


@dataclass(frozen=True)
class Sharding:
    """How shards are made.

    Attributes
    ----------
    shape, chunks : tuple of int
        Of a shard, and of the chunks in it.
    inner : Decoder
        Of the chunks.
    dtype : dtype
    fill : NumPy scalar
        Value of what was never written.
    big_endian, summed, at_start : bool
        Of the index: its byte order, whether a checksum stands behind it, and where it stands.
    """

    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    inner: Decoder
    dtype: np.dtype[Any]
    fill: Any
    big_endian: bool
    summed: bool
    at_start: bool

    def __post_init__(self) -> None:
        if len(self.chunks) != len(self.shape) or not all(self.chunks):
            raise FormatError(f"its shards of {self.shape} hold chunks of {self.chunks}")
        if any(n % c for n, c in zip(self.shape, self.chunks, strict=True)):
            raise FormatError(f"its shards of {self.shape} hold no whole number of chunks of {self.chunks}")
        if self.index_bytes > LARGEST_INDEX:
            raise FormatError(f"its shards hold {prod(self.counts):,} chunks each")

    @property
    def counts(self) -> tuple[int, ...]:
        """Chunks along each axis of a shard."""
        return tuple(n // c for n, c in zip(self.shape, self.chunks, strict=True))

    @property
    def index_bytes(self) -> int:
        """Of an encoded index."""
        return 16 * prod(self.counts) + 4 * self.summed

    @property
    def most(self) -> int:
        """Bytes that a shard takes at most."""
        return prod(self.counts) * self.inner.most + self.index_bytes

    @property
    def index_place(self) -> tuple[int, int | None]:
        """Where the index stands: start and end, counted from the end where it stands there."""
        return (0, self.index_bytes) if self.at_start else (-self.index_bytes, None)

    def index(self, data: bytes, size: int) -> ShardIndex:
        """Index of a shard, from its bytes.

        Raises
        ------
        FormatError
            It is damaged.
        """
        if len(data) != self.index_bytes:
            raise FormatError(f"it has {size:,} bytes, and its index alone takes {self.index_bytes:,}")
        content = checked_crc32c(data) if self.summed else data
        table = np.frombuffer(content, ">u8" if self.big_endian else "<u8").reshape(-1, 2)
        return ShardIndex(table.astype(np.uint64), size)

    def decode(self, data: bytes) -> Values:
        """Values of a whole shard.

        Raises
        ------
        FormatError
            It is damaged.
        """
        index = self.index(
            data[: self.index_bytes] if self.at_start else data[-self.index_bytes :], len(data)
        )
        out = np.full(self.shape, self.fill, self.dtype.newbyteorder("="))
        for number, place in enumerate(self._places()):
            found = index.range(number, self.inner.most)
            if found is not None:
                out[place] = self.inner.decode(data[slice(*found)])
        return out

    def _places(self) -> Iterator[tuple[slice, ...]]:
        for numbers in product(*map(range, self.counts)):
            yield tuple(slice(n * c, (n + 1) * c) for n, c in zip(numbers, self.chunks, strict=True))


def checked_crc32c(data: bytes) -> bytes:
    """Bytes in front of their checksum, which is that of RFC 3720.

    Raises
    ------
    FormatError
        It is another.
    MissingExtraError
        google-crc32c is not installed.
    """
    library: Any = require("google_crc32c", "zarr", "A checksum of Zarr")
    content, said = data[:-4], int.from_bytes(data[-4:], "little")
    if len(data) < 4 or library.value(content) != said:
        raise FormatError("its checksum is wrong: it is damaged")
    return content
