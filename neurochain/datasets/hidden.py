"""Hidden columns: what stands beside the columns that a user sees."""

import polars as pl

ARG = "_arg"  # hash of the arguments' values
READS = "_reads"  # what was read of which file to make the row
ORDINAL = "_ordinal"  # number of a result among those of one call; null where the call gave none
READS_TYPE = pl.List(
    pl.Struct(
        {
            "uri": pl.String(),
            "etag": pl.String(),
            "ranges": pl.List(pl.List(pl.Int64())),
            "sha256": pl.Binary(),
        }
    )
)
HIDDEN = {ARG: pl.Binary(), READS: READS_TYPE}
HIDDEN_MANY = {**HIDDEN, ORDINAL: pl.UInt32()}
