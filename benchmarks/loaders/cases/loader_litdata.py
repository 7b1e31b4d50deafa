"""Rows of a litdata dataset. See `epochs`."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from epochs import Loader, folder_of_arguments, timed
from litdata import StreamingDataLoader, StreamingDataset, optimize

folder, batch, workers = folder_of_arguments()
signals = np.load(folder / "signals.npy", mmap_mode="r")
labels = np.load(folder / "labels.npy")


def row(number: int) -> dict[str, Any]:
    return {"signal": torch.from_numpy(signals[number].copy()), "label": int(labels[number])}


def make() -> Loader:
    optimize(row, list(range(len(labels))), "rows", chunk_bytes="64MB", num_workers=1)
    data = StreamingDataset(str(Path("rows").resolve()), shuffle=True)

    def epoch(number: int) -> object:
        data.current_epoch = number
        loader = StreamingDataLoader(data, batch_size=batch, num_workers=workers, shuffle=True)
        return ((found["signal"], found["label"]) for found in loader)

    return epoch  # type: ignore[return-value]


if __name__ == "__main__":
    os.environ.setdefault("DATA_OPTIMIZER_GLOBAL_RANK", "0")
    timed(make)
