"""Frame: the rows of files of a snapshot, lazily."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import polars as pl

from neurochain.tables.delta.snapshot import PATH, Snapshot
from neurochain.tables.reach import object_store_options

__all__ = ["frame"]

ROW, ADDRESS = "\0row", "\0address"


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
    values = files.select(partitions).unique()
    is_one = values.height <= 1  # all of one partition
    runs = groupby(files[PATH], key=lambda path: path if path in snapshot.kept else None)
    parts = [_run(snapshot, list(paths), None if is_one else ADDRESS) for _, paths in runs]
    found = parts[0] if len(parts) == 1 else pl.concat(parts)
    if is_one:
        found = found.with_columns(_constant(values[name]) for name in partitions)
    else:
        addresses = pl.Series(ADDRESS, [snapshot.address(path) for path in files[PATH]])
        places = files.select(addresses, *partitions).lazy()
        found = found.join(places, on=ADDRESS, how="left", maintain_order="left")
    logical = {
        snapshot.physical[name]: name for name in snapshot.schema if name not in snapshot.partition_columns
    }
    return found.rename({a: b for a, b in logical.items() if a != b}).select(
        _column(name, dtype, snapshot, partitions) for name, dtype in types.items()
    )


def _constant(values: pl.Series) -> pl.Expr:
    return pl.lit(values[0], dtype=values.dtype).alias(values.name)


def _column(name: str, dtype: pl.DataType, snapshot: Snapshot, partitions: list[str]) -> pl.Expr:
    stored = snapshot.schema.get(name)
    if stored is None or (name in snapshot.partition_columns and name not in partitions):
        return pl.lit(None, dtype=dtype).alias(name)
    return pl.col(name) if stored == dtype else pl.col(name).cast(dtype)


def _run(snapshot: Snapshot, paths: list[str], address: str | None) -> pl.LazyFrame:
    """Rows of files of none of which any was deleted, or of one."""
    stored = {
        snapshot.physical[name]: dtype
        for name, dtype in snapshot.schema.items()
        if name not in snapshot.partition_columns
    }
    kept = snapshot.kept.get(paths[0])
    options: dict[str, Any] = {} if kept is None else {"row_index_name": ROW}
    found = pl.scan_parquet(
        [snapshot.address(path) for path in paths],
        schema=pl.Schema(stored),
        hive_partitioning=False,
        include_file_paths=address,
        missing_columns="insert",
        extra_columns="ignore",
        cast_options=pl.ScanCastOptions(
            integer_cast="upcast",
            float_cast="upcast",
            datetime_cast=["nanosecond-downcast", "convert-timezone"],
            missing_struct_fields="insert",
            extra_struct_fields="ignore",
            categorical_to_string="allow",
        ),
        storage_options=object_store_options(snapshot.uri) or None,
        glob=False,
        **options,
    )
    if kept is None:
        return found
    deleted = kept.not_().arg_true().cast(pl.get_index_type())
    return found.filter(~pl.col(ROW).is_in(deleted.implode())).drop(ROW)
