"""Rows of MONAI's PersistentDataset: a function reads each once, and its result is kept in a file. See `epochs`."""

from typing import Any

import numpy as np
import torch
from epochs import Loader, folder_of_arguments, timed
from monai.data import DataLoader, PersistentDataset

folder, batch, workers = folder_of_arguments()
signals = np.load(folder / "signals.npy", mmap_mode="r")
labels = np.load(folder / "labels.npy")


def read(number: int) -> dict[str, Any]:
    return {"signal": torch.from_numpy(signals[number].copy()), "label": int(labels[number])}


def make() -> Loader:
    data = PersistentDataset(list(range(len(labels))), read, cache_dir="rows")

    def epoch(number: int) -> object:
        loader = DataLoader(data, batch_size=batch, num_workers=workers, shuffle=True)
        return ((found["signal"], found["label"]) for found in loader)

    return epoch  # type: ignore[return-value]


timed(make)
