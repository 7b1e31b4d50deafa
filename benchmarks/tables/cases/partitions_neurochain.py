"""Rows of a partitioned folder on S3, by neurochain."""

import sys

import obstore  # noqa: F401  # imports are not timed
import polars as pl
from grown import asked, grown

import neurochain as nc

URL, FILES, FILTERS, VALUES = sys.argv[1:]
nc.ParquetTable  # noqa: B018


def rows() -> dict[str, object]:
    table = nc.ParquetTable(
        name="spikes",
        uri="s3://lab/spikes",
        partitioning=[nc.Partition("implant_id", "int64"), nc.Partition("date", "string")],
        columns={"bin": "int64", "rate": "float64"},
        storage_options={"endpoint": URL, "key": "none", "secret": "none"},
    )
    filters = [nc.Filter(*one) for one in asked(FILTERS, VALUES)]
    found = table(filters).select(pl.len(), pl.col("rate").sum(), pl.col("date").min()).collect().row(0)
    return {"rows": int(FILES), "values": {"rows": list(found)}}


grown(rows)
