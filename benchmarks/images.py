"""Images to take one time point of: 4D NIfTI of 15 to 40 MB, compressed."""

import shutil
from pathlib import Path

import nibabel
import numpy as np

SHAPE = (64, 64, 40)
TIME_POINTS = (70, 100, 140, 180)  # of the four contents
SEED = 7


def make_images(folder: Path, count: int, time_points: tuple[int, ...] = TIME_POINTS) -> int:
    """Write images into a folder: four contents, each in many copies.

    Parameters
    ----------
    folder : Path
    count : int
    time_points : tuple of int
        Of the contents.

    Returns
    -------
    int
        Bytes written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"sub-{number:04d}_task-rest_bold.nii.gz" for number in range(count)]
    rng = np.random.Generator(np.random.PCG64(SEED))
    for path, n in zip(paths, time_points, strict=False):
        values = rng.normal(1000, 60, (*SHAPE, n)).astype(np.int16)
        nibabel.save(nibabel.Nifti1Image(values, np.diag([3.0, 3.0, 3.5, 1.0])), path)
    for number, path in enumerate(paths):
        if number >= len(time_points):
            shutil.copyfile(paths[number % len(time_points)], path)
    return sum(path.stat().st_size for path in paths)
