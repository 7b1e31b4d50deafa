"""What is Zarr's own in folders of windows; what stands in them is tested with HDF5, in `test_writing_tree`."""

import json
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

import neurochain as nc
from neurochain.timeline.clocks.clockmap import ClockMap
from neurochain.timeline.writing import tree
from neurochain.timeline.writing import zarr as written
from neurochain.timeline.writing.blocks import rows_of


def made(n_channels: int = 4, n: int = 5000) -> nc.Timeline:
    values = np.arange(n_channels * n, dtype=np.int32).reshape(n_channels, n)
    return nc.timeline(ephys=nc.Recording.of(values, 100.0), events={"onset": [1.0], "what": ["ü"]})


def test_many_chunks_lie_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "AT_ONCE", 20_000)
    monkeypatch.setattr(written, "CHUNK_BYTES", 2_000)
    t = made().where("signal > 20")
    group = zarr.open_group(t.to_zarr(tmp_path / "w.zarr"), mode="r")
    data = group["ephys/data"]
    assert (data.chunks, data.shards) == ((64, 4), (1024, 4))
    assert sum(p.is_file() for p in (tmp_path / "w.zarr/ephys/data/c").rglob("*")) == 5
    np.testing.assert_array_equal(data[...], t["ephys"].read(0, 5000))
    mask = group["ephys/mask"]
    assert (mask.chunks, mask.shards) == ((256, 4), (1024, 4))
    np.testing.assert_array_equal(mask[...], t["ephys"].read(0, 5000) > 20)
    assert (group["ephys/time"].chunks, group["ephys/time"].shards) == ((128,), (5120,))


@given(st.integers(0, 10**7), st.integers(1, 10**9))
def test_smaller_pieces_tile_larger_ones(size: int, at_once: int) -> None:
    rows = rows_of(size, at_once)
    assert rows == 1 or rows * max(size, 1) <= at_once
    assert rows * 2 * max(size, 1) > at_once
    assert rows_of(size, 2 * at_once) % rows == 0


def test_attributes_are_json_that_everybody_reads(tmp_path: Path) -> None:
    def refuse(text: str) -> None:
        raise AssertionError(f"{text} is no JSON")

    pulses = np.array([1.0, 2.5, 4.25, 8.0, 9.5, 13.0, 14.5])
    t = made().sync("events", to="ephys", pulses=(pulses - 0.5, pulses), kind="offset")
    path = t.to_zarr(tmp_path / "w.zarr")
    for file in path.rglob("zarr.json"):
        json.loads(file.read_bytes(), parse_constant=refuse)
    said = json.loads((path / "events" / "zarr.json").read_bytes())["attributes"]
    assert ClockMap.from_json(said["clock_map"]) == t.map("events")
    assert said["fit"]["n_pairs"] == 7
    assert isinstance(json.loads((path / "zarr.json").read_bytes())["attributes"]["lineage"], dict)


def test_an_earlier_one_is_replaced_and_nothing_else(tmp_path: Path, project) -> None:
    path = made().to_zarr(tmp_path / "w.zarr")
    nc.timeline(lfp=nc.Recording.of(np.zeros((1, 5)), 1.0)).to_zarr(path)
    assert sorted(p.name for p in path.iterdir()) == ["lfp", "zarr.json"]
    with pytest.raises(nc.StorageError, match="no earlier export of this kind"):
        nc.read_values(x=[1]).to_zarr(path)
    nc.read_values(x=[1]).to_zarr(tmp_path / "rows.zarr")
    zarr.create_group(tmp_path / "mine.zarr").create_array("x", data=np.arange(3))
    for other in ("rows.zarr", "mine.zarr"):
        with pytest.raises(nc.StorageError, match="no earlier export of this kind"):
            made().to_zarr(tmp_path / other)
    assert zarr.open_group(tmp_path / "mine.zarr", mode="r")["x"][2] == 2


def test_names_that_zarr_keeps_for_itself(tmp_path: Path) -> None:
    t = nc.timeline({"__ephys": nc.Recording.of(np.zeros((1, 5)), 1.0)})
    with pytest.raises(nc.SchemaError, match="'__ephys' has a name that Zarr keeps"):
        t.to_zarr(tmp_path / "w.zarr")
    assert not (tmp_path / "w.zarr").exists()


def test_neurochain_opens_what_it_wrote(tmp_path: Path) -> None:
    t = made()
    path = t.to_zarr(tmp_path / "w.zarr")
    volume = nc.open(path, part="ephys/data")
    assert volume.axes == ("time", "channel")
    np.testing.assert_array_equal(volume[...], t["ephys"].read(0, 5000))
    recording = nc.open(path, part="ephys/data", sampling_frequency=100, channels=4)
    np.testing.assert_array_equal(recording[:, 7:9], t["ephys"].read(7, 9).T)
