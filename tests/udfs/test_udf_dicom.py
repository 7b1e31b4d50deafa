"""Series of DICOM images: real ones, and laws of made ones."""

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pydicom
import pytest
from hypothesis import given

import neurochain as nc
from neurochain.errors import FormatError
from udfs.dicom import SeriesQC, image_qc, keywords, series_qc

AXIAL = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]


def series(heights: list[float], orientation: list[float] | None = None, **changes: Any) -> SeriesQC:
    """Images of 64 x 64 pixels at some heights along their normal, numbered in this order."""
    direction = np.array(orientation or AXIAL)
    normal = np.cross(direction[:3], direction[3:])
    n = len(heights)
    arguments: dict[str, Any] = {
        "SOPInstanceUID": [f"1.{i}" for i in range(n)],
        "InstanceNumber": list(range(1, n + 1)),
        "ImageType": [["ORIGINAL", "PRIMARY"]] * n,
        "NumberOfFrames": [None] * n,
        "ImagePositionPatient": [(np.array([-120.0, 35.5, 7.25]) + h * normal).tolist() for h in heights],
        "ImageOrientationPatient": [direction.tolist()] * n,
        "PixelSpacing": [[0.9, 0.9]] * n,
        "Rows": [64] * n,
        "Columns": [64] * n,
    }
    return series_qc(**{**arguments, **changes})


def of_folder(folder: Path, pattern: str = "*") -> SeriesQC:
    return series_qc(**keywords(nc.File.at(p) for p in sorted(folder.glob(pattern))))


def test_a_whole_series_of_pydicoms(dicomdirs: Path) -> None:
    folder = dicomdirs / "98892001" / "CT5N"
    headers = [pydicom.dcmread(p, stop_before_pixels=True) for p in folder.iterdir()]
    heights = np.sort([float(h.ImagePositionPatient[2]) for h in headers])
    found = of_folder(folder)
    assert found.problems == []
    assert (found.n_files, found.n_slices, found.n_volumes, found.n_orientations) == (5, 5, 1, 1)
    assert found.slice_spacing == pytest.approx(np.median(np.diff(heights)))
    assert found.slice_spacing == pytest.approx(2.5)
    assert found.spacing_deviation == pytest.approx(0, abs=1e-9)


def test_a_real_series_with_a_gap_in_space_and_in_its_numbers(dicomdirs: Path) -> None:
    """Of 165 images pydicom kept four: their places and their numbers say so, each by itself."""
    folder = dicomdirs / "77654033" / "CT2"
    numbers = sorted(int(pydicom.dcmread(p).InstanceNumber) for p in folder.iterdir())
    found = of_folder(folder)
    assert found.n_missing_numbers == numbers[-1] - numbers[0] + 1 - len(numbers) == 161
    assert found.n_missing_slices == 161
    assert found.problems == ["161 slices are missing", "161 instance numbers are missing"]


def test_a_localiser_has_three_orientations(dicomdirs: Path) -> None:
    found = of_folder(dicomdirs / "98892003" / "MR2")
    assert found.n_orientations == 3


def test_images_without_a_place_are_counted(dicomdirs: Path) -> None:
    found = of_folder(dicomdirs / "77654033" / "CR1")
    assert (found.n_files, found.n_without_geometry, found.n_slices) == (1, 1, 0)
    assert found.slice_spacing is None


def test_times_of_a_real_series(real_data: Path) -> None:
    folder = real_data / "dicom_ge_fmri" / "In" / "20180918GE" / "mr_0004"
    paths = sorted(folder.glob("*.dcm"))
    headers = [pydicom.dcmread(p, stop_before_pixels=True) for p in paths]
    places = Counter(tuple(h.ImagePositionPatient) for h in headers)
    found = series_qc(**keywords(map(nc.File.at, paths)))
    assert (found.n_files, found.n_slices, found.n_volumes) == (150, len(places), 10)
    assert found.slice_spacing == pytest.approx(float(headers[0].SpacingBetweenSlices), abs=1e-3)
    assert found.problems == []
    lost = series_qc(**keywords(map(nc.File.at, paths[:70] + paths[71:])))
    assert (lost.n_missing_images, lost.n_missing_numbers, lost.n_missing_slices) == (1, 1, 0)
    twice = series_qc(**keywords(map(nc.File.at, [*paths, paths[3]])))
    assert (twice.n_duplicate_images, twice.n_duplicate_numbers, twice.n_duplicate_uids) == (1, 1, 1)


def test_a_real_series_has_the_figures_of_dcm2niix(real_data: Path) -> None:
    folder = real_data / "dicom_ge_fmri"
    [made] = (folder / "Ref").glob("*.nii")
    image = nc.open_volume(nc.File.at(made))
    found = of_folder(folder / "In" / "20180918GE" / "mr_0004", "*.dcm")
    assert (found.n_slices, found.n_volumes) == image.shape[2:]
    assert found.slice_spacing == pytest.approx(image.voxel_sizes[2], abs=1e-4)


def test_mosaics_and_frames_have_no_place_of_their_own(real_data: Path) -> None:
    mosaics = sorted((real_data / "dicom_siemens_mosaic" / "In" / "20180918Si" / "mr_0003").glob("*.dcm"))
    assert series_qc(**keywords(map(nc.File.at, mosaics))).n_without_geometry == len(mosaics) == 2
    frames = nc.File.at(real_data / "dicom_edge" / "emri_small.dcm")
    assert series_qc(**keywords([frames])).n_without_geometry == 1


@given(
    n=st.integers(5, 40),
    lost=st.sets(st.integers(1, 38), max_size=2),
    spacing=st.floats(0.3, 8),
    angle=st.floats(-3, 3),
    order=st.randoms(use_true_random=False),
)
def test_slices_that_are_left_out_are_found(
    n: int, lost: set[int], spacing: float, angle: float, order: Any
) -> None:
    kept = [i for i in range(n) if i not in lost or i >= n - 1]
    gone = n - len(kept)
    if gone * 2 >= len(kept) - 1:
        return  # no distance is usual
    order.shuffle(kept)
    turned = [np.cos(angle), np.sin(angle), 0.0, 0.0, 0.0, -1.0]
    found = series([spacing * i for i in kept], turned, InstanceNumber=[i + 1 for i in kept])
    assert (found.n_missing_slices, found.n_missing_numbers) == (gone, gone)
    assert found.n_slices == len(kept)
    assert found.slice_spacing == pytest.approx(spacing, abs=1e-9)
    assert found.spacing_deviation == pytest.approx(0, abs=1e-9)
    assert found.tilt == pytest.approx(0, abs=1e-6)
    assert bool(found.problems) == bool(gone)


@given(n=st.integers(2, 20), times=st.integers(1, 5), data=st.data())
def test_images_too_many_and_too_few_are_found(n: int, times: int, data: st.DataObject) -> None:
    heights = [3.0 * i for i in range(n) for _ in range(times)]
    extra = data.draw(st.integers(0, len(heights) - 1))
    more = series([*heights, heights[extra]])
    if n > 2:
        assert (more.n_volumes, more.n_duplicate_images, more.n_missing_images) == (times, 1, 0)
    if n > 2 and times > 1:
        fewer = series(heights[:extra] + heights[extra + 1 :])
        assert (fewer.n_volumes, fewer.n_duplicate_images, fewer.n_missing_images) == (times, 0, 1)
    assert series(heights).problems == []


def test_uneven_slices_are_a_problem_and_their_size_is_said() -> None:
    found = series([0, 3, 6, 9.3, 12.3])
    assert found.spacing_deviation == pytest.approx(0.3)
    assert found.problems == ["slices are unevenly spaced, by up to 0.3 mm"]
    assert series([0, 3, 6.004, 9]).problems == []


def test_a_tilted_stack_and_a_slice_beside_it() -> None:
    tilted = [[0.0, 2 * i * np.tan(np.radians(15)), 2.0 * i] for i in range(6)]
    found = series([0.0] * 6, ImagePositionPatient=tilted)
    assert found.tilt == pytest.approx(15)
    assert found.problems == ["the stack is tilted by 15 degrees"]
    moved = [[0.0, 0.5 * (i == 2), 2.0 * i] for i in range(6)]
    found = series([0.0] * 6, ImagePositionPatient=moved)
    assert found.misplacement == pytest.approx(0.5)
    assert found.problems == ["slices are off the line between them, by up to 0.5 mm"]


def test_sizes_and_spacings_that_differ() -> None:
    found = series([0, 1, 2], Rows=[64, 64, 128], PixelSpacing=[[1, 1], [1, 1], [1, 1.1]])
    assert found.problems == ["rows and columns differ", "pixel spacings differ"]


def test_broken_values_have_no_place() -> None:
    places: list[Any] = [[0, 0, 0], [0, 0], None, [0, np.nan, 0], [0, 0, 1]]
    ways: list[Any] = [AXIAL, AXIAL, AXIAL, AXIAL, [1, 0, 0, 1, 0, 0]]
    found = series([0.0] * 5, ImagePositionPatient=places, ImageOrientationPatient=ways)
    assert found.n_without_geometry == 4
    assert found.problems == ["4 of 5 images do not say where they are"]
    empty = series([])
    assert (empty.n_files, empty.n_slices, empty.problems) == (0, 0, [])


def test_one_image() -> None:
    assert image_qc([0, 0, 0], AXIAL, [1, 1]).has_geometry
    bent = image_qc([0, 0, 0], [1, 0, 0, 0.1, 1, 0], [1, 1])
    assert bent.direction_error == pytest.approx(0.1)
    assert bent.problems == ["ImageOrientationPatient is not two perpendicular unit vectors"]
    assert image_qc([0, 0], AXIAL, []).problems == [
        "ImagePositionPatient [0, 0] are not 3 numbers",
        "no PixelSpacing",
    ]


def test_another_format_belongs_to_no_series(nibabel_data: Path) -> None:
    with pytest.raises(FormatError, match=r"anatomical\.nii is no DICOM file"):
        keywords([nc.File.at(nibabel_data / "anatomical.nii")])


def test_a_chain_gives_a_row_for_each_series(project: object, dicomdirs: Path) -> None:
    files = nc.read_storage(dicomdirs / "98892001" / "**")
    found = files.agg(series_qc, partition_by="SeriesInstanceUID").collect()
    [whole] = found.filter(found["n_files"] == 5).to_dicts()
    expected = dataclasses.asdict(of_folder(dicomdirs / "98892001" / "CT5N"))
    assert {name: whole[name] for name in expected} == expected
    saved = files.agg(series_qc, partition_by="SeriesInstanceUID").save("series")
    assert "mm" in str(saved.schema)
    each = files.map(image_qc).collect()
    assert each["has_geometry"].all()
