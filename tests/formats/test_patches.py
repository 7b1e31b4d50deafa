"""Patches over the axes of volumes."""

import itertools

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.errors import ShapeError
from neurochain.formats import Header, Volume, open_volume, read_header
from neurochain.formats.volumes.patches import patches
from neurochain.storage import File
from neurochain.testing import CountingFile

SIZES = st.tuples(*[st.integers(1, 5)] * 2)


@given(size=SIZES, stride=SIZES, shape=st.tuples(*[st.integers(0, 9)] * 3), drop_last=st.booleans())
def test_patches_lie_on_their_lattice(size, stride, shape, drop_last):
    spec = patches(size, stride, drop_last)
    cuts = spec.cuts(shape)
    assert len(set(cuts)) == len(cuts) == spec.count({"shape": list(shape)})
    whole = [cut for cut in cuts if tuple(b - a for a, b in cut) == size]
    lattice = [range(0, n - s + 1, step) for n, s, step in zip(shape, size, stride, strict=False)]
    assert [tuple(a for a, _ in cut) for cut in whole] == list(itertools.product(*lattice))
    assert all(0 <= a < b <= n for cut in cuts for (a, b), n in zip(cut, shape, strict=False))
    if drop_last:
        assert whole == cuts
    elif all(step <= s for step, s in zip(stride, size, strict=True)):
        covered = np.zeros(shape[:2], int)
        for (a, b), (c, d) in cuts:
            covered[a:b, c:d] += 1
        assert (covered >= 1).all(), "nothing is left behind"
        assert size != stride or (covered == 1).all(), "they tile"


def test_patches_are_slices_that_keep_their_place(tmp_path):
    data = np.random.default_rng(0).integers(0, 99, (12, 9, 8, 4), np.int16)
    nibabel.Nifti1Image(data, np.diag([2, 2, 3, 1])).to_filename(tmp_path / "a.nii")
    file = CountingFile.at(tmp_path / "a.nii")
    volume = open_volume(file)
    before = file.bytes_read
    spec = patches((4, 4, 4), stride=(4, 3, 4), drop_last=False)
    made = list(spec.of(volume))
    assert len(made) == spec.count(volume) == spec.count(read_header(File.at(tmp_path / "a.nii")).header)
    assert spec.count(Header(shape=[12, 9, 8, 4])) == len(made)
    assert file.bytes_read == before, "patches are read when they are used"
    for patch, cut in zip(made, spec.cuts(volume.shape), strict=True):
        np.testing.assert_array_equal(patch, data[tuple(slice(*c) for c in cut)])
        np.testing.assert_array_equal(patch.affine[:3, 3], [2 * cut[0][0], 2 * cut[1][0], 3 * cut[2][0]])


def test_what_cannot_be_is_refused():
    for bad in (((),), ((0, 2),), ((2, 2), 0), ((2, 2), (1,)), ((2, -2),)):
        with pytest.raises(ValueError, match="positive whole number"):
            patches(*bad)
    with pytest.raises(ShapeError, match="fewer axes"):
        list(patches((2, 2)).of(Volume.of(np.zeros(4))))
    with pytest.raises(ShapeError, match="no shape"):
        patches((2, 2)).count({"shape": None})
