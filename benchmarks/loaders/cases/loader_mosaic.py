"""Rows of a mosaicml-streaming dataset. See `epochs`."""

import numpy as np
from epochs import Loader, folder_of_arguments, timed
from stand_in import TORCHVISION, stand_in
from torch.utils.data import DataLoader

stand_in(*TORCHVISION)

from streaming import MDSWriter, StreamingDataset  # noqa: E402

folder, batch, workers = folder_of_arguments()


def make() -> Loader:
    signals, labels = np.load(folder / "signals.npy", mmap_mode="r"), np.load(folder / "labels.npy")
    shape = ",".join(map(str, signals.shape[1:]))
    with MDSWriter(out="rows", columns={"signal": f"ndarray:float32:{shape}", "label": "int"}) as out:
        for signal, label in zip(signals, labels, strict=True):
            out.write({"signal": np.ascontiguousarray(signal), "label": int(label)})
    data = StreamingDataset(local="rows", shuffle=True, batch_size=batch)

    def epoch(number: int) -> object:
        loader = DataLoader(data, batch_size=batch, num_workers=workers)
        return ((found["signal"], found["label"]) for found in loader)

    return epoch  # type: ignore[return-value]


timed(make)
