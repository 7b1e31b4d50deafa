"""Volumes of several files, and of images with levels of their own."""

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from media_made import Made

import neurochain as nc
from neurochain.formats import open_series

# Beside media_made on the path.
from dicom_made import mosaic, series, stack, write  # isort: skip
from zarr_files import image as ome_image  # isort: skip


def image(answer) -> nibabel.Nifti1Image:
    assert answer.status_code == 200, answer.text
    return nibabel.Nifti1Image.from_bytes(answer.content)


def test_a_row_of_one_image_offers_its_series(project, tmp_path: Path) -> None:
    for name, uid in (("one", "1.2.3"), ("two", "1.2.4")):
        (tmp_path / "data" / name).mkdir(parents=True)
        files = series(tmp_path / "data" / name, stack(5), SeriesInstanceUID=uid)
    write(tmp_path / "data" / "two" / "other.dcm", pydicom.dcmread(files[0].uri))
    lone = pydicom.dcmread(files[0].uri)
    lone.SeriesInstanceUID = "1.2.5"
    write(tmp_path / "data" / "two" / "other.dcm", lone)
    made = Made(tmp_path / "data/**")
    own = made.json("volume/info", "other.dcm")
    assert own["series"] is None
    info = made.json("volume/info", "003.dcm")
    assert (info["shape"], info["series"]) == ([6, 4, 1], {"files": 5})
    single = image(made.get("volume", "003.dcm"))
    np.testing.assert_array_equal(
        single.get_fdata()[..., 0], pydicom.dcmread(files[0].uri.rpartition("/")[0] + "/003.dcm").pixel_array
    )
    whole = made.json("volume/info", "003.dcm", series=1)
    assert (whole["shape"], whole["files"]) == ([6, 4, 5], 5)
    (volume,) = open_series(files)
    found = image(made.get("volume", "003.dcm", series=1))
    np.testing.assert_array_equal(found.get_fdata(), np.asarray(volume))
    np.testing.assert_allclose(found.affine, volume.affine, rtol=1e-6)
    assert made.refused("volume", "003.dcm", series=1, part=1)[0] == 400
    small = image(made.get("volume", "003.dcm", series=1, down=2))
    assert small.shape == (3, 2, 3)


def test_a_mosaic_is_a_volume(project, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    slices = np.random.default_rng(4).integers(0, 900, (7, 6, 4)).astype(np.int16)
    path = write(tmp_path / "data" / "mosaic.dcm", mosaic(slices, (1.0, 2.0, 3.0)))
    made = Made(tmp_path / "data/*")
    volume = nc.open(path)
    found = image(made.get("volume", "mosaic.dcm"))
    assert found.shape == (6, 4, 7)
    np.testing.assert_array_equal(found.get_fdata(), np.asarray(volume))
    np.testing.assert_allclose(found.affine, volume.affine, rtol=1e-6)


def test_levels_of_an_image(project, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    values = np.random.default_rng(5).integers(0, 60_000, (2, 5, 96, 80)).astype(np.uint16)
    ome_image(tmp_path / "data" / "cells.zarr", values, axes="czyx")
    made = Made(tmp_path / "data/")
    info = made.json("volume/info", "cells.zarr")
    assert [level["down"] for level in info["levels"]] == [1, 2, 4]
    assert (info["volumes"], info["volume_axes"]) == (2, [{"name": "c", "n": 2}])
    axes = info["axes"]
    order = [["z", "y", "x"].index(a) for a in axes]
    for down in (1, 2, 4):
        found = image(made.get("volume", "cells.zarr", down=down, t=1))
        wanted = values[1, :, ::down, ::down].transpose(order)
        np.testing.assert_array_equal(found.get_fdata(), wanted)
        own = nc.open(tmp_path / "data" / "cells.zarr", part=str([1, 2, 4].index(down)))
        np.testing.assert_allclose(found.affine, own.affine, rtol=1e-6)
    one = image(made.get("volume", "cells.zarr", t=0, axis=0, i=3))
    np.testing.assert_array_equal(one.get_fdata(), values[0, 3:4])
    assert made.refused("bytes", "cells.zarr")[0] == 400


@pytest.mark.parametrize(
    "pattern",
    [
        "nifti/nibabel/**/*.nii*",
        "bids_mri/**/*T1w*.nii.gz",
        "dicom_edge/*.dcm",
        "dicom_siemens_mosaic/**/*.dcm",
    ],
)
def test_real_files(project, real_data: Path, pattern: str) -> None:
    """All of them, or a reason in words."""
    made = Made(real_data / pattern)
    shown = 0
    for name in made.keys:
        answer = made.get("volume/info", name)
        if answer.status_code != 200:
            assert answer.status_code in (400, 415, 422, 501), answer.text
            assert made.get("volume", name).status_code == answer.status_code
            continue
        info = answer.json()
        down = next(level["down"] for level in info["levels"] if level["bytes"] < 2**26)
        found = image(made.get("volume", name, down=down))
        assert list(found.shape[:3]) == [-(-n // down) for n in info["shape"]]
        shown += 1
        if name.endswith((".nii", ".nii.gz")):
            wanted = nibabel.load(made.paths[name])
            if down == 1 and not info["colours"]:
                data = np.asanyarray(wanted.dataobj)
                first = data.reshape(*data.shape[:3], -1, order="F")[..., 0] if data.ndim > 3 else data
                np.testing.assert_allclose(found.get_fdata(), first, rtol=1e-6)
                np.testing.assert_allclose(found.affine, wanted.affine, rtol=1e-5, atol=1e-4)
    assert shown


@pytest.mark.parametrize(
    ("folder", "pattern", "reference"),
    [
        ("dicom_ge_fmri", "In/20180918GE/mr_0004/*.dcm", "Ref/DCM2NIIX_regression_test_4.nii"),
        ("dicom_siemens_mosaic", "In/20180918Si/mr_0003/*.dcm", "Ref/EPI_PE=AP_3.nii"),
    ],
)
def test_values_lie_where_another_program_puts_them(
    project, real_data: Path, folder: str, pattern: str, reference: str
) -> None:
    """Against dcm2niix: left is left."""
    made = Made(real_data / folder / pattern)
    wanted = nibabel.load(real_data / folder / reference)
    name = min(made.keys)
    info = made.json("volume/info", name, series=1)
    found = image(made.get("volume", name, series=1, t=1))
    assert info["volumes"] == wanted.shape[3]
    values, placed = found.get_fdata(), np.asarray(wanted.dataobj)[..., 1]
    rng = np.random.default_rng(0)
    voxels = np.stack([rng.integers(0, n, 500) for n in placed.shape], 1)
    millimetres = nibabel.affines.apply_affine(wanted.affine, voxels)
    there = nibabel.affines.apply_affine(np.linalg.inv(found.affine), millimetres)
    nearest = there.round().astype(int)
    np.testing.assert_allclose(there, nearest, atol=0.02)
    np.testing.assert_array_equal(values[tuple(nearest.T)], placed[tuple(voxels.T)])
