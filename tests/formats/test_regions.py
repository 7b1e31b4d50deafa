"""Points in mm, regions and parts of volumes: equal to what NumPy gives of the whole, and cheap."""

import pickle

import nibabel
import numpy as np
import pytest
from dicom_made import mosaic, series, stack
from dicom_made import write as write_dicom
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from nibabel.affines import apply_affine

from neurochain.errors import ShapeError
from neurochain.formats import Volume, dicom_series, open_volume
from neurochain.formats.arrays.scattered import scattered
from neurochain.formats.arrays.stored import DecodedArray
from neurochain.formats.nifti.reader import NiftiReader
from neurochain.formats.volumes.regions import coordinates
from neurochain.storage import File, FolderMemo
from neurochain.testing import CountingFile

OBLIQUE = np.array([[-1.9, 0.3, 0.1, 12], [0.2, 1.8, -0.2, -30], [0.1, 0.4, 2.9, 7], [0, 0, 0, 1]])


class Bytes:
    """A source in memory."""

    uri = "bytes"

    def __init__(self, data, gap=0):
        self.data, self.gap, self.calls = data, gap, []

    def read_ranges(self, ranges):
        self.calls.append(list(ranges))
        return [self.data[start:end] for start, end in ranges]


def write(path, array, affine=OBLIQUE, **header):
    image = nibabel.Nifti1Image(array, affine)
    for name, value in header.items():
        image.header[name] = value
    image.to_filename(path)
    return path


@st.composite
def masked(draw):
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, max_side=5))
    transpose = tuple(draw(st.permutations(range(len(shape)))))
    shown = tuple(shape[i] for i in transpose)
    mask = draw(hnp.arrays(bool, shown[: draw(st.integers(1, len(shape)))]))
    return shape, draw(st.sampled_from("CF")), transpose, mask, draw(st.sampled_from((0, 3, 10, 10**6)))


@settings(max_examples=300, deadline=None)
@given(masked())
def test_what_is_picked_equals_the_mask_of_the_whole(case):
    shape, order, transpose, mask, gap = case
    whole = np.arange(np.prod(shape), dtype=">i2").reshape(shape, order=order)
    source = Bytes(b"head" + whole.tobytes(order), gap)
    found = scattered(source, 4, shape, np.dtype(">i2"), order, transpose, mask)
    np.testing.assert_array_equal(found, whole.transpose(transpose)[mask])
    assert found.dtype == np.int16
    assert len(source.calls) <= 1
    if gap == 0:
        assert sum(end - start for call in source.calls for start, end in call) == found.nbytes


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_region_equals_the_mask_of_the_whole(tmp_path, name):
    rng = np.random.default_rng(0)
    path = write(tmp_path / name, rng.integers(-99, 99, (9, 8, 7, 5), np.int16), scl_slope=0.5, scl_inter=3)
    volume = open_volume(File.at(path))
    whole = np.asarray(nibabel.load(path).dataobj)
    for mask in (rng.random((9, 8, 7)) < 0.2, np.zeros((9, 8, 7), bool), rng.random((9, 8, 7, 5)) < 0.5):
        for lazy, array in (
            (volume, whole),
            (volume.stored, (whole - 3) * 2),
            (volume.crop((0, 9)), whole),
            (Volume.of(whole), whole),
        ):
            found = lazy.roi(mask)
            np.testing.assert_array_equal(found, array[mask])
            assert found.dtype == lazy.dtype


def test_region_over_time_is_one_call_of_its_own_bytes(tmp_path):
    data = np.random.default_rng(0).integers(0, 99, (64, 64, 20, 100), np.int16)
    path = write(tmp_path / "a.nii", data)
    mask = np.zeros((64, 64, 20), bool)
    mask[10:14, 10:14, 9:11] = True
    file = CountingFile.at(path)
    volume = open_volume(file, format="nifti")
    before, calls = (file.bytes_read, file.requests), []
    pull = file.read_ranges
    object.__setattr__(file, "read_ranges", lambda ranges: calls.append(len(ranges)) or pull(ranges))
    np.testing.assert_array_equal(volume.roi(mask), data[mask])
    assert calls == [100], "one call, one range for each time point"
    # From the region's first voxel in one slice to its last in the next.
    run = (64 * 64 + 3 * 64 + 4) * 2
    assert file.bytes_read - before[0] == 100 * run
    assert file.requests - before[1] == 100
    assert file.bytes_read < path.stat().st_size / 15


def test_real_regions_and_points_equal_nibabel(real_data):
    compared = 0
    for path in sorted(real_data.rglob("*.nii*")):
        if not path.stat().st_size or path.stat().st_size > 5e6:
            continue
        file = CountingFile.at(path)
        volume, theirs = open_volume(file), nibabel.load(path)
        if volume.ndim < 3:
            continue
        opened, whole = file.bytes_read, np.asarray(theirs.dataobj)
        middle = tuple(n // 2 for n in volume.shape[:3])
        mask = np.zeros(volume.shape[:3], bool)
        mask[tuple(slice(max(i - 2, 0), i + 2) for i in middle)] = True
        np.testing.assert_array_equal(volume.roi(mask), whole[mask], err_msg=str(path))
        if path.suffix == ".nii":
            assert file.bytes_read - opened <= volume.bytes_needed()
        factor = {"meter": 1000, "micron": 0.001}.get(theirs.header.get_xyzt_units()[0], 1)
        x, y, z = apply_affine(theirs.affine, middle) * factor
        np.testing.assert_array_equal(volume.at_mm(x, y, z), whole[middle], err_msg=str(path))
        compared += 1
    assert compared >= 5


def test_region_of_labels(tmp_path):
    data = np.random.default_rng(0).normal(size=(6, 5, 4, 3)).astype(np.float32)
    labels = np.random.default_rng(1).integers(0, 4, (6, 5, 4), np.uint8)
    volume = open_volume(File.at(write(tmp_path / "bold.nii", data)))
    image = open_volume(File.at(write(tmp_path / "labels.nii.gz", labels)))
    np.testing.assert_array_equal(volume.roi(image), data[labels > 0])
    np.testing.assert_array_equal(volume.roi(image, label=2), data[labels == 2])
    np.testing.assert_array_equal(volume.roi(image, label=[1, 3]), data[(labels == 1) | (labels == 3)])
    np.testing.assert_array_equal(volume.roi(labels, label=2), data[labels == 2])
    # One more axis, of one entry, as many programs write masks.
    again = open_volume(File.at(write(tmp_path / "four.nii", labels[..., None])))
    np.testing.assert_array_equal(volume.roi(again), data[labels > 0])
    with pytest.raises(TypeError, match="mask > 0"):
        volume.roi(labels)


def test_region_of_another_grid_is_refused(tmp_path):
    volume = open_volume(File.at(write(tmp_path / "a.nii", np.zeros((6, 5, 4, 3), np.int16))))
    with pytest.raises(ShapeError, match=r"\(5, 5, 4\).*\(6, 5, 4, 3\).*Resample"):
        volume.roi(np.ones((5, 5, 4), bool))
    with pytest.raises(ShapeError, match="Resample"):
        volume.roi(np.ones((6, 5, 4, 3, 1), bool)[..., :0])
    rounded = OBLIQUE.astype(np.float32).astype(float) + 1e-4
    assert volume.roi(Volume.of(np.ones((6, 5, 4)), rounded)).shape == (120, 3)
    shifted = OBLIQUE.copy()
    shifted[2, 3] += 0.5
    with pytest.raises(ShapeError, match=r"elsewhere .* by up to 0\.5 mm.*Resample"):
        volume.roi(Volume.of(np.ones((6, 5, 4)), shifted))
    assert volume.roi(Volume.of(np.ones((6, 5, 4)))).shape == (120, 3)


@settings(max_examples=200, deadline=None)
@given(
    index=st.tuples(st.integers(0, 5), st.integers(0, 4), st.integers(0, 3)),
    off=st.tuples(*[st.floats(-0.49, 0.49)] * 3),
)
def test_a_point_belongs_to_the_voxel_around_it(index, off):
    values = np.arange(6 * 5 * 4 * 2).reshape(6, 5, 4, 2)
    volume = Volume.of(values, OBLIQUE)
    x, y, z = apply_affine(OBLIQUE, np.add(index, off))
    assert volume.index_at(x, y, z) == (*index, slice(None))
    np.testing.assert_array_equal(volume.at_mm(x, y, z), values[index])


def test_a_point_half_way_belongs_to_the_higher_index():
    volume = Volume.of(np.arange(4.0), np.diag([2.0, 1, 1, 1]))
    assert [volume.at_mm(x, 0, 0) for x in (-1.0, 0.99, 1.0, 5.0, 6.99)] == [0, 0, 1, 3, 3]
    for x in (7.0, -1.01, np.nan):
        with pytest.raises(ShapeError, match=r"reaches over x from -1 to 7, y from -0\.5 to 0\.5"):
            volume.at_mm(x, 0, 0)


def test_a_point_needs_an_affine():
    with pytest.raises(ShapeError, match="no affine"):
        Volume.of(np.zeros((3, 3, 3))).at_mm(0, 0, 0)
    with pytest.raises(ShapeError, match="cannot be inverted"):
        Volume.of(np.zeros((3, 3, 3)), np.diag([1, 1, 0, 1])).at_mm(0, 0, 0)


def test_a_point_in_a_dicom_slice(pydicom_files):
    path = next(p for p in pydicom_files if p.name == "CT_small.dcm")
    volume = open_volume(File.at(path))
    assert volume.axes == ("row", "column")
    x, y, z = apply_affine(volume.affine, (17, 90, 0))
    assert volume.index_at(x, y, z) == (17, 90)
    assert volume.at_mm(x, y, z) == volume[17, 90]
    with pytest.raises(ShapeError, match="lies in no voxel"):
        volume.at_mm(*apply_affine(volume.affine, (17, 90, 3)))
    np.testing.assert_array_equal(volume.roi(volume.read() > 900), volume.read()[volume.read() > 900])


def test_a_part_keeps_its_place(tmp_path):
    data = np.random.default_rng(0).integers(-99, 99, (9, 8, 7, 5), np.int16)
    for name in ("a.nii", "a.nii.gz"):
        volume = open_volume(File.at(write(tmp_path / name, data, scl_slope=2, scl_inter=0)))
        part = volume.crop((2, 7), (1, 8)).crop((1, 4), (0, 3), (2, 6))
        expected = 2.0 * data[3:6, 1:4, 2:6]
        np.testing.assert_array_equal(part, expected)
        np.testing.assert_array_equal(part[::-1, 1, -2], expected[::-1, 1, -2])
        x, y, z = apply_affine(volume.affine, (4, 2, 3))
        np.testing.assert_array_equal(part.at_mm(x, y, z), volume.at_mm(x, y, z))
        again = pickle.loads(pickle.dumps(part.stored))
        np.testing.assert_array_equal(again, data[3:6, 1:4, 2:6])
        np.testing.assert_array_equal(again.affine, part.affine)
    for ranges in ([(0, 10)], [(-1, 3)], [(3, 2)], [(0, 1)] * 5):
        with pytest.raises(ShapeError, match="within it"):
            volume.crop(*ranges)
    assert volume.crop((3, 3)).shape == (0, 8, 7, 5)


def test_bytes_needed_are_those_of_the_values(tmp_path):
    data = np.zeros((16, 16, 8, 10), np.int16)
    volume = open_volume(file := CountingFile.at(write(tmp_path / "a.nii", data)))
    before = file.bytes_read
    assert volume.bytes_needed() == data.nbytes
    assert volume.bytes_needed((..., 3)) == data[..., 3].nbytes
    assert volume.bytes_needed((slice(None, None, 3), 2, -1)) == data[::3, 2, -1].nbytes
    assert volume.bytes_needed(slice(0, 0)) == 0
    assert volume.crop((4, 8)).bytes_needed((..., 3)) == data[4:8, ..., 3].nbytes
    assert file.bytes_read == before
    with pytest.raises(IndexError):
        volume.bytes_needed(99)
    assert Volume.of(data).bytes_needed() == 0


def test_bytes_needed_of_compressed_files(tmp_path):
    data = np.random.default_rng(0).integers(0, 2**15, (64, 64, 40, 40), np.int16)  # 13 MB that do not shrink
    path = write(tmp_path / "a.nii.gz", data)
    memo = FolderMemo(tmp_path / "memo")
    file = CountingFile.at(path)
    volume = NiftiReader().volume(file, memo)
    assert volume.bytes_needed((..., 30)) == file.size
    np.testing.assert_array_equal(volume[..., 30], data[..., 30])
    before = file.bytes_read
    needed = volume.bytes_needed((..., 30))
    assert needed < file.size
    assert volume.bytes_needed() >= file.size - 64
    assert volume.bytes_needed((..., 0)) < file.size
    assert volume.bytes_needed(slice(0, 0)) == 0
    assert file.bytes_read == before
    again = CountingFile.at(path)
    volume = NiftiReader().volume(again, memo)
    opened = again.bytes_read
    np.testing.assert_array_equal(volume[..., 30], data[..., 30])
    assert again.bytes_read - opened == needed
    small = write(tmp_path / "b.nii.gz", data[:8, :8, :8, 0])
    assert open_volume(File.at(small)).bytes_needed(0) == small.stat().st_size


def test_bytes_needed_of_decoded_arrays():
    array = DecodedArray(lambda: np.zeros((3, 4)), (3, 4), np.dtype(float), n_bytes=50)
    volume = Volume(None, "made", None, array, ("row", "column"))
    assert (volume.bytes_needed(0), volume.bytes_needed(slice(0, 0))) == (50, 0)
    unknown = DecodedArray(lambda: np.zeros((3, 4)), (3, 4), np.dtype(float))
    assert Volume(None, "made", None, unknown, ("row", "column")).bytes_needed(0) == 0


def test_bytes_needed_of_a_whole_file(pydicom_files):
    path = next(p for p in pydicom_files if p.name == "JPEG2000.dcm")
    file = File.at(path)
    volume = open_volume(file)
    assert 0 < volume.bytes_needed(0) <= file.size


def test_slopes_that_differ_by_slice_follow_their_values():
    stored = np.random.default_rng(0).integers(-99, 99, (4, 5, 3, 2), np.int16)
    slopes, intercepts = np.array([1.0, 2, 3]).reshape(1, 1, 3, 1), np.array([0.0, 10]).reshape(1, 1, 1, 2)
    array = DecodedArray(lambda: stored, stored.shape, stored.dtype)
    volume = Volume(
        None, "made", None, array, ("row", "column", "slice", "echo"), np.eye(4), scaling=(slopes, intercepts),
        coordinates={"echo": (0.03, 0.06), "coil": ("head",)},
    )  # fmt: skip
    whole = stored * slopes + intercepts
    np.testing.assert_array_equal(volume, whole)
    np.testing.assert_array_equal(volume[1, ::-1, 2], whole[1, ::-1, 2])
    np.testing.assert_array_equal(volume.at_mm(1, 2, 1), whole[1, 2, 1])
    for mask in (stored[..., 0] > 0, stored > 0):
        np.testing.assert_array_equal(volume.roi(mask), whole[mask])
        np.testing.assert_array_equal(volume.stored.roi(mask), stored[mask])
    part = volume.crop((1, 3), (0, 5), (1, 3), (1, 2))
    np.testing.assert_array_equal(part, whole[1:3, :, 1:3, 1:2])
    np.testing.assert_array_equal(part.crop((0, 2), (2, 3))[0, 0], whole[1, 2, 1:3, 1:2])
    assert part.coordinates == {"echo": (0.06,), "coil": ("head",)}
    assert volume.crop((0, 1)).coordinates == volume.coordinates


def test_what_is_known_along_further_axes_is_cut_with_them():
    axes, shape = ("row", "column", "slice", "image", "t", "sample"), (4, 4, 2, 3, 2, 3)
    known = {"echo": (1, 2, 3), "temporal_position": (1, 2), "coil": ("a",), "image_type": ("x", "y", "z")}
    cut = ((0, 4), (0, 4), (0, 2), (1, 3), (1, 2), (0, 3))
    assert coordinates(known, axes, shape, cut) == {
        "echo": (2, 3), "temporal_position": (2,), "coil": ("a",), "image_type": ("y", "z"),
    }  # fmt: skip


def test_a_series_of_dicom_files(tmp_path):
    files = series(tmp_path, stack(4) * 2)
    volume = dicom_series(files)
    whole = volume.read()
    assert volume.axes[2:] == ("slice", "t")
    one = int(np.prod(whole.shape[:2])) * volume.stored.dtype.itemsize
    assert volume.bytes_needed() == 8 * one
    assert volume.bytes_needed((..., 2, 1)) == one
    assert volume.bytes_needed((slice(0, 3), 2, ..., 1)) == 4 * 3 * volume.stored.dtype.itemsize
    assert volume.bytes_needed(slice(0, 0)) == 0
    mask = whole[..., 0] > np.median(whole[..., 0])
    np.testing.assert_array_equal(volume.roi(mask), whole[mask])
    x, y, z = apply_affine(volume.affine, (1, 2, 3))
    np.testing.assert_array_equal(volume.at_mm(x, y, z), whole[1, 2, 3])
    part = pickle.loads(pickle.dumps(volume.crop((1, 3), (0, 4), (2, 4), (1, 2))))
    np.testing.assert_array_equal(part, whole[1:3, 0:4, 2:4, 1:2])
    np.testing.assert_array_equal(part.at_mm(x, y, z), whole[1, 2, 3, 1:2])


def test_a_mosaic_takes_no_more_than_its_pixels(tmp_path):
    slices = np.random.default_rng(0).integers(0, 99, (5, 6, 4), np.int16)
    path = write_dicom(tmp_path / "a.dcm", mosaic(slices, (0, 0, 0)))
    volume = open_volume(File.at(path))
    assert "slice" in volume.axes
    assert volume.bytes_needed((..., 0)) == np.prod(volume.shape[:2]) * volume.stored.dtype.itemsize
    assert volume.bytes_needed() <= path.stat().st_size
