"""Mosaics: slices side by side in one picture, with nibabel and dcm2niix as oracles."""

import gzip
import warnings
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from dicom_made import csa, image, mosaic, write
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from neurochain.errors import FormatError
from neurochain.formats import open_series, open_volume, read_header
from neurochain.formats.dicom.csa import csa_numbers
from neurochain.formats.dicom.reader import DicomReader
from neurochain.storage import File
from neurochain.testing import CountingFile, FormatTests

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from nibabel.nicom import csareader
    from nibabel.nicom.dicomwrappers import wrapper_from_data

NAMES = ("NumberOfImagesInMosaic", "SliceNormalVector", "EchoLinePosition", "MosaicRefAcqTimes", "B_matrix")
NICOM = Path(nibabel.__file__).parent / "nicom" / "tests" / "data"
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
OBLIQUE = (0.8, 0.6, 0.0, 0.0, 0.0, -1.0)


def made(n=5, rows=6, columns=4, seed=0):
    return np.random.default_rng(seed).integers(0, 4000, (n, rows, columns)).astype(np.uint16)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """nibabel's mosaics of 128 x 128 x 48 voxels."""
    folder = tmp_path_factory.mktemp("siemens")
    for name in ("siemens_dwi_0.dcm", "siemens_dwi_1000.dcm"):
        (folder / name).write_bytes(gzip.decompress((NICOM / f"{name}.gz").read_bytes()))
    return sorted(folder.iterdir())


def wrapper(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return wrapper_from_data(pydicom.dcmread(path))


class TestMosaic(FormatTests):
    reader = DicomReader()

    @pytest.fixture
    def files(self, unpacked, tmp_path):
        syntaxes = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]
        written = [
            write(tmp_path / f"{i}.dcm", mosaic(made(n, seed=n), (1, 2, 3), RescaleSlope=slope, RescaleIntercept="-1"), syntax)
            for i, (n, slope, syntax) in enumerate(zip((1, 5, 9), ("1", "0.5", "2"), syntaxes, strict=True))
        ]  # fmt: skip
        return [*unpacked, *written]

    def oracle(self, path):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return wrapper(path).get_data()

    def header_budget(self, path):
        return max(read_header(File.at(path)).record["header_end"] + 32 * 1024, self.reader.head_size)

    def needed(self, path):
        return read_header(File.at(path)).record["pixel_offset"] + len(pydicom.dcmread(path).PixelData)


def test_affine_is_nibabels(unpacked):
    for path in unpacked:
        volume = open_volume(File.at(path))
        assert (volume.shape, volume.axes) == ((128, 128, 48), ("row", "column", "slice"))
        np.testing.assert_allclose(volume.affine, LPS @ wrapper(path).affine, atol=1e-4)
        header = read_header(File.at(path)).header
        np.testing.assert_array_equal(np.reshape(header["affine"], (4, 4)), volume.affine)
        assert header["shape"] == [128, 128, 48]
        np.testing.assert_allclose(header["voxel_sizes"], [1.796875, 1.796875, 3.0], atol=1e-6)
        assert volume.voxel_sizes == tuple(header["voxel_sizes"])


def test_diffusion_is_nibabels(unpacked):
    """The direction is the patient's, RAS+; nibabel's is the voxels', from the b-matrix, of either sign."""
    none, some = (open_volume(File.at(path)).coordinates for path in unpacked)
    assert (none["b_value"], none.get("gradient")) == ((0.0,), None)
    theirs = wrapper(unpacked[1])
    assert some["b_value"][0] == pytest.approx(theirs.b_value, rel=0.01)
    direction = LPS[:3, :3] @ theirs.rotation_matrix @ theirs.b_vector
    assert abs(direction @ some["gradient"][0]) == pytest.approx(1, abs=1e-4)


def test_mosaics_lie_where_their_nifti_lies(real_data):
    """dcm2niix made the references: indices map onto each other by whole numbers, and voxels are equal."""
    folder, met = real_data / "dicom_siemens_mosaic", 0
    for path in sorted(folder.rglob("*.dcm")):
        volume = open_volume(File.at(path))
        number = read_header(File.at(path)).record["SeriesNumber"]
        t = read_header(File.at(path)).record["InstanceNumber"] - 1
        (reference,) = (folder / "Ref").glob(f"*_{number}.nii")
        theirs = nibabel.load(reference)
        at = np.linalg.inv(theirs.affine) @ volume.affine
        np.testing.assert_allclose(at, [[0, 1, 0, 0], [-1, 0, 0, 71], [0, 0, 1, 0], [0, 0, 0, 1]], atol=1e-4)
        # Row r and column c are voxel (c, 71 - r).
        voxels = np.asarray(theirs.dataobj)[..., t][:, ::-1].transpose(1, 0, 2)
        np.testing.assert_array_equal(volume, voxels)
        met += 1
    assert met == 8


def test_header_costs_little(real_data):
    for path in sorted((real_data / "dicom_siemens_mosaic").rglob("*.dcm")):
        file = CountingFile.at(path)
        found = read_header(file)
        assert found.header["shape"] == [72, 72, 5]
        assert file.bytes_read <= found.record["header_end"] + 32 * 1024


def test_slice_pulls_rows_of_its_tile(tmp_path):
    slices = made(40, 64, 64)
    path = write(tmp_path / "a.dcm", mosaic(slices, (0, 0, 0)))
    file = CountingFile.at(path)
    volume = open_volume(file)
    before = file.bytes_read
    np.testing.assert_array_equal(volume[:, :, 17], slices[17])
    assert (
        file.bytes_read - before <= 64 * 7 * 64 * 2
    )  # of 7 times as many rows; gaps in a row may be read along
    before = file.bytes_read
    np.testing.assert_array_equal(volume[10:12, 3, 17], slices[17, 10:12, 3])
    assert file.bytes_read - before <= 2 * 7 * 64 * 2
    before = file.bytes_read
    np.testing.assert_array_equal(volume, slices.transpose(1, 2, 0))
    assert file.bytes_read - before <= 7 * 7 * 64 * 64 * 2


@pytest.mark.parametrize("turned", [1, -1])
def test_slices_ascend_along_the_normal(tmp_path, turned):
    """Whichever way the scanner has laid them out; each slice stays where it was."""
    slices = made(7)
    row, down = np.reshape(OBLIQUE, (2, 3))
    normal = np.cross(row, down)
    path = write(
        tmp_path / "a.dcm",
        mosaic(slices, (10, 20, 30), normal=turned * normal, orientation=OBLIQUE, between=2.5),
    )
    volume = open_volume(File.at(path))
    # Of 3 x 3 tiles of 6 x 4 pixels, 2 x 3 mm each: the first pixel lies (3 - 1) / 2 tiles inside.
    first = np.array([10, 20, 30]) + row * 3 * 4 + down * 2 * 6
    heights = []
    for k in range(7):
        where = volume.affine @ [2, 3, k, 1] * [-1, -1, 1, 1]
        found = next(i for i in range(7) if np.array_equal(volume[:, :, k], slices[i]))
        np.testing.assert_allclose(
            where[:3], first + 2 * 2 * down + 3 * 3 * row + turned * found * 2.5 * normal
        )
        heights.append(where[:3] @ normal)
    assert (np.diff(heights) > 0).all()


def test_number_of_images_where_the_private_header_is_gone(tmp_path):
    slices = made(5)
    one = mosaic(slices, (0, 0, 0), header=b"")
    one.add_new(0x00190010, "LO", "SIEMENS MR HEADER")
    one.add_new(0x0019100A, "US", 5)
    volume = open_volume(File.at(write(tmp_path / "a.dcm", one)))
    np.testing.assert_array_equal(volume, slices.transpose(1, 2, 0))


@pytest.mark.parametrize(
    "header",
    [
        b"",  # anonymised
        csa({"NumberOfImagesInMosaic": ["0"]}),
        csa({"NumberOfImagesInMosaic": ["-4"]}),
        csa({"NumberOfImagesInMosaic": ["1e9"]}),
        csa({"NumberOfImagesInMosaic": ["17"]}),  # 5 x 5 tiles do not fit 18 x 12 pixels
        csa({"NumberOfImagesInMosaic": ["five"]}),
        csa({"NumberOfImagesInMosaic": ["5", "6"]}),
    ],
)
def test_mosaic_of_unknown_layout_stays_a_picture(tmp_path, header):
    path = write(tmp_path / "a.dcm", mosaic(made(5), (0, 0, 0), header=header))
    found = read_header(File.at(path)).header
    assert (found["shape"], found["affine"], found["error"]) == ([18, 12], None, None)
    assert open_volume(File.at(path)).axes == ("row", "column")
    with pytest.raises(FormatError, match="does not say where its pixels lie"):
        open_series([File.at(path)])


def test_private_header_is_not_indexed(tmp_path):
    found = read_header(File.at(write(tmp_path / "a.dcm", mosaic(made(5), (0, 0, 0)))))
    assert found.header["shape"] == [6, 4, 5]
    assert "secret" not in repr(found)


def test_other_creators_block_is_not_siemens(tmp_path):
    one = mosaic(made(5), (0, 0, 0))
    one[0x00290010].value = "SOMEBODY ELSE"
    assert read_header(File.at(write(tmp_path / "a.dcm", one))).header["shape"] == [18, 12]


def test_numbers_are_nibabels(nicom_data):
    headers = [
        (nicom_data / name).read_bytes() for name in ("csa2_b0.bin", "csa2_b1000.bin", "csa_str_valid.bin")
    ]
    compared = 0
    for header in headers:
        theirs = csareader.read(header)["tags"]
        found = csa_numbers(header, NAMES)
        for name in NAMES:
            expected = [float(v) for v in theirs.get(name, {"items": []})["items"] if v != ""]
            assert found.get(name, []) == expected, name
            compared += bool(expected)
    assert compared > 6


@pytest.mark.parametrize("second", [True, False])
def test_both_forms_of_the_private_header(second):
    """The lengths of the first form count from the number of items of its first tag (SPM's reader, too)."""
    tags = {
        "EchoLinePosition": ["32", "64", "1"],
        "SliceNormalVector": ["0", "0.5", "-1e-3"],
        "B_matrix": ["7", ""],
    }
    expected = {
        "EchoLinePosition": [32.0, 64.0, 1.0],
        "SliceNormalVector": [0.0, 0.5, -0.001],
        "B_matrix": [7.0],
    }
    assert csa_numbers(csa(tags, second), NAMES) == expected


@given(st.binary(max_size=400), st.booleans(), st.integers(0, 300))
def test_any_bytes_are_a_private_header(noise, second, at):
    valid = csa({"NumberOfImagesInMosaic": ["5"], "SliceNormalVector": ["0", "0", "1"]}, second)
    for data in (noise, b"SV10" + noise, valid[:at] + noise + valid[at + len(noise) :], valid[:at]):
        for name, values in csa_numbers(data, NAMES).items():
            assert name in NAMES
            assert all(isinstance(v, float) for v in values)


def test_mosaic_of_a_lying_header_never_raises(tmp_path):
    chosen = np.random.default_rng(0)
    whole = csa({"NumberOfImagesInMosaic": ["5"], "SliceNormalVector": ["0", "0", "1"]})
    for i in range(150):
        header = bytearray(whole)
        for at in chosen.integers(0, len(header), 3):
            header[at] = chosen.integers(256)
        path = write(tmp_path / "a.dcm", mosaic(made(5), (0, 0, 0), header=bytes(header)))
        found = read_header(File.at(path))
        assert found.error is None, i
        assert list(open_volume(File.at(path)).shape) == found.header["shape"]


def test_picture_that_is_no_mosaic_costs_no_closer_look(tmp_path, monkeypatch):
    path = write(tmp_path / "a.dcm", image(made(1)[0]))
    monkeypatch.setattr("neurochain.formats.dicom.image.tree", lambda *_: pytest.fail("looked closer"))
    assert read_header(File.at(path)).error is None
