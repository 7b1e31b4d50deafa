"""A BIDS dataset to index: subjects of two sessions each, with sidecars; the images are empty."""

import json
from pathlib import Path

SESSIONS = ("01", "02")
IMAGES = (
    ("anat", "T1w", ("json",)),
    ("anat", "T2w", ("json",)),
    ("func", "task-rest_run-1_bold", ("json",)),
    ("func", "task-rest_run-2_bold", ("json",)),
    ("dwi", "dwi", ("json", "bval", "bvec")),
)
PER_SUBJECT = len(SESSIONS) * sum(1 + len(beside) for _, _, beside in IMAGES)


def make_dataset(folder: Path, subjects: int) -> int:
    """Write a dataset into a folder.

    Returns
    -------
    int
        How many files it has.
    """
    folder.mkdir(parents=True, exist_ok=True)
    description = {"Name": "made", "BIDSVersion": "1.10.0", "DatasetType": "raw"}
    (folder / "dataset_description.json").write_text(json.dumps(description))
    (folder / "task-rest_bold.json").write_text(json.dumps({"TaskName": "rest", "RepetitionTime": 2.0}))
    rows = [f"sub-{number:04d}\t{20 + number % 60}" for number in range(subjects)]
    (folder / "participants.tsv").write_text("\n".join(["participant_id\tage", *rows]) + "\n")
    for number in range(subjects):
        for session in SESSIONS:
            stem = f"sub-{number:04d}_ses-{session}"
            for kind, ending, beside in IMAGES:
                target = folder / f"sub-{number:04d}" / f"ses-{session}" / kind
                target.mkdir(parents=True, exist_ok=True)
                (target / f"{stem}_{ending}.nii.gz").touch()
                for suffix in beside:
                    (target / f"{stem}_{ending}.{suffix}").write_text(_beside(suffix, number))
    return 3 + subjects * PER_SUBJECT


def _beside(suffix: str, number: int) -> str:
    if suffix == "json":
        return json.dumps({"EchoTime": 0.03 + number * 1e-6, "FlipAngle": 80, "Manufacturer": "Siemens"})
    return "0 1000 1000 1000\n" if suffix == "bval" else "0 1 0 0\n0 0 1 0\n0 0 0 1\n"
