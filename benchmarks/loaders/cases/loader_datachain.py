"""Rows of a DataChain dataset, arrays as bytes. See `epochs`."""

import os

import datachain as dc
import numpy as np
import torch
from epochs import Loader, folder_of_arguments, timed
from stand_in import TORCHVISION, TRANSFORMERS, stand_in
from torch.utils.data import DataLoader

stand_in(*TORCHVISION, *TRANSFORMERS)

folder, batch, workers = folder_of_arguments()


def collate(rows: list[tuple[bytes, int]]) -> tuple[torch.Tensor, torch.Tensor]:
    joined = np.frombuffer(b"".join(row[0] for row in rows), np.float32).reshape(-1, 64, 64)
    return torch.from_numpy(joined.copy()), torch.tensor([row[1] for row in rows])


def make() -> Loader:
    signals, labels = np.load(folder / "signals.npy", mmap_mode="r"), np.load(folder / "labels.npy")
    dc.read_values(signal=[s.tobytes() for s in signals], label=labels.tolist()).save("rows")

    def epoch(number: int) -> object:
        data = dc.read_dataset("rows").shuffle().to_pytorch()
        return DataLoader(data, batch_size=batch, num_workers=workers, collate_fn=collate)

    return epoch  # type: ignore[return-value]


os.environ.setdefault("DATACHAIN_NO_ANALYTICS", "1")
timed(make)
