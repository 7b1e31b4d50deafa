"""Rows of tar files: webdataset, shuffled in a buffer of 1,000. See `epochs`."""

import numpy as np
import webdataset as wds
from epochs import Loader, folder_of_arguments, timed

folder, batch, workers = folder_of_arguments()


def make() -> Loader:
    signals, labels = np.load(folder / "signals.npy", mmap_mode="r"), np.load(folder / "labels.npy")
    with wds.ShardWriter("rows-%04d.tar", maxcount=2_500, verbose=0) as out:
        for number, (signal, label) in enumerate(zip(signals, labels, strict=True)):
            out.write({"__key__": f"{number:08}", "npy": np.ascontiguousarray(signal), "cls": int(label)})
    shards = f"rows-{{0000..{(len(labels) - 1) // 2_500:04}}}.tar"

    def epoch(number: int) -> object:
        data = wds.WebDataset(shards, shardshuffle=100, seed=number, empty_check=False)
        data = data.shuffle(1_000).decode().to_tuple("npy", "cls").batched(batch)
        return wds.WebLoader(data, batch_size=None, num_workers=workers)

    return epoch


timed(make)
