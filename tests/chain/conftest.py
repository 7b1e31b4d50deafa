"""A project of its own for every test of chains, and real files to read."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from neurochain.testing.edf import write_edf


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty folder that is the current one, with a project in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEUROCHAIN_HOME", str(tmp_path / ".neurochain"))
    monkeypatch.setenv("NEUROCHAIN_PROGRESS", "0")
    return tmp_path


@pytest.fixture
def dicom_tree(folder: Path) -> Path:
    """Three series of three DICOM files, each with a JSON sidecar beside it."""
    source = pydicom.dcmread(str(get_testdata_file("MR_small.dcm")))
    for series, tag in enumerate(["target_alpha", "target_beta", "target_alpha"]):
        below = folder / "data" / f"202{5 + series % 2}" / f"series{series}"
        below.mkdir(parents=True)
        for image in range(3):
            source.SeriesNumber, source.InstanceNumber = series, image
            source.SeriesDescription = f"series {series}"
            path = below / f"im{image}.dcm"
            source.save_as(path)
            path.with_suffix(".json").write_text(
                json.dumps({"molecular_tag": tag, "dose": image * 1.5, "site": {"name": f"site {series}"}})
            )
    return folder / "data"


@pytest.fixture
def bids_tree(folder: Path) -> Path:
    """Two subjects with a NIfTI image, its sidecar and an EDF recording each; one file that lies, one unknown."""
    root = folder / "study"
    for i, subject in enumerate(["01", "02"]):
        anat, eeg = root / f"sub-{subject}" / "anat", root / f"sub-{subject}" / "eeg"
        anat.mkdir(parents=True)
        eeg.mkdir()
        voxels = np.arange(24, dtype=np.int16).reshape(2, 3, 4) + i
        image = nibabel.Nifti1Image(voxels, np.diag([2.0, 2, 2, 1]))  # type: ignore[no-untyped-call]
        nibabel.save(image, anat / f"sub-{subject}_T1w.nii")
        (anat / f"sub-{subject}_T1w.json").write_text(json.dumps({"EchoTime": 0.03 + i}))
        signals = np.vstack([np.linspace(-50, 50, 200), np.full(200, 10.0 * (i + 1))])
        write_edf(eeg / f"sub-{subject}_task-rest_eeg.edf", signals, 100, ["Fz", "Cz"])
    (root / "broken.nii").write_bytes(b"this is no image" * 40)
    (root / "notes.txt").write_text("nothing to see\n")
    return root


Script = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def script(folder: Path) -> Script:
    """Run a script, written to a file of the project's folder, in a process of its own."""

    def run(source: str, name: str = "script.py", ok: bool = True) -> subprocess.CompletedProcess[str]:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source))
        done = subprocess.run(
            [sys.executable, "-W", "error", str(path)],
            cwd=folder,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(folder)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        if ok:
            assert done.returncode == 0, done.stderr
        return done

    return run


@pytest.fixture
def calls(folder: Path) -> Callable[[], int]:
    """Calls that functions have counted in the file ``calls`` since the last time this was asked."""

    def count() -> int:
        path = folder / "calls"
        found = len(path.read_bytes()) if path.exists() else 0
        path.unlink(missing_ok=True)
        return found

    return count
