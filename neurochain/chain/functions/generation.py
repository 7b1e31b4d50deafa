"""Gen: any number of rows from each row."""

import polars as pl

from neurochain.chain.functions.batch import Result
from neurochain.chain.functions.chunk import ROW
from neurochain.chain.functions.mapping import Map
from neurochain.chain.keys import child_keys
from neurochain.datasets.hidden import ORDINAL
from neurochain.datasets.schema import KEY


class Gen(Map):
    """Make any number of rows from each row; they keep its columns beside the new ones."""

    changes_rows = True
    verb = "gen"
    gives = "many"

    def _rows_of(self, result: Result) -> pl.DataFrame:
        parents, children = result.batch.frame, result.frame
        if ORDINAL not in children.columns:
            children = children.with_columns(pl.lit(0, dtype=pl.UInt32).alias(ORDINAL)).head(0)
        if self.on_error == "keep":
            childless = sorted({*result.failures, *result.batch.left_out.tolist()})
            if childless:
                rows = pl.DataFrame(
                    {ROW: childless, ORDINAL: [0] * len(childless)},
                    schema={ROW: pl.UInt32, ORDINAL: pl.UInt32},
                )
                children = pl.concat([children, rows], how="diagonal").sort(ROW, ORDINAL)
        rows = parents[children[ROW]].hstack(children)
        return rows.with_columns(child_keys(rows[KEY], rows[ORDINAL]).alias(KEY)).drop(ORDINAL)
