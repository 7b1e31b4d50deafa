"""gc, as a user types it."""

import json
import os
import re
from pathlib import Path

import pytest
from test_cli import run

import neurochain as nc
from neurochain.cli.garbage import parse_size
from neurochain.datasets.project import close_projects


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder with a dataset, and a file that a killed process left."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NEUROCHAIN_HOME")
    nc.read_values(x=[1, 2]).save("features")
    close_projects()
    (tmp_path / ".neurochain" / "staging" / "half.parquet").write_bytes(b"half")
    return tmp_path


def test_leftovers_go_and_versions_stay(lab: Path) -> None:
    first = json.loads(run("gc", "--dry-run", "--json", cwd=lab))
    assert (first["dry_run"], first["leftovers"]) == (True, {"count": 1, "bytes": 4})
    assert "Would delete 0 parts (0 B)" in run("gc", "--dry-run", cwd=lab)
    assert "1 leftover (4 B) of killed processes" in " ".join(run("gc", cwd=lab).split())
    assert json.loads(run("gc", "--json", cwd=lab))["leftovers"]["count"] == 0
    assert json.loads(run("show", "features", "--json", cwd=lab))["rows"] == 2


def test_results_are_forgotten_but_not_under_a_running_process(lab: Path) -> None:
    nc.read_values(x=[1, 2]).map(y=lambda x: x + 1).collect()
    kept = " ".join(run("gc", "--ledger", "0", cwd=lab).split())
    said = re.search(
        r"Forgot ([1-9]) parts? .* Kept ([1-9]) parts? ", kept
    )  # two where computing took its time
    assert said is not None
    assert said[1] == said[2]
    assert f"{os.getpid()} on" in kept
    close_projects()
    assert f"Deleted {said[1]} part" in run("gc", "--ledger", "1.5 GiB", cwd=lab)


def test_what_is_no_size_and_no_project_is_said(lab: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert "'10XB' is no size" in " ".join(run("gc", "--ledger", "10XB", cwd=lab, code=2).split())
    empty = tmp_path_factory.mktemp("empty")
    assert "There is no .neurochain folder" in " ".join(run("gc", cwd=empty, code=1).split())


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("12", 12), ("1kB", 1_000), ("1.5 GB", 1_500_000_000), ("2MiB", 2_097_152), ("1tib", 1 << 40)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size
