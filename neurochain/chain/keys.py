"""Keys: 16 bytes for the identity of a row, and 16 for the values of a function's arguments.

Identity is not reuse. A row keeps its key through filter, mutate, select and map; whether a result may be
reused is decided by the values that went into the function.
"""

import hashlib
from typing import Any

import numpy as np
import polars as pl

WIDTH = 16
_POSITION = b"position"


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
    """Keys of rows that came from two: hash(left, right)."""
    pairs = zip(left.to_list(), right.to_list(), strict=True)
    return pl.Series([_hash(a + (b if b is not None else b"")) for a, b in pairs], dtype=pl.Binary)


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
    raw = np.ascontiguousarray(block).tobytes()
    return pl.Series([raw[i : i + WIDTH] for i in range(0, len(raw), WIDTH)], dtype=pl.Binary)
