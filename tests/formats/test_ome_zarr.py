"""OME-Zarr, 0.4 and 0.5: axes, places in space, levels by resolution; what its metadata may say that is not so."""

import pickle

import numpy as np
import pytest
from zarr_files import array, edit, group, image, metadata, numbers

import neurochain as nc
from neurochain.errors import FormatError
from neurochain.formats import read_header
from neurochain.storage import File

VALUES = numbers((6, 40, 50))
VERSIONS = pytest.mark.parametrize("version", ["0.4", "0.5"])


def root(path):
    """File that holds what OME says."""
    return next(p for p in metadata(path) if p.name in ("zarr.json", ".zattrs") and p.parent == path)


def said(change):
    """A change of what OME says, wherever the version keeps it."""

    def changed(document):
        inner = document.get("attributes", {}).get("ome") or document
        change(inner)

    return changed


@VERSIONS
def test_an_image_has_a_place_in_space(tmp_path, version):
    path = image(tmp_path / "a.ome.zarr", VALUES, version=version, shift=(1, 2, 3))
    found = read_header(File.at(path))
    assert found.error is None
    assert found.header["format"] == "ome-zarr"
    assert found.header["shape"] == [6, 40, 50]
    assert found.header["voxel_sizes"] == [0.002, 0.0005, 0.0005]
    volume = nc.open(path)
    expected = [[0, 0, 0.0005, 0.003], [0, 0.0005, 0, 0.002], [0.002, 0, 0, 0.001], [0, 0, 0, 1]]
    np.testing.assert_allclose(volume.affine, expected)
    np.testing.assert_allclose(found.header["affine"], np.ravel(expected))
    assert volume.axes == ("z", "y", "x")
    assert volume.index_at(0.004, 0.004, 0.005) == (2, 4, 2)
    assert volume.at_mm(0.004, 0.004, 0.005) == VALUES[2, 4, 2]
    assert found.record == {
        "zarr_version": 2 if version == "0.4" else 3,
        "ome_version": version,
        "array_paths": ["0", "1", "2"],
        "array_shapes": ["6x40x50", "6x20x25", "6x10x13"],
        "array_dtypes": ["uint16"] * 3,
        "chunk_shapes": ["1x16x16", "1x16x16", "1x10x13"],
        "shard_shapes": ["", "", ""],
        "axis_names": ["z", "y", "x"],
        "axis_units": ["micrometer"] * 3,
        "level_voxel_sizes": [[0.002, 0.0005, 0.0005], [0.002, 0.001, 0.001], [0.002, 0.002, 0.002]],
        "channel_labels": None,
        "image_name": "made, no image",
    }


@VERSIONS
def test_levels_by_resolution(tmp_path, version):
    path = image(tmp_path / "a.ome.zarr", VALUES, version=version)
    for resolution, step in ((0.002, 4), (0.0029, 4), (1, 4)):
        level = nc.open(path, resolution=resolution)
        np.testing.assert_array_equal(level.read(), VALUES[:, ::step, ::step])
        assert level.voxel_sizes == (0.002, 0.002, 0.002)
    with pytest.raises(
        FormatError,
        match=r"no.* voxels of 0.0019 mm or less: 0 6x40x50 \(0.002x0.0005x0.0005 mm\); 1 6x20x25",
    ):
        nc.open(path, resolution=0.0019)
    flat = image(tmp_path / "b.ome.zarr", VALUES[0], "yx", version, scale=(0.5, 0.5))
    for resolution, step in ((0.0005, 1), (0.00099, 1), (0.001, 2), (0.0019, 2), (5, 4)):
        level = nc.open(flat, resolution=resolution)
        np.testing.assert_array_equal(level.read(), VALUES[0, ::step, ::step])
        again = pickle.loads(pickle.dumps(level))
        np.testing.assert_array_equal(again.read(), level.read())
        assert (again.voxel_sizes, again.axes) == (level.voxel_sizes, level.axes)
        np.testing.assert_array_equal(again.affine, level.affine)
    level = nc.open(flat, part="1")
    assert level.voxel_sizes == (0.001, 0.001)
    assert nc.open(flat).index_at(0.0031, 0.0011, 0) == (2, 6)
    (tmp_path / "x.nii").write_bytes(b"")
    with pytest.raises(FormatError, match="has no levels: leave out resolution=1"):
        nc.open(tmp_path / "x.nii", format="nifti", resolution=1)
    with pytest.raises(FormatError, match="no levels to choose from by resolution=1"):
        nc.open(array(tmp_path / "c.zarr", VALUES), resolution=1)


@VERSIONS
def test_time_and_channels(tmp_path, version):
    values = numbers((2, 3, 4, 8, 8))
    path = image(tmp_path / "a.ome.zarr", values, "tczyx", version, channels=("DAPI", "GFP", "RFP"))
    volume = nc.open(path)
    assert volume.axes == ("t", "c", "z", "y", "x")
    assert volume.coordinates == {"c": ("DAPI", "GFP", "RFP")}
    assert volume.crop((0, 2), (1, 3)).coordinates == {"c": ("GFP", "RFP")}
    assert volume.voxel_sizes == (0.002, 0.0005, 0.0005)
    assert volume.index_at(0.001, 0.0005, 0.004) == (slice(None), slice(None), 2, 1, 2)
    np.testing.assert_array_equal(volume[1, 2], values[1, 2])
    found = read_header(File.at(path))
    assert found.record["channel_labels"] == ["DAPI", "GFP", "RFP"]
    assert found.record["axis_units"] == ["second", "", *["micrometer"] * 3]
    assert found.header["n_samples"] is None


@pytest.mark.parametrize(
    ("unit", "size"), [("nanometer", 5e-7), ("millimeter", 0.5), ("meter", 500.0), ("um", 5e-4)]
)
def test_units_become_millimetres(tmp_path, unit, size):
    path = image(tmp_path / "a.ome.zarr", VALUES, unit=unit)
    np.testing.assert_allclose(nc.open(path).voxel_sizes[1:], [size, size])


@VERSIONS
def test_an_image_without_units_is_opened_by_path(tmp_path, version):
    path = image(tmp_path / "a.ome.zarr", VALUES, version=version, unit=None)
    volume = nc.open(path)
    assert (volume.voxel_sizes, volume.affine) == ((), None)
    found = read_header(File.at(path))
    assert (found.header["voxel_sizes"], found.header["affine"], found.error) == (None, None, None)
    with pytest.raises(
        FormatError,
        match=r"how large its voxels are. Choose a level by part=…: 0 6x40x50; 1 6x20x25; 2 6x10x13",
    ):
        nc.open(path, resolution=0.001)
    np.testing.assert_array_equal(nc.open(path, part="1").read(), VALUES[:, ::2, ::2])


def test_several_images_in_one_folder(tmp_path):
    path = group(tmp_path / "a.ome.zarr", {})
    edit(
        path / "zarr.json",
        lambda j: j["attributes"].update({"ome": {"version": "0.5", "bioformats2raw.layout": 3}}),
    )
    for i in range(2):
        image(path, VALUES + i, where=str(i))
    with pytest.raises(FormatError, match=r"it holds several images, the first of them at '0'\. Say which"):
        nc.open(path)
    np.testing.assert_array_equal(nc.open(path, part="1").read(), VALUES + 1)
    np.testing.assert_array_equal(nc.open(path, part="1/2").read(), (VALUES + 1)[:, ::4, ::4])
    level = nc.open(path, part="1", resolution=0.01)
    np.testing.assert_array_equal(level.read(), (VALUES + 1)[:, ::4, ::4])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(level)).read(), level.read())
    found = read_header(File.at(path))
    assert (found.error, found.header["shape"], found.record["array_paths"]) == (None, None, None)
    plate = group(tmp_path / "p.ome.zarr", {})
    wells = [{"path": f"A/{i}", "rowIndex": 0, "columnIndex": i} for i in range(30)]
    edit(
        plate / "zarr.json",
        lambda j: j["attributes"].update({"ome": {"version": "0.5", "plate": {"wells": wells}}}),
    )
    image(plate, VALUES, where="A/1/0")
    with pytest.raises(FormatError, match=r"it is a plate with 30 wells: A/0, A/1, .*A/19 and 10 more"):
        nc.open(plate)
    np.testing.assert_array_equal(nc.open(plate, part="A/1/0").read(), VALUES)


@VERSIONS
def test_transformations_are_put_together(tmp_path, version):
    path = image(tmp_path / "a.ome.zarr", VALUES, version=version, shift=(1, 2, 3))
    outer = [{"type": "scale", "scale": [1, 10, 10]}, {"type": "translation", "translation": [0, 0, 7]}]
    edit(root(path), said(lambda j: j["multiscales"][0].update(coordinateTransformations=outer)))
    volume = nc.open(path)
    assert volume.voxel_sizes == (0.002, 0.005, 0.005)
    np.testing.assert_allclose(volume.affine[:3, 3], [0.037, 0.02, 0.001])
    stored = [{"type": "scale", "path": "elsewhere"}]
    edit(
        root(path),
        said(lambda j: j["multiscales"][0]["datasets"][0].update(coordinateTransformations=stored)),
    )
    assert nc.open(path).voxel_sizes == ()


def test_what_earlier_versions_wrote(tmp_path):
    path = image(tmp_path / "a.ome.zarr", numbers((1, 2, 3, 8, 8)), "tczyx", "0.4")
    edit(root(path), lambda j: j["multiscales"][0].update(axes=["t", "c", "z", "y", "x"], version="0.3"))
    assert nc.open(path).axes == ("t", "c", "z", "y", "x")
    edit(root(path), lambda j: j["multiscales"][0].pop("axes"))
    assert nc.open(path).axes == ("t", "c", "z", "y", "x")
    for one in (0, 1, 2):
        edit(root(path), lambda j, i=one: j["multiscales"][0]["datasets"][i].pop("coordinateTransformations"))
    found = read_header(File.at(path))
    assert (found.error, found.header["voxel_sizes"], found.record["ome_version"]) == (None, None, "0.3")


def test_axes_of_other_names_have_sizes_and_no_place(tmp_path):
    path = image(tmp_path / "a.ome.zarr", VALUES)
    edit(root(path), said(lambda j: j["multiscales"][0]["axes"][0].update(name="depth")))
    volume = nc.open(path)
    assert volume.axes == ("depth", "y", "x")
    assert (volume.voxel_sizes, volume.affine) == ((0.002, 0.0005, 0.0005), None)


@VERSIONS
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.clear(), "multiscales are no list of objects"),
        (lambda m: m[0].update(datasets=[]), "list no levels"),
        (lambda m: m[0].update(datasets=[{"path": "0"}] * 101), "more than 100"),
        (lambda m: m[0]["datasets"][0].pop("path"), "one of its levels has no path"),
        (lambda m: m[0]["datasets"][1].update(path="../../x"), r"it names '\.\./\.\./x', which is no path in it"),
        (lambda m: m[0]["datasets"][1].update(path="a\0b"), "no path in it"),
        (lambda m: m[0]["datasets"][1].update(path="\ud800"), "no path in it"),
        (lambda m: m[0]["datasets"][1].update(path="9"), "it names '9' as a level, and there is no array"),
        (lambda m: m[0]["datasets"][1].update(path="x" * 5000), "no path in it"),
        (lambda m: m[0]["datasets"][1].update(path="x" * 900), "as a level, and there is no array"),
        (lambda m: m[0].update(axes="zyx"), "its axes are no list"),
        (lambda m: m[0]["axes"].pop(), "not one number for each of its 2 axes"),
        (lambda m: m[0]["axes"].__setitem__(1, dict(m[0]["axes"][0])), "two of its axes have one name"),
        (lambda m: m[0]["axes"].__setitem__(1, 7), "one of its axes has no name"),
        (lambda m: m[0]["datasets"][0]["coordinateTransformations"][0].update(scale=[1, 0, 1]), "cannot be"),
        (lambda m: m[0]["datasets"][0]["coordinateTransformations"][0].update(scale=[1, "2", 1]), "not one number"),
        (lambda m: m[0]["datasets"][0]["coordinateTransformations"][0].update(scale=[1, 10**400, 1]), "cannot be"),
        (lambda m: m[0]["datasets"][0].update(coordinateTransformations=3), "are no list"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(tmp_path, version, change, message):
    path = image(tmp_path / "a.ome.zarr", VALUES, version=version)
    edit(root(path), said(lambda j: change(j["multiscales"])))
    found = read_header(File.at(path))
    assert found.header["format"] == "ome-zarr"
    with pytest.raises(FormatError, match=message):
        nc.open(path)
    assert found.error is not None
    # The arrays are sound, whatever is said of them.
    np.testing.assert_array_equal(nc.open(path, part="0").read(), VALUES)
