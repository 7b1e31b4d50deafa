"""Filters of a Delta table, or its last rows, by Neuralake's open release."""

import os
import sys

os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = (
    "none"  # else it looks for them elsewhere
)

import polars as pl
import pyarrow as pa
from datarepo.core.tables import DeltalakeTable, Filter
from grown import grown

FOLDER, SMALL, ROWS, WHAT, *COLUMNS = sys.argv[1:]
os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = (
    "none"  # else it looks for them elsewhere
)
NAMES = COLUMNS[0].split(",") if COLUMNS else None
SCHEMA = pa.schema(
    [
        ("implant_id", pa.int64()),
        ("ts", pa.timestamp("us", "UTC")),
        ("channel", pa.int32()),
        ("ohm", pa.float64()),
        ("phase", pa.float64()),
        ("electrode", pa.string()),
        ("is_valid", pa.bool_()),
    ]
)


def count(folder: str) -> dict[str, object]:
    table = DeltalakeTable(name="impedance", uri=folder, schema=SCHEMA)
    filters = [Filter("is_valid", "=", True), Filter("ohm", ">", 100)]
    found = table(filters, NAMES).select(pl.len()).collect().item()
    return {"rows": int(ROWS), "values": {"count": [found]}}


def last(folder: str) -> dict[str, object]:
    table = DeltalakeTable(name="impedance", uri=folder, schema=SCHEMA, unique_columns=["implant_id", "ts"])
    found, ohm = table(columns=NAMES).select(pl.len(), pl.col("ohm").sum()).collect().row(0)
    return {"rows": int(ROWS), "values": {"count": [found]}, "ohm": ohm}


call = {"count": count, "last": last}[WHAT]
call(SMALL)  # what libraries take once is no part of it
grown(lambda: call(FOLDER))
