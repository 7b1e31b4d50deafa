"""Newest: of rows with one key the last one, slice by slice."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from typing import TypeVar

import polars as pl
from polars.io.plugins import register_io_source

__all__ = ["last_of_each", "newest"]

Part = TypeVar("Part")
MOST_KEYS = 2**63  # that a number can tell apart


def newest(
    parts: Sequence[Callable[[set[str]], pl.LazyFrame]],
    keys: Sequence[str],
    schema: pl.Schema,
    needed: set[str],
) -> pl.LazyFrame:
    """Rows of parts of which no two have rows of one key; nothing is read before they are collected, and then a part after the other.

    Parameters
    ----------
    parts : sequence of callable
        Each gives rows, the later below, of which columns will be looked at that it is told.
    keys : sequence of str
        Columns of the key.
    schema : Schema
        Of the rows.
    needed : set of str
        Columns that can be looked at.
    """
    if len(parts) == 1:
        return parts[0](needed).unique(keys, keep="last")

    def read(
        columns: list[str] | None, predicate: pl.Expr | None, most: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        wanted = list(schema) if columns is None else columns
        asked = set() if predicate is None else set(predicate.meta.root_names())
        needed = {*wanted, *keys, *asked}
        is_below = predicate is not None and most is None and asked <= set(keys)

        def collected(part: Callable[[set[str]], pl.LazyFrame]) -> pl.DataFrame:
            rows = part(needed).select(name for name in schema if name in needed)
            return (rows.filter(predicate) if is_below and predicate is not None else rows).collect()

        for rows in _ahead(collected, parts):
            found = last_of_each(rows, keys)
            if most is not None:
                found = found.head(most)
                most -= found.height
            if predicate is not None and not is_below:
                found = found.filter(predicate)
            yield found.select(wanted)
            if most == 0:
                return

    return register_io_source(read, schema=schema, is_pure=True)


def _ahead(read: Callable[[Part], pl.DataFrame], parts: Sequence[Part]) -> Iterator[pl.DataFrame]:
    """Rows of parts, the next of which are read while those that were given are looked through."""
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(read, parts[0])
        for part in parts[1:]:
            found, following = following.result(), pool.submit(read, part)
            yield found
        yield following.result()


def last_of_each(rows: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The last row of each key. Keys of numbers and times are packed into one number, in which they are compared much faster."""
    packed = _packed(rows, keys)
    if packed is None:
        return rows.unique(keys, keep="last", maintain_order=True)
    return rows.filter(packed.is_last_distinct())


def _packed(rows: pl.DataFrame, keys: Sequence[str]) -> pl.Expr | None:
    """A number for each key, another one for each other key; None where there are too many, or no numbers."""
    types = [rows.schema[name] for name in keys]
    if not rows.height or not all(t.is_integer() or isinstance(t, pl.Date | pl.Datetime) for t in types):
        return None
    numbers = [pl.col(name).to_physical() for name in keys]
    least = rows.select(n.min() for n in numbers).row(0)
    most = rows.select(n.max() for n in numbers).row(0)
    digits: list[tuple[pl.Expr, int]] = []
    for number, low, high in zip(numbers, least, most, strict=True):
        if low is None:  # all null
            continue
        if low < -(2**63) or high >= 2**63:
            return None
        digit = (number.cast(pl.Int64) - low).fill_null(high - low + 1)
        digits.append((digit.cast(pl.Int64), high - low + 2))
    if not digits or reduce(lambda product, d: product * d[1], digits, 1) >= MOST_KEYS:
        return None
    return reduce(lambda packed, d: packed * d[1] + d[0], digits, pl.lit(0, dtype=pl.Int64))
