"""The script of the README, word for word, on a tree that was made for it."""

from pathlib import Path

import pytest

SCRIPT = """
import neurochain as nc
from patterns import extract_neural_patterns

scans = nc.read_storage("data/202{5..6}/**/*.{dcm, dicom,dic}")
trials = scans.filter(nc.Column("molecular_tag") == "target_alpha")
roi_features = trials.map(lambda file: extract_neural_patterns(file))
roi_features.save("alpha_roi_tags")

roi_features = nc.read_dataset("alpha_roi_tags")
from torch.utils.data import DataLoader
train = DataLoader(roi_features.select("file", "molecular_tag").to_pytorch(), batch_size=16)

batch = next(iter(train))
print(sorted(batch), tuple(batch["file"].shape), batch["file"].dtype, set(batch["molecular_tag"]))
print(roi_features.count(), roi_features.schema["mean"].type)
"""

PATTERNS = """
import pydicom

def extract_neural_patterns(file):
    pixels = pydicom.dcmread(file.open()).pixel_array
    return {"mean": float(pixels.mean()), "shape": list(pixels.shape)}
"""


@pytest.mark.parametrize("name", ["nc", "dc"])
def test_the_main_job(name: str, dicom_tree: Path, script: object) -> None:
    assert callable(script)
    (dicom_tree.parent / "patterns.py").write_text(PATTERNS)
    source = (
        SCRIPT
        if name == "nc"
        else SCRIPT.replace("neurochain as nc", "neurochain as dc").replace("nc.", "dc.")
    )
    out = script(source).stdout.splitlines()
    assert out[0] == "['file', 'molecular_tag'] (6, 64, 64) torch.float32 {'target_alpha'}"
    assert out[1] == "6 float64"
