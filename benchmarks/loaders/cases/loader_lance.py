"""Rows of a Lance dataset, in blocks of the batch's size that are shuffled. See `epochs`."""

from collections.abc import Iterator

import lance
import numpy as np
import pyarrow as pa
import torch
from epochs import Loader, folder_of_arguments, timed
from lance.torch.data import LanceDataset

folder, batch, _ = folder_of_arguments()


def make() -> Loader:
    signals, labels = np.load(folder / "signals.npy", mmap_mode="r"), np.load(folder / "labels.npy")
    width = signals[0].size
    schema = pa.schema({"signal": pa.list_(pa.float32(), width), "label": pa.int64()})

    def parts() -> Iterator[pa.RecordBatch]:
        for start in range(0, len(labels), 1000):
            flat = np.ascontiguousarray(signals[start : start + 1000]).reshape(-1)
            arrays = [
                pa.FixedSizeListArray.from_arrays(pa.array(flat), width),
                pa.array(labels[start : start + 1000]),
            ]
            yield pa.record_batch(arrays, schema=schema)

    data = lance.write_dataset(pa.RecordBatchReader.from_batches(schema, parts()), "rows.lance")

    def epoch(number: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        from lance.sampler import ShardedBatchSampler

        sampler = ShardedBatchSampler(0, 1, randomize=True, seed=number)
        for found in LanceDataset(data, batch_size=batch, sampler=sampler):
            yield found["signal"].reshape(-1, *signals.shape[1:]), found["label"]

    return epoch


timed(make)
