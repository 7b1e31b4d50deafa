"""Windows on one grid: each stream by its method, gaps as masks, nothing made up."""

import numpy as np
import pytest
from rig import RATE

import neurochain as nc
from neurochain.timeline.clocks.clockmap import ClockMap


def tone(hz, seconds=20, rate=1000.0, **more):
    times = np.arange(round(seconds * rate)) / rate
    return nc.Recording.of(np.sin(2 * np.pi * hz * times)[None], rate, **more)


def test_a_recording_is_decimated_without_aliases():
    t = nc.timeline(slow=tone(3), fast=tone(170))
    found = t.window(5, 8).resampled(100.0)
    assert found["slow"].mask.all()
    np.testing.assert_allclose(found["slow"].time, 5 + np.arange(300) / 100, atol=1e-12)
    np.testing.assert_allclose(
        found["slow"].values[:, 0], np.sin(2 * np.pi * 3 * found["slow"].time), atol=2e-3
    )
    assert np.abs(found["fast"].values).max() < 1e-3


def test_blocks_of_a_drifting_clock_equal_the_whole():
    t = nc.timeline(a=tone(1), b=tone(3)).move("b", ClockMap.affine(1 + 1e-4, 0.037))
    whole = t.window(5, 9).resampled(50.0)["b"]
    parts = [t.window(a, a + 1).resampled(50.0)["b"] for a in range(5, 9)]
    np.testing.assert_allclose(np.concatenate([p.values for p in parts]), whole.values, atol=1e-9)
    truth = np.sin(2 * np.pi * 3 * (whole.time - 0.037) / (1 + 1e-4))
    np.testing.assert_allclose(whole.values[:, 0], truth, atol=2e-3)


def test_edges_of_the_recording_are_masked():
    found = nc.timeline(a=tone(3)).window(0, 1).resampled(100.0)["a"]
    assert not found.mask[0]
    assert found.mask[-1]
    assert np.isnan(found.values[~found.mask]).all()


def test_what_holds_and_what_lies_between(rig):
    t = nc.timeline(ephys=nc.open(rig.probe, **rig.raw), video=rig.film, bold=rig.scan, behavior=rig.behavior)
    w = t.window(4.0, 6.0)
    found = w.resampled(20.0, {"ephys": "previous"})
    at = found["video"].time
    np.testing.assert_array_equal(found["ephys"].values, rig.samples[np.round(at * RATE).astype(int)])
    video = nc.open(rig.film)
    shown = [video.index_at(s) for s in at]
    np.testing.assert_array_equal(found["video"].values, video.frames(shown))
    np.testing.assert_array_equal(found["bold"].values, rig.volumes[..., (at // 2.5).astype(int)])
    np.testing.assert_allclose(found["behavior"].values[:, 0], np.sin(at), atol=1e-3)


def test_dropped_frames_are_a_gap_where_one_says_so(rig):
    t = nc.timeline(video=rig.film)
    gap = int(np.argmax(np.diff(rig.frames)))
    a, b = rig.frames[gap], rig.frames[gap + 1]
    w = t.window(a - 0.1, b + 0.1)
    found = w.resampled(100.0, longest_gap=0.2)["video"]
    inside = (found.time > a + 0.1) & (found.time < b - 0.01)
    assert inside.any()
    assert not found.mask[inside].any()
    assert w.resampled(100.0)["video"].mask.all()


def test_counts_have_a_side():
    spikes = nc.stream({"id": [1, 2], "spike_times": [[1.0, 1.1, 1.2], [1.2]]})
    t = nc.timeline(lfp=tone(1), spikes=spikes, licks=[1.1])
    w = t.window(1.0, 1.2)
    left, right = (w.resampled(10.0, side=side) for side in ("left", "right"))
    np.testing.assert_array_equal(left["spikes"].values, [[1, 0], [1, 0]])
    np.testing.assert_array_equal(right["spikes"].values, [[1, 0], [1, 1]])
    np.testing.assert_array_equal(left["licks"].values, [0, 1])
    np.testing.assert_array_equal(right["licks"].values, [1, 0])


def test_gaps_of_a_clock_that_jumped_are_masked():
    jump = ClockMap.piecewise([0.0, 10.0, 10.5, 20.0], [0.0, 10.0, 13.5, 23.0], breaks=(1,))
    t = nc.timeline(a=tone(1, 25), b=tone(2)).move("b", jump)
    found = t.window(8, 16).resampled(50.0)["b"]
    known = (found.time < 9.4) | (found.time > 14.2)
    assert found.mask[known].all()
    assert not found.mask[(found.time > 10) & (found.time < 13.5)].any()
    truth = np.sin(4 * np.pi * np.where(found.time < 12, found.time, found.time - 3))
    np.testing.assert_allclose(found.values[known, 0], truth[known], atol=2e-3)


def test_methods_that_make_no_sense(rig):
    w = nc.timeline(video=rig.film, licks=[2.0]).window(1, 3)
    with pytest.raises(nc.ShapeError, match="'video' is no recording"):
        w.resampled(10, {"video": "decimate"})
    with pytest.raises(nc.ShapeError, match="'licks' holds events: choose 'count'"):
        w.resampled(10, {"licks": "linear"})
    with pytest.raises(nc.ColumnNotFoundError):
        w.resampled(10, {"nothing": "linear"})
