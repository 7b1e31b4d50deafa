"""Windows that are read one after the other are what windows read alone are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.errors import ShapeError
from neurochain.formats import Recording, open_recording
from neurochain.storage import File
from neurochain.testing.edf import write_edf

RATE = 100
SAMPLES = 1_100
LABELS = [f"c{i}" for i in range(6)]


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("edf") / "a.edf"
    waves = np.random.default_rng(0).normal(0, 50, (len(LABELS), SAMPLES))
    write_edf(path, waves, RATE, LABELS)
    return open_recording(File.at(path))


@given(
    picked=st.lists(st.sampled_from(range(len(LABELS))), min_size=1, max_size=4, unique=True),
    cut=st.floats(0, 3),
    start=st.floats(0, 6),
    seconds=st.floats(0, 4),
    stored=st.booleans(),
)
def test_a_window_is_that_of_the_whole(recording, picked, cut, start, seconds, stored):
    chosen = recording.pick(picked).window(cut, 10.4)
    chosen = chosen.stored if stored else chosen
    begin = chosen.start + min(start, 10.4 - chosen.start - seconds)
    begin = max(begin, chosen.start)
    found = chosen.read_window(begin, begin + seconds)
    expected = chosen.window(begin, begin + seconds).read()
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
    low = chosen.start - 2
    with pytest.raises(ShapeError, match="Ask for"):
        chosen.read_window(low, low + 1)


def test_what_was_read_does_not_stay_with_a_part(recording):
    assert recording.read_window(1, 2).shape == (6, 100)
    two = recording.pick([4, 1])
    np.testing.assert_array_equal(two.read_window(1, 2), recording.read_window(1, 2)[[4, 1]])
    assert two.stored.read_window(1, 2).dtype == np.int16
    np.testing.assert_array_equal(
        two.window(3, 5).read_window(3.5, 4),
        recording.read_window(3, 5)[[4, 1], 50:][:, :50],
    )


def test_channels_of_other_rates_and_no_times_are_refused(recording, tmp_path):
    with pytest.raises(ShapeError, match="goes from"):
        recording.read_window(float("nan"), 2)
    with pytest.raises(ShapeError, match="goes from"):
        recording.read_window(10.5, 11.5)
    memory = Recording.of(np.arange(20.0).reshape(2, 10), 2.0, start=5.0)
    np.testing.assert_array_equal(memory.read_window(6, 7), [[2, 3], [12, 13]])
