"""Arrays of frames that are had one by one."""

import random

import numpy as np
from made_frames import noise

from neurochain.formats.arrays.framed import FrameArray, KeptFrames
from neurochain.formats.arrays.slicing import normalise
from neurochain.testing.format_tests import random_index


def counted(frames):
    asked = []

    def read(numbers):
        asked.extend(numbers)
        return (frames[n] for n in numbers)

    return read, asked


def array_of(frames, whole, kept=None):
    """Array of frames, and the numbers that it asks for."""
    read, asked = counted(frames)
    stacked = whole.ndim == frames.ndim
    return FrameArray(
        read, whole.shape, whole.dtype, stacked, lambda n: 10 * len(n), kept or KeptFrames()
    ), asked


def test_slices_of_frames_equal_slices_of_the_whole():
    frames, chosen = noise(5, 6, 7, 3), random.Random(0)
    for whole in (frames, frames[0]):
        array, _ = array_of(frames, whole)
        for _ in range(200):
            index = random_index(whole.shape, chosen)
            np.testing.assert_array_equal(array.select(normalise(index, whole.shape)), whole[index])


def test_frames_are_decoded_once_and_kept_within_bounds():
    frames = noise(10, 8, 8)
    kept = KeptFrames(4 * frames[0].nbytes)
    array, asked = array_of(frames, frames, kept)
    array.select(normalise((slice(2, 6), 3, 3), frames.shape))
    array.select(normalise((slice(2, 6), 4, 4), frames.shape))
    assert asked == [2, 3, 4, 5]
    array.select(normalise((slice(None), 1), frames.shape))
    assert asked == [2, 3, 4, 5, 0, 1, 6, 7, 8, 9]
    array.select(normalise((slice(6, 10), 1), frames.shape))
    assert len(asked) == 10
    array.select(normalise(2, frames.shape))
    assert asked[10:] == [2]
    other, theirs = array_of(frames + 1, frames, kept)  # one bound for all arrays, and no frame of another
    np.testing.assert_array_equal(other.select(normalise((slice(6, 10)), frames.shape)), frames[6:10] + 1)
    array.select(normalise(2, frames.shape))
    assert (theirs, asked[10:]) == ([6, 7, 8, 9], [2, 2])


def test_a_frame_beyond_the_bound_is_not_kept():
    frames = noise(2, 8, 8)
    array, asked = array_of(frames, frames, KeptFrames(1))
    for _ in range(2):
        array.select(normalise(0, frames.shape))
    assert asked == [0, 0]


def test_nothing_selected_asks_for_nothing():
    frames = noise(3, 8, 8)
    array, asked = array_of(frames, frames)
    nothing = normalise(slice(0, 0), frames.shape)
    assert (array.select(nothing).shape, array.bytes_needed(nothing), asked) == ((0, 8, 8), 0, [])
    assert array.bytes_needed(normalise((slice(0, 2), 1), frames.shape)) == 20
