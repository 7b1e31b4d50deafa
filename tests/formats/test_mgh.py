import gzip

import numpy as np
import pytest
from nibabel.freesurfer import MGHImage

from neurochain.errors import FormatError
from neurochain.formats import open_volume, read_header
from neurochain.formats.mgh import MghReader
from neurochain.storage import File
from neurochain.testing import FormatTests

OBLIQUE = np.array([[-0.9, 0.3, 0.1, 12], [0.2, 1.8, -0.2, -30], [0.1, 0.4, 2.9, 7], [0, 0, 0, 1]])


def write(path, array, affine=None):
    MGHImage(array, np.eye(4) if affine is None else affine).to_filename(path)
    return path


def load(path):
    data = path.read_bytes()
    return MGHImage.from_bytes(gzip.decompress(data) if path.suffix == ".mgz" else data)


class TestMgh(FormatTests):
    reader = MghReader()

    @pytest.fixture
    def files(self, nibabel_data, tmp_path):
        values = np.random.default_rng(0).normal(size=(5, 6, 7, 3)) * 100
        made = [
            write(tmp_path / f"{dtype}.{ending}", values.astype(dtype), OBLIQUE)
            for dtype in ("uint8", "int16", "int32", "float32")
            for ending in ("mgh", "mgz")
        ]
        three = write(tmp_path / "three.mgh", values[..., 0].astype(np.int16))
        return [*made, three, nibabel_data / "test.mgz"]

    def oracle(self, path):
        return np.asarray(load(path).dataobj)

    def needed(self, path):
        if path.suffix == ".mgz":
            return 60
        image = load(path)
        return 284 + int(np.prod(image.shape)) * image.get_data_dtype().itemsize


def test_geometry_equals_nibabel(nibabel_data, tmp_path):
    values = np.zeros((4, 5, 6), np.int16)
    for path in (nibabel_data / "test.mgz", write(tmp_path / "a.mgh", values, OBLIQUE)):
        image = load(path)
        found = read_header(File.at(path)).header
        np.testing.assert_allclose(np.reshape(found["affine"], (4, 4)), image.affine, atol=1e-5)
        np.testing.assert_allclose(found["voxel_sizes"], image.header.get_zooms()[:3], rtol=1e-6)
        assert found["n_samples"] == (image.shape[3] if len(image.shape) > 3 else None)


def test_without_geometry_it_is_coronal_with_voxels_of_one_millimetre(tmp_path):
    path = write(tmp_path / "a.mgh", np.zeros((4, 5, 6), np.int16), OBLIQUE)
    data = bytearray(path.read_bytes())
    data[28:30] = b"\0\0"
    path.write_bytes(data)
    np.testing.assert_allclose(open_volume(File.at(path)).affine, load(path).affine)


def test_a_header_that_cannot_be(tmp_path):
    path = write(tmp_path / "a.mgh", np.zeros((4, 5, 6), np.int16))
    data = bytearray(path.read_bytes())
    data[4:8] = b"\x7f\xff\xff\xff"
    path.write_bytes(data)
    assert "but the file ends at byte" in read_header(File.at(path)).error
    with pytest.raises(FormatError, match="but the file ends at byte"):
        open_volume(File.at(path))
    (tmp_path / "b.mgz").write_bytes(gzip.compress(bytes(data)))
    assert "holds at most" in read_header(File.at(tmp_path / "b.mgz")).error
