"""Very many rows: torch's own sampler, over a mapped array.

Usage: many_torch.py FOLDER ROWS first
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "cases"))

import numpy as np
import torch
from measured import measured
from torch.utils.data import DataLoader, Dataset

folder, rows = Path(sys.argv[1]), int(sys.argv[2])
if not (folder / "x.npy").exists():
    np.save(folder / "x.npy", np.arange(rows, dtype=np.int32))


class Mapped(Dataset):
    def __init__(self) -> None:
        self.values = np.asarray(np.load(folder / "x.npy", mmap_mode="r"))

    def __len__(self) -> int:
        return len(self.values)

    def __getitems__(self, numbers: list[int]) -> torch.Tensor:
        return torch.from_numpy(np.take(self.values, numbers))


next(iter(DataLoader(torch.arange(3))))


def run() -> dict[str, object]:
    loader = DataLoader(Mapped(), batch_size=64, shuffle=True, collate_fn=lambda batch: batch)
    return {"first": next(iter(loader)).tolist()[:2]}


measured(run)
