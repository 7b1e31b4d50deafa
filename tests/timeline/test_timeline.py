"""Streams on one clock, against the truth of the rig."""

import pickle
from itertools import pairwise

import numpy as np
import pytest
from rig import CHANNELS, RATE, TR, Rig

import neurochain as nc

SYNC = f"ephys.{CHANNELS - 1}"


@pytest.fixture
def streams(rig):
    return {
        "ephys": nc.open(rig.probe, **rig.raw),
        "video": nc.stream(rig.film, pulses={"ttl": rig.ttl}),
        "bold": rig.scan,
        "behavior": rig.behavior,
        "events": rig.events,
    }


@pytest.fixture
def synced(streams):
    return nc.timeline(streams).sync("video", to="ephys", pulses=("video.ttl", SYNC))


def test_the_overlap_is_that_of_all_that_were_recorded(streams):
    t = nc.timeline(streams)
    assert t.clock == "ephys"
    assert t.span[0] == 0.0
    assert t.span[1] == pytest.approx(t.span_of("video")[1])
    assert list(t) == list(streams)
    assert "5 streams" in repr(t)


def test_sync_finds_the_camera_s_clock(synced, rig):
    fit = synced.fit("video")
    assert fit.drift_ppm == pytest.approx(rig.DRIFT * 1e6, abs=20)
    assert len(fit.residuals) == len(rig.pulses) - 2
    truth = rig.OFFSET + rig.frames * (1 + rig.DRIFT)
    np.testing.assert_allclose(synced.map("video")(rig.frames), truth, atol=1e-3)
    assert 0 < synced.uncertainty("video") < 2e-3
    assert synced.is_synced("video")
    assert not synced.is_synced("bold")
    assert synced.uncertainty("bold") is None


def test_a_window_holds_what_lies_in_it(synced, rig):
    w = synced.window(2.0, 3.0)
    np.testing.assert_array_equal(w["ephys"].read(), rig.samples[2 * RATE : 3 * RATE])
    np.testing.assert_allclose(w["ephys"].time, np.arange(2 * RATE, 3 * RATE) / RATE)
    truth = rig.OFFSET + rig.frames * (1 + rig.DRIFT)
    inside = np.flatnonzero((truth >= 2.001) & (truth < 2.999))
    assert (
        set(inside)
        <= set(range(w["video"].first, w["video"].last))
        <= set(range(inside[0] - 1, inside[-1] + 2))
    )
    assert ((w["video"].time >= 2 - 1e-6) & (w["video"].time < 3)).all()
    np.testing.assert_array_equal(w["video"].read(), nc.open(rig.film)[w["video"].first : w["video"].last])
    # Acquired from 0 to 2.5, and from 2.5 to 5.
    np.testing.assert_array_equal(w["bold"].read(), rig.volumes[..., 0:2])
    np.testing.assert_array_equal(w["bold"].time, [0, TR])
    np.testing.assert_array_equal(w["events"].time, [2.0])
    assert w["events"].source["trial_type"].to_list() == ["go"]
    assert len(w["behavior"]) == 50
    assert w["ephys"].sampling_frequency == pytest.approx(RATE)
    assert w["ephys"].source.shape == (CHANNELS, RATE)
    assert repr(w).count("\n") == 5


def test_windows_tile(synced):
    whole = synced.window(2.0, 12.0)
    edges = np.random.default_rng(1).uniform(2, 12, 40)
    edges = np.sort(np.concatenate([[2.0, 12.0], edges]))
    pieces = [synced.window(a, b) for a, b in pairwise(edges)]
    for name in ("ephys", "video", "behavior", "events"):
        assert pieces[0][name].first == whole[name].first
        assert pieces[-1][name].last == whole[name].last
        for one, other in pairwise(pieces):
            assert one[name].last == other[name].first


def test_windows_outside_the_overlap_say_what_it_is(synced):
    with pytest.raises(nc.ShapeError, match=r"recorded in \[1\.5.*ephys \[0, 20\).*bold \[0, 20\)"):
        synced.window(0.0, 1.0)
    with pytest.raises(nc.ShapeError):
        synced.window(3.0, 3.0)
    with pytest.raises(nc.ShapeError):
        synced.window(float("nan"), 3.0)


def test_streams_that_do_not_overlap():
    t = nc.timeline(
        a=nc.Recording.of(np.zeros((1, 10)), 10.0), b=nc.Recording.of(np.zeros((1, 10)), 10.0, start=5)
    )
    with pytest.raises(nc.ShapeError, match=r"do not overlap in time: a \[0, 1\), b \[5, 6\)"):
        t.window(0, 1)
    assert t.move("b", -5).span == (0, 1)
    assert "no overlap" in repr(t)


def test_moving_and_sharing_a_clock(rig):
    ttl = nc.stream({"time": rig.of_camera(rig.pulses)}, on="video")
    t = nc.timeline(ephys=nc.open(rig.probe, **rig.raw), video=rig.film, ttl=ttl)
    t = t.sync("video", to="ephys", pulses=("ttl.time", SYNC))
    np.testing.assert_allclose(
        t.window(2, 10)["ttl"].time, rig.pulses[(rig.pulses >= 2) & (rig.pulses < 10)], atol=1e-3
    )
    assert t.fit("ttl") is t.fit("video")
    moved = t.move("ttl", 1.0)  # the clock is the camera's
    assert moved.map("video").kind == "offset"


def test_links_that_make_no_sense(streams):
    t = nc.timeline(streams)
    with pytest.raises(nc.ShapeError, match="common clock"):
        t.move("ephys", 1.0)
    with pytest.raises(nc.ColumnNotFoundError, match=r"no stream 'vide'.*'video'"):
        t.move("vide", 1.0)
    with pytest.raises(nc.ShapeError, match="by that of 'bold' alone"):
        t.move("video", 1.0, to="bold").move("bold", 2.0, to="video")
    with pytest.raises(nc.ShapeError, match="another clock than 'video'"):
        t.sync("video", to="ephys", pulses=("behavior.velocity", SYNC))
    with pytest.raises(nc.ColumnNotFoundError, match=r"'stream\.line'"):
        t.sync("video", to="ephys", pulses=("ttl", SYNC))
    with pytest.raises(nc.ColumnNotFoundError, match="was recorded on the clock of 'x'"):
        nc.timeline(a=nc.stream([1.0], on="x"))
    with pytest.raises(nc.ShapeError, match="a stream's name is a word"):
        nc.timeline({"a b": [1.0]})
    with pytest.raises(nc.ShapeError, match="no streams"):
        nc.timeline()


def test_the_common_clock_is_where_the_links_lead(streams):
    t = nc.timeline(streams).sync("ephys", to="video", pulses=(SYNC, "video.ttl"))
    assert t.clock == "video"
    assert t.map("video").kind == "identity"
    assert t.span_of("ephys")[0] == pytest.approx(-Rig.OFFSET / (1 + Rig.DRIFT), abs=1e-3)


def test_filters_make_masks(synced, rig):
    t = synced.where("signal > 100 and channel in [1, 2]").where("velocity < 0")
    assert set(t.filters) == {"ephys", "behavior"}
    w = t.window(2.0, 3.0)
    part = rig.samples[2 * RATE : 3 * RATE]
    expected = (part > 100) & np.isin(np.arange(CHANNELS), [1, 2])
    np.testing.assert_array_equal(w["ephys"].mask, expected)
    assert w["video"].mask is None
    velocity = w["behavior"].read()[:, :1]
    np.testing.assert_array_equal(w["behavior"].mask, np.broadcast_to(velocity < 0, w["behavior"].shape))
    scan = synced.where("signal > 500", stream="bold").window(2.0, 3.0)["bold"]
    np.testing.assert_array_equal(scan.mask, rig.volumes[..., 0:2] > 500)
    with pytest.raises(nc.ColumnNotFoundError, match="no stream has 'pupil'"):
        synced.where("pupil > 1")
    with pytest.raises(nc.ExpressionError):
        synced.where("signal >> 1")


def test_statistics_in_filters_are_those_of_the_whole_stream(synced, rig):
    w = synced.where("abs(signal - mean) > 1.5 * std", stream="ephys").window(2.0, 3.0)
    whole = rig.samples.astype(float)
    part = whole[2 * RATE : 3 * RATE]
    np.testing.assert_array_equal(w["ephys"].mask, np.abs(part - whole.mean(0)) > 1.5 * whole.std(0))


def test_around_instants(synced):
    found = synced.around([5.0, 8.0], 0.25, 0.5)
    assert [(w.start, w.end) for w in found] == [(4.75, 5.5), (7.75, 8.5)]
    assert [w.start for w in synced.around("events.onset", 0.5, 0.5, edges="drop")] == [1.5, 5.5, 10.75]
    last = synced.around("events", 0.5, 0.5, edges="cut")[-1]
    assert last.end == synced.span[1]
    with pytest.raises(
        nc.ShapeError, match=r"The time 19.8 s, with \[19.3, 20.3\) around it, reaches out of"
    ):
        synced.around("events.onset", 0.5, 0.5)
    with pytest.raises(nc.ShapeError, match="lies outside"):
        synced.around([500.0], 0.5, 0.5, edges="cut")
    with pytest.raises(ValueError, match="has some length"):
        synced.around([5.0], 0.5, -0.5)


def test_excerpts_travel(synced, rig):
    for name, one in synced.window(2.0, 3.0).items():
        twin = pickle.loads(pickle.dumps(one))
        np.testing.assert_array_equal(twin.read(), one.read(), err_msg=name)
        np.testing.assert_array_equal(twin.time, one.time)


def test_bytes_are_those_of_the_window(synced):
    w = synced.window(2.0, 3.0)
    assert w["ephys"].bytes_needed() == RATE * CHANNELS * 2
    assert w.bytes_needed() == sum(one.bytes_needed() for one in w.values())
