"""Rows of a mapped ``.npy`` file that is not in the page cache, taken by hand. See `cold`."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from cold import BATCH, FOLDER, HALF, timed

signals = np.asarray(np.load(FOLDER / "signals.npy", mmap_mode="r"))
order = np.random.default_rng(0).permutation(len(signals))
order = order[: len(order) // 2] if HALF else order


def batches() -> Iterator[Any]:
    for start in range(0, len(order), BATCH):
        yield torch.from_numpy(np.take(signals, order[start : start + BATCH], axis=0))


timed(FOLDER / "signals.npy", batches)
