"""Rows in memory: what no loader can be faster than. See `epochs`.

A fifth argument says how: ``collate`` is a ``TensorDataset`` with torch's own collate, ``batched`` one that is asked for
batches, ``gather`` no ``DataLoader``, but rows gathered into one buffer.
"""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from epochs import Loader, folder_of_arguments, timed
from torch.utils.data import DataLoader, Dataset, TensorDataset

folder, batch, workers = folder_of_arguments()
how = sys.argv[5]


class Batched(Dataset[Any]):
    """A ``TensorDataset`` that takes a batch at once."""

    def __init__(self, *tensors: torch.Tensor) -> None:
        self.tensors = tensors

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitems__(self, rows: list[int]) -> tuple[torch.Tensor, ...]:
        index = torch.as_tensor(rows)
        return tuple(t[index] for t in self.tensors)


def make() -> Loader:
    signals, labels = np.load(folder / "signals.npy"), np.load(folder / "labels.npy")
    tensors = torch.from_numpy(signals), torch.from_numpy(labels)
    if how == "gather":
        buffer = np.empty((batch, *signals.shape[1:]), signals.dtype)

        def gather(number: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
            order = np.random.default_rng(number).permutation(len(labels))
            for start in range(0, len(order), batch):
                rows = order[start : start + batch]
                np.take(signals, rows, axis=0, out=buffer[: len(rows)], mode="clip")
                yield torch.from_numpy(buffer[: len(rows)]), torch.from_numpy(labels[rows])

        return gather
    if how == "batched":
        data: Dataset[Any] = Batched(*tensors)
        loader = DataLoader(data, batch, shuffle=True, num_workers=workers, collate_fn=lambda found: found)
    else:
        loader = DataLoader(TensorDataset(*tensors), batch, shuffle=True, num_workers=workers)
    return lambda number: loader


timed(make)
