"""Rows of a partitioned folder on S3, by Neuralake's open release."""

import os
import sys

import polars as pl
from datarepo.core.tables import Filter, ParquetTable, Partition, PartitioningScheme
from grown import asked, grown

URL, FILES, FILTERS, VALUES = sys.argv[1:]
os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "none"
os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
os.environ["AWS_ALLOW_HTTP"] = "true"


def terms() -> list[Filter]:
    """It has no between."""
    found = []
    for column, operator, value in asked(FILTERS, VALUES):
        if operator == "between":
            found += [Filter(column, ">=", value[0]), Filter(column, "<=", value[1])]
        else:
            found.append(Filter(column, operator, value))
    return found


def rows() -> dict[str, object]:
    table = ParquetTable(
        name="spikes",
        uri="s3://lab/spikes",
        partitioning=[Partition("implant_id", pl.Int64), Partition("date", pl.String)],
        partitioning_scheme=PartitioningScheme.HIVE,
    )
    lazy = table(terms(), endpoint_url=URL)
    found = lazy.select(pl.len(), pl.col("rate").sum(), pl.col("date").min()).collect().row(0)
    return {"rows": int(FILES), "values": {"rows": list(found)}}


grown(rows)
