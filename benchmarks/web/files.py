"""Files: a scan and a recording that are too large to be looked at whole; most of them is holes."""

import os
from pathlib import Path

import nibabel
import numpy as np

SHAPE = (1000, 1000, 1000)  # voxels of 2 bytes
CHANNELS, RATE, HOUR, LONG = 256, 256, 3600, 10
SEED = 7


def make_volume(folder: Path, share: float = 1.0) -> int:
    """Write an uncompressed NIfTI file of 2 GB, noise in its middle slice; gives its size."""
    folder.mkdir(parents=True, exist_ok=True)
    shape = (*SHAPE[:2], max(int(SHAPE[2] * share), 10))
    head = nibabel.Nifti1Header()
    head.set_data_dtype(np.int16)
    head.set_data_shape(shape)
    head.set_qform(np.diag([0.1, 0.1, 0.1, 1]), 1)
    head["vox_offset"], head["magic"] = 352, b"n+1"
    path = folder / "large.nii"
    plane = np.random.default_rng(SEED).normal(1000, 60, shape[:2]).astype("<i2")
    with path.open("wb") as file:
        file.write(bytes(head.binaryblock) + b"\0\0\0\0")
        file.seek(352 + shape[2] // 2 * plane.nbytes)
        file.write(plane.tobytes(order="F"))
    os.truncate(path, 352 + 2 * int(np.prod(shape)))
    return path.stat().st_size


def make_hour(folder: Path, seconds: int = HOUR) -> int:
    """Write EDF of so many seconds, a record each, noise in the first ten; gives its size."""
    folder.mkdir(parents=True, exist_ok=True)
    path, record = folder / "hour.edf", CHANNELS * RATE * 2
    fields: list[list[str]] = [
        [f"EEG {n:03d}" for n in range(CHANNELS)],
        [""] * CHANNELS,
        ["uV"] * CHANNELS,
        ["-3276.8"] * CHANNELS,
        ["3276.7"] * CHANNELS,
        ["-32768"] * CHANNELS,
        ["32767"] * CHANNELS,
        [""] * CHANNELS,
        [str(RATE)] * CHANNELS,
        [""] * CHANNELS,
    ]
    widths = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
    length = 256 * (CHANNELS + 1)
    head = f"{'0':8}{'X X X X':80}{'Startdate X X X X':80}01.01.2601.00.00{length:<8}{'':44}{seconds:<8}{1:<8}{CHANNELS:<4}"
    text = head + "".join(f"{v:{w}}" for values, w in zip(fields, widths, strict=True) for v in values)
    noise = np.random.default_rng(SEED).normal(0, 300, (min(10, seconds), record // 2)).astype("<i2")
    with path.open("wb") as file:
        file.write(text.encode("ascii") + noise.tobytes())
    os.truncate(path, length + record * seconds)
    return path.stat().st_size
