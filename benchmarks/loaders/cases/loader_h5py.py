"""Rows of a contiguous HDF5 dataset, by hand: sorted fancy indexing of each batch. See `epochs`."""

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import torch
from epochs import Loader, folder_of_arguments, timed

folder, batch, _ = folder_of_arguments()


def make() -> Loader:
    signals, labels = np.load(folder / "signals.npy", mmap_mode="r"), np.load(folder / "labels.npy")
    with h5py.File("rows.h5", "w") as file:
        file.create_dataset("signal", data=signals)
        file.create_dataset("label", data=labels)
    opened = h5py.File(Path("rows.h5"), "r")
    signal, label = opened["signal"], opened["label"]

    def epoch(number: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        order = np.random.default_rng(number).permutation(len(label))
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            rank = np.argsort(rows)
            back = np.argsort(rank)
            found = signal[rows[rank]], label[rows[rank]]
            yield torch.from_numpy(found[0][back]), torch.from_numpy(found[1][back])

    return epoch


timed(make)
