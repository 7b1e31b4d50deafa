"""Chains over real scanner files, compared with pydicom and nibabel."""

import os
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest

import neurochain as nc


@pytest.fixture
def real(folder: Path) -> Path:
    """Folder of real files that are too large, or not free, to travel with the source."""
    named = os.environ.get("NEUROCHAIN_REAL_DATA")
    if not named or not Path(named).is_dir():
        pytest.skip("NEUROCHAIN_REAL_DATA does not name a folder of real files")
    return Path(named)


def test_a_dicom_series(real: Path) -> None:
    scans = (
        nc.read_storage(real / "dicom_ge_fmri")
        .filter(nc.Column("format") == "dicom")
        .order_by("InstanceNumber")
    )
    few = scans.limit(5).map(mean=lambda volume: float(np.asarray(volume[...]).mean()))
    rows = list(few.select("file", "mean", "dicom.EchoTime", "header.shape", "SeriesInstanceUID"))
    assert len(rows) == 5
    for row in rows:
        dataset = pydicom.dcmread(row.file.uri)
        slope, intercept = float(dataset.get("RescaleSlope", 1)), float(dataset.get("RescaleIntercept", 0))
        assert row.mean == pytest.approx(dataset.pixel_array.mean() * slope + intercept)
        assert row.EchoTime == float(dataset.EchoTime)
        assert row.shape == list(dataset.pixel_array.shape)
    assert scans.filter(nc.Column("header.error").is_not_null()).count() == 0


def test_images_of_a_study(real: Path) -> None:
    images = nc.read_storage(real / "bids_mri").filter(nc.Column("format") == "nifti")
    rows = list(
        images.map(corner=lambda volume: np.asarray(volume[0])).select("file", "header.shape", "corner")
    )
    assert rows
    for row in rows:
        image: Any = nibabel.load(row.file.uri)
        assert row.shape == list(image.shape)
        assert np.allclose(row.corner, image.dataobj[0], rtol=1e-6, equal_nan=True)


def test_every_set_is_indexed_without_an_exception(real: Path) -> None:
    chain = nc.read_storage(real)
    frame = chain.select("header.format", "header.error").collect()
    assert set(frame["format"].drop_nulls()) >= {"dicom", "nifti", "edf"}
    version = chain.save("everything")
    assert version.rows == frame.height
    assert nc.read_dataset("everything").filter(nc.Column("format") == "edf").count() > 0
