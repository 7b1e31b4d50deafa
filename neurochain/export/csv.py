"""To CSV: rows as text, one line each."""

import os
from pathlib import Path

import polars as pl

from neurochain.chain.chain import Chain
from neurochain.chain.run import batches
from neurochain.export.plain import text_columns
from neurochain.export.target import note_export, opened, rows_at_once
from neurochain.storage.beside import written_beside


def to_csv(chain: Chain, path: str | os.PathLike[str]) -> Path:
    """Write all rows; see `Chain.to_csv`."""
    with written_beside(path, "to_csv") as (beside, target):
        state, run = chain.execute()
        schema = state.schema
        separator = "\t" if target.name.lower().removesuffix(".gz").endswith(".tsv") else ","
        leaves = state.frame.select(list(schema.leaves()))
        with opened(beside, target) as file, run.progress.step(f"write {target.name}") as progress:
            empty = pl.DataFrame(schema=schema.leaves())
            file.write(text_columns(empty, schema).write_csv(separator=separator).encode())
            for batch in batches(leaves, rows_at_once(schema)):
                text = text_columns(batch, schema).write_csv(include_header=False, separator=separator)
                file.write(text.encode())
                progress.advance(batch.height)
        note_export(run, "csv", progress.rows)
    return target
