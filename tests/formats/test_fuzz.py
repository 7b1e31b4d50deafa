"""Mutated files of every format: no crash, no hang, no memory beyond a bound. See fuzz.py."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numcodecs import Blosc
from nwb_files import scattered, session
from openephys_files import PROBE, channel, lines, stream, structure
from spikeglx_files import beside, probe, second, write
from video_files import every_kind
from zarr_files import array, held, image, numbers

from neurochain.testing.edf import write_edf

SCRIPT = Path(__file__).with_name("fuzz.py")


@pytest.fixture
def originals(pydicom_files: list[Path], nibabel_data: Path, nicom_data: Path, tmp_path: Path) -> list[Path]:
    """Sound files of all formats: those of the wheels, made ones, and real ones where there are any."""
    found = [p for p in pydicom_files if p.suffix in (".dcm", "")]
    found += [p for folder in (nibabel_data, nicom_data) for p in folder.iterdir() if p.is_file()]
    real = os.environ.get("NEUROCHAIN_REAL_DATA")
    if real:
        endings = (".dcm", ".nii", ".gz", ".edf", ".bdf", ".vhdr", ".fif", ".set", ".mgz", ".hdr")
        files = sorted(p for p in Path(real).rglob("*") if p.suffix in endings and p.is_file())
        by_folder: dict[Path, list[Path]] = {}
        for path in files:
            by_folder.setdefault(path.parent, []).append(path)
        found += [path for some in by_folder.values() for path in some[:4]]  # a series is much alike
    made = np.random.default_rng(1).normal(0, 50, (3, 1_000))
    ephys = [write(tmp_path / f"e{i}.ap.meta", keys) for i, keys in enumerate((probe(), second()))]
    (tmp_path / "raw.dat").write_bytes(bytes(range(240)))
    (tmp_path / "raw.json").write_text(
        '{"n_channels": 3, "sampling_frequency": 100, "dtype": "int16", "gain": [1, 2, 3]}'
    )
    return [
        *found,
        *(
            write_edf(tmp_path / f"made{i}.edf", made[: i + 1], 100, ["Fz", "Cz", "Pz"][: i + 1])
            for i in range(3)
        ),
        write(tmp_path / "n.nidq.meta", beside()),
        *ephys,
        structure(
            tmp_path / "oe",
            [stream(tmp_path / "oe", PROBE, 3, 1000.0, jumps=(300,))],
            [lines(tmp_path / "oe", PROBE, [5010, 5020, 5700], [1, -1, 2], 1000.0)],
        ),
        channel(tmp_path / "100_CH7.continuous", (0, 1024, 9000)),
        tmp_path / "raw.json",
        scattered(tmp_path / "few.nwb", n_series=2, size=20_000),
        session(tmp_path / "plain.nwb"),
        session(tmp_path / "packed.nwb", chunks=(700, 4), compression="gzip", shuffle=True, fletcher32=True),
        array_of(tmp_path / "lzf.h5", chunks=(16, 3), compression="lzf"),
        array_of(tmp_path / "latest.h5", "latest", chunks=(16, 3), compression="gzip", maxshape=(None, 7)),
        *zarr_folders(tmp_path),
        *every_kind(tmp_path / "videos").values(),
    ]


def array_of(path: Path, libver: str = "earliest", **how: Any) -> Path:
    """An HDF5 file of one array."""
    with h5py.File(path, "w", libver=libver) as file:
        file.create_dataset("data", data=np.arange(420, dtype=np.int16).reshape(60, 7), **how)
    return path


def zarr_folders(folder: Path) -> list[Path]:
    """Metadata, chunks and shards in folders of both versions."""
    values = numbers((4, 20, 20))
    old = image(folder / "old.ome.zarr", values, version="0.4", levels=2)
    new = image(folder / "new.ome.zarr", values, levels=2, chunks=(1, 10, 10), shards=(4, 20, 20))
    packed = array(folder / "blosc.zarr", values, zarr_format=2, chunks=(2, 20, 20), compressors=Blosc())
    return [
        old / ".zattrs",
        new / "zarr.json",
        new / "0/zarr.json",
        held(new)[0],
        packed / ".zarray",
        held(packed)[0],
    ]


def fuzz(seconds: int, seed: int, originals: list[Path], folder: Path) -> dict[str, int]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(seconds), str(seed), str(folder), *map(str, originals)],
        env=environment, capture_output=True, text=True, timeout=seconds + 240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])
    seen: dict[str, int] = found["seen"]
    assert found["examples"] > 300
    assert seen["error"] > found["examples"] / 20
    assert {"dicom", "nifti", "edf", "spikeglx", "nwb", "hdf5", "mp4", "mov", "avi", "mkv"} <= set(seen)
    return seen


def test_a_short_time_of_mutated_files(originals: list[Path], tmp_path: Path) -> None:
    fuzz(20, 1, originals, tmp_path / "work")


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_long_time_of_mutated_files(originals: list[Path], tmp_path: Path) -> None:
    fuzz(600, int.from_bytes(os.urandom(4), "big"), originals, tmp_path / "work")
