"""NIfTI and Analyze as pairs of files."""

import gzip
import json
import shutil
import struct

import nibabel
import numpy as np
import pytest
from nibabel.analyze import AnalyzeImage
from nibabel.spm99analyze import Spm99AnalyzeImage

from neurochain.errors import FileChangedError, FormatError, StorageError
from neurochain.formats import open_array, open_volume, read_header
from neurochain.formats.nifti.reader import NiftiReader
from neurochain.storage import File
from neurochain.testing import CountingFile, FormatTests, ObjectServer

AFFINE = np.array([[-1.9, 0.3, 0.1, 12], [0.2, 1.8, -0.2, -30], [0.1, 0.4, 2.9, 7], [0, 0, 0, 1]])
VALUES = np.random.default_rng(0).integers(-99, 99, (5, 6, 7, 3), np.int16)


def write(path, array=VALUES, image=nibabel.Nifti1Pair, **header):
    """A pair, of which `path` is the header."""
    made = image(array, AFFINE)
    for name, value in header.items():
        made.header[name] = value
    made.to_filename(path.with_suffix(".img"))
    return path


def image_of(path):
    name = path.name.replace(".hdr", ".img") if ".hdr" in path.name else path.name.replace(".HDR", ".IMG")
    return path.with_name(name)


class TestPairs(FormatTests):
    reader = NiftiReader()

    @pytest.fixture
    def files(self, tmp_path):
        made = tmp_path / "made"
        made.mkdir()
        found = [
            write(made / f"{d}.hdr", VALUES.astype(d)) for d in ("uint8", "int16", "float32", "complex64")
        ]
        found.append(write(made / "two.hdr", image=nibabel.Nifti2Pair))
        found.append(write(made / "scaled.hdr", scl_slope=0.25, scl_inter=-3))
        found.append(write(made / "moved.hdr", vox_offset=32))
        found += [write(made / f"analyze{d}.hdr", VALUES.astype(d), AnalyzeImage) for d in ("u1", "i2", "f4")]
        big = nibabel.Nifti1Pair(VALUES.astype(">i2"), AFFINE, nibabel.Nifti1Header(endianness=">"))
        big.to_filename(made / "big.img")
        for path, name in ((found[0], "UPPER.HDR"), (found[1], "mixed.HDR")):
            shutil.copyfile(path, made / name)
        shutil.copyfile(image_of(found[0]), made / "UPPER.IMG")
        shutil.copyfile(image_of(found[1]), made / "mixed.img")
        for path in (found[1], image_of(found[1])):
            (made / f"packed{path.suffix}.gz").write_bytes(gzip.compress(path.read_bytes()))
        return [*found, made / "big.hdr", made / "UPPER.HDR", made / "mixed.HDR", made / "packed.hdr.gz"]

    def oracle(self, path):
        if path.name.startswith("analyze"):
            return np.asarray(AnalyzeImage.from_filename(path).dataobj)
        if path.suffix == ".HDR":
            return VALUES.astype("u1" if path.stem == "UPPER" else "i2")
        return np.asarray(nibabel.load(path).dataobj)

    def beside(self, path):
        return [p for p in path.parent.glob(f"{path.name.partition('.')[0]}.*") if p != path]

    def header_budget(self, path):
        return 4096

    def needed(self, path):
        return 60 if path.suffix == ".gz" else 540 if path.stem == "two" else 348


def test_headers_equal_nibabel(tmp_path):
    for image, first in ((nibabel.Nifti1Pair, 1), (nibabel.Nifti2Pair, 2)):
        path = write(tmp_path / "a.hdr", image=image, pixdim=[1, 2, 2, 3, 1.5, 1, 1, 1], xyzt_units=2 | 8)
        theirs, ours = nibabel.load(path), read_header(File.at(path))
        assert (ours.error, ours.header["format"], ours.record["version"]) == (None, "nifti", first)
        np.testing.assert_allclose(np.reshape(ours.header["affine"], (4, 4)), theirs.affine, atol=1e-5)
        assert ours.header["sampling_frequency"] == pytest.approx(1 / 1.5)
        assert open_volume(File.at(path)).format == "nifti"


def test_analyze_says_sizes_and_no_orientation(tmp_path):
    for order in "<>":
        header = AnalyzeImage.header_class(endianness=order)
        image = AnalyzeImage(VALUES.astype(order + "i2"), np.diag([2.0, 3, 4, 1]), header)
        image.to_filename(tmp_path / "a.img")
        found = read_header(File.at(tmp_path / "a.hdr"))
        assert (found.error, found.header["format"], found.record["version"]) == (None, "analyze", 0)
        assert found.header["shape"] == list(VALUES.shape)
        assert found.header["voxel_sizes"] == [2, 3, 4]
        assert found.header["affine"] is found.record["affine_from"] is found.record["sform_code"] is None
        volume = open_volume(File.at(tmp_path / "a.hdr"))
        assert (volume.affine, volume.format) == (None, "analyze")
        np.testing.assert_array_equal(volume, VALUES)


def test_analyze_as_spm_scaled_it(tmp_path):
    path = write(tmp_path / "a.hdr", image=Spm99AnalyzeImage, scl_slope=0.25)
    theirs = np.asarray(Spm99AnalyzeImage.from_filename(path).dataobj)
    np.testing.assert_array_equal(open_volume(File.at(path)), theirs)
    assert theirs.max() < 25


def test_a_header_costs_its_bytes_and_a_slice_its_own(tmp_path):
    path = write(tmp_path / "a.hdr")
    file = CountingFile.at(path)
    read_header(file)
    assert (file.bytes_read, file.requests) == (path.stat().st_size, 1)
    volume = open_volume(file, format="nifti")
    before = file.bytes_read
    np.testing.assert_array_equal(volume[..., 1], VALUES[..., 1])
    assert file.bytes_read - before == volume.bytes_needed((..., 1)) == VALUES[..., 1].nbytes
    np.testing.assert_array_equal(volume.roi(VALUES[..., 0] > 50), VALUES[VALUES[..., 0] > 50])


def test_the_image_alone_opens_its_header(tmp_path):
    write(tmp_path / "a.hdr")
    volume = open_array(File.at(tmp_path / "a.img"))
    assert volume.file.name == "a.hdr"
    np.testing.assert_array_equal(volume, VALUES)
    assert read_header(File.at(tmp_path / "a.img")).header["format"] is None
    (tmp_path / "b.img").write_bytes(bytes(100))
    with pytest.raises(FormatError, match=r"b\.img is of no known format.* no b\.hdr beside it"):
        open_array(File.at(tmp_path / "b.img"))


def test_half_a_pair_is_an_error_row(tmp_path, nibabel_data):
    for name in ("nifti1.hdr", "nifti2.hdr", "analyze.hdr"):
        shutil.copyfile(nibabel_data / name, tmp_path / name)
        found = read_header(File.at(tmp_path / name))
        assert f"there is no {name[:-4]}.img beside it" in found.error
        assert found.header["format"] == ("analyze" if name == "analyze.hdr" else "nifti")
        assert found.header["shape"]
    path = write(tmp_path / "a.hdr")
    image_of(path).write_bytes(VALUES.tobytes()[:-1])
    assert (
        "voxels of int16 in a.img, up to byte 1,260, but the file ends at byte 1,259"
        in read_header(File.at(path)).error
    )
    with pytest.raises(FormatError, match=r"a\.hdr: .*ends at byte"):
        open_volume(File.at(path))


def test_half_a_pair_in_a_store_is_an_error_row(tmp_path, monkeypatch):
    (tmp_path / "bucket").mkdir()
    write(tmp_path / "bucket" / "a.hdr")
    write(tmp_path / "bucket" / "b.hdr")
    (tmp_path / "bucket" / "b.img").unlink()
    with ObjectServer(tmp_path) as server:
        url = f"{server.url}/bucket"
        assert read_header(File.at(f"{url}/a.hdr")).error is None
        np.testing.assert_array_equal(open_volume(File.at(f"{url}/a.hdr")), VALUES)
        assert "no b.img beside it" in read_header(File.at(f"{url}/b.hdr")).error


def test_a_changed_image_is_not_read(tmp_path):
    path = write(tmp_path / "a.hdr")
    image = File.at(image_of(path))
    one = File.at(path)
    listed = File(one.uri, one.size, one.etag, companions=json.dumps({"a.img": image.etag}))
    assert read_header(listed).error is None
    image_of(path).write_bytes(bytes(VALUES.nbytes))
    with pytest.raises(FileChangedError):
        read_header(listed)
    with pytest.raises(StorageError):
        open_volume(listed)


@pytest.mark.parametrize(
    "content", [b"ENVI\nsamples = 5\n", b"#\n# Header file for data file x.img\n", bytes(348), b"\x5d" * 348]
)
def test_other_files_of_that_ending_are_of_no_format(tmp_path, content):
    (tmp_path / "a.hdr").write_bytes(content)
    found = read_header(File.at(tmp_path / "a.hdr"))
    assert (found.header["format"], found.error) == (None, None)


def test_a_header_of_a_pair_under_another_name(tmp_path):
    path = write(tmp_path / "a.hdr")
    path.rename(tmp_path / "a.nii")
    assert "it is no NIFTI file" in read_header(File.at(tmp_path / "a.nii")).error
    with pytest.raises(FormatError, match=r"must end in \.hdr"):
        open_volume(File.at(tmp_path / "a.nii"), format="nifti")


def test_an_offset_before_the_image(tmp_path):
    path = write(tmp_path / "a.hdr")
    data = bytearray(path.read_bytes())
    struct.pack_into("<f", data, 108, -3.0)
    path.write_bytes(data)
    assert "begin at byte -3 of a.img" in read_header(File.at(path)).error
