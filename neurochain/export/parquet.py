"""To Parquet: rows in one file that any tool reads, with what they are and come from in its metadata."""

import os
from pathlib import Path

import polars as pl

from neurochain.chain.chain import Chain
from neurochain.chain.values.row import presented
from neurochain.errors import ExpressionError, StorageError
from neurochain.export.origin import metadata
from neurochain.export.target import note_export, rows_at_once
from neurochain.storage.beside import written_beside


def to_parquet(chain: Chain, path: str | os.PathLike[str]) -> Path:
    """Write all rows; see `Chain.to_parquet`."""
    with written_beside(path, "to_parquet") as (beside, target):
        state, run = chain.execute()
        schema = state.schema
        shown = presented(pl.DataFrame(schema=schema.leaves()), schema).schema
        rows = state.frame.select(list(schema.leaves())).map_batches(
            lambda batch: presented(batch, schema),
            schema=shown,
            predicate_pushdown=False,
            projection_pushdown=False,
            slice_pushdown=False,
            streamable=True,
        )
        try:
            rows.sink_parquet(
                beside,
                row_group_size=rows_at_once(schema),
                metadata=metadata(schema, run),
                maintain_order=True,
            )
        except pl.exceptions.PolarsError as error:
            reason = str(error).partition("\n")[0]
            if "os error" in reason:
                raise StorageError(f"to_parquet(): {target} cannot be written: {reason}.") from error
            raise ExpressionError(
                f"An expression of the chain cannot be computed for all rows: {reason}."
            ) from error
        note_export(run, "parquet", pl.scan_parquet(beside, glob=False).select(pl.len()).collect().item())
    return target
