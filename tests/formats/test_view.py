"""`volume.view()`: what the widget is given, without a browser; and what comes without the package."""

import sys
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

import neurochain as nc
from neurochain.formats.shown import view
from neurochain.formats.shown.view import Still, small_nifti


def image_of(data: bytes) -> Any:
    return nibabel.Nifti1Image.from_bytes(bytes(data))


@pytest.fixture
def volume(tmp_path: Path) -> nc.Volume:
    values = np.random.default_rng(0).normal(size=(20, 30, 40)).astype(np.float32)
    affine = np.array([[-2.0, 0, 0, 30], [0, 0, 3, -40], [0, 2.5, 0, -9], [0, 0, 0, 1]])
    nibabel.save(nibabel.Nifti1Image(values, affine), tmp_path / "head.nii.gz")
    opened = nc.open(tmp_path / "head.nii.gz")
    assert isinstance(opened, nc.Volume)
    return opened


def test_the_widget_has_the_volume(volume: nc.Volume) -> None:
    pytest.importorskip("ipyniivue", reason="ipyniivue is not installed: extra [notebook]")
    widget = volume.view()
    (shown,) = widget.volumes
    image = image_of(shown.data)
    np.testing.assert_allclose(image.affine, volume.affine, atol=1e-5)
    np.testing.assert_array_equal(np.asarray(image.dataobj), np.asarray(volume))
    assert shown.name == "head.nii"
    assert shown.cal_min < shown.cal_max
    assert widget.height == 420


def test_a_large_volume_comes_coarse(volume: nc.Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "AT_FIRST", 4 * 5 * 8 * 10)
    data, said = small_nifti(volume)
    image = image_of(data)
    assert said["down"] == (4, 4, 4)
    assert image.shape == (5, 8, 10)
    values = np.asarray(volume)
    found = np.asarray(image.dataobj)
    assert found[0, 0, 0] == pytest.approx(values[:4, :4, :4].mean(), abs=1e-6)
    # The middle of the first block lies where its voxels' middle lies.
    np.testing.assert_allclose(image.affine @ [0, 0, 0, 1], volume.affine @ [1.5, 1.5, 1.5, 1], atol=1e-5)
    data, said = small_nifti(volume, down=1)
    assert image_of(data).shape == (20, 30, 40)


def test_of_a_very_large_one_planes_are_left_out(volume: nc.Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "GONE_THROUGH", 1000)
    data, _ = small_nifti(volume, down=4)
    values = np.asarray(volume)[:, :, 2::4]
    assert image_of(data).shape == (5, 8, 10)
    assert np.asarray(image_of(data).dataobj)[0, 0, 0] == pytest.approx(values[:4, :4, 0].mean(), abs=1e-6)


def test_one_of_several_volumes() -> None:
    held = nc.Volume.of(np.arange(4 * 4 * 4 * 3.0).reshape(4, 4, 4, 3), np.eye(4))
    data, _ = small_nifti(held, number=2)
    np.testing.assert_array_equal(np.asarray(image_of(data).dataobj), np.asarray(held)[..., 2])
    with pytest.raises(nc.ParameterError, match="there are 3 volumes"):
        held.view(number=3)


def test_labels_are_not_averaged() -> None:
    labels = np.zeros((32, 32, 32), np.int16)
    labels[8:24, 8:24, 8:24] = 5
    data, said = small_nifti(nc.Volume.of(labels, np.eye(4)), down=3)
    assert said["labels"]
    assert set(np.unique(np.asarray(image_of(data).dataobj))) == {0, 5}


def test_without_the_package_it_stands_still(volume: nc.Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipyniivue", None)
    shown = volume.view()
    assert isinstance(shown, Still)
    assert "pip install 'neurochain[notebook]'" in repr(shown)
    html = shown._repr_html_()
    assert "neurochain[notebook]" in html
    assert html.count("data:image/svg+xml") == 1


def test_sizes_that_cannot_be(volume: nc.Volume) -> None:
    with pytest.raises(nc.ParameterError, match="down=0"):
        volume.view(down=0)
