"""Four patches of each volume that is read: MONAI. See `patches`."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from monai.data import DataLoader, Dataset
from monai.transforms import Compose, EnsureChannelFirstd, LoadImaged, RandSpatialCropSamplesd
from patches import BATCH, OF_EACH, PATCH, timed

warnings.filterwarnings("ignore")


def batches(folder: str) -> Iterator[Any]:
    files = [{"image": str(path)} for path in sorted(Path(folder).glob("*.nii"))]
    read = Compose(
        [
            LoadImaged(keys="image", reader="NibabelReader"),
            EnsureChannelFirstd(keys="image"),
            RandSpatialCropSamplesd(
                keys="image", roi_size=(PATCH, PATCH, PATCH), num_samples=OF_EACH, random_size=False
            ),
        ]
    )
    loader = DataLoader(Dataset(files, read), batch_size=BATCH // OF_EACH, shuffle=True, num_workers=0)
    for batch in loader:
        yield batch["image"]


timed(batches)
