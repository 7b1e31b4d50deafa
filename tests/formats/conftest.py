"""Real files for the tests of formats."""

import importlib.util
import os
from pathlib import Path
from typing import Any

import nibabel
import pydicom
import pytest

PYDICOM = Path(pydicom.__file__).parent / "data" / "test_files"
NIBABEL = Path(nibabel.__file__).parent


@pytest.fixture(scope="session")
def pydicom_files() -> list[Path]:
    """Every file that pydicom's wheel carries for tests."""
    return sorted(p for p in PYDICOM.rglob("*") if p.is_file())


@pytest.fixture(scope="session")
def nibabel_data() -> Path:
    """Folder of nibabel's test files."""
    return NIBABEL / "tests" / "data"


@pytest.fixture(scope="session")
def nicom_data() -> Path:
    """Folder of nibabel's DICOM test files."""
    return NIBABEL / "nicom" / "tests" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real files that are too large, or not free, to travel with the source."""
    named = os.environ.get("NEUROCHAIN_REAL_DATA")
    if not named:
        pytest.skip("NEUROCHAIN_REAL_DATA is not set: it names a folder of real files")
    folder = Path(named)
    if not folder.is_dir():
        pytest.skip(f"NEUROCHAIN_REAL_DATA={named} is no folder")
    return folder


@pytest.fixture(scope="session")
def edfio() -> Any:
    """An oracle for EDF and BDF."""
    return pytest.importorskip("edfio", reason="edfio is not installed: it is an oracle only")


@pytest.fixture(scope="session")
def pyedflib() -> Any:
    """An oracle for EDF and BDF."""
    return pytest.importorskip("pyedflib", reason="pyedflib is not installed: it is an oracle only")


@pytest.fixture(scope="session")
def edf_recordings() -> list[Path]:
    """EDF and BDF files: those of pyedflib's wheel, and real ones, as far as they are there."""
    found = importlib.util.find_spec("pyedflib")
    folders = [Path(found.origin).parent / "tests" / "data"] if found and found.origin else []
    folders += [Path(named)] if (named := os.environ.get("NEUROCHAIN_REAL_DATA")) else []
    files = [p for folder in folders for p in sorted(folder.rglob("*")) if p.suffix in (".edf", ".bdf")]
    return files or pytest.skip("neither pyedflib nor NEUROCHAIN_REAL_DATA is there")
