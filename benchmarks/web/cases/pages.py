"""A page of a version of many rows.

Usage: pages.py FOLDER ROWS WHAT
"""

import json
import os
import sys
from pathlib import Path

import numpy as np
import polars as pl
from served import measured, served

import neurochain as nc

folder, rows, what = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
os.environ["NEUROCHAIN_HOME"] = str(folder / ".neurochain")
if not (folder / ".neurochain").exists():
    rng = np.random.default_rng(0)
    pl.DataFrame(
        {
            "subject": [f"sub-{i % 100:02d}" for i in range(rows)],
            "x": rng.normal(size=rows),
            "k": rng.integers(0, 50, rows),
            "flag": rng.random(rows) > 0.5,
            "y": rng.exponential(size=rows),
            "note": [None if i % 7 else f"note {i % 1000}" for i in range(rows)],
        }
    ).write_parquet(folder / "many.parquet")
    nc.read_table(str(folder / "many.parquet")).save("many")
REFERENCE = "many@1.0.0"
ABOVE = json.dumps([["x", ">", 1]])
ASKED: dict[str, dict[str, object]] = {
    "first page": {},
    "sorted by a number": {"sort": "x"},
    "sorted by a text": {"sort": "note", "descending": 1},
    "filtered": {"filter": ABOVE},
    "filtered and sorted": {"filter": ABOVE, "sort": "subject"},
    "a later page": {"offset": rows // 2},
    "histogram": {"path": "y"},
}
with served(folder / ".neurochain") as server:
    server.ask("/api/project")
    if what != "first page":
        server.ask("/api/rows", ref=REFERENCE, limit=100)

    def page() -> dict[str, object]:
        if what == "histogram":
            found = json.loads(server.ask("/api/column", ref=REFERENCE, **ASKED[what]))
            return {"count": found["count"]}
        found = json.loads(server.ask("/api/rows", ref=REFERENCE, limit=100, **ASKED[what]))
        return {"matched": found["matched"], "rows": len(found["rows"])}

    measured(page)
