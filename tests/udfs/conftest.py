"""Real files for the tests of the ready-made functions."""

from pathlib import Path

import nibabel
import pydicom
import pytest


@pytest.fixture(scope="session")
def dicomdirs() -> Path:
    """Folder of the series that pydicom's wheel carries."""
    return Path(pydicom.__file__).parent / "data" / "test_files" / "dicomdirtests"


@pytest.fixture(scope="session")
def nibabel_data() -> Path:
    """Folder of nibabel's test files."""
    return Path(nibabel.__file__).parent / "tests" / "data"


@pytest.fixture(scope="session")
def real_edf(real_data: Path) -> Path:
    """Folder of MNE-Python's EDF test files."""
    return real_data / "eeg_mne" / "mne" / "io" / "edf" / "tests" / "data"
