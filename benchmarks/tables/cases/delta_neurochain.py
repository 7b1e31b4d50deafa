"""Filters of a Delta table, or its last rows, by neurochain."""

import sys

import deltalake  # noqa: F401  # imports are not timed
import polars as pl
from grown import grown

import neurochain as nc

FOLDER, SMALL, ROWS, WHAT, *HOW = sys.argv[1:]


def count(folder: str) -> dict[str, object]:
    table = nc.DeltaTable(name="impedance", uri=folder)
    filters = (nc.Filter("is_valid", "=", True), nc.Filter("ohm", ">", 100))
    found = table(filters).select(pl.len()).collect(engine="streaming" if HOW else "auto").item()
    return {"rows": int(ROWS), "values": {"count": [found]}}


def last(folder: str) -> dict[str, object]:
    table = nc.DeltaTable(name="impedance", uri=folder, unique_columns=["implant_id", "ts"])
    rows = table(columns=["implant_id", "ts", "ohm"]).select(pl.len(), pl.col("ohm").sum())
    found, ohm = rows.collect(engine="streaming" if HOW else "auto").row(0)
    return {"rows": int(ROWS), "values": {"count": [found]}, "ohm": ohm}


call = {"count": count, "last": last}[WHAT]
call(SMALL)  # what libraries take once is no part of it
grown(lambda: call(FOLDER))
