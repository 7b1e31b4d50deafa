"""Devices: files as a probe and a scanner leave them. They hold noise of a seed, and no physiology."""

from pathlib import Path

import nibabel
import numpy as np

CHANNELS, RATE = 384, 30_000  # of a probe; Hz
SECONDS = 217  # 5 GB of a probe
DEVIATION = 50  # of its noise
SCAN = 64, 64, 36  # voxels
REPETITION_TIME = 2.0  # seconds
SEED = 19


def make_probe(path: Path, seconds: int) -> Path:
    """Write int16 samples, all channels of a time together: normal noise."""
    chance = np.random.default_rng(SEED)
    values = np.empty((RATE, CHANNELS), np.float32)
    with open(path, "wb") as file:
        for _ in range(seconds):
            chance.standard_normal(out=values, dtype=np.float32)
            np.multiply(values, DEVIATION, out=values)
            file.write(values.astype(np.int16).tobytes())
    return path


def make_short(path: Path, of: Path, seconds: int) -> Path:
    """Write the first seconds of what a probe left."""
    left = seconds * RATE * CHANNELS * 2
    with open(of, "rb") as long, open(path, "wb") as file:
        while left > 0 and (data := long.read(min(left, 2**24))):
            file.write(data)
            left -= len(data)
    return path


def make_sparse(path: Path, seconds: int) -> Path:
    """Make a file as long as so many seconds of a probe, which takes no place on the disk: all of it reads as zeros."""
    with open(path, "wb") as file:
        file.truncate(seconds * RATE * CHANNELS * 2)
    return path


def make_scan(path: Path, seconds: int) -> Path:
    """Write int16 volumes over time, one every two seconds, until the seconds are over."""
    count = int(np.ceil(seconds / REPETITION_TIME))
    values = np.random.default_rng(SEED).integers(0, 900, (*SCAN, count), np.int16)
    image = nibabel.Nifti1Image(values, np.diag([3.0, 3.0, 3.5, 1.0]))
    image.header.set_xyzt_units("mm", "sec")
    image.header.set_zooms((3.0, 3.0, 3.5, REPETITION_TIME))
    nibabel.save(image, path)
    return path
