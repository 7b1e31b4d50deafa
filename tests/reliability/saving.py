"""Saving: a chain that uses all there is: files with headers, a version, values, functions of each row and of many."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import neurochain as nc
from neurochain.testing.edf import write_edf

FILES = 5
BASE = "base"
NAME = "study/peaks"
CALLS = "RELIABILITY_CALLS"  # names the file in which calls are counted


def make_files(folder: Path) -> None:
    folder.mkdir(parents=True)
    for number in range(FILES):
        signals = np.random.default_rng(number).normal(scale=20, size=(2, 200))
        write_edf(folder / f"rec{number}.edf", signals, 100, ["Fz", "Cz"])


def save_base() -> nc.DatasetVersion:
    """The version that is there before."""
    names = [f"rec{n}.edf" for n in range(FILES)]
    return nc.read_values(name=names, limit=[0.5 + n for n in range(FILES)]).save(BASE)


def peak(file: nc.File, limit: float, weight: int) -> float:
    _count()
    return max(file.read_range(file.size - 64, file.size)) * limit + weight


def steps(peak: float, weight: int) -> Iterator[float]:
    _count()
    for n in range(weight):
        yield peak + n


def _count() -> None:
    with open(os.environ[CALLS], "ab") as side:
        side.write(b".")


def calls() -> int:
    """Calls of functions so far, of whatever process."""
    path = Path(os.environ[CALLS])
    return path.stat().st_size if path.exists() else 0


def save(folder: Path) -> nc.DatasetVersion:
    """Save the version that the trials are about."""
    weights = nc.read_values(name=[f"rec{n}.edf" for n in range(FILES)], weight=[n % 3 for n in range(FILES)])
    files = nc.read_storage(folder / "*.edf").mutate(name=nc.Column("file.path"))
    joined = files.merge(nc.read_dataset(BASE), on="name").merge(weights, on="name")
    return joined.settings(workers=0).map(peak=peak).gen(step=steps).save(NAME)
