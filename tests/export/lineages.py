"""A study, and two versions of it of which one is made of the other: what lineage exports are shown on."""

import json
from pathlib import Path

import nibabel
import numpy as np

import neurochain as nc

USER, HOST = "alice-tester", "scanner-room-7"
DOI = "doi:10.18112/openneuro.ds000001.v1.0.0"
SUBJECTS = ("01", "02", "03")


def slice_mean(volume: nc.Volume) -> float:
    """Mean of a slice."""
    return float(np.asarray(volume[:, :, 1]).mean())


def _off(value: float, norm: float) -> float:
    return value - norm


def score(slice_mean: float, norm: int) -> float:
    return _off(slice_mean, norm) / 10


def grow_study(folder: Path) -> Path:
    """A BIDS dataset of one small image per subject."""
    random = np.random.default_rng(0)
    for subject in SUBJECTS:
        path = folder / f"sub-{subject}" / "anat" / f"sub-{subject}_T1w.nii.gz"
        path.parent.mkdir(parents=True)
        nibabel.save(nibabel.Nifti1Image(random.normal(100, 5, (6, 5, 4)).astype("float32"), np.eye(4)), path)
    described = {
        "Name": "A small study",
        "BIDSVersion": "1.10.0",
        "DatasetDOI": DOI,
        "Authors": ["A. Person"],
    }
    (folder / "dataset_description.json").write_text(json.dumps(described))
    return folder


def chained(folder: Path) -> nc.DatasetVersion:
    """``scores@1.0.0``, made of ``means@1.0.0`` and a table; ``means@1.0.0`` of a study."""
    study = grow_study(folder / "study")
    (folder / "norms.csv").write_text("sub,norm\n01,100\n02,99\n03,98\n")
    images = nc.read_bids(study).filter(nc.Column("suffix") == "T1w").map(slice_mean)
    means = images.mutate(sub=nc.Column("bids.subject")).select("file", "sub", "slice_mean")
    means.save("means", description="Mean of a slice", labels=["small"])
    norms = nc.read_table(folder / "norms.csv").mutate(sub=nc.Column("sub").cast("string").str.zfill(2))
    return nc.read_dataset("means").merge(norms, on="sub").map(score).save("scores")
