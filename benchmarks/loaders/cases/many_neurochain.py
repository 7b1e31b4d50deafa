"""Very many rows: neurochain.

Usage: many_neurochain.py FOLDER ROWS first|resume|epoch
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "cases"))

import numpy as np
import polars as pl
from measured import measured

import neurochain as nc

folder, rows, what = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
os.environ |= {"NEUROCHAIN_HOME": str(folder / ".neurochain"), "NEUROCHAIN_CACHE": str(folder / "cache")}
if not (folder / ".neurochain").exists():
    pl.DataFrame({"x": np.arange(rows, dtype=np.int32)}).write_parquet(folder / "x.parquet")
    nc.read_table(str(folder / "x.parquet")).save("many")
    nc.read_dataset("many").to_pytorch()
next(iter(nc.read_values(x=[0]).to_pytorch().loader()))  # imports are not what is timed
nc.read_dataset("many")


def run() -> dict[str, object]:
    loader = nc.read_dataset("many").to_pytorch(shuffle=True, seed=1).loader(64)
    if what == "resume":
        state = loader.state_dict()
        loader.load_state_dict({**state, "position": rows * 9 // 10})
    batches = iter(loader)
    first = next(batches)["x"]
    for _ in range(2_000 if what == "epoch" else 0):
        next(batches)
    return {"first": first.tolist()[:2]}


measured(run)
