"""The notebooks run on real files, show what they say, and hold nothing of the machine that ran them."""

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pytest
from source_tree import REPOSITORY

FOLDER = REPOSITORY / "notebooks"
NAMES = sorted(p.stem for p in FOLDER.glob("*.ipynb"))
INPUTS = {
    "mri": [
        "$NEUROCHAIN_REAL_DATA/dicom_{ge_fmri,siemens_mosaic}/In/**/*.dcm",
        "patches@1.0.0",
        "dicom_series()",
    ],
    "eeg": ["$NEUROCHAIN_REAL_DATA/eeg_mne/**/*.vhdr", "eeg_mne/**/*.bdf", "band_power@1.0.0", "merge: "],
    "look": ["example4d.nii.gz", "float64", "2 rows", "wrote looked@1.0.0"],
    "spikes": ["$NEUROCHAIN_REAL_DATA/nwb/**/*.nwb", "counts@1.0.0", "sweeps@1.0.0", "function sweeps"],
}
FROM_FILES = [n for n in NAMES if "NEUROCHAIN_REAL_DATA" in (FOLDER / f"{n}.ipynb").read_text("utf-8")]
MOST_CELLS = 12  # of code
MOST_BYTES = 1_000_000


@pytest.fixture(scope="session")
def executed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Notebooks by name, as `make notebooks` makes them: by the same script, in a process of its own."""
    folder = tmp_path_factory.mktemp("notebooks")

    @cache
    def run(name: str) -> Any:
        script = [sys.executable, str(FOLDER / "execute.py"), name, "--to", str(folder)]
        environment = dict(os.environ)
        if name in FROM_FILES:
            environment["NEUROCHAIN_REAL_DATA"] = str(request.getfixturevalue("real_data"))
        done = subprocess.run(
            script, capture_output=True, text=True, cwd=folder, env=environment, check=False
        )
        assert done.returncode == 0, done.stderr
        return nbformat.read(folder / f"{name}.ipynb", as_version=4)

    return run


def outputs(notebook: Any) -> list[Any]:
    return [o for cell in notebook.cells for o in cell.get("outputs", ())]


def printed(notebook: Any) -> str:
    """What is printed, and what stands for tables that are shown where there is no place for them."""
    return "".join(
        o.text if o.output_type == "stream" else f"{o.data.get('text/plain', '')}\n"
        for o in outputs(notebook)
        if o.output_type == "stream" or "text/html" in o.get("data", {})
    )


def pictures(notebook: Any) -> int:
    shown = [o.get("data", {}) for o in outputs(notebook)]
    return sum("image/png" in data or "data:image/png" in data.get("text/html", "") for data in shown)


def number(text: str, pattern: str) -> float:
    (found,) = re.findall(pattern, text)
    return float(found)


def check_mri(text: str) -> None:
    assert number(text, r"network: ([\d.]+) mm") < 0.7 * number(text, r"baseline: ([\d.]+) mm")


def check_eeg(text: str) -> None:
    """The wrong split flatters; the right one does not."""
    baseline = {float(share) for share in re.findall(r"baseline (\d+)%", text)}
    assert len(baseline) == 1
    by_rows = number(text, r"rows by chance: (\d+)% of 150")
    by_subject = number(text, r"by subject: (\d+)% of 150")
    assert by_rows > baseline.pop() + 20
    assert by_subject < by_rows - 20


def check_spikes(text: str) -> None:
    assert "train and test share 1 file" in text
    assert number(text, r"decoder: ([\d.]+) pA") < 0.5 * number(text, r"baseline: ([\d.]+) pA")


def check_look(text: str) -> None:
    assert "<Video made.mp4 (75 frames" in text
    assert "<Recording made.edf (6 channels" in text


CHECKS = {"mri": check_mri, "eeg": check_eeg, "look": check_look, "spikes": check_spikes}


@pytest.mark.parametrize("name", NAMES)
def test_notebooks_run(name: str, executed: Any) -> None:
    notebook = executed(name)
    text = printed(notebook)
    assert not [o for o in outputs(notebook) if o.output_type == "error" or o.get("name") == "stderr"]
    assert pictures(notebook) >= 2
    assert [said for said in INPUTS[name] if said not in text] == []
    assert name not in FROM_FILES or re.search(r"rows: [1-9][\d,]* computed, \d+ reused, 0 failed", text)
    CHECKS[name](text)


@pytest.mark.parametrize("name", NAMES)
def test_kept_outputs_are_those_of_a_run(name: str, executed: Any) -> None:
    """All words are equal; numbers and hashes may differ from one processor or package to another."""
    kept = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    words = re.compile(r"\b[^\W\d]{3,}\b")
    assert words.findall(_plain(printed(kept))) == words.findall(_plain(printed(executed(name)))), (
        f"notebooks/{name}.ipynb shows something else than it does now. Run: make notebooks"
    )
    assert pictures(kept) == pictures(executed(name))
    CHECKS[name](printed(kept))


def _plain(text: str) -> str:
    """Without hashes, and without the sources that a lineage quotes: docstrings of the package may change."""
    return re.sub(r"^[│ ]*│ {4,}.*\n|\b[0-9a-f]{12}\b", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
def test_notebooks_name_no_machine(name: str, executed: Any) -> None:
    for notebook in (nbformat.read(FOLDER / f"{name}.ipynb", as_version=4), executed(name)):
        text = nbformat.writes(notebook)
        wrong = re.findall(r"(?<![\w$….])/(?:home|root|tmp|work|Users|var|mnt)/[^\s\"]*", text)
        assert wrong == []
        assert not re.search(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d", text)
        assert str(Path.home()) not in text


@pytest.mark.parametrize("name", NAMES)
def test_notebooks_are_kept_whole(name: str) -> None:
    path = FOLDER / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) <= MOST_CELLS
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1)), "run: make notebooks"
    assert [cell.id for cell in notebook.cells] == [f"{name}-{i + 1:02}" for i in range(len(notebook.cells))]
    assert not [cell.id for cell in notebook.cells if cell.metadata]
    assert path.stat().st_size < MOST_BYTES
    assert f"[{name}.ipynb]({name}.ipynb)" in (FOLDER / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", FROM_FILES)
def test_without_the_files_the_first_cell_says_what_to_do(name: str) -> None:
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    first = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    environment = {k: v for k, v in os.environ.items() if k != "NEUROCHAIN_REAL_DATA"}
    environment["PYTHONPATH"] = str(REPOSITORY)
    done = subprocess.run(
        [sys.executable, "-c", first], capture_output=True, text=True, env=environment, check=False
    )
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("FileNotFoundError: Set NEUROCHAIN_REAL_DATA to the folder that holds ")
    assert last.endswith("(see notebooks/README.md).")


def test_pages_of_the_notebooks_lead_somewhere() -> None:
    page = (FOLDER / "README.md").read_text("utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)", page)
    assert [link for link in links if not (FOLDER / link).exists()] == []
    folders = {
        match
        for name in NAMES
        for match in re.findall(
            r"\b(dicom_ge_fmri|dicom_siemens_mosaic|eeg_mne|nwb)\b",
            (FOLDER / f"{name}.ipynb").read_text("utf-8"),
        )
    }
    assert [folder for folder in folders if f" {folder}\n" not in page] == []
