"""Array columns: numpy arrays to bytes in a table, and back."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl

from neurochain.datasets.types import ARRAY_KINDS, Array, Ragged
from neurochain.errors import SchemaError

WIDE = 2_048  # bytes of an array


def array_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Little-endian twin of a dtype that can be stored.

    Raises
    ------
    SchemaError
        Objects, texts, structured dtypes, long doubles and dates without a unit: they have no fixed meaning
        as bytes.
    """
    unitless = dtype.kind in "mM" and np.datetime_data(dtype)[0] == "generic"
    if dtype.kind not in ARRAY_KINDS or dtype.char in "gG" or unitless:
        raise SchemaError(
            f"An array of dtype {dtype} cannot be stored. Use numbers of at most 64 bits a part, booleans or "
            "dates with a unit; texts as a list, and named fields as a record."
        )
    return dtype.newbyteorder("<")


def encode(values: Iterable[np.ndarray[Any, Any] | None], dtype: np.dtype[Any]) -> pl.Series:
    """Arrays to a Binary series: C order, little endian; null stays null."""
    target = dtype.newbyteorder("<")
    return pl.Series(
        [None if v is None else np.ascontiguousarray(v, dtype=target).tobytes() for v in values],
        dtype=pl.Binary,
    )


def encode_shapes(values: Iterable[np.ndarray[Any, Any] | None]) -> pl.Series:
    """Shapes of arrays, as the ``.shape`` leaf of a ragged column."""
    return pl.Series([None if v is None else list(v.shape) for v in values], dtype=pl.List(pl.Int64))


def decode(series: pl.Series, kind: Array) -> np.ndarray[Any, Any]:
    """A whole column as one array, shape (rows, *shape); null rows are zeros.

    The result is a copy that may be written to.
    """
    dtype, count = np.dtype(kind.dtype).newbyteorder("<"), math.prod(kind.shape)
    shape = (len(series), *kind.shape)
    if count == 0 or not len(series):
        return np.zeros(shape, dtype)
    width = count * dtype.itemsize
    filled = series.fill_null(b"\0" * width) if series.null_count() else series
    lengths = filled.bin.size()
    if lengths.min() != width or lengths.max() != width:
        raise SchemaError(f"Column {series.name!r} holds values that are not {kind} ({width:,} bytes each).")
    if width >= WIDE:  # where a row takes longer than a step of a loop, that is three times as fast
        out = np.empty((len(filled), width), np.uint8)
        for i, data in enumerate(filled.to_list()):
            out[i] = np.frombuffer(data, np.uint8)
        return out.view(dtype).reshape(shape)
    flat = filled.bin.reinterpret(dtype=pl.Array(pl.UInt8, width), endianness="little").to_numpy()
    return np.array(flat, order="C").view(np.uint8).reshape(-1).view(dtype).reshape(shape)


def decode_ragged(data: Sequence[bytes | None], shapes: Sequence[Any], kind: Ragged) -> list[Any]:
    """Ragged column as a list of arrays that may be written to; null stays None."""
    dtype = np.dtype(kind.dtype).newbyteorder("<")
    return [
        None if raw is None else np.frombuffer(bytearray(raw), dtype).reshape([int(n) for n in shape])
        for raw, shape in zip(data, shapes, strict=True)
    ]


def rows(series: pl.Series, kind: Array) -> list[Any]:
    """Column as a list of arrays, null as None."""
    block = decode(series, kind)
    if not series.null_count():
        return list(block) if kind.shape else [np.asarray(v) for v in block]
    null = series.is_null().to_list()
    return [None if missing else np.asarray(block[i]) for i, missing in enumerate(null)]


def polars_series(series: pl.Series, kind: Array) -> pl.Series:
    """Column as `pl.Array`, where Polars has the dtype; complex numbers get a last axis (real, imaginary).

    Dates and durations become Polars' own, of the nearest unit that it has; those that would lose by it
    (below nanoseconds, durations in months or years) are int64. float16 is widened.
    """
    out = _polars(decode(series, kind))
    if series.null_count():
        keep = pl.when(pl.lit(series.is_not_null())).then(pl.lit(out)).otherwise(None)
        out = pl.select(keep).to_series()
    return out.alias(series.name)


def polars_lists(data: pl.Series, kind: Ragged) -> pl.Series:
    """Values of each row of a ragged column as one flat list in C order, with the dtypes of `polars_series`.

    Parameters
    ----------
    data : Series of Binary
        The ``.data`` leaf.
    kind : Ragged
        Its type.
    """
    dtype = np.dtype(kind.dtype).newbyteorder("<")
    flat = _polars(np.frombuffer(bytearray().join(data.drop_nulls().to_list()), dtype))
    lengths = (data.bin.size().fill_null(0) // dtype.itemsize).to_numpy()
    numbers = np.arange(len(data))
    values = pl.DataFrame({"row": np.repeat(numbers, lengths), "values": flat})
    lists = values.group_by("row").agg("values")
    every = pl.DataFrame({"row": numbers, "present": data.is_not_null()}).join(
        lists, on="row", how="left", maintain_order="left"
    )
    empty = pl.lit([], dtype=pl.List(flat.dtype))
    shown = pl.when("present").then(pl.col("values").fill_null(empty))
    return every.select(shown.alias(data.name)).to_series()


def _polars(block: np.ndarray[Any, Any]) -> pl.Series:
    if block.dtype.kind in "mM":
        return _dates(block)
    if block.dtype.kind == "c":
        block = block.view(np.float32 if block.dtype.itemsize == 8 else np.float64).reshape(*block.shape, 2)
    elif block.dtype == np.float16:
        block = block.astype(np.float32)
    return pl.Series(block)


def _dates(block: np.ndarray[Any, Any]) -> pl.Series:
    kind, unit = block.dtype.kind, np.datetime_data(block.dtype)[0]
    if unit in ("ps", "fs", "as") or (kind == "m" and unit in ("M", "Y")):
        return pl.Series(block.view(np.int64))
    if unit not in ("ms", "us", "ns"):
        unit = "D" if kind == "M" and unit in ("D", "W", "M", "Y") else "ms"
    moments = block.astype(f"{kind}8[{unit}]").reshape(-1)
    # Polars takes no array of dates of several dimensions, but reshapes a flat one.
    return pl.Series(moments).reshape(block.shape) if block.ndim > 1 else pl.Series(moments)
