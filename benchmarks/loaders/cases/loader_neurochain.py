"""Rows of a saved version, shuffled: neurochain. The version is saved before the clock starts; see `epochs`.

A fifth argument ``plain`` asks for numpy arrays.
"""

import os
import sys

import numpy as np
from epochs import Loader, folder_of_arguments, timed

import neurochain as nc

folder, batch, workers = folder_of_arguments()
plain = sys.argv[5:] == ["plain"]
os.environ["NEUROCHAIN_HOME"] = str(folder / ".neurochain")  # saved once for all runs; what is mapped is not
if not (folder / ".neurochain").exists():
    signals, labels = np.load(folder / "signals.npy", mmap_mode="r"), np.load(folder / "labels.npy")
    numbers = nc.read_values(row=list(range(len(labels))))
    made = numbers.map_batches(
        lambda row: {"signal": np.ascontiguousarray(signals[row]), "label": labels[row]}, batch_size=1024
    )
    made.select("signal", "label").save("rows")
next(iter(nc.read_values(x=[0]).to_pytorch().loader()))  # imports are not what is timed


def make() -> Loader:
    rows = nc.read_dataset("rows")
    loader = (
        rows.to_numpy_batches(batch, shuffle=True)
        if plain
        else rows.to_pytorch(shuffle=True).loader(batch, workers)
    )

    def epoch(number: int) -> object:
        loader.set_epoch(number)
        return ((found["signal"], found["label"]) for found in loader)

    return epoch  # type: ignore[return-value]


timed(make)
