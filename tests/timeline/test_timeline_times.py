"""Sets of times of a timeline: what is covered, when a condition holds, and splits that do not leak."""

import numpy as np
import pytest
from rig import CHANNELS, RATE, SECONDS

import neurochain as nc
from neurochain.testing.edf import write_edf
from neurochain.timeline.clocks.clockmap import ClockMap


def test_what_is_covered_leaves_out_jumps(rig):
    jump = ClockMap.piecewise([0.0, 5.0, 5.5, 15.0], [0.0, 5.0, 8.0, 17.5], breaks=(1,))
    t = nc.timeline(ephys=nc.open(rig.probe, **rig.raw), video=rig.film).move("video", jump)
    found = t.covered("video")
    np.testing.assert_allclose(found.starts, [0.0, 8.0])
    assert found.ends[0] == pytest.approx(5.0)
    assert list(t.covered("ephys")) == [(0.0, SECONDS)]
    assert t.covered() == found & nc.Intervals([(0, SECONDS)])
    # Frames between the two pulses have no time, and no window shows them at a wrong one.
    w = t.window(4.0, 9.0)["video"]
    unknown = ~np.isfinite(w.time)
    assert unknown.any()
    np.testing.assert_array_equal(w.mask[:, 0, 0, 0], ~unknown)


def test_gaps_of_a_recording_are_not_covered(tmp_path):
    path = write_edf(tmp_path / "a.edf", np.zeros((1, 400)), 100, ["Cz"], starts=[0, 1, 5, 6])
    t = nc.timeline(eeg=nc.open(path))
    assert list(t.covered()) == [(0, 2), (5, 7)]
    w = t.window(1.5, 5.5)["eeg"]
    np.testing.assert_allclose(w.time, np.concatenate([np.arange(1.5, 2, 0.01), np.arange(5, 5.5, 0.01)]))
    found = t.window(0, 7).resampled(10.0, {"eeg": "previous"})["eeg"]
    np.testing.assert_array_equal(found.mask, (found.time < 2) | (found.time >= 5))


def test_when_a_condition_holds(rig):
    t = nc.timeline(ephys=nc.open(rig.probe, **rig.raw))
    found = t.when(f"signal > 500 and channel == {CHANNELS - 1}", "ephys")
    starts = np.round(rig.pulses * RATE) / RATE
    merged = nc.Intervals.of(starts, starts + 5 / RATE)
    np.testing.assert_allclose(found.starts, merged.starts, atol=1e-9)
    np.testing.assert_allclose(found.ends, merged.ends, atol=1e-9)
    with pytest.raises(nc.ShapeError, match="a recording is needed"):
        nc.timeline(licks=[1.0]).when("signal > 1", "licks")


def test_when_follows_the_clock(rig):
    t = nc.timeline(a=nc.stream(nc.open(rig.probe, **rig.raw), start=100.0), b=nc.open(rig.probe, **rig.raw))
    moved = t.move("b", 100.5)
    text = f"signal > 500 and channel == {CHANNELS - 1} and time > 105"
    one, other = moved.when(text, "a"), moved.when(text, "b")
    np.testing.assert_allclose(
        one.within(106, 115).starts + 0.5, other.within(106.5, 115.5).starts, atol=1e-6
    )


def test_splits_do_not_leak(rig, project):
    t = nc.timeline(ephys=nc.open(rig.probe, **rig.raw))
    parts = t.split({"train": 0.7, "test": 0.3}, margin=1.0, blocks=2)
    spans = {
        name: t.windows(seconds=0.5, step=0.25, within=part).select("start", "end").collect().rows()
        for name, part in parts.items()
    }
    assert all(spans.values())
    for a, b in spans["train"]:
        for c, d in spans["test"]:
            assert max(c - b, a - d) >= 1.0
    with pytest.raises(nc.ShapeError, match="and of within"):
        t.windows(seconds=0.5, within=nc.Intervals([(0.0, 0.1)]))
