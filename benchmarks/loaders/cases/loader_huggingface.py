"""Rows of a Hugging Face dataset: fixed-size lists, batches by index. See `epochs`."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from datasets import Dataset, Features, List, Value
from epochs import Loader, folder_of_arguments, timed
from torch.utils.data import BatchSampler, DataLoader, RandomSampler

folder, batch, workers = folder_of_arguments()


def make() -> Loader:
    signals, labels = np.load(folder / "signals.npy", mmap_mode="r"), np.load(folder / "labels.npy")
    width = signals[0].size

    def rows() -> Iterator[dict[str, Any]]:
        for start in range(0, len(labels), 1000):
            flat = np.ascontiguousarray(signals[start : start + 1000]).reshape(-1)
            part = pa.FixedSizeListArray.from_arrays(pa.array(flat), width)
            yield from (
                {"signal": s, "label": n}
                for s, n in zip(part.to_numpy(False), labels[start : start + 1000], strict=True)
            )

    features = Features({"signal": List(Value("float32"), length=width), "label": Value("int64")})
    Dataset.from_generator(rows, features=features, cache_dir="cache").save_to_disk("rows")
    data = Dataset.load_from_disk("rows").with_format("torch")

    def epoch(number: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        chance = torch.Generator().manual_seed(number)
        sampler = BatchSampler(RandomSampler(data, generator=chance), batch, drop_last=False)
        for found in DataLoader(data, sampler=sampler, batch_size=None, num_workers=workers):
            yield found["signal"].reshape(-1, *signals.shape[1:]), found["label"]

    return epoch


timed(make)
