"""A project whose version has something of everything that a report shows, some of it hostile."""

from pathlib import Path

import nibabel
import numpy as np

import neurochain as nc
from neurochain.testing.edf import write_edf

HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>&\x07'


def snr(volume: nc.Volume) -> float:
    """Signal over noise: <b>of the middle slice</b>."""
    middle = np.asarray(volume[..., volume.shape[2] // 2], np.float64)
    return float(middle.mean() / (middle.std() + 1e-9))


def profile(volume: nc.Volume) -> np.ndarray:
    return np.asarray(volume[:, volume.shape[1] // 2, volume.shape[2] // 2], np.float32)


def plane(volume: nc.Volume) -> np.ndarray:
    return np.asarray(volume[:, :, volume.shape[2] // 2], np.float32)


def peak(recording: nc.Recording) -> float:
    return float(np.abs(np.asarray(recording[:, :200])).max())


def head(n: int) -> np.ndarray:
    """Something round, with an inside."""
    x, y, z = np.meshgrid(*[np.linspace(-1, 1, 48)] * 3, indexing="ij")
    r = np.sqrt(x**2 + (y * 0.85) ** 2 + (z * 1.1) ** 2)
    inside = np.where(r < 0.8, 600 + 200 * np.cos(9 * r + n), 0) + np.where((r > 0.8) & (r < 0.9), 1000, 0)
    return (inside + np.random.default_rng(n).normal(0, 30, r.shape)).astype(np.int16)


def make_scans(folder: Path, count: int = 6) -> nc.DatasetVersion:
    """Version ``scans``: files of a folder, with features."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    affine = np.array([[-2.0, 0, 0, 47], [0, 2, 0, -47], [0, 0, 2, -47], [0, 0, 0, 1]])
    for i in range(count):
        nibabel.save(nibabel.Nifti1Image(head(i), affine), data / f"sub-{i:02d}_T1w.nii.gz")
    chain = nc.read_storage(str(data / "*.nii.gz"))
    texts = nc.read_values(path=[f"sub-{i:02d}_T1w.nii.gz" for i in range(count)], note=[HOSTILE] * count)
    made = chain.mutate(path=nc.Column("file.path").str.extract("([^/]+)$")).merge(texts, on="path")
    return (
        made.map(snr)
        .map(profile)
        .map(plane)
        .save("scans", description=f"Made heads\n{HOSTILE}", labels=["made", "<b>x</b>"])
    )


def make_recordings(folder: Path) -> nc.DatasetVersion:
    """Version ``nights``: recordings, one of which is broken."""
    data = folder / "eeg"
    data.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    for i in range(3):
        noise = np.cumsum(rng.normal(size=(10, 2000)), 1) * 3
        write_edf(
            data / f"night{i}.edf", noise - noise.mean(1, keepdims=True), 100, [f"EEG {n}" for n in range(10)]
        )
    return nc.read_storage(str(data / "*.edf")).map(peak).save("nights")
