"""A project with a million rows, scans with features in three versions and hostile texts, served until the input ends.

A process of its own: its first line says the address.
"""

from pathlib import Path

import nibabel
import numpy as np
import polars as pl
from served import serve

import neurochain as nc

ROWS = 1_000_000
HOSTILE = "<img src=x onerror=alert(1)>"


def numbers() -> pl.DataFrame:
    index = np.arange(ROWS)
    return pl.DataFrame(
        {
            "subject": [f"sub-{i % 100:02d}" for i in range(ROWS)],
            "x": (index * 7919 % ROWS) / 1000,
            "flag": index % 3 == 0,
            "note": pl.Series([None if i % 7 else "a note" for i in range(ROWS)]),
        }
    )


def scans(folder: Path) -> None:
    for number in range(6):
        values = np.random.default_rng(number).integers(
            0, 500, (20, 24, 1 if number == 5 else 18), dtype="i2"
        )
        header = folder / f"sub-0{number}" / "anat"
        header.mkdir(parents=True)
        nibabel.Nifti1Image(values, np.diag([2, 2, 2.5, 1])).to_filename(
            header / f"sub-0{number}_T1w{HOSTILE.replace('/', '') if number == 4 else ''}.nii"
        )


def middle(volume: nc.Volume) -> float:
    return float(np.asarray(volume[:, :, volume.shape[2] // 2]).mean())


def profile(volume: nc.Volume) -> np.ndarray:
    return (
        np.asarray(volume[...]).mean(axis=(0, 1))[:16].astype("float32")
        if volume.shape[2] > 1
        else np.zeros(16, "f4")
    )


def slabs(volume: nc.Volume) -> str:
    if volume.shape[2] == 1:
        raise ValueError(f"a slice has no slabs {HOSTILE}")
    return f"{volume.shape[2]} slabs"


def build(folder: Path) -> None:
    numbers().write_parquet("numbers.parquet")
    nc.read_table("numbers.parquet").save("numbers", description="A million rows")
    people = {
        "name": ["Ada", HOSTILE, "Grace"],
        "age": [36, None, 85],
        "note": ["<b>bold</b>", "x" * 900, HOSTILE],
    }
    pl.DataFrame(people).write_parquet("people.parquet")
    nc.read_table("people.parquet").save("people", description=HOSTILE, labels=[HOSTILE, "cohort"])
    pl.DataFrame({"person": ["one", "two"]}).write_parquet("left.parquet")
    nc.read_table("left.parquet").save("left")
    nc.withdraw(where=("person", "two"), reason="asked for it")
    scans(folder / "scans")
    files = nc.read_storage(str(folder / "scans" / "**" / "*.nii")).settings(on_error="skip")
    files.map(middle).save("study/anatomy", labels=["cohort"])
    files.map(middle).map(profile).save("study/anatomy", description="With the profile along z")
    files.map(middle).map(profile).map(slabs).save("study/anatomy", description="With slabs")
    nc.read_dataset("study/anatomy").filter(nc.Column("middle") > 0).save("study/chosen")


if __name__ == "__main__":
    build(Path.cwd())
    serve()
