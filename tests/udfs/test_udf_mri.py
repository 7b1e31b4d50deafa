"""Regions, statistics and noise, against nibabel, SciPy and the whole array."""

from functools import partial
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import nibabel
import numpy as np
import pytest
import scipy.stats
from hypothesis import given

import neurochain as nc
import udfs.fmri
from neurochain.errors import ShapeError
from neurochain.testing import CountingFile
from udfs.fmri import ghost_to_signal, temporal_mean, tsnr
from udfs.mri import foreground, noise_factor, otsu_threshold, roi_statistics, snr, snr_difference
from udfs.region import region_values

OBLIQUE = np.array([[1.9, 0.3, -0.2, -30], [-0.25, 2.1, 0.1, 12], [0.3, -0.1, 2.8, -7], [0, 0, 0, 1.0]])


@pytest.fixture
def anatomical(nibabel_data: Path) -> Path:
    return nibabel_data / "anatomical.nii"


def test_statistics_of_a_box_are_scipys_on_nibabels_array(anatomical: Path) -> None:
    whole = np.asarray(nibabel.load(anatomical).dataobj, np.float64)
    values = whole[5:20, 10:30, 3:9]
    found = roi_statistics(nc.open_volume(nc.File.at(anatomical)), [(5, 20), (10, 30), (3, 9)])
    described = scipy.stats.describe(values, axis=None, ddof=0)
    assert (found.n_voxels, found.minimum, found.maximum) == (described.nobs, *described.minmax)
    assert found.mean == pytest.approx(described.mean, rel=1e-12)
    assert found.std == pytest.approx(described.variance**0.5, rel=1e-12)
    quantiles = scipy.stats.mstats.mquantiles(
        values.ravel(), [0.05, 0.25, 0.5, 0.75, 0.95], alphap=1, betap=1
    )
    assert [found.p05, found.p25, found.median, found.p75, found.p95] == pytest.approx(quantiles)


def test_only_the_box_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.nii"
    values = np.random.default_rng(0).integers(0, 1000, (64, 64, 64), dtype=np.int16)
    nibabel.Nifti1Image(values, np.eye(4)).to_filename(path)
    file = CountingFile.at(path)
    volume = nc.open_volume(file)
    before = file.bytes_read
    found = roi_statistics(volume, [(0, 64), (0, 64), (10, 12)])
    assert found.mean == values[:, :, 10:12].mean()
    assert file.bytes_read - before <= 2 * 64 * 64 * 2 + 4096


@given(data=st.data())
def test_a_box_in_mm_holds_the_voxels_whose_centres_lie_in_it(data: st.DataObject) -> None:
    affine = data.draw(st.sampled_from([OBLIQUE, np.diag([2, 3, 4, 1.0]), np.diag([-2, -2, 5, 1.0])]))
    shape = (9, 8, 7)
    values = np.arange(np.prod(shape)).reshape(shape)
    edge = st.floats(-60, 60).map(lambda v: round(v, 1) + 0.03)
    box = [tuple(sorted(data.draw(st.lists(edge, min_size=2, max_size=2, unique=True)))) for _ in range(3)]
    centres = nibabel.affines.apply_affine(affine, np.indices(shape).reshape(3, -1).T)
    low, high = np.array(box).T
    expected = values.reshape(-1)[((centres >= low) & (centres < high)).all(axis=1)]
    volume = nc.Volume.of(values, affine)
    if len(expected):
        assert region_values(volume, box, mm=True).tolist() == expected.tolist()
    else:
        with pytest.raises(ShapeError, match="No voxel"):
            region_values(volume, box, mm=True)


def test_a_box_in_mm_of_a_file_is_nibabels(anatomical: Path) -> None:
    image = nibabel.load(anatomical)
    values = np.asarray(image.dataobj)
    centres = nibabel.affines.apply_affine(image.affine, np.moveaxis(np.indices(values.shape), 0, -1))
    inside = ((centres >= [-20, -30, 5]) & (centres < [15, 10, 30])).all(axis=-1)
    found = roi_statistics(nc.open_volume(nc.File.at(anatomical)), [(-20, 15), (-30, 10), (5, 30)], mm=True)
    assert (found.n_voxels, found.mean) == (inside.sum(), pytest.approx(values[inside].mean()))


def test_a_box_of_one_dicom_slice_in_mm() -> None:
    """The affine of an image in a plane has three axes, and the image two."""
    affine = np.array([[0, 2.0, 0, -10], [-2.0, 0, 0, 10], [0, 0, 5, 3], [0, 0, 0, 1.0]])
    volume = nc.Volume.of(np.arange(100).reshape(10, 10), affine, ["row", "column"])
    assert region_values(volume, [(-10, -7), (7, 11), (3, 4)], mm=True).tolist() == [0, 1, 10, 11]
    with pytest.raises(ShapeError, match="No voxel"):
        region_values(volume, [(-10, -7), (7, 11), (4, 8)], mm=True)


def test_labels_of_a_real_segmentation(real_data: Path) -> None:
    folder = real_data / "bids_mri"
    name = "sub-unf01/anat/sub-unf01_T1w"
    image = nibabel.load(folder / f"{name}.nii.gz")
    labels = nibabel.load(folder / "derivatives" / "labels" / f"{name}_seg-manual.nii.gz")
    values = np.asarray(image.dataobj)[np.asarray(labels.dataobj) == 1]
    found = roi_statistics(
        nc.open_volume(nc.File.at(image.get_filename())),
        labels=nc.open_volume(nc.File.at(labels.get_filename())),
        label=1,
    )
    assert found.n_voxels == len(values) > 0
    assert found.mean == pytest.approx(values.mean(dtype=np.float64), rel=1e-12)


def test_labels_take_all_times() -> None:
    values = np.random.default_rng(0).normal(size=(5, 6, 7, 4))
    labels = np.zeros((5, 6, 7), np.uint8)
    labels[1, 2, 3] = labels[3, 4, 5] = 2
    labels[0, 0, 0] = 1
    assert region_values(values, labels=labels, label=2).tolist() == values[labels == 2].reshape(-1).tolist()
    assert len(region_values(values, labels=labels)) == 12


def test_values_that_are_not_finite_are_counted_and_left_out() -> None:
    found = roi_statistics(np.array([[[1.0, np.nan, 3.0, np.inf]]]))
    assert (found.n_voxels, found.n_not_finite, found.mean) == (2, 2, 2.0)
    none = roi_statistics(np.full((2, 2, 2), np.nan))
    assert (none.n_voxels, none.n_not_finite, none.mean, none.maximum) == (0, 8, None, None)


def test_regions_that_cannot_be_say_what_to_do() -> None:
    volume = nc.Volume.of(np.zeros((4, 5, 6)), np.eye(4))
    with pytest.raises(ShapeError, match=r"\[0, 9\) are no voxels of axis y .* within \[0, 5\)"):
        region_values(volume, [(0, 4), (0, 9)])
    with pytest.raises(ShapeError, match="4 ranges"):
        region_values(volume, [(0, 1)] * 4)
    with pytest.raises(ShapeError, match="three ranges"):
        region_values(volume, [(0, 1)], mm=True)
    with pytest.raises(ValueError, match="no affine"):
        region_values(np.zeros((2, 2, 2)), [(0, 1)] * 3, mm=True)
    frames = nc.Volume.of(np.zeros((2, 3, 4)), np.eye(4), ["frame", "row", "column"])
    with pytest.raises(ShapeError, match="does not begin with the axes"):
        region_values(frames, [(0, 1)] * 3, mm=True)
    with pytest.raises(ValueError, match="not both"):
        region_values(volume, [(0, 1)], labels=np.ones((4, 5, 6)))
    with pytest.raises(ShapeError, match=r"the label 7\. It holds: 0, 1"):
        region_values(np.zeros((2, 2)), labels=np.eye(2), label=7)
    with pytest.raises(ShapeError, match="different shapes"):
        region_values(volume, labels=np.ones((4, 5, 5)))
    with pytest.raises(ShapeError, match="affines differ by up to 2 mm"):
        region_values(volume, labels=nc.Volume.of(np.ones((4, 5, 6)), np.diag([3.0, 1, 1, 1])))
    with pytest.raises(ShapeError, match="is empty"):
        region_values(np.zeros((0, 2, 2)))


@pytest.mark.parametrize("n_coils", [1, 2, 4, 8, 32, 64])
def test_noise_in_air_is_chis(n_coils: int) -> None:
    assert noise_factor(n_coils) == pytest.approx(scipy.stats.chi(2 * n_coils).std(), rel=1e-9)


def test_noise_of_one_coil_is_rayleighs() -> None:
    assert noise_factor() == pytest.approx(scipy.stats.rayleigh.std(), rel=1e-12)
    with pytest.raises(ValueError, match="one coil"):
        noise_factor(0)


@pytest.mark.parametrize("n_coils", [1, 8])
def test_both_methods_find_the_ratio_that_was_made(n_coils: int) -> None:
    rng = np.random.default_rng(0)
    sigma, true = 3.0, 80.0
    parts = rng.normal(0, sigma, (2, 2 * n_coils, 40, 40, 20))
    parts[:, 0, 10:30, 10:30] += sigma * true
    first, second = np.sqrt((parts**2).sum(axis=1))
    inside, air = [(12, 28), (12, 28)], [(0, 8), (0, 40)]
    assert snr(first, inside, air, n_coils=n_coils) == pytest.approx(true, rel=0.02)
    assert snr_difference(first, second, inside) == pytest.approx(true, rel=0.02)


def test_snr_of_a_file_in_mm_is_that_in_voxels(anatomical: Path) -> None:
    volume = nc.open_volume(nc.File.at(anatomical))
    corner, diagonal = volume.affine[:3, 3], np.diag(volume.affine)[:3]
    assert np.count_nonzero(volume.affine[:3, :3]) == 3
    boxes = {"signal": [(10, 20), (15, 25), (8, 15)], "background": [(0, 4), (0, 41), (0, 5)]}
    in_mm = {
        name: [
            tuple(sorted((c + s * (a - 0.5), c + s * (b - 0.5))))
            for (a, b), c, s in zip(box, corner, diagonal, strict=True)
        ]
        for name, box in boxes.items()
    }
    assert snr(volume, **in_mm, mm=True) == snr(volume, **boxes)


def test_noise_needs_more_than_a_voxel() -> None:
    with pytest.raises(ShapeError, match="take a larger box"):
        snr(np.ones((3, 3, 3)), [(0, 2)], [(2, 3), (0, 1), (0, 1)])
    assert snr(np.ones((3, 3, 3)), [(0, 2)], [(2, 3)]) == np.inf


@given(values=st.lists(st.integers(0, 30), min_size=2, max_size=60).filter(lambda v: len(set(v)) > 1))
def test_otsu_parts_classes_that_vary_least(values: list[int]) -> None:
    array = np.array(values, float)
    found = otsu_threshold(array, n_bins=1000)
    within = {t: _within(array, t) for t in np.unique(array)[1:]}
    assert _within(array, found) == pytest.approx(min(within.values()), rel=1e-2, abs=1e-2)


def _within(values: np.ndarray[Any, Any], threshold: float) -> float:
    parts = values[values < threshold], values[values >= threshold]
    return float(sum(len(p) * p.var() for p in parts))


def test_the_foreground_of_a_head_is_most_of_its_middle(anatomical: Path) -> None:
    volume = nc.open_volume(nc.File.at(anatomical))
    found = foreground(volume)
    assert found.shape == volume.shape
    np.testing.assert_array_equal(found.affine, volume.affine)
    values = volume.read()
    mask = found.read() == 1
    assert values[mask].min() > values[~mask].max()
    assert foreground(np.zeros((3, 3, 3))).read().sum() == 0
    with pytest.raises(ShapeError, match="temporal_mean"):
        foreground(np.zeros((2, 2, 2, 2)))


@given(
    n=st.integers(4, 30),
    order=st.integers(0, 2),
    block=st.sampled_from([1, 50, 10**6]),
    seed=st.integers(0, 99),
)
def test_tsnr_is_the_mean_over_what_a_polynomial_leaves(n: int, order: int, block: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = 1000 + 30 * np.arange(n) + rng.normal(0, 5, (3, 2, 2, n))
    flat = values.reshape(-1, n).T
    times = np.arange(n)
    left = flat - np.stack([np.polyval(np.polyfit(times, v, order), times) for v in flat.T], axis=1)
    expected = (flat.mean(axis=0) / left.std(axis=0)).reshape(3, 2, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(udfs.fmri, "BLOCK", block)
        found = tsnr(values, order)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_tsnr_of_a_real_series_is_nibabels_array_s(real_data: Path) -> None:
    path = real_data / "openfmri_haxby/mvpa2/data/haxby2001/sub001/BOLD/task001_run001/bold_25mm.nii.gz"
    values = np.asarray(nibabel.load(path).dataobj, np.float64)
    volume = nc.open_volume(nc.File.at(path))
    deviation = values.std(axis=-1)
    expected = np.divide(values.mean(axis=-1), deviation, out=np.zeros_like(deviation), where=deviation > 0)
    found = tsnr(volume)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    np.testing.assert_array_equal(found.affine, volume.affine)
    assert found.axes == ("x", "y", "z")
    np.testing.assert_allclose(temporal_mean(volume), values.mean(axis=-1), rtol=1e-12)


def test_tsnr_of_what_does_not_vary_is_nothing() -> None:
    values = np.full((1, 1, 2, 10), 7.0)
    values[0, 0, 1] = np.nan
    assert tsnr(values)[0, 0, 0] == 0
    assert np.isnan(tsnr(values)[0, 0, 1])
    values[0, 0, 1, :9] = 7.0
    values[0, 0, 1, 9] = np.inf
    assert np.isnan(tsnr(values)[0, 0, 1])
    assert tsnr(np.linspace(5, 6, 10)[None], order=1)[0] == 0
    with pytest.raises(ShapeError, match="takes 3 images"):
        tsnr(np.zeros((2, 2, 2)), order=1)
    with pytest.raises(ValueError, match="degree 0"):
        tsnr(values, order=-1)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_ghost_half_a_field_away_is_seen(axis: int) -> None:
    rng = np.random.default_rng(0)
    image = np.zeros((64, 64, 4))
    image[20:44, 24:40] = 1000
    image = np.moveaxis(image, 1, axis) if axis == 0 else image
    series = (image + 0.05 * np.roll(image, 32, axis))[..., None] + rng.normal(0, 2, (64, 64, 4, 10))
    assert ghost_to_signal(series, axis) == pytest.approx(0.05, rel=0.02)
    assert ghost_to_signal(series, 1 - axis) == pytest.approx(0, abs=0.01)


def test_ghosts_need_room() -> None:
    with pytest.raises(ShapeError, match="0 of air"):
        ghost_to_signal(np.ones((4, 4, 4)), mask=np.ones((4, 4, 4)))
    with pytest.raises(ShapeError, match="axes 0 to 2"):
        ghost_to_signal(np.ones((4, 4, 4)), axis=3)


def test_a_chain_maps_them(project: object, nibabel_data: Path) -> None:
    files = nc.read_storage([nibabel_data / "anatomical.nii", nibabel_data / "functional.nii"])
    found = files.map(partial(roi_statistics, box=[(4, 12), (4, 16), (0, 3)])).select(
        "file", "n_voxels", "mean"
    )
    assert found.collect()["n_voxels"].to_list() == [8 * 12 * 3, 8 * 12 * 3 * 20]
    runs = files.filter(nc.Column("header.shape").list.len() == 4).map(tsnr=tsnr).save("tsnr")
    assert runs.rows == 1
    [row] = nc.read_dataset("tsnr").select("tsnr")
    assert row["tsnr"].shape == (17, 21, 3)
