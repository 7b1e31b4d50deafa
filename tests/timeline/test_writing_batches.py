"""Windows as batches of tensors and arrays."""

from functools import partial

import numpy as np
import pytest
import torch
from rig import CHANNELS, RATE, Rig

import neurochain as nc
from neurochain.chain.fingerprint import fingerprint
from neurochain.timeline import arrays

SYNC = f"ephys.{CHANNELS - 1}"
AROUND = {"before": 0.25, "after": 0.5}
STARTS = (1.75, 5.75, 11.0)


@pytest.fixture
def synced(rig: Rig, project) -> nc.Timeline:
    t = nc.timeline(
        ephys=nc.open(rig.probe, **rig.raw),
        video=nc.stream(rig.film, pulses={"ttl": rig.ttl}),
        behavior=rig.behavior,
        events=rig.events,
        units={"cluster_id": [3, 5], "spike_times": [[1.8, 6.0, 6.25], [11.5]]},
    )
    return t.sync("video", to="ephys", pulses=("video.ttl", SYNC))


def part(rig: Rig, start: float) -> np.ndarray:
    return rig.samples[round(start * RATE) : round((start + 0.75) * RATE)]


def test_a_tensor_for_each_stream_that_is_asked_for(synced: nc.Timeline, rig: Rig) -> None:
    data = synced.to_pytorch("events.onset", **AROUND, streams=["ephys"], columns=["trial_type", "event"])
    assert len(data) == 3
    assert [*data[0]] == ["trial_type", "event", "ephys"]
    (batch,) = data.loader(batch_size=3)
    assert batch["ephys"].dtype == torch.int16
    np.testing.assert_array_equal(batch["ephys"], [part(rig, a) for a in STARTS])
    assert batch["trial_type"] == ["go", "stop", "go"]
    assert batch["event"].tolist() == [2.0, 6.0, 11.25]


def test_windows_of_differing_lengths_are_ragged(synced: nc.Timeline) -> None:
    asked = {"streams": ["video"], "columns": []}
    with pytest.raises(nc.ShapeError, match="'video': row 0 has shape"):
        list(synced.to_pytorch("events.onset", **AROUND, **asked).loader(3))
    (batch,) = synced.to_pytorch("events.onset", **AROUND, **asked, ragged={"video": "crop"}).loader(3)
    windows = synced.around("events.onset", 0.25, 0.5, edges="drop")
    shortest = min(len(w["video"]) for w in windows)
    np.testing.assert_array_equal(batch["video"], [w["video"].read()[:shortest] for w in windows])
    (batch,) = synced.to_numpy_batches("events.onset", **AROUND, **asked, ragged={"video": "pad"})
    assert batch["video_shape"][:, 0].tolist() == [len(w["video"]) for w in windows]


def test_one_grid_has_one_shape(synced: nc.Timeline) -> None:
    (batch,) = synced.to_numpy_batches(
        "events.onset",
        **AROUND,
        streams=["video", "behavior", "units", "ephys"],
        sampling_frequency=20.0,
        columns=[],
    )
    windows = synced.around("events.onset", 0.25, 0.5, edges="drop")
    assert {found.shape[:2] for found in batch.values()} == {(3, 15)}
    assert len(batch) == 8
    for number, window in enumerate(windows):
        wanted = window.resampled(20.0)
        for name in ("video", "behavior", "units"):
            np.testing.assert_array_equal(batch[name][number], wanted[name].values)
            np.testing.assert_array_equal(batch[f"{name}_mask"][number], wanted[name].mask)
        assert batch["video_mask"][number].all()
        np.testing.assert_allclose(batch["ephys"][number], wanted["ephys"].values, rtol=1e-6, atol=1e-6)
    assert batch["units"].sum(axis=1).tolist() == [[1, 0], [2, 0], [0, 1]]


def test_all_streams_and_columns_are_the_default(synced: nc.Timeline, rig: Rig) -> None:
    ragged = dict.fromkeys(("video", "units", "units_time"), "pad")
    (batch,) = synced.to_numpy_batches(
        seconds=2.0, batch_size=9, ragged={**ragged, "events": "pad", "events_time": "pad"}
    )
    assert set(batch) >= {"trial", "start", "end", *synced, "events_time", "units_time"}
    starts = synced.span[0] + 2.0 * np.arange(9)
    np.testing.assert_allclose(batch["start"], starts)
    np.testing.assert_array_equal(batch["events_time_shape"][:, 0], [1, 0, 1, 0, 1, 0, 0, 0, 0])
    np.testing.assert_allclose(batch["events_time"][0, 0], 2.0 - starts[0])


def test_filters_come_along_as_masks(synced: nc.Timeline, rig: Rig) -> None:
    t = synced.where("signal > 100", stream="ephys").where("velocity < 0")
    (batch,) = t.to_numpy_batches(
        "events.onset", before=0.25, after=0.75, streams=["ephys", "behavior"], columns=[]
    )
    assert set(batch) == {"ephys", "ephys_mask", "behavior", "behavior_mask"}
    np.testing.assert_array_equal(batch["ephys_mask"][:, :750], [part(rig, a) > 100 for a in STARTS])
    np.testing.assert_array_equal(batch["behavior_mask"][..., 0], batch["behavior"][..., 0] < 0)


def test_order_follows_from_the_seed(synced: nc.Timeline) -> None:
    asked = {"seconds": 0.5, "streams": ["behavior"], "columns": ["trial"], "shuffle": True}
    orders = [
        [
            int(t)
            for batch in synced.to_numpy_batches(**asked, seed=seed, batch_size=4)
            for t in batch["trial"]
        ]
        for seed in (1, 1, 2)
    ]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == [*range(len(orders[0]))]
    loader = synced.to_pytorch(**asked, seed=1).loader(batch_size=4)
    assert [int(t) for batch in loader for t in batch["trial"]] == orders[0]


def test_what_is_not_there_is_named(synced: nc.Timeline) -> None:
    with pytest.raises(nc.ColumnNotFoundError, match=r"no stream 'ephy'.*'ephys'"):
        synced.to_pytorch("events.onset", **AROUND, streams=["ephy"])
    with pytest.raises(nc.ColumnNotFoundError, match="no stream 'events'"):
        synced.to_pytorch("events.onset", **AROUND, streams=["events"])
    with pytest.raises(nc.ColumnNotFoundError, match=r"no column 'trial_typ'.*'trial_type'"):
        synced.to_numpy_batches("events.onset", **AROUND, columns=["trial_typ"])


def test_functions_have_fingerprints() -> None:
    for function in (
        partial(arrays.sampled, name="ephys", mask=True, time=False),
        partial(arrays.resampled, name="ephys", sampling_frequency=20.0),
    ):
        found = fingerprint(function)
        assert found.digest
        assert not found.problems
