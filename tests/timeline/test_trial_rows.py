"""A chain of windows: one row each, computed lazily, with the alignment in its lineage."""

import numpy as np
import pytest
from rig import CHANNELS, RATE

import neurochain as nc

SYNC = f"ephys.{CHANNELS - 1}"


@pytest.fixture
def trials(rig, project):
    t = nc.timeline(
        ephys=nc.open(rig.probe, **rig.raw),
        video=nc.stream(rig.film, pulses={"ttl": rig.ttl}),
        bold=rig.scan,
        behavior=rig.behavior,
        events=rig.events,
    ).sync("video", to="ephys", pulses=("video.ttl", SYNC))
    return t.windows(around="events.onset", before=0.25, after=0.5)


def test_a_row_for_each_event(trials):
    frame = trials.select("trial", "start", "end", "event", "trial_type").collect()
    assert frame.rows() == [
        (0, 1.75, 2.5, 2.0, "go"),
        (1, 5.75, 6.5, 6.0, "stop"),
        (2, 11.0, 11.75, 11.25, "go"),
    ]


def peak(ephys) -> float:
    return float(np.abs(ephys.read()[:, :-1]).max())


def shapes(video, bold, behavior) -> dict:
    return {
        "video": list(video.shape),
        "bold": list(bold.shape),
        "behavior": behavior.read(),
        "first": video.time[0],
    }


def test_functions_get_excerpts(trials, rig):
    found = trials.map(peak=peak, what=shapes)
    rows = found.select("peak", "what").collect()
    expected = [
        np.abs(rig.samples[round(a * RATE) : round(b * RATE), :-1]).max()
        for a, b in ((1.75, 2.5), (5.75, 6.5), (11, 11.75))
    ]
    assert rows["peak"].to_list() == expected
    assert rows["what"].struct.field("bold").to_list()[1] == [5, 4, 3, 1]
    assert 1.75 <= rows["what"].struct.field("first")[0] < 1.9


def test_a_source_that_is_gone_is_the_failure_of_its_rows(rig, project, tmp_path):
    probe = tmp_path / "probe.bin"
    probe.write_bytes(rig.probe.read_bytes())
    trials = nc.timeline(ephys=nc.open(probe, **rig.raw)).windows(seconds=5.0)
    probe.unlink()
    kept = trials.settings(on_error="keep").map(peak=peak).select("peak", "error").collect()
    assert kept["peak"].to_list() == [None] * kept.height
    assert all("probe.bin" in m for m in kept["error"].struct.field("message"))
    with pytest.raises(nc.UDFError, match=r"file .*probe\.bin: StorageError"):
        trials.map(peak=peak).collect()


def test_saved_read_and_computed_again_only_where_the_alignment_changed(rig, project):
    def rows(by):
        t = nc.timeline(ephys=nc.open(rig.probe, **rig.raw), behavior=rig.behavior, events=rig.events).move(
            "behavior", by
        )
        return t.windows(around="events.onset", before=0.25, after=0.5)

    first = rows(0.0).map(peak=peak).map(v=lambda behavior: float(behavior.read()[0, 0])).save("trials")
    again = rows(0.0).map(peak=peak).map(v=lambda behavior: float(behavior.read()[0, 0])).save("trials")
    assert again.version == first.version
    moved = rows(0.1).map(peak=peak).map(v=lambda behavior: float(behavior.read()[0, 0])).save("trials")
    assert moved.version != first.version
    counts = {f.name: (f.computed, f.reused) for f in moved.lineage().functions}
    assert counts["peak"] == (0, 3)
    assert next(v for k, v in counts.items() if k != "peak") == (3, 0)


def test_the_lineage_names_the_alignment(trials, rig):
    version = trials.map(peak=peak).select("trial", "peak").save("peaks")
    source = version.lineage().sources[0]
    said = source.reference["timeline"]
    link = said["streams"]["video"]["links"][0]
    assert link["to"] == "ephys"
    assert link["pulses"] == ["video.ttl", SYNC]
    assert said["streams"]["ephys"]["files"][0]["name"] == "probe.bin"
    assert "residuals" in str(link["fit"]) or "rms" in str(link["fit"])
    assert str(rig.probe.parent) not in str(said)


def test_a_version_is_made_again(trials):
    version = trials.map(peak=peak).select("trial", "peak").save("peaks")
    assert version.reproduce(yes=True)


def test_excerpts_are_stored_and_come_back(trials, rig):
    trials.select("trial", "ephys", "video", "behavior").save("cuts")
    row = next(iter(nc.read_dataset("cuts")))
    found = nc.read_dataset("cuts").map(first=lambda ephys: float(ephys.read()[0, 0])).collect()["first"]
    assert found[0] == rig.samples[1750, 0]
    assert row.video.name == "video"
    assert row.behavior.labels == ("velocity", "lick")


def test_windows_one_after_the_other(rig, project):
    t = nc.timeline(ephys=nc.open(rig.probe, **rig.raw))
    found = (
        t.windows(seconds=5.0, step=2.5).map(n=lambda ephys: len(ephys)).select("start", "end", "n").collect()
    )
    assert found["start"].to_list() == [0, 2.5, 5, 7.5, 10, 12.5, 15]
    assert set(found["n"]) == {5 * RATE}
    with pytest.raises(ValueError, match="give around"):
        t.windows(before=1, after=2)
    with pytest.raises(nc.ShapeError, match="none lies in"):
        t.windows(around=[500.0], before=1, after=2)


def test_values_for_loaders(trials):
    with pytest.raises(nc.SchemaError, match="says where values lie"):
        trials.select("ephys").to_numpy_batches(batch_size=2)
    batches = list(trials.map(x=lambda ephys: ephys.read()).select("x").to_numpy_batches(batch_size=2))
    assert batches[0]["x"].shape == (2, 750, CHANNELS)


def test_filters_travel(rig, project):
    t = nc.timeline(ephys=nc.open(rig.probe, **rig.raw)).where("signal > std")
    found = (
        t.windows(around=[5.0], before=0.5, after=0.5)
        .map(n=lambda ephys: int(ephys.mask.sum()))
        .collect()["n"]
    )
    whole = rig.samples.astype(float)
    assert found.to_list() == [int((whole[4500:5500] > whole.std(0)).sum())]
