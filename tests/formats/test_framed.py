"""Arrays of frames that are had one by one."""

import random

import numpy as np
from made_dicom import noise

from neurochain.formats.framed import FrameArray
from neurochain.formats.slicing import normalise
from neurochain.testing.format_tests import random_index


def counted(frames):
    asked = []

    def read(numbers):
        asked.extend(numbers)
        return (frames[n] for n in numbers)

    return read, asked


def test_slices_of_frames_equal_slices_of_the_whole():
    frames, chosen = noise(5, 6, 7, 3), random.Random(0)
    for whole, stacked in ((frames, True), (frames[0], False)):
        read, _ = counted(frames)
        array = FrameArray(read, whole.shape, whole.dtype, stacked)
        for _ in range(200):
            index = random_index(whole.shape, chosen)
            np.testing.assert_array_equal(array.select(normalise(index, whole.shape)), whole[index])


def test_frames_are_decoded_once_and_kept_within_bounds():
    frames = noise(10, 8, 8)
    read, asked = counted(frames)
    array = FrameArray(read, frames.shape, frames.dtype, True, kept=4 * frames[0].nbytes)
    array.select(normalise((slice(2, 6), 3, 3), frames.shape))
    array.select(normalise((slice(2, 6), 4, 4), frames.shape))
    assert asked == [2, 3, 4, 5]
    array.select(normalise((slice(None), 1), frames.shape))
    assert asked == [2, 3, 4, 5, 0, 1, 6, 7, 8, 9]
    array.select(normalise((slice(6, 10), 1), frames.shape))
    assert len(asked) == 10
    array.select(normalise(2, frames.shape))
    assert asked[10:] == [2]
    large, asked = counted(frames)
    array = FrameArray(large, frames.shape, frames.dtype, True, kept=1)
    for _ in range(2):
        array.select(normalise(0, frames.shape))
    assert asked == [0, 0]
    assert array.select(normalise(slice(0, 0), frames.shape)).shape == (0, 8, 8)
    assert asked == [0, 0]
