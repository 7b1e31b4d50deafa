"""Blocks of voxels: means and labels against numpy, places against nibabel."""

from itertools import product

import nibabel
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurochain.formats import Volume
from neurochain.formats.volumes import blocks
from neurochain.formats.volumes.blocks import block_affine, block_means, block_middles, coarse

SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=11)
KINDS = st.sampled_from([np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])


def cut(array: np.ndarray, down: tuple[int, ...], block: tuple[int, ...]) -> np.ndarray:
    return array[tuple(slice(b * d, (b + 1) * d) for b, d in zip(block, down, strict=True))]


@given(SHAPES, KINDS, st.data())
def test_means_and_middles_are_those_of_each_block(shape, kind, data) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    array = (rng.normal(0, 200, shape) if np.dtype(kind).kind == "f" else rng.integers(0, 250, shape)).astype(
        kind
    )
    if array.dtype.kind == "f":
        array[array > 150] = np.nan
    if data.draw(st.booleans()):
        array = np.asfortranarray(array)
    down = tuple(data.draw(st.integers(1, 5)) for _ in shape)
    means, middles = block_means(array, down), block_middles(array, down)
    counts = [range(-(-n // d)) for n, d in zip(shape, down, strict=True)]
    assert means.shape == middles.shape == tuple(map(len, counts))
    assert means.dtype == (np.float64 if kind is np.float64 else np.float32)
    for block in product(*counts):
        part = cut(array, down, block).astype(np.float64)
        known = part[~np.isnan(part)]
        wanted = known.mean() if known.size else np.nan
        np.testing.assert_allclose(means[block], wanted, rtol=1e-6, atol=1e-3)
        assert np.array_equal(middles[block], part[tuple(n // 2 for n in part.shape)], equal_nan=True)


@given(st.tuples(*[st.integers(1, 6)] * 3))
def test_a_block_lies_at_the_mean_of_its_voxels(down) -> None:
    affine = nibabel.affines.from_matvec(np.array([[0, 0.5, 2], [-3, 0.1, 0], [0.2, 1, 0]]), [10, -4, 7])
    voxels = np.stack(np.meshgrid(*(np.arange(2 * d, 3 * d) for d in down), indexing="ij"), -1).reshape(-1, 3)
    centre = nibabel.affines.apply_affine(affine, voxels).mean(0)
    np.testing.assert_allclose(nibabel.affines.apply_affine(block_affine(affine, down), [2, 2, 2]), centre)


def test_slabs_make_the_same_volume(monkeypatch) -> None:
    array = np.random.default_rng(3).integers(-999, 999, (13, 9, 17, 3)).astype(np.int16)
    volume = Volume.of(np.asfortranarray(array))
    whole = block_means(array[..., 1], (4, 2, 3))
    for room in (1, 2000, 10**9):
        monkeypatch.setattr(blocks, "AT_ONCE", room)
        np.testing.assert_allclose(coarse(volume, {0: 4, 1: 2, 2: 3}, {3: 1}), whole)
    labels = coarse(volume, {0: 4, 1: 2, 2: 3}, {3: 1}, labels=True)
    np.testing.assert_array_equal(labels, block_middles(array[..., 1], (4, 2, 3)))
    np.testing.assert_allclose(
        coarse(volume, {0: 4, 2: 3}, {3: 1, 1: 5}), block_means(array[:, 5, :, 1], (4, 3))
    )
