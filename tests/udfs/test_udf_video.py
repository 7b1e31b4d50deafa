"""Motion energy, against computing it directly."""

import sys
from pathlib import Path

import numpy as np
import pytest

import neurochain as nc
from neurochain.errors import ShapeError
from udfs.video import motion_energy

sys.path.insert(0, str(Path(__file__).parents[1] / "formats"))
from video_files import X264, write_video


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    times = np.cumsum(np.random.default_rng(1).integers(10, 60, 50)).tolist()
    return write_video(tmp_path_factory.mktemp("film") / "film.mp4", 50, options=X264, times=times)


def test_it_is_the_mean_absolute_difference(film):
    video = nc.open(film)
    found = motion_energy(video)
    grey = video.grey.read().astype(float)
    np.testing.assert_allclose(found.energy, np.abs(np.diff(grey, axis=0)).mean((1, 2)), rtol=1e-12)
    np.testing.assert_array_equal(found.times, video.times[1:])
    assert found.energy.min() > 1
    part = motion_energy(video, ((10, 30), (5, 64)))
    np.testing.assert_allclose(part.energy, np.abs(np.diff(grey[:, 10:30, 5:64], axis=0)).mean((1, 2)))
    window = motion_energy(video.window(0.3, 0.9))
    inside = (video.times >= 0.3) & (video.times < 0.9)
    np.testing.assert_allclose(window.energy, np.abs(np.diff(grey[inside], axis=0)).mean((1, 2)))
    np.testing.assert_array_equal(window.times, video.times[inside][1:])


def test_arrays_do_as_well(film):
    video = nc.open(film)
    colours = video.read()
    found = motion_energy(colours, frame_rate=25.0)
    grey = colours @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(found.energy, np.abs(np.diff(grey, axis=0)).mean((1, 2)))
    np.testing.assert_allclose(found.times, np.arange(1, 50) / 25)
    np.testing.assert_allclose(found.energy, motion_energy(video).energy, rtol=0.15)
    assert motion_energy(np.zeros((1, 4, 4)), frame_rate=1.0).energy.shape == (0,)
    assert motion_energy(np.array([[[0]], [[255]]], np.uint8), frame_rate=1.0).energy.tolist() == [255.0]


def test_what_cannot_be_is_refused(film):
    for region in (((0, 49), (0, 4)), ((4, 4), (0, 4)), ((-1, 4), (0, 4))):
        with pytest.raises(ShapeError, match=r"rows \[.*\) do not lie in \[0, 48\)"):
            motion_energy(nc.open(film), region)
    with pytest.raises(ShapeError, match=r"of shape \(3, 4\) is not"):
        motion_energy(np.zeros((3, 4)), frame_rate=1.0)
    with pytest.raises(ValueError, match="say how many frames a second has"):
        motion_energy(np.zeros((3, 4, 4)))


def test_it_is_a_function_of_a_chain(film, project):
    chain = nc.read_storage(film.parent).map(motion_energy).select("file", "times", "energy")
    version = chain.save("motion")
    row = nc.read_dataset("motion").collect()
    direct = motion_energy(nc.open(film))
    np.testing.assert_array_equal(row["energy"].to_list()[0], direct.energy)
    np.testing.assert_array_equal(row["times"].to_list()[0], direct.times)
    assert version.rows == 1
