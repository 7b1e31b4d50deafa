"""Keys: 16 bytes for the identity of a row, and 16 for the values of a function's arguments.

Identity is not reuse. A row keeps its key through filter, mutate, select and map; whether a result may be
reused is decided by the values that went into the function.
"""

import hashlib
from typing import Any

import numpy as np
import polars as pl

from neurochain.datasets.types import from_polars

WIDTH = 16
WHOLE = b"\0" * WIDTH  # key of the group of all rows
Words = np.ndarray[Any, Any]  # uint64
_POSITION = b"position"
_JOINED, _CHILD, _BRANCH, _GROUP, _SAMPLE = (
    0x10,
    0x20,
    0x30,
    0x40,
    0x50,
)  # a key of one kind is none of another
_C1, _C2 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
_CACHED = 16_384  # rows whose numbers stay in the processor's cache while they are mixed


def position_keys(count: int, start: int = 0) -> pl.Series:
    """Keys of rows that are identified by their position."""
    numbers = np.arange(start, start + count, dtype=">u8").view(np.uint8).reshape(count, 8)
    tags = np.broadcast_to(np.frombuffer(_POSITION, np.uint8), (count, 8))
    return _binary(np.concatenate([tags, numbers], axis=1))


def text_keys(*columns: pl.Series) -> pl.Series:
    """Keys of rows that are identified by texts: a file by (root, path)."""
    lists = [c.cast(pl.String).to_list() for c in columns]
    return pl.Series([_hash(repr(values).encode()) for values in zip(*lists, strict=True)], dtype=pl.Binary)


def joined_keys(left: pl.Series, right: pl.Series) -> pl.Series:
    """Keys of rows that came from two, hash(left, right), of which one may be missing (null)."""
    alone = left.is_null().to_numpy() + 2 * right.is_null().to_numpy().astype(np.uint64)
    return _mixed(_JOINED + alone, _halves(left), _halves(right))


def child_keys(parents: pl.Series, ordinals: "pl.Series | np.ndarray[Any, Any]") -> pl.Series:
    """Keys of rows that a function made of one row: hash(parent, ordinal), counted from 0 for each parent."""
    numbers = ordinals.to_numpy() if isinstance(ordinals, pl.Series) else ordinals
    return _mixed(_CHILD, _halves(parents), _pairs(numbers.astype(np.uint64)))


def branch_keys(keys: pl.Series, branch: int) -> pl.Series:
    """Keys of rows that came by one of several branches: hash(branch, key)."""
    return _mixed(_BRANCH, _halves(keys), _pairs(np.full(len(keys), branch, np.uint64)))


def sample_hashes(keys: pl.Series, seed: int) -> pl.Series:
    """Rows in an order that has nothing to do with them: as many bytes as a key has, hash(seed, key)."""
    return _mixed(_SAMPLE, _halves(keys), _pairs(np.full(len(keys), seed, np.uint64)))


def smallest(hashes: pl.Series, count: int) -> bytes | None:
    """The greatest of so many smallest hashes; None for none of them."""
    if count <= 0 or not len(hashes):
        return None
    if count >= len(hashes):
        return b"\xff" * WIDTH
    # By the first half alone, since numpy has no numbers of 128 bits; those that are equal there by all of it.
    first = hashes.bin.reinterpret(dtype=pl.Array(pl.UInt64, 2), endianness="little").to_numpy()[:, 0]
    first = first.astype("<u8").byteswap().view(np.uint64)
    limit = np.partition(first, count - 1)[count - 1]
    equal = sorted(hashes.filter(pl.Series(first == limit)).to_list())
    found: bytes = equal[count - 1 - int((first < limit).sum())]
    return found


def group_keys(frame: pl.DataFrame) -> pl.Series:
    """Keys of groups, one per row: hash of the values that tell the groups, and of their types.

    Groups are equal where Polars says so: all NaN are one, and so are the two zeros.
    """
    types = _hash(repr([str(from_polars(d)) for d in frame.dtypes]).encode())
    floats = pl.col(pl.Float32, pl.Float64)
    same = frame.with_columns(
        pl.when(floats == 0).then(floats.abs()).otherwise(floats.fill_nan(float("nan")))
    )
    digests = _halves(argument_digests(same))
    return _mixed(_GROUP, digests, np.broadcast_to(np.frombuffer(types, "<u8"), digests.shape))


def argument_digests(frame: pl.DataFrame) -> pl.Series:
    """One digest per row over the values of all columns (at least one); equal values, and only those, have equal digests.

    Rows whose values fit into 15 bytes are their own digest, no hash is computed. The column's types are not
    part of it: they stand in the reuse key.
    """
    fixed = [_fixed(s) for s in frame.get_columns()]
    if all(f is not None for f in fixed):
        blocks = [f for f in fixed if f is not None]
        width = sum(b.shape[1] for b in blocks)
        joined = np.concatenate(blocks, axis=1)
        if width <= WIDTH - 1:
            padded = np.zeros((frame.height, WIDTH), np.uint8)
            padded[:, :width] = joined
            padded[:, WIDTH - 1] = width
            return _binary(padded)
        return _hash_rows(joined)
    parts = [
        _chunks(f) if f is not None else _variable(s) for f, s in zip(fixed, frame.get_columns(), strict=True)
    ]
    if len(parts) == 1:
        return pl.Series([_hash(p) for p in parts[0]], dtype=pl.Binary)
    return pl.Series([_hash(b"".join(values)) for values in zip(*parts, strict=True)], dtype=pl.Binary)


def _hash(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=WIDTH).digest()


def _fixed(series: pl.Series) -> np.ndarray[Any, Any] | None:
    """Null flag and value of each row as bytes, or None where values differ in length."""
    dtype = series.dtype
    if not (dtype.is_numeric() or dtype.is_temporal() or isinstance(dtype, pl.Boolean)):
        return None
    physical = series.to_physical() if dtype.is_temporal() else series
    null = np.zeros((len(series), 1), np.uint8)
    if physical.null_count():
        null[:, 0] = physical.is_null().to_numpy()
        physical = physical.fill_null(False if isinstance(dtype, pl.Boolean) else 0)
    values = np.ascontiguousarray(physical.to_numpy())
    values = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return np.concatenate([null, values.view(np.uint8).reshape(len(series), values.dtype.itemsize)], axis=1)


def _chunks(block: np.ndarray[Any, Any]) -> list[bytes]:
    width = block.shape[1]
    raw = np.ascontiguousarray(block).tobytes()
    return [raw[i : i + width] for i in range(0, len(raw), width)]


def _hash_rows(block: np.ndarray[Any, Any]) -> pl.Series:
    return pl.Series([_hash(chunk) for chunk in _chunks(block)], dtype=pl.Binary)


def _variable(series: pl.Series) -> list[bytes]:
    """Value of each row as bytes that cannot run into the next column's."""
    dtype = series.dtype
    if isinstance(dtype, pl.String):
        encoded = [None if v is None else v.encode() for v in series.to_list()]
    elif isinstance(dtype, pl.Binary):
        encoded = series.to_list()
    else:
        # repr of plain Python values (numbers, texts, lists, dicts in field order) is exact.
        encoded = [None if v is None else repr(v).encode() for v in series.to_list()]
    return [b"\0" if v is None else b"\1" + len(v).to_bytes(8, "little") + v for v in encoded]


def _binary(block: np.ndarray[Any, Any]) -> pl.Series:
    """Rows of 16 bytes as a Binary series."""
    rows = pl.Series(np.ascontiguousarray(block), dtype=pl.Array(pl.UInt8, WIDTH))
    return rows.cast(pl.List(pl.UInt8)).cast(pl.Binary)  # 40 times faster than of Python bytes


def _halves(keys: pl.Series) -> Words:
    """Keys as two numbers each, 0 for a null."""
    filled = keys.fill_null(b"\0" * WIDTH) if keys.null_count() else keys
    return filled.bin.reinterpret(dtype=pl.Array(pl.UInt64, 2), endianness="little").to_numpy()


def _pairs(numbers: Words) -> Words:
    """Numbers as blocks of 16 bytes."""
    return np.stack([numbers, np.zeros_like(numbers)], axis=1)


def _mixed(seed: "int | Words", first: Words, second: Words) -> pl.Series:
    """MurmurHash3 (x64, 128 bits) of two blocks of 16 bytes per row.

    https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp. Keys are no secret and nobody gains by
    a collision, so it need not be a cryptographic hash, which numpy could not compute for all rows at once.
    """
    out = np.empty(first.shape, "<u8")
    for start in range(0, len(first), _CACHED):
        rows = slice(start, start + _CACHED)
        h1 = np.empty(len(first[rows]), np.uint64)
        h1[:] = seed if isinstance(seed, int) else seed[rows]
        h2 = h1.copy()
        for block in (first[rows], second[rows]):
            h1 ^= _rotated(block[:, 0] * _C1, 31) * _C2
            h1 = (_rotated(h1, 27) + h2) * np.uint64(5) + np.uint64(0x52DCE729)
            h2 ^= _rotated(block[:, 1] * _C2, 33) * _C1
            h2 = (_rotated(h2, 31) + h1) * np.uint64(5) + np.uint64(0x38495AB5)
        h1 ^= np.uint64(2 * WIDTH)
        h2 ^= np.uint64(2 * WIDTH)
        h1 += h2
        h2 += h1
        h1, h2 = _finished(h1), _finished(h2)
        h1 += h2
        out[rows, 0], out[rows, 1] = h1, h2 + h1
    return _binary(out.view(np.uint8))


def _rotated(words: Words, by: int) -> Words:
    return (words << np.uint64(by)) | (words >> np.uint64(64 - by))


def _finished(words: Words) -> Words:
    """Each bit of a number spread over all of them (fmix64)."""
    words ^= words >> np.uint64(33)
    words *= np.uint64(0xFF51AFD7ED558CCD)
    words ^= words >> np.uint64(33)
    words *= np.uint64(0xC4CEB9FE1A85EC53)
    words ^= words >> np.uint64(33)
    return words
