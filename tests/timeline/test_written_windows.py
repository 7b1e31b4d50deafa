"""Windows in one file: whatever their order, and however many are read together, each holds what it reads alone."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rig import CHANNELS, RATE, Rig

import neurochain as nc
from neurochain.timeline.streams import filmed
from neurochain.timeline.timeline import Timeline
from neurochain.timeline.writing import tree


@pytest.fixture(scope="module")
def streams(rig: Rig) -> Timeline:
    """Ephys as it is stored and in uV, a video and a scan."""
    scaled = nc.open(
        str(rig.probe), **rig.raw, gain=[0.5 + c for c in range(CHANNELS)], offset=3.0, unit="uV"
    )
    return nc.timeline(
        ephys=nc.open(str(rig.probe), **rig.raw), uv=scaled, video=str(rig.film), bold=str(rig.scan)
    )


@pytest.mark.parametrize("most", [1, 2**17, 2**27])
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spans=st.lists(st.tuples(st.integers(0, 380), st.integers(0, 12)), max_size=6))
def test_frames_of_several_ranges_are_those_of_each(
    streams: Timeline, monkeypatch: pytest.MonkeyPatch, most: int, spans: list[tuple[int, int]]
) -> None:
    video = streams["video"]
    monkeypatch.setattr(filmed, "AT_ONCE", most)
    count = video.clock.n_samples
    ranges = [(min(first, count), min(first + n, count)) for first, n in spans]
    found = list(video.reads(ranges))
    assert len(found) == len(ranges)
    for (first, last), frames in zip(ranges, found, strict=True):
        np.testing.assert_array_equal(frames, video.read(first, last))


@pytest.mark.parametrize("at_once", [5000, 2**26])
def test_each_window_of_a_file_holds_what_it_reads_alone(
    streams: Timeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(tree, "AT_ONCE", at_once)  # in pieces, or each as a whole
    windows = streams.around([9.0, 1.5, 9.05, 4.0, 1.5], before=0.3, after=0.25)
    with h5py.File(streams.to_hdf5(tmp_path / "windows.h5", windows)) as file:
        assert list(file["windows"]) == [f"{i:06d}" for i in range(5)]
        for number, window in enumerate(windows):
            home = file[f"windows/{number:06d}"]
            assert (home.attrs["start"], home.attrs["end"]) == (window.start, window.end)
            assert set(home) == set(streams)
            for name, excerpt in window.items():
                alone = excerpt.read()
                assert home[name]["data"].dtype == alone.dtype
                np.testing.assert_array_equal(home[name]["data"], alone)
                np.testing.assert_array_equal(home[name]["time"], excerpt.time)


def test_scaled_values_are_gain_times_stored_and_offset(streams: Timeline, rig: Rig) -> None:
    found = streams.window(3.0, 13.0)["uv"].read()
    gains = np.array([0.5 + c for c in range(CHANNELS)], np.float32)
    expected = rig.samples[3 * RATE : 13 * RATE].astype(np.float32) * gains + np.float32(3.0)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)
