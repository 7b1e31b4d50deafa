"""The sample data: ``python -m benchmarks.sample_data FOLDER``, or ``dvc repro sample``.

A small study with real scans, as the pydicom and nibabel packages carry them, and two EEG recordings that are made
(10 Hz on O1 and O2 over noise from a seed; no physiology). The same bytes come on every machine.
"""

import argparse
import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from neurochain.testing.edf import write_edf

SCANS = {
    "sub-01/anat/sub-01_T1w.nii": ("nibabel", "tests/data/anatomical.nii"),
    "sub-01/func/sub-01_task-rest_bold.nii": ("nibabel", "tests/data/functional.nii"),
    "sub-02/func/sub-02_task-rest_bold.nii.gz": ("nibabel", "tests/data/example4d.nii.gz"),
    "sourcedata/sub-01/mr/0001.dcm": ("pydicom", "data/test_files/MR_small.dcm"),
    "sourcedata/sub-02/ct/0001.dcm": ("pydicom", "data/test_files/CT_small.dcm"),
    "sourcedata/sub-02/seg/0001.dcm": ("pydicom", "data/test_files/liver_1frame.dcm"),
}
PARTICIPANTS = "participant_id\tage\tsite\nsub-01\t31\tA\nsub-02\tn/a\tB\n"
SECONDS, RATE, SEED = 20, 128, 7  # of a recording; Hz
CHANNELS = ("Fz", "Cz", "O1", "O2")


def make_samples(folder: Path) -> int:
    """Write the study below a folder.

    Returns
    -------
    int
        Bytes written.
    """
    for name, (package, inside) in SCANS.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_package(package) / inside, target)
    (folder / "participants.tsv").write_text(PARTICIPANTS, "utf-8")
    for number, subject in enumerate(("sub-01", "sub-02"), 1):
        stem = folder / subject / "eeg" / f"{subject}_task-rest_eeg"
        stem.parent.mkdir(parents=True, exist_ok=True)
        write_edf(stem.with_suffix(".edf"), signals(SEED + number, 20.0 * number), RATE, CHANNELS)
        sidecar = {"TaskName": "rest", "SamplingFrequency": RATE, "PowerLineFrequency": 50}
        stem.with_suffix(".json").write_text(json.dumps(sidecar, indent=2) + "\n", "utf-8")
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def signals(seed: int, alpha: float) -> np.ndarray:
    """Noise, and a sine of 10 Hz on the last two channels.

    Parameters
    ----------
    seed : int
        Of the noise.
    alpha : float
        Amplitude of the sine, uV.

    Returns
    -------
    ndarray, shape (n_channels, n_samples), float64, uV
    """
    # Whole numbers: their sequence is promised for a seed, that of normal ones is not.
    noise = np.random.Generator(np.random.PCG64(seed)).integers(-10, 11, (len(CHANNELS), SECONDS * RATE))
    found = noise.astype(np.float64)
    found[2:] += np.round(alpha * np.sin(2 * np.pi * 10 * np.arange(SECONDS * RATE) / RATE), 3)
    return found


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit(f"The scans come with the package {name!r}: pip install 'neurochain[demo]'")
    return Path(spec.origin).parent


def main() -> None:
    """Make the study and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    print(f"{folder}: {make_samples(folder):,} bytes")


if __name__ == "__main__":
    main()
