"""Small NIfTI files of volumes, against nibabel; and what they cost."""

import gzip
import io
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from media_made import Made

from neurochain.formats.nifti.small import nifti_bytes
from neurochain.formats.volumes.blocks import block_means
from neurochain.storage import Access, remember
from neurochain.testing import ObjectServer

AFFINE = nibabel.affines.from_matvec(np.array([[-2.0, 0.1, 0], [0.2, 2.1, 0], [0, 0.3, 3]]), [40, -50, -20])


def image(answer) -> nibabel.Nifti1Image:
    assert answer.status_code == 200, answer.text
    return nibabel.Nifti1Image.from_bytes(answer.content)


def scan(shape: tuple[int, ...], seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(-500, 3000, shape).astype(np.int16)


@pytest.fixture
def made(project, tmp_path: Path) -> Made:
    folder = tmp_path / "data"
    folder.mkdir()
    bold = nibabel.Nifti1Image(scan((21, 18, 13, 4)), AFFINE)
    bold.header.set_slope_inter(0.5, 10)
    nibabel.save(bold, folder / "bold.nii")
    (folder / "bold.nii.gz").write_bytes(gzip.compress((folder / "bold.nii").read_bytes()))
    labels = np.zeros((20, 20, 20), np.int64)
    labels[4:12, 3:15, 5:16] = 70_001
    labels[12:16, 3:15, 5:16] = 2
    nibabel.save(nibabel.Nifti1Image(labels, AFFINE, dtype=np.int64), folder / "regions.nii")
    floats = np.random.default_rng(2).normal(size=(10, 9, 8)).astype(np.float32)
    floats[:4, :4, :4] = np.nan
    nibabel.save(nibabel.Nifti1Image(floats, AFFINE), folder / "map.nii")
    colours = np.random.default_rng(3).integers(0, 255, (8, 7, 6, 3)).astype(np.uint8)
    rgb = colours.view([("R", "u1"), ("G", "u1"), ("B", "u1")])[..., 0]
    nibabel.save(nibabel.Nifti1Image(rgb, AFFINE), folder / "rgb.nii")
    waves = (np.arange(60).reshape(5, 4, 3) * (1 + 1j)).astype(np.complex64)
    nibabel.save(nibabel.Nifti1Image(waves, AFFINE), folder / "waves.nii")
    return Made(folder / "*")


@pytest.mark.parametrize("name", ["bold.nii", "bold.nii.gz"])
def test_whole_slices_and_times(made: Made, tmp_path: Path, name: str) -> None:
    wanted = nibabel.load(tmp_path / "data" / name)
    values = wanted.get_fdata()
    info = made.json("volume/info", name)
    assert (info["shape"], info["volumes"], info["dtype"]) == ([21, 18, 13], 4, "int16")
    assert np.allclose(info["affine"], wanted.affine)
    assert info["window"][0] < info["window"][1]
    found = image(made.get("volume", name, t=2))
    np.testing.assert_array_equal(found.get_fdata(), values[..., 2])
    np.testing.assert_allclose(found.affine, wanted.affine, rtol=1e-6)
    assert found.get_data_dtype() == np.int16
    for axis, i in ((0, 20), (1, 3), (2, 7)):
        one = image(made.get("volume", name, t=1, axis=axis, i=i))
        np.testing.assert_array_equal(one.get_fdata(), values[..., 1].take([i], axis))
        at = [0, 0, 0]
        at[axis] = i
        place = nibabel.affines.apply_affine(wanted.affine, at)
        np.testing.assert_allclose(nibabel.affines.apply_affine(one.affine, [0, 0, 0]), place, rtol=1e-5)


@pytest.mark.parametrize("name", ["bold.nii", "bold.nii.gz"])
def test_blocks(made: Made, tmp_path: Path, name: str) -> None:
    wanted = nibabel.load(tmp_path / "data" / name)
    values = wanted.get_fdata()
    for down in (2, 4):
        found = image(made.get("volume", name, down=down))
        np.testing.assert_allclose(
            found.get_fdata(), block_means(values[..., 0], (down,) * 3), rtol=1e-5, atol=1e-3
        )
        corner = np.stack(np.meshgrid(*[range(down, 2 * down)] * 3, indexing="ij"), -1).reshape(-1, 3)
        centre = nibabel.affines.apply_affine(wanted.affine, corner).mean(0)
        np.testing.assert_allclose(nibabel.affines.apply_affine(found.affine, [1, 1, 1]), centre, atol=1e-4)
        assert found.header["cal_max"] > found.header["cal_min"]
    both = image(made.get("volume", name, down=3, axis=1, i=5, t=3))
    np.testing.assert_allclose(
        both.get_fdata()[:, 0], block_means(values[:, 5, :, 3], (3, 3)), rtol=1e-5, atol=1e-3
    )


def test_labels_stay_labels(made: Made) -> None:
    info = made.json("volume/info", "regions.nii")
    assert info["labels"]
    found = image(made.get("volume", "regions.nii", down=4))
    assert set(np.unique(found.get_fdata())) <= {0, 2, 70_001}
    assert "labels" in str(found.header["descrip"])
    mean = image(made.get("volume", "regions.nii", down=4, labels=0))
    assert len(np.unique(mean.get_fdata())) > 3
    assert not made.json("volume/info", "bold.nii")["labels"]


def test_missing_values_and_colours(made: Made, tmp_path: Path) -> None:
    values = nibabel.load(tmp_path / "data/map.nii").get_fdata()
    found = image(made.get("volume", "map.nii", down=2)).get_fdata()
    np.testing.assert_allclose(found, block_means(values, (2, 2, 2)), rtol=1e-5)
    assert np.isnan(found[0, 0, 0])
    rgb = image(made.get("volume", "rgb.nii"))
    np.testing.assert_array_equal(
        np.asarray(rgb.dataobj), np.asarray(nibabel.load(tmp_path / "data/rgb.nii").dataobj)
    )
    small = np.asarray(image(made.get("volume", "rgb.nii", down=2)).dataobj)
    whole = np.asarray(nibabel.load(tmp_path / "data/rgb.nii").dataobj)
    np.testing.assert_allclose(small["G"], np.rint(block_means(whole["G"], (2, 2, 2))))


def test_of_complex_numbers_the_size_is_shown(made: Made, tmp_path: Path) -> None:
    size = np.abs(np.asarray(nibabel.load(tmp_path / "data/waves.nii").dataobj))
    np.testing.assert_allclose(image(made.get("volume", "waves.nii")).get_fdata(), size, rtol=1e-6)
    one = image(made.get("volume", "waves.nii", axis=1, i=2)).get_fdata()
    np.testing.assert_allclose(one[:, 0], size[:, 2], rtol=1e-6)
    mean = image(made.get("volume", "waves.nii", down=2)).get_fdata()
    np.testing.assert_allclose(mean, block_means(size, (2, 2, 2)), rtol=1e-6)


def test_nonsense_is_refused(made: Made) -> None:
    for query in (
        {"down": "x"},
        {"down": 0},
        {"down": 65},
        {"axis": 3},
        {"axis": 0, "i": 21},
        {"t": 4},
        {"part": "a"},
        {"series": 1},
    ):
        status, message = made.refused("volume", "bold.nii", **query)
        assert status in (400, 422)
        assert message
    assert made.refused("traces/info", "bold.nii")[0] in (400, 422)


def sparse(path: Path, shape: tuple[int, ...]) -> None:
    """A large .nii that takes no room, but for a block in its middle."""
    header = nibabel.Nifti1Header()
    header.set_data_shape(shape)
    header.set_data_dtype(np.int16)
    header.set_sform(AFFINE, 1)
    header["vox_offset"], header["magic"] = 352, b"n+1"
    with open(path, "wb") as out:
        out.write(header.binaryblock + bytes(4))
        out.truncate(352 + 2 * int(np.prod(shape)))
        plane = shape[0] * shape[1]
        for z in range(shape[2] // 3, shape[2] // 3 * 2, 97):
            out.seek(352 + 2 * plane * z)
            out.write(scan((plane,), z).tobytes())


def test_a_slice_of_a_large_volume_costs_little(project, tmp_path: Path) -> None:
    (tmp_path / "large").mkdir()
    path = tmp_path / "large" / "large.nii"
    sparse(path, (1000, 1000, 1000))
    assert path.stat().st_size > 2e9
    with ObjectServer(tmp_path) as server:
        remember("s3://large", Access.of({"anon": True, "endpoint": server.url}))
        made = Made("s3://large/")
        server.traffic.clear()
        info = made.json("volume/info", "large.nii")
        found = image(made.get("volume", "large.nii", axis=2, i=333))
        assert server.traffic.bytes < path.stat().st_size / 100
    assert info["levels"][-1]["down"] == 16
    np.testing.assert_array_equal(found.get_fdata().ravel("F"), scan((1_000_000,), 333))
    status, message = made.refused("volume", "large.nii")
    assert status == 400
    assert "down=4" in message


@given(
    st.sampled_from([np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.float32]),
    st.tuples(*[st.integers(1, 5)] * 3),
)
def test_what_is_written_is_read(kind, shape) -> None:
    array = np.random.default_rng(0).integers(0, 100, shape).astype(kind)
    data = nifti_bytes(array, AFFINE, scaling=(2.0, 1.0), window=(1, 2))
    found = nibabel.Nifti1Image.from_stream(io.BytesIO(data))
    np.testing.assert_array_equal(found.get_fdata(), array * 2.0 + 1)
    assert found.get_data_dtype() == np.dtype(kind)
    np.testing.assert_allclose(found.header.get_zooms(), np.linalg.norm(AFFINE[:3, :3], axis=0), rtol=1e-6)
    assert (found.header["cal_min"], found.header["cal_max"]) == (1, 2)
