"""Pictures of timelines: every kind of stream has its panel, and what is drawn is what there is."""

import numpy as np
import pytest
from rig import CHANNELS, RATE

import neurochain as nc
from neurochain.timeline.picture import envelope as module
from neurochain.timeline.picture.envelope import envelope

SYNC = f"ephys.{CHANNELS - 1}"


@pytest.fixture
def synced(rig):
    return nc.timeline(
        ephys=nc.open(rig.probe, **rig.raw),
        map=nc.Recording.of(np.random.default_rng(0).normal(size=(40, 2000)), 100.0),
        video=nc.stream(rig.film, pulses={"ttl": rig.ttl}),
        bold=rig.scan,
        behavior=rig.behavior,
        spikes=nc.stream({"id": [1, 2], "spike_times": [[4.1, 5.0], [4.5]]}),
        events=rig.events,
    ).sync("video", to="ephys", pulses=("video.ttl", SYNC))


def test_a_panel_for_each_stream_and_each_fit(synced, tmp_path):
    figure = synced.where("signal > 200", "ephys").plot(4.0, 7.0)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == [*synced, "video: residuals of the clock"]
    assert figure.axes[0].get_xlim() == (4.0, 7.0)
    assert all(
        one in figure.axes[0].get_shared_x_axes().get_siblings(figure.axes[0]) for one in figure.axes[:7]
    )
    words = [text.get_text() for text in figure.axes[6].texts]
    assert words == ["stop"]
    assert len(figure.axes[2].images) > 2  # frames
    assert len(figure.axes[3].images) == 2  # volumes that touch the window: from 2.5 and from 5
    fit = synced.fit("video")
    drawn = figure.axes[7].lines[1].get_ydata()
    np.testing.assert_allclose(np.asarray(drawn), fit.residuals * 1e6)


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_it_is_written_whole_or_not_at_all(synced, tmp_path, ending):
    path = synced.plot(4.0, 7.0, tmp_path / f"a.{ending}", streams=["behavior", "events"])
    assert path.read_bytes()[:5] in (b"\x89PNG\r", b"<?xml", b"%PDF-")
    assert [p.name for p in tmp_path.iterdir() if "partial" in p.name] == []
    with pytest.raises(nc.StorageError, match="a picture ends in"):
        synced.plot(4.0, 7.0, tmp_path / "a.gif")
    with pytest.raises(nc.ShapeError):
        synced.plot(400.0, 700.0, tmp_path / "b.png")
    assert not (tmp_path / "b.png").exists()


def test_an_envelope_is_that_of_all_samples(synced, rig, monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", 5000)  # several blocks
    excerpt = synced.window(4.0, 7.0)["ephys"]
    found = envelope(excerpt, 24)  # an eighth of a second each, which floats hold
    values = rig.samples[4 * RATE : 7 * RATE].astype(float).reshape(24, 125, CHANNELS)
    np.testing.assert_array_equal(found.low, values.min(axis=1))
    np.testing.assert_array_equal(found.high, values.max(axis=1))


def test_windows_without_samples_are_drawn(synced):
    figure = synced.plot(8.0, 8.0005)
    assert len(figure.axes) == 8
