"""Nested series: Python lists and dicts to Polars lists and structs, flattened first.

Polars makes one small series per list when it is given lists, which takes 25 µs a row; flattening the values and
grouping them by row takes 0.3 µs.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import polars as pl


def nested_series(name: str, values: Sequence[Any], dtype: Any) -> pl.Series:
    """Values as a series of a nested dtype.

    Parameters
    ----------
    name : str
        Of the series.
    values : sequence
        Lists, mappings, scalars or None, as the dtype says.
    dtype : DataType
        Polars'; lists and structs to any depth.
    """
    if isinstance(dtype, pl.List):
        return _list(name, values, dtype)
    if isinstance(dtype, pl.Struct):
        return _struct(name, values, dtype)
    return pl.Series(name, list(values), dtype=dtype)


def _list(name: str, values: Sequence[Sequence[Any] | None], dtype: pl.List) -> pl.Series:
    lengths = [0 if v is None else len(v) for v in values]
    flat = nested_series("v", list(chain.from_iterable(v for v in values if v)), dtype.inner)
    return list_series(name, flat, lengths, [v is not None for v in values], dtype)


def list_series(
    name: str, flat: pl.Series, lengths: Sequence[int], present: Sequence[bool], dtype: Any
) -> pl.Series:
    """Lists of the items that lie one after the other.

    Parameters
    ----------
    name : str
        Of the series.
    flat : Series
        Items of all lists.
    lengths : sequence of int
        Of each list; 0 of one that is null.
    present : sequence of bool
        Which lists are not null.
    dtype : DataType
        Of the lists.
    """
    counts = np.array(lengths, np.int64)
    if not counts.any():
        return pl.Series(name, [[] if here else None for here in present], dtype=dtype)
    if (
        counts == counts[0]
    ).all() and not flat.dtype.is_nested():  # positions, spacings: quicker than by groups
        return flat.reshape((len(counts), int(counts[0]))).cast(dtype).alias(name)
    numbers = np.arange(len(counts), dtype=np.uint32)
    grouped = (
        pl.DataFrame({"i": np.repeat(numbers, counts), "v": flat}).group_by("i", maintain_order=True).agg("v")
    )
    if grouped.height == len(counts):
        return grouped["v"].alias(name)
    out = pl.DataFrame({"i": numbers}).join(grouped, on="i", how="left", maintain_order="left")["v"]
    empty = pl.Series(np.array(present, bool) & (counts == 0))
    if empty.any():
        nothing = pl.lit(pl.Series([[]], dtype=dtype))
        out = pl.select(pl.when(pl.lit(empty)).then(nothing).otherwise(pl.lit(out))).to_series()
    return out.alias(name)


def _struct(name: str, values: Sequence[Mapping[str, Any] | None], dtype: pl.Struct) -> pl.Series:
    columns = [
        nested_series(f.name, [None if v is None else v.get(f.name) for v in values], f.dtype)
        for f in dtype.fields
    ]
    return struct_series(name, columns, [v is not None for v in values])


def struct_series(name: str, columns: Sequence[pl.Series], present: Sequence[bool]) -> pl.Series:
    """Structs of their fields; null where they are not `present`."""
    out = pl.DataFrame(columns).to_struct(name)
    if all(present):
        return out
    here = pl.lit(pl.Series(present, dtype=pl.Boolean))
    return pl.select(pl.when(here).then(pl.lit(out)).otherwise(None)).to_series().alias(name)
