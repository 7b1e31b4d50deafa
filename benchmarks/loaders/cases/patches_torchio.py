"""Four patches of each volume that is read: TorchIO. See `patches`."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torchio
from patches import BATCH, OF_EACH, PATCH, timed

warnings.filterwarnings("ignore")


def batches(folder: str) -> Iterator[Any]:
    subjects = [
        torchio.Subject(image=torchio.ScalarImage(path)) for path in sorted(Path(folder).glob("*.nii"))
    ]
    queue = torchio.Queue(
        torchio.SubjectsDataset(subjects),
        max_length=10 * OF_EACH,
        samples_per_volume=OF_EACH,
        sampler=torchio.data.UniformSampler(PATCH),
        num_workers=0,
    )
    for batch in torchio.SubjectsLoader(queue, batch_size=BATCH, num_workers=0):
        yield batch["image"][torchio.DATA]


timed(batches)
