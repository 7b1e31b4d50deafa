"""Raw: patches of volumes and windows of recordings on their way to a training loop, and those who read them otherwise."""

import tempfile
from pathlib import Path

import nibabel
import numpy as np

from benchmarks.comparison import Comparison, Comparisons
from benchmarks.contestant import Contestant
from benchmarks.goal import faster
from benchmarks.loaders import CASES
from benchmarks.recordings import CHANNELS, RATE, RECORD, make_recordings
from benchmarks.scale import Scale

SHAPE = (192, 192, 128)
PATCH = 64
OF_EACH = 4  # patches
SECONDS = 2
PICKED = 5  # channels
RECORDS = 30  # of 10 s, of each recording


def raw(ours: Path, peers: Path, others: Path, scale: Scale) -> Comparisons:
    """Patches and windows; `others` is the Python of the environment that has other loaders, `peers` that of mne."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        count = scale.of(200)
        make_volumes(folder / "volumes", count)
        patches = count * OF_EACH
        asked = (str(folder / "volumes"), str(patches))
        size = 2 * SHAPE[0] * SHAPE[1] * SHAPE[2]
        yield Comparison(
            "Random patches of volumes",
            f"{count} `.nii` files of {size / 1e6:.1f} MB ({' x '.join(map(str, SHAPE))} int16), {patches:,} patches of 64 x 64 x 64, eight in a batch, no workers, in "
            "the page cache, from the folder to the last patch. `read_storage(…).gen(patch=nc.patches((64, 64, 64), stride=32))"
            ".select('patch').to_pytorch(shuffle=True).loader(8)` takes any patch of any file next. The others read a whole volume for every "
            "four patches: MONAI by `LoadImaged` and `RandSpatialCropSamplesd(num_samples=4)`, TorchIO by a `Queue` of 40 patches with "
            "`samples_per_volume=4`.",
            "patches",
            patches,
            [
                Contestant("neurochain", ours, "patches_neurochain", asked, folder=CASES),
                Contestant("MONAI", others, "patches_monai", asked, folder=CASES),
                Contestant("TorchIO", others, "patches_torchio", asked, folder=CASES),
            ],
            (faster(5, "MONAI"), faster(5, "TorchIO")),
        )
    with tempfile.TemporaryDirectory() as name:
        folder, files = Path(name), scale.of(100)
        size = make_recordings(folder / "recordings", files, files, RECORDS)
        windows = files * RECORDS * RECORD // SECONDS
        rng = np.random.default_rng(0)
        picked = ",".join(CHANNELS[i] for i in sorted(rng.choice(len(CHANNELS), PICKED, replace=False)))
        asked = (str(folder / "recordings"), picked, str(SECONDS))
        yield Comparison(
            "Windows of recordings",
            f"{files} EDF+ recordings of {size / 1e6:.1f} MB ({len(CHANNELS)} channels, {RATE} Hz, {RECORDS * RECORD} s): all {windows:,} windows of {SECONDS} s of {PICKED} "
            "channels that were drawn, in a random order, 64 in a batch, no workers, in the page cache, the files opened before. "
            "`read_storage(…).gen(window=nc.windows(2, channels=[…])).select('window').to_pytorch(shuffle=True).loader(64)`; mne: "
            "`read_raw_edf(path)` of each file, and `raw.get_data(picks, start, stop)` of each window.",
            "windows",
            windows,
            [
                Contestant("neurochain", ours, "windows_neurochain", asked, folder=CASES),
                Contestant("mne", peers, "windows_mne", asked, folder=CASES),
            ],
            (faster(5, "mne"),),
        )


def make_volumes(folder: Path, count: int) -> None:
    """Volumes whose voxels say where they stand: x + 7 y + 13 z, and a number of the file."""
    folder.mkdir(parents=True)
    x, y, z = (np.arange(n, dtype=np.int16) for n in SHAPE)
    values = x[:, None, None] + 7 * y[:, None] + 13 * z
    for number in range(count):
        image = nibabel.Nifti1Image(values + np.int16(number), np.eye(4))
        nibabel.save(image, folder / f"sub-{number:04d}_T1w.nii")
