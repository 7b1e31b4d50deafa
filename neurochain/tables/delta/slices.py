"""Slices: ranges of a key's values, so that all rows of one key lie in one slice and each slice can be looked through alone."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import and_
from typing import Any, NamedTuple

import polars as pl

from neurochain.tables.delta.snapshot import MAXIMA, MINIMA, NULLS, ROWS, Snapshot
from neurochain.tables.delta.statistics import MILLISECOND

__all__ = ["Slice", "slices"]

FEWEST = 200_000  # rows of a slice: what a processor keeps near; each slice opens its files
MOST = 1000  # slices
AGAIN = 1.5  # times the rows that may be read, since files lie in several slices


class Slice(NamedTuple):
    """A range of values.

    Attributes
    ----------
    files : DataFrame
        Of `Snapshot.files`: those that can have rows in it.
    condition : Expr or None
        What its rows meet; None for all.
    """

    files: pl.DataFrame
    condition: pl.Expr | None


def slices(
    snapshot: Snapshot, files: pl.DataFrame, keys: Sequence[str], types: Mapping[str, pl.DataType]
) -> list[Slice]:
    """Divide files by the column of a key by which that costs least; one slice where it costs too much.

    Parameters
    ----------
    snapshot : Snapshot
        Of which.
    files : DataFrame
        Of `Snapshot.files`. Their order is kept.
    keys : sequence of str
        Columns of the key.
    types : mapping of str to DataType
        Of the columns as the table gives them.
    """
    whole = [Slice(files, None)]
    if files.height < 2 or files[ROWS].null_count() or int(files[ROWS].sum()) < 2 * FEWEST:
        return whole
    tried = [_by(name, snapshot, files) for name in keys if snapshot.schema.get(name) == types.get(name)]
    found = min((t for t in tried if len(t) > 1), key=_read, default=whole)
    return found if _read(found) <= AGAIN * _read(whole) else whole


def _read(parts: list[Slice]) -> int:
    return sum(int(part.files[ROWS].sum()) for part in parts)


def _by(name: str, snapshot: Snapshot, files: pl.DataFrame) -> list[Slice]:
    """Slices by a column; none where it is not known of all files between which values they lie."""
    dtype, field = snapshot.schema[name], snapshot.physical[name]
    known = files.schema.get(MINIMA)
    if not (dtype.is_integer() or isinstance(dtype, pl.Date | pl.Datetime)) or not (
        isinstance(known, pl.Struct) and field in {f.name for f in known.fields}
    ):
        return []
    bounds = files.select(
        least=pl.col(MINIMA).struct.field(field),
        most=pl.col(MAXIMA).struct.field(field),
        has_nulls=(pl.col(NULLS).struct.field(field) > 0).fill_null(True),
        rows=ROWS,
    )
    if bounds["least"].null_count() or bounds["most"].null_count():
        return []
    if isinstance(dtype, pl.Datetime):  # which statistics cut to milliseconds
        bounds = bounds.with_columns(most=pl.col("most") + MILLISECOND)
    return _between(name, files, bounds, _cuts(bounds))


def _cuts(bounds: pl.DataFrame) -> list[Any]:
    """Values at which slices begin, but the first: each is the least one of a file."""
    wanted = max(FEWEST, int(bounds["rows"].sum()) // MOST)
    found: list[Any] = []
    last, rows = bounds["least"].min(), 0
    for least, count in bounds.select("least", "rows").sort("least").iter_rows():
        if rows >= wanted and least > last:
            found.append(least)
            last, rows = least, 0
        rows += count
    return found


def _between(name: str, files: pl.DataFrame, bounds: pl.DataFrame, cuts: list[Any]) -> list[Slice]:
    column, found = pl.col(name), []
    for low, high in zip([None, *cuts], [*cuts, None], strict=True):
        inside, meets = [], []
        if low is not None:
            inside.append(pl.col("most") >= low)
            meets.append(column >= low)
        if high is not None:
            inside.append(pl.col("least") < high)
            meets.append(column < high)
        if not meets:
            return []
        can, does = reduce(and_, inside), reduce(and_, meets)
        if low is None and bounds["has_nulls"].any():  # nulls are in the first
            can, does = can | pl.col("has_nulls"), does | column.is_null()
        found.append(Slice(files.filter(bounds.select(can).to_series()), does))
    return found
