"""Frame: the rows of files of a snapshot, lazily."""

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from itertools import groupby
from typing import Any

import polars as pl

from neurochain.storage import split_uri, store_for
from neurochain.tables.delta.snapshot import PATH, SIZE, Snapshot
from neurochain.tables.parquet.small import are_small, small_files
from neurochain.tables.reach import object_store_options

__all__ = ["frame"]

ROW, ADDRESS = "\0row", "\0address"
CASTS = pl.ScanCastOptions(
    integer_cast="upcast",
    float_cast="upcast",
    datetime_cast=["nanosecond-downcast", "convert-timezone"],
    missing_struct_fields="insert",
    extra_struct_fields="ignore",
    categorical_to_string="allow",
)


def frame(
    snapshot: Snapshot, files: pl.DataFrame, types: Mapping[str, pl.DataType], needed: Iterable[str]
) -> pl.LazyFrame:
    """Rows of files, one file after the other.

    Parameters
    ----------
    snapshot : Snapshot
        Of which.
    files : DataFrame
        Of `Snapshot.files`.
    types : mapping of str to DataType
        The columns that are wanted, in their order. One that the table does not have is all null; one of another type is cast.
    needed : iterable of str
        Those of them that will be looked at.
    """
    if not files.height:
        return pl.LazyFrame(schema=pl.Schema(types))
    partitions = [name for name in snapshot.partition_columns if name in set(needed)]
    logical = {snapshot.physical[n]: n for n in snapshot.schema if n not in snapshot.partition_columns}
    stored = pl.Schema({physical: snapshot.schema[name] for physical, name in logical.items()})
    found = _whole(snapshot, files, stored, partitions)
    if found is None:
        found = _scanned(snapshot, files, stored, partitions)
    return found.rename({a: b for a, b in logical.items() if a != b}).select(
        _column(name, dtype, snapshot, partitions) for name, dtype in types.items()
    )


def _whole(
    snapshot: Snapshot, files: pl.DataFrame, stored: pl.Schema, partitions: list[str]
) -> pl.LazyFrame | None:
    """Rows of small files far away, which are fetched whole; None where they are left to Polars."""
    scheme, base = split_uri(snapshot.uri)
    if scheme == "file" or find_spec("obstore") is None:
        return None
    store, paths = store_for(scheme), files[PATH]
    if not are_small(store, files[SIZE]) or any("://" in p or p in snapshot.kept for p in paths):
        return None
    base = base.strip("/")
    return small_files(store, [f"{base}/{path}" for path in paths], stored, files.select(partitions), CASTS)


def _scanned(
    snapshot: Snapshot, files: pl.DataFrame, stored: pl.Schema, partitions: list[str]
) -> pl.LazyFrame:
    values = files.select(partitions).unique()
    is_one = values.height <= 1  # all of one partition
    runs = groupby(files[PATH], key=lambda path: path if path in snapshot.kept else None)
    parts = [_run(snapshot, list(paths), stored, None if is_one else ADDRESS) for _, paths in runs]
    found = parts[0] if len(parts) == 1 else pl.concat(parts)
    if is_one:
        return found.with_columns(_constant(values[name]) for name in partitions)
    addresses = pl.Series(ADDRESS, [snapshot.address(path) for path in files[PATH]])
    places = files.select(addresses, *partitions).lazy()
    return found.join(places, on=ADDRESS, how="left", maintain_order="left")


def _constant(values: pl.Series) -> pl.Expr:
    return pl.lit(values[0], dtype=values.dtype).alias(values.name)


def _column(name: str, dtype: pl.DataType, snapshot: Snapshot, partitions: list[str]) -> pl.Expr:
    stored = snapshot.schema.get(name)
    if stored is None or (name in snapshot.partition_columns and name not in partitions):
        return pl.lit(None, dtype=dtype).alias(name)
    return pl.col(name) if stored == dtype else pl.col(name).cast(dtype)


def _run(snapshot: Snapshot, paths: list[str], stored: pl.Schema, address: str | None) -> pl.LazyFrame:
    """Rows of files of none of which any was deleted, or of one."""
    kept = snapshot.kept.get(paths[0])
    options: dict[str, Any] = {} if kept is None else {"row_index_name": ROW}
    found = pl.scan_parquet(
        [snapshot.address(path) for path in paths],
        schema=stored,
        hive_partitioning=False,
        include_file_paths=address,
        missing_columns="insert",
        extra_columns="ignore",
        cast_options=CASTS,
        storage_options=object_store_options(snapshot.uri) or None,
        glob=False,
        **options,
    )
    if kept is None:
        return found
    deleted = kept.not_().arg_true().cast(pl.get_index_type())
    return found.filter(~pl.col(ROW).is_in(deleted.implode())).drop(ROW)
