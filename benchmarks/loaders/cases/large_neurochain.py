"""A version as large as memory: neurochain.

Usage: large_neurochain.py FOLDER ROWS one|epoch
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "cases"))

import numpy as np
from measured import measured

import neurochain as nc
from neurochain.loaders.maps import settle

folder, rows, part = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
os.environ |= {"NEUROCHAIN_HOME": str(folder / ".neurochain"), "NEUROCHAIN_CACHE": str(folder / "cache")}
if not (folder / ".neurochain").exists():
    noise = np.random.default_rng(0).standard_normal((1024, 64, 64)).astype(np.float32)

    def signals(row: np.ndarray) -> np.ndarray:
        found = noise[: len(row)].copy()
        found[:, 0, 0] = row
        return found

    numbered = nc.read_values(row=list(range(rows))).map_batches(signal=signals, batch_size=1024)
    kept = numbered.select("signal").save("large").part_hashes()
    for path in (folder / ".neurochain" / "parts").rglob("*.parquet"):
        if path.stem not in kept:  # kept for reuse: room for what is mapped
            path.unlink()
    nc.read_dataset("large").to_pytorch()
    settle()
loader = nc.read_dataset("large").to_pytorch(shuffle=True, seed=1).loader(64)


def run() -> dict[str, object]:
    seen = 0
    for batch in loader:
        (signal,) = batch.values()
        seen += len(signal)
        if part == "one":
            break
    return {"rows": seen, "values": {"shape": list(signal.shape[1:])}}


measured(run)
