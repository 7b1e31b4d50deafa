"""Series: files to volumes, with dcm2niix's NIfTI and the law of the affine as oracles."""

import json
import math
import pickle
import random
from collections import defaultdict
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import nibabel
import numpy as np
import pydicom
import pytest
from dicom_made import enhanced, mosaic, pixels, placed, series, stack, write
from hypothesis import given, settings
from hypothesis import strategies as st

import neurochain as nc
from neurochain.formats import dicom_series, open_volume, read_header
from neurochain.storage import File
from neurochain.testing import CountingFile, ObjectServer
from neurochain.testing.format_tests import random_index

RAS = np.array([-1.0, -1.0, 1.0])


def by_series(folder):
    found = defaultdict(list)
    for path in sorted(folder.rglob("*.dcm")):
        file = File.at(path)
        found[read_header(file).record["SeriesInstanceUID"]].append(file)
    return list(found.values())


def check_against(volume, theirs, tolerance):
    """Voxels lie where the reference has them: indices map onto each other by whole numbers, values are equal.

    Returns how many of the reference's slices there are.
    """
    at = np.linalg.inv(theirs.affine) @ volume.affine
    corners = np.array([[*c, 1] for c in product(*((0, n - 1) for n in volume.shape[:3]))]).T
    mapped = (at @ corners)[:3]
    np.testing.assert_allclose(
        theirs.affine @ np.round(at) @ corners, volume.affine @ corners, atol=tolerance
    )
    np.testing.assert_allclose(mapped, np.round(mapped), atol=tolerance)
    indices = np.indices(volume.shape[:3]).reshape(3, -1)
    i, j, k = (np.round(at[:3, :3]) @ indices + np.round(at[:3, 3:])).astype(int)
    values = np.asarray(theirs.dataobj)[i, j, k].reshape(*volume.shape[:3], *theirs.shape[3:])
    np.testing.assert_array_equal(volume, values)


def test_ge_series_is_its_nifti(real_data):
    folder = real_data / "dicom_ge_fmri"
    (files,), (reference,) = by_series(folder), folder.rglob("*.nii")
    random.Random(0).shuffle(files)
    volume = dicom_series(files)
    assert (volume.shape, volume.axes) == ((64, 64, 15, 10), ("row", "column", "slice", "t"))
    assert volume.voxel_sizes == pytest.approx((3.75, 3.75, 5.0), abs=1e-6)
    assert volume.dtype == np.int16
    check_against(volume, nibabel.load(reference), 1e-4)


def test_siemens_mosaics_are_their_nifti(real_data):
    folder, met = real_data / "dicom_siemens_mosaic", 0
    for files in by_series(folder):
        number = read_header(files[0]).record["SeriesNumber"]
        (reference,) = (folder / "Ref").glob(f"*_{number}.nii")
        volume = dicom_series(files[::-1])
        assert (volume.shape, volume.axes) == ((72, 72, 5, 2), ("row", "column", "slice", "t"))
        check_against(volume, nibabel.load(reference), 1e-4)
        met += 1
    assert met == 4


def test_part_of_a_series_is_that_part_of_its_nifti(real_data):
    """12 of 96 sagittal slices; dcm2niix's spacing is the first distance, rounded in the file: 0.0001 mm a slice."""
    folder = real_data / "dicom_jpeg_frag"
    (files,), (reference,) = by_series(folder), folder.rglob("*.nii")
    theirs = nibabel.load(reference)
    try:
        volume = dicom_series(files)
        volume[0, 0, 0]
    except nc.MissingExtraError:
        pytest.skip("no decoder for JPEG here")
    assert volume.shape == (128, 128, 12)
    at = np.linalg.inv(theirs.affine) @ volume.affine
    np.testing.assert_allclose(at[:3, 3], [84, 127, 127], atol=2e-3)
    values = np.asarray(theirs.dataobj)[84:96][:, ::-1, ::-1].transpose(2, 1, 0)
    np.testing.assert_array_equal(volume, values)
    np.testing.assert_allclose(at[:3, :3], [[0, 0, 1], [0, -1, 0], [-1, 0, 0]], atol=1e-4)


def rotation(a, b, c):
    """Three angles to a matrix."""
    (ca, sa), (cb, sb), (cc, sc) = ((math.cos(v), math.sin(v)) for v in (a, b, c))
    return (
        np.array([[ca, -sa, 0], [sa, ca, 0], [0, 0, 1]])
        @ np.array([[cb, 0, sb], [0, 1, 0], [-sb, 0, cb]])
        @ np.array([[1, 0, 0], [0, cc, -sc], [0, sc, cc]])
    )


angle = st.floats(-math.pi, math.pi)
length = st.floats(0.1, 12.0)
place = st.tuples(*[st.floats(-400, 400)] * 3)


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(angle, angle, angle),
    st.tuples(length, length, length),
    place,
    st.integers(1, 5),
    st.integers(1, 3),
    st.randoms(),
)
def test_affine_times_index_is_the_position(angles, sizes, first, n_slices, n_times, chosen):
    """In any orientation, for every file in any order; and its pixels lie there."""
    row, down, _ = rotation(*angles).T
    normal = np.cross(row, down)
    orientation = (*row, *down)
    with TemporaryDirectory() as folder:
        files, positions = [], {}
        for i, (t, k) in enumerate(product(range(n_times), range(n_slices))):
            position = np.array(first) + k * sizes[2] * normal
            made = placed(
                pixels(i),
                position,
                orientation,
                sizes[:2],
                InstanceNumber=str(i + 1),
                SliceThickness=str(sizes[2])[:16],
            )
            path = write(Path(folder) / f"{i}.dcm", made)
            files.append(File.at(path))
            positions[k, t] = np.array(pydicom.dcmread(path).ImagePositionPatient, float), pixels(i)
        chosen.shuffle(files)
        volume = dicom_series(files)
        times = (n_times,) if n_times > 1 else ()
        assert volume.shape == (6, 4, n_slices, *times)
        np.testing.assert_allclose(volume.voxel_sizes, sizes, rtol=1e-6, atol=1e-9)
        values = np.asarray(volume).reshape(6, 4, n_slices, n_times)
        for (k, t), (position, expected) in positions.items():
            np.testing.assert_allclose(volume.affine @ [0, 0, k, 1], [*(RAS * position), 1], atol=1e-6)
            at = position + 5 * sizes[0] * down + 3 * sizes[1] * row
            np.testing.assert_allclose(volume.affine @ [5, 3, k, 1], [*(RAS * at), 1], atol=1e-4)
            np.testing.assert_array_equal(values[:, :, k, t], expected)


def test_slices_of_descending_numbers_ascend_in_space(tmp_path):
    volume = dicom_series(series(tmp_path, stack(4)[::-1]))
    for k in range(4):
        np.testing.assert_array_equal(volume[:, :, k], pixels(3 - k))
    np.testing.assert_allclose(volume.affine[:3, 3], [-1, -2, 0])


def test_one_image_is_a_volume_of_one_slice(tmp_path):
    (file,) = series(tmp_path, [(1, 2, 3)], SliceThickness="4")
    volume = dicom_series([file])
    assert (volume.shape, volume.voxel_sizes) == ((6, 4, 1), (2.0, 3.0, 4.0))
    np.testing.assert_allclose(volume.affine, open_volume(file).affine)
    np.testing.assert_array_equal(volume[:, :, 0], open_volume(file))


def test_each_file_has_its_slope(tmp_path):
    files = series(
        tmp_path, stack(3), each=lambda i: {"RescaleSlope": str(i + 0.5), "RescaleIntercept": str(-i)}
    )
    volume = dicom_series(files)
    assert volume.dtype == np.float64
    for k in range(3):
        np.testing.assert_array_equal(volume[:, :, k], pixels(k) * (k + 0.5) - k)
    np.testing.assert_array_equal(
        volume[1, ::-1, ::-2], np.stack([volume[1, :, 2], volume[1, :, 0]], 1)[::-1]
    )
    assert volume.stored.dtype == np.int16
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(volume.stored))[:, :, 1], pixels(1))


def test_slice_pulls_its_file(tmp_path):
    series(tmp_path, stack(5))
    files = [CountingFile.at(path) for path in sorted(tmp_path.iterdir())]
    volume = dicom_series(files)
    before = [file.bytes_read for file in files]
    np.testing.assert_array_equal(volume[:, :, 3], pixels(3))
    assert [file.bytes_read - b for file, b in zip(files, before, strict=True)] == [0, 0, 0, 6 * 4 * 2, 0]
    before = [file.bytes_read for file in files]
    np.testing.assert_array_equal(volume[2, :, 1::2], np.stack([pixels(1)[2], pixels(3)[2]], 1))
    assert [file.bytes_read - b for file, b in zip(files, before, strict=True)] == [0, 8, 0, 8, 0]


def test_any_slice_equals_the_whole(tmp_path):
    files = series(
        tmp_path, stack(4) * 3, each=lambda i: {"RescaleSlope": str(1 + i), "RescaleIntercept": "-3"}
    )
    volume, chosen = dicom_series(files), random.Random(1)
    whole = np.empty((6, 4, 4, 3))
    for t, k in product(range(3), range(4)):
        whole[:, :, k, t] = pixels(4 * t + k).astype(float) * (1 + 4 * t + k) - 3
    np.testing.assert_array_equal(volume, whole)
    for _ in range(200):
        index = random_index(whole.shape, chosen)
        part = volume[index]
        assert np.shape(part) == whole[index].shape
        np.testing.assert_array_equal(part, whole[index])


def test_pickles_as_its_files(tmp_path):
    volume = dicom_series(series(tmp_path, stack(5)))
    assert len(volume.files) == 5
    again = pickle.loads(pickle.dumps(volume))
    assert (again.shape, again.files, again.axes) == (volume.shape, volume.files, volume.axes)
    np.testing.assert_array_equal(again, volume)
    assert (
        repr(volume)
        == f"<Volume {volume.files[0].name} and 4 more (row: 6, column: 4, slice: 5) int16, 2 x 3 x 5 mm>"
    )


def test_mosaics_and_enhanced_images_are_series(tmp_path):
    slices = np.random.default_rng(0).integers(0, 4000, (4, 3, 6, 4)).astype(np.uint16)
    files = [
        File.at(write(tmp_path / f"m{t}.dcm", mosaic(slices[t], (0, 0, 0), AcquisitionNumber=str(t), SOPInstanceUID=f"1.{t}")))
        for t in (2, 0, 3, 1)
    ]  # fmt: skip
    volume = dicom_series(files)
    assert volume.axes[3:] == ("t",)
    np.testing.assert_array_equal(volume, slices.transpose(2, 3, 1, 0))
    np.testing.assert_array_equal(volume[2:4, 1, ::-1, 3], slices[3, ::-1, 2:4, 1].T)
    np.testing.assert_allclose(volume.affine, open_volume(files[0]).affine)
    files = [
        File.at(
            write(
                tmp_path / f"e{t}.dcm",
                enhanced(
                    slices[t], [{"position": (0, 0, 4.0 * k)} for k in range(3)], AcquisitionNumber=str(t)
                ),
            )
        )
        for t in (3, 1, 0, 2)
    ]
    np.testing.assert_array_equal(dicom_series(files), slices.transpose(2, 3, 1, 0))


def test_oblique_stacks_of_rounded_numbers_are_even(tmp_path):
    """Positions rounded to 0.1 mm, as some CT have them, are no gaps; six digits of an orientation are no tilt."""
    positions = [(-125.0, -130.5, round(1.25 * k, 1)) for k in range(40)]
    assert dicom_series(series(tmp_path, positions)).shape == (6, 4, 40)
    row, down, normal = rotation(0.3, -0.2, 0.5).T
    positions = [tuple(np.round(np.array([10, 20, 30]) + 3 * k * normal, 4)) for k in range(60)]
    folder = tmp_path / "oblique"
    folder.mkdir()
    assert dicom_series(series(folder, positions, tuple(np.round((*row, *down), 5)))).shape == (6, 4, 60)


def test_series_elsewhere(tmp_path, monkeypatch):
    """Over HTTP: headers in one request each, several at once; a slice pulls its file's pixels."""
    pytest.importorskip("obstore")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "served"
    folder.mkdir()
    shape = (400, 300)
    for k, position in enumerate(stack(8)):
        made = placed(pixels(k, *shape), position, InstanceNumber=str(k), SOPInstanceUID=f"1.{k}")
        write(folder / f"{k}.dcm", made)
    with ObjectServer(folder) as server:
        files = [File.at(f"{server.url}/{k}.dcm") for k in (3, 1, 2, 0, 7, 5, 6, 4)]
        server.traffic.requests.clear()
        volume = dicom_series(files)
        assert len(server.traffic.requests) == 8
        server.traffic.requests.clear()
        np.testing.assert_array_equal(volume[:, :, 3], pixels(3, *shape))
        assert {r.path for r in server.traffic.requests} == {"/3.dcm"}
        np.testing.assert_array_equal(
            volume[10:20, 5, ::-1], np.stack([pixels(k, *shape)[10:20, 5] for k in range(8)], 1)[:, ::-1]
        )


def test_in_a_chain(tmp_path, monkeypatch):
    """The function is a function of a group's files; what it gives is stored, affine and all."""
    monkeypatch.chdir(tmp_path)
    for s in range(2):
        (tmp_path / f"s{s}").mkdir()
        series(tmp_path / f"s{s}", stack(3, 4.0 + s), SeriesInstanceUID=f"1.2.{s}")
    images = nc.read_storage(tmp_path / "s*" / "*.dcm")
    volumes = images.agg(volume=nc.dicom_series, partition_by="SeriesInstanceUID")

    def depth(volume: nc.Volume) -> float:
        return float(volume.affine[2, 2]) * volume.shape[2]

    assert volumes.map(depth=depth).collect()["depth"].to_list() == [12.0, 15.0]
    volumes.save("volumes")
    kept = next(iter(nc.read_dataset("volumes"))).volume
    np.testing.assert_array_equal(kept[:, :, 2], pixels(2))
    assert kept.axes == ("row", "column", "slice")


def test_nothing_private_is_kept(tmp_path):
    made = placed(pixels(0), (0, 0, 0), PatientName="Secret^Anna")
    made.add_new(0x00510010, "LO", "SIEMENS MR HEADER")
    made.add_new(0x0051100F, "SH", "HEA;HEP")
    file = File.at(write(tmp_path / "a.dcm", made))
    volume = dicom_series([file])
    assert volume.coordinates["coil"] == ("HEA;HEP",)
    assert "Secret" not in repr(volume) + repr(vars(volume))
    assert "HEA" not in json.dumps(read_header(file).record)
