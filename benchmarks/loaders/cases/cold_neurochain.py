"""Rows of a version whose mapped file is not in the page cache: neurochain. See `cold`."""

import os

import numpy as np
from cold import BATCH, FOLDER, HALF, timed

import neurochain as nc
from neurochain.loaders.maps import settle

os.environ["NEUROCHAIN_HOME"] = str(FOLDER / ".neurochain")
if not (FOLDER / ".neurochain").exists():
    signals = np.load(FOLDER / "signals.npy", mmap_mode="r")
    numbers = nc.read_values(row=list(range(len(signals))))
    made = numbers.map_batches(lambda row: {"signal": np.ascontiguousarray(signals[row])}, batch_size=1024)
    made.select("signal").save("rows")
rows = nc.read_dataset("rows")
rows = rows.split(by=None, train=0.5, test=0.5, allow_leakage=True).train if HALF else rows
data = rows.to_pytorch(shuffle=True)
settle()
timed(data.rows.columns["signal"].mapped.path, lambda: (b["signal"] for b in data.loader(BATCH)))
