"""Real files for the tests of formats."""

from pathlib import Path

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
