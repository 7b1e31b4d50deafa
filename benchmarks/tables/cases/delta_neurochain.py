"""Filters of a Delta table, or its last rows, by neurochain."""

import sys

import deltalake  # noqa: F401  # imports are not timed
import polars as pl
from grown import grown

import neurochain as nc

FOLDER, ROWS, WHAT, *HOW = sys.argv[1:]
nc.DeltaTable  # noqa: B018


def count() -> dict[str, object]:
    table = nc.DeltaTable(name="impedance", uri=FOLDER)
    filters = (nc.Filter("implant_id", "=", 4595), nc.Filter("ohm", ">", 250))
    found = table(filters).select(pl.len()).collect().item()
    return {"rows": int(ROWS), "values": {"count": [found]}}


def last() -> dict[str, object]:
    table = nc.DeltaTable(name="impedance", uri=FOLDER, unique_columns=["implant_id", "ts"])
    rows = table(columns=["implant_id", "ts", "ohm"]).select(pl.len(), pl.col("ohm").sum())
    found, ohm = rows.collect(engine="streaming" if HOW else "auto").row(0)
    return {"rows": int(ROWS), "values": {"count": [found]}, "ohm": ohm}


grown({"count": count, "last": last}[WHAT])
