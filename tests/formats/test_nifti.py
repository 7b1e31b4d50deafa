import gzip
import struct

import nibabel
import numpy as np
import pytest
from nibabel.spatialimages import HeaderDataError

from neurochain.errors import FormatError
from neurochain.formats import open_volume, read_header
from neurochain.formats.nifti.reader import NiftiReader
from neurochain.storage import File
from neurochain.testing import CountingFile, FormatTests

CIFTI = ".dconn.nii"  # nibabel takes away its four empty axes; here it is the NIfTI-2 file that holds it


def write(path, array, affine=None, image=nibabel.Nifti1Image, **header):
    made = image(array, np.eye(4) if affine is None else affine)
    for name, value in header.items():
        made.header[name] = value
    made.to_filename(path)
    return path


class TestNifti(FormatTests):
    reader = NiftiReader()

    @pytest.fixture
    def files(self, nibabel_data, tmp_path):
        found = sorted(p for p in nibabel_data.glob("*.nii*") if not p.name.endswith(CIFTI))
        made = tmp_path / "made"
        made.mkdir()
        values = np.random.default_rng(0).normal(size=(5, 6, 7, 3)) * 100
        for dtype in ("uint8", "int8", "int16", "uint16", "int32", "float32", "float64", "complex64"):
            found.append(write(made / f"{dtype}.nii", values.astype(dtype)))
        found.append(write(made / "scaled.nii", values.astype(np.int16), scl_slope=0.25, scl_inter=-3))
        found.append(write(made / "two.nii", values.astype(np.int16), image=nibabel.Nifti2Image))
        big = nibabel.Nifti1Image(values.astype(">i2"), np.eye(4), nibabel.Nifti1Header(endianness=">"))
        big.to_filename(made / "big.nii")
        found.append(made / "big.nii")
        data = (made / "int16.nii").read_bytes()
        (made / "joined.nii.gz").write_bytes(gzip.compress(data[:700]) + gzip.compress(data[700:]))
        return [*found, made / "joined.nii.gz"]

    def oracle(self, path):
        return np.asarray(nibabel.load(path).dataobj)

    def header_budget(self, path):
        return 4096

    def needed(self, path):
        # Inside gzip only the header is looked at.
        return 60 if path.suffix == ".gz" else path.stat().st_size


def test_header_equals_nibabel(nibabel_data):
    compare_headers(nibabel_data)


def test_real_headers_equal_nibabel(real_data):
    compare_headers(real_data)


def compare_headers(folder):
    paths = [p for p in folder.rglob("*.nii*") if p.stat().st_size and not p.name.endswith(CIFTI)]
    assert len(paths) >= 7
    for path in paths:
        theirs = nibabel.load(path)
        ours = read_header(File.at(path))
        assert ours.error is None, (path, ours.error)
        assert ours.header["shape"] == list(theirs.shape)
        assert ours.header["dtype"] == theirs.get_data_dtype().newbyteorder("=").name
        affine = np.reshape(ours.header["affine"], (4, 4))
        np.testing.assert_allclose(affine, theirs.affine, rtol=1e-6, atol=1e-5, err_msg=str(path))
        zooms = theirs.header.get_zooms()[:3]
        factor = {"meter": 1000, "micron": 0.001}.get(theirs.header.get_xyzt_units()[0], 1)
        np.testing.assert_allclose(ours.header["voxel_sizes"], np.array(zooms) * factor, rtol=1e-6)
        for name in ("sform", "qform"):
            matrix, code = getattr(theirs, f"get_{name}")(coded=True)
            assert ours.record[f"{name}_code"] == code
            if code:
                np.testing.assert_allclose(
                    np.reshape(ours.record[name], (4, 4)), matrix, rtol=1e-5, atol=1e-5
                )
        assert ours.record["intent_code"] == int(theirs.header["intent_code"])
        assert ours.record["descrip"] == (
            bytes(theirs.header["descrip"]).split(b"\0")[0].decode().strip() or None
        )


def test_real_volumes_equal_nibabel(real_data):
    for path in real_data.rglob("*.nii*"):
        if path.stat().st_size:
            volume = open_volume(File.at(path))
            theirs = nibabel.load(path).dataobj
            np.testing.assert_array_equal(volume[..., -1], theirs[..., -1], err_msg=str(path))
            np.testing.assert_array_equal(volume[1:3], theirs[1:3])
            np.testing.assert_array_equal(volume.stored[0], theirs.get_unscaled()[0])


def test_slice_pulls_the_slice(tmp_path):
    data = np.arange(64 * 64 * 20 * 5, dtype=np.int16).reshape(64, 64, 20, 5)
    file = CountingFile.at(write(tmp_path / "a.nii", data))
    np.testing.assert_array_equal(open_volume(file)[:, :, 11, 2], data[:, :, 11, 2])
    assert file.requests <= 3
    useful = 64 * 64 * 2
    again = CountingFile.at(tmp_path / "a.nii")
    open_volume(again, format="nifti")[:, :, 11, 2]
    assert again.requests <= 2
    assert again.bytes_read <= 1.1 * useful


def test_first_slice_of_gz_leaves_the_rest(tmp_path):
    data = np.random.default_rng(0).integers(0, 30_000, (64, 64, 40), np.int16)
    file = CountingFile.at(write(tmp_path / "a.nii.gz", data))
    volume = open_volume(file)
    np.testing.assert_array_equal(volume[..., 0], data[..., 0])
    assert file.bytes_read < file.size / 4
    np.testing.assert_array_equal(volume[..., -1], data[..., -1])
    np.testing.assert_array_equal(volume[3], data[3])
    assert file.bytes_read < 1.1 * file.size, "it was inflated more than once"


def test_gz_with_a_long_name_needs_more_than_the_first_bytes(tmp_path):
    plain = write(tmp_path / "a.nii", np.zeros((3, 4, 5), np.int16)).read_bytes()
    packed = gzip.compress(plain)
    named = packed[:3] + b"\x08" + packed[4:10] + b"n" * 2000 + b"\0" + packed[10:]
    (tmp_path / "b.nii.gz").write_bytes(named)
    file = CountingFile.at(tmp_path / "b.nii.gz")
    found = read_header(file)
    assert (found.error, found.header["shape"]) == (None, [3, 4, 5])
    np.testing.assert_array_equal(open_volume(file), np.zeros((3, 4, 5)))


@pytest.mark.parametrize(("slope", "inter"), [(0, 5), (np.nan, 0), (1, 0), (2, 0), (1, -4), (-0.5, 3)])
def test_scaling_equals_nibabel(tmp_path, slope, inter):
    path = write(tmp_path / "a.nii", np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    data = bytearray(path.read_bytes())
    struct.pack_into("<ff", data, 112, slope, inter)
    path.write_bytes(data)
    volume, theirs = open_volume(File.at(path)), nibabel.load(path).dataobj
    np.testing.assert_array_equal(np.asarray(volume), np.asarray(theirs))
    assert volume.dtype == np.asarray(theirs).dtype
    assert volume.stored.dtype == np.int16
    np.testing.assert_array_equal(volume.stored.read(), theirs.get_unscaled())


def test_intercept_that_is_no_number_is_an_error(tmp_path):
    path = write(tmp_path / "a.nii", np.zeros((2, 3, 4), np.int16))
    data = bytearray(path.read_bytes())
    struct.pack_into("<ff", data, 112, 2.0, np.inf)
    path.write_bytes(data)
    assert "intercept" in read_header(File.at(path)).error
    with pytest.raises(HeaderDataError):
        nibabel.load(path).dataobj[0]


@pytest.mark.parametrize(
    ("code", "seconds"), [(2 | 8, 2.0), (2 | 16, 0.002), (2 | 24, 2e-6), (2, None), (2 | 32, None), (0, None)]
)
def test_time_obeys_its_unit(tmp_path, code, seconds):
    path = write(
        tmp_path / "a.nii",
        np.zeros((2, 3, 4, 10), np.int16),
        xyzt_units=code,
        pixdim=[1, 3, 3, 3, 2, 1, 1, 1],
    )
    found = read_header(File.at(path))
    assert found.record["repetition_time"] == pytest.approx(seconds)
    assert found.header["n_samples"] == 10
    assert found.header["duration"] == (None if seconds is None else pytest.approx(10 * seconds))
    assert found.header["sampling_frequency"] == (None if seconds is None else pytest.approx(1 / seconds))


@pytest.mark.parametrize(("code", "factor"), [(1, 1000.0), (2, 1.0), (3, 0.001), (0, 1.0)])
def test_sizes_are_mm(tmp_path, code, factor):
    path = write(tmp_path / "a.nii", np.zeros((2, 3, 4), np.int16), np.diag([2, 3, 4, 1]), xyzt_units=code)
    header = read_header(File.at(path)).header
    assert header["voxel_sizes"] == [2 * factor, 3 * factor, 4 * factor]
    assert header["affine"][::5] == [2 * factor, 3 * factor, 4 * factor, 1]
    assert open_volume(File.at(path)).affine.ravel().tolist() == header["affine"]


def test_sform_comes_before_qform(tmp_path):
    image = nibabel.Nifti1Image(np.zeros((2, 3, 4), np.int16), np.eye(4))
    image.set_sform(np.diag([2, 2, 2, 1]), code=4)
    image.set_qform(np.diag([3, 3, 3, 1]), code=1)
    for sform_code, qform_code, size, origin in ((4, 1, 2, "sform"), (0, 1, 3, "qform"), (0, 0, 3, "pixdim")):
        data = bytearray(image.to_bytes())
        struct.pack_into("<hh", data, 252, qform_code, sform_code)
        (tmp_path / "a.nii").write_bytes(data)
        found = read_header(File.at(tmp_path / "a.nii"))
        assert abs(found.header["affine"][0]) == size
        assert found.record["affine_from"] == origin
        np.testing.assert_allclose(
            np.reshape(found.header["affine"], (4, 4)), nibabel.load(tmp_path / "a.nii").affine, atol=1e-6
        )


def test_colours_are_the_last_axis(tmp_path):
    values = np.random.default_rng(0).integers(0, 255, (4, 5, 6, 3), np.uint8)
    packed = values.view([("R", "u1"), ("G", "u1"), ("B", "u1")])[..., 0]
    path = write(tmp_path / "a.nii", packed)
    header = read_header(File.at(path)).header
    assert (header["shape"], header["dtype"]) == ([4, 5, 6, 3], "rgb24")
    volume = open_volume(File.at(path))
    np.testing.assert_array_equal(volume, values)
    np.testing.assert_array_equal(volume[1, :, 2:5, 1], values[1, :, 2:5, 1])


@pytest.mark.parametrize(
    ("place", "form", "value", "text"),
    [
        (40, "<h", 9, "9 axes"),
        (42, "<h", -5, "negative"),
        (42, "<h", 3000, "ends at byte"),
        (70, "<h", 77, "data type 77"),
        (280, "<f", np.nan, "not finite"),
        (108, "<f", 3.0, "begin at byte 3"),
        (108, "<f", np.nan, "begin at byte nan"),
        (108, "<f", 1e30, "begin at byte 1e"),
    ],
)
def test_header_that_lies_is_an_error_row(tmp_path, place, form, value, text):
    path = write(tmp_path / "a.nii", np.zeros((2, 3, 4), np.int16))
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, place, value)
    path.write_bytes(data)
    found = read_header(File.at(path))
    assert found.header["format"] == "nifti"
    assert text in found.error
    with pytest.raises(FormatError, match=r"a\.nii"):
        open_volume(File.at(path))


def test_gz_that_promises_more_than_gzip_can_hold(tmp_path):
    plain = bytearray(write(tmp_path / "a.nii", np.zeros((2, 3, 4), np.int16)).read_bytes())
    struct.pack_into("<8h", plain, 40, 3, 30_000, 30_000, 30_000, 1, 1, 1, 1)
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(bytes(plain)))
    assert "holds at most" in read_header(File.at(tmp_path / "b.nii.gz")).error


def test_bomb_is_not_inflated(tmp_path):
    path = tmp_path / "a.nii.gz"
    path.write_bytes(gzip.compress(bytes(50_000_000)))
    file = CountingFile.at(path)
    assert "it is no NIFTI file" in read_header(file).error
    assert file.bytes_read <= 4096


def test_damaged_gz_says_so(tmp_path):
    path = write(tmp_path / "a.nii.gz", np.random.default_rng(0).integers(0, 99, (30, 30, 30), np.int16))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(FormatError, match=r"a\.nii\.gz"):
        open_volume(File.at(path)).read()
    path.write_bytes(data[: len(data) // 3])
    with pytest.raises(FormatError, match="cut short"):
        open_volume(File.at(path)).read()


def test_rotation_that_is_none(tmp_path):
    data = bytearray(write(tmp_path / "a.nii", np.zeros((2, 3, 4), np.int16)).read_bytes())
    struct.pack_into("<hhfff", data, 252, 1, 0, 0.9, 0.9, 0.9)
    (tmp_path / "a.nii").write_bytes(data)
    found = read_header(File.at(tmp_path / "a.nii"))
    assert "which is none" in found.error
    assert found.record["qform"] is None


def test_no_entries_along_axes_that_nothing_could_hold(tmp_path):
    path = write(tmp_path / "empty.nii", np.zeros((2, 2, 2), np.int16))
    data = bytearray(path.read_bytes())
    data[40:56] = struct.pack("<8h", 7, 0, 32767, 32767, 32767, 32767, 32767, 32767)
    path.write_bytes(data)
    assert "which no file holds" in read_header(File.at(path)).error
    with pytest.raises(FormatError, match="no file holds"):
        open_volume(File.at(path))
