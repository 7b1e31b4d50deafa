"""Small files far away, which are fetched whole and many at once: Polars asks a server three times for each, and only for a few at a time."""

from collections.abc import Iterator, Sequence
from io import BytesIO

import numpy as np
import polars as pl
from polars.io.plugins import register_io_source

from neurochain.errors import StorageError
from neurochain.storage import Store

__all__ = ["are_small", "small_files"]

SMALL = 64 * 1024  # bytes, which come in less time than another request takes
AT_ONCE = 256  # files, whose bytes are held at once


def are_small(store: Store, sizes: pl.Series) -> bool:
    """Whether files are better fetched whole."""
    largest = sizes.max()
    return store.is_remote and len(sizes) > 1 and isinstance(largest, int) and largest <= SMALL


def small_files(
    store: Store,
    paths: Sequence[str],
    stored: pl.Schema,
    values: pl.DataFrame,
    casts: pl.ScanCastOptions | None,
) -> pl.LazyFrame:
    """Rows of Parquet files, one file after the other; nothing is fetched before they are collected.

    Parameters
    ----------
    store : Store
        Where they lie.
    paths : sequence of str
        In the store.
    stored : Schema
        Of the columns of the files. One that a file lacks is null.
    values : DataFrame
        A row for each file, of columns that all of its rows have besides.
    casts : ScanCastOptions or None
        As of `polars.scan_parquet`.
    """
    schema = pl.Schema({**stored, **values.schema})

    def read(
        columns: list[str] | None, predicate: pl.Expr | None, most: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        wanted = list(schema) if columns is None else columns
        needed = {*wanted, *(() if predicate is None else predicate.meta.root_names())}
        inside = [name for name in stored if name in needed] or list(stored)[:1]
        outside = [name for name in values.columns if name in needed]
        for start in range(0, len(paths), AT_ONCE):
            found = _rows(store, paths[start : start + AT_ONCE], stored, inside, casts)
            heights = [rows.height for rows in found]
            rows = pl.concat(found)
            if outside:
                places = np.repeat(np.arange(start, start + len(found)), heights)
                rows = rows.hstack(values.select(outside)[places])
            if most is not None:
                rows = rows.head(most)
                most -= rows.height
            yield (rows if predicate is None else rows.filter(predicate)).select(wanted)
            if most == 0:
                return

    return register_io_source(read, schema=schema, is_pure=True)


def _rows(
    store: Store,
    paths: Sequence[str],
    stored: pl.Schema,
    columns: list[str],
    casts: pl.ScanCastOptions | None,
) -> list[pl.DataFrame]:
    fetched = store.read_present(paths, 0, None, 2**40)
    scans = []
    for path, found in zip(paths, fetched, strict=True):
        if found is None:
            raise StorageError(f"{store.uri(path)} is not there any more.")
        scanned = pl.scan_parquet(
            BytesIO(found[1]),
            schema=stored,
            hive_partitioning=False,
            missing_columns="insert",
            extra_columns="ignore",
            cast_options=casts,
            glob=False,
        )
        scans.append(scanned.select(columns))
    return pl.collect_all(scans)
