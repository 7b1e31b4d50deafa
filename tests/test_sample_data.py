"""The sample data: `dvc repro sample`, really run, makes the bytes that dvc.lock names."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from source_tree import REPOSITORY

import neurochain as nc

NEEDED = ("dvc.yaml", "dvc.lock", ".dvcignore", ".dvc/config", ".dvc/.gitignore", "data/.gitignore")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A git repository with what the stage needs, so that the real one stays as it is."""
    folder = tmp_path / "checkout"
    for name in (*NEEDED, "benchmarks/__init__.py", "benchmarks/sample_data.py"):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / name, target)
    # A folder of the package's name would hide the package.
    shutil.copytree(
        REPOSITORY / "neurochain",
        folder / "neurochain",
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    return folder


def dvc(folder: Path, *arguments: str) -> str:
    own = folder.parent / "dvc"
    ran = subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DVC_SITE_CACHE_DIR": str(own / "site"),
            "DVC_GLOBAL_CONFIG_DIR": str(own / "global"),
            "DVC_SYSTEM_CONFIG_DIR": str(own / "system"),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_repro_makes_the_bytes_that_the_lock_names(checkout: Path) -> None:
    pytest.importorskip("dvc", reason="dvc is not installed: pip install 'neurochain[dev]'")
    lock = (checkout / "dvc.lock").read_bytes()
    assert "Running stage 'sample'" in dvc(checkout, "repro", "sample")
    assert (checkout / "dvc.lock").read_bytes() == lock, (
        "The sample data, or what makes them, have changed. If that is meant: dvc repro sample, and commit dvc.lock."
    )
    assert "didn't change" in dvc(checkout, "repro", "sample")
    chain = nc.read_storage(checkout / "data" / "sample")
    formats = chain.collect()["header"].struct.field("format").drop_nulls().value_counts().rows()
    assert dict(formats) == {"dicom": 3, "nifti": 3, "edf": 2}
    assert not chain.filter(nc.Column("header.error").is_not_null()).count()
    assert set(chain.collect()["bids"].struct.field("subject").drop_nulls()) == {"01", "02"}


def test_stages_name_what_there_is() -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed: pip install 'neurochain[dev]'")
    stages = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
    for name, stage in stages.items():
        for dependency in stage["deps"]:
            assert (REPOSITORY / dependency).exists(), f"{name} depends on {dependency}"
    assert list(stages["benchmarks"]["outs"][0]) == ["docs/benchmarks.md"]


def test_dvc_tells_nobody() -> None:
    config = (REPOSITORY / ".dvc" / "config").read_text()
    assert "analytics = false" in config
    assert "remote" not in config
