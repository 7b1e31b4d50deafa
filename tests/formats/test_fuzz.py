"""Mutated files of every format: no crash, no hang, no memory beyond a bound. See fuzz.py."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from openephys_files import PROBE, channel, stream, structure
from spikeglx_files import beside, probe, second, write
from video_files import every_kind

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
        write_edf(tmp_path / "made.edf", made, 100, ["Fz", "Cz", "Pz"]),
        write(tmp_path / "n.nidq.meta", beside()),
        *ephys,
        structure(tmp_path / "oe", [stream(tmp_path / "oe", PROBE, 3, 1000.0, jumps=(300,))]),
        channel(tmp_path / "100_CH7.continuous", (0, 1024, 9000)),
        tmp_path / "raw.json",
        *every_kind(tmp_path / "videos").values(),
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
    assert {"dicom", "nifti", "edf", "spikeglx", "mp4", "mov", "avi", "mkv"} <= set(seen)
    return seen


def test_a_short_time_of_mutated_files(originals: list[Path], tmp_path: Path) -> None:
    fuzz(20, 1, originals, tmp_path / "work")


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_long_time_of_mutated_files(originals: list[Path], tmp_path: Path) -> None:
    fuzz(600, int.from_bytes(os.urandom(4), "big"), originals, tmp_path / "work")
