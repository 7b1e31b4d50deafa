"""Chains over Zarr folders: one row each, another row after any change inside, lineage down to the chunks."""

import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import zarr

import neurochain as nc
from neurochain.testing import ObjectServer

VALUES = np.arange(4 * 32 * 32, dtype=np.uint16).reshape(4, 32, 32)


def write(path: Path, values: np.ndarray, shards: tuple[int, ...] | None = None) -> Path:
    """An image of one level, of numbers that are none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        top = zarr.create_group(str(path), zarr_format=3)
        made = top.create_array(
            "0", shape=values.shape, dtype=values.dtype, chunks=(1, 16, 16), shards=shards
        )
        made[...] = values
    axes = [{"name": n, "type": "space", "unit": "micrometer"} for n in "zyx"]
    scale = [{"type": "scale", "scale": [2, 1, 1]}]
    top.attrs["ome"] = {
        "version": "0.5",
        "multiscales": [{"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}],
    }
    return path


@pytest.fixture
def data(folder: Path) -> Path:
    """Two images and another file."""
    write(folder / "data/a.ome.zarr", VALUES)
    write(folder / "data/sub/b.ome.zarr", VALUES + 1, (4, 32, 32))
    (folder / "data/a.json").write_text('{"Stain": "made"}')
    (folder / "data/notes.txt").write_text("nothing")
    return folder / "data"


def first(volume: nc.Volume) -> float:
    return float(volume[0].mean())


def test_a_folder_is_one_row(data: Path) -> None:
    for pattern in (data, data / "**" / "*.zarr", f"{data}/**/*.ome.zarr"):
        rows = nc.read_storage(pattern).filter(nc.Column("header.format") == "ome-zarr").order_by("file.path")
        found = rows.select(
            "file.path", "file.size", "header.shape", "header.voxel_sizes", "zarr.shard_shapes"
        ).collect()
        assert found["path"].to_list() == ["a.ome.zarr", "sub/b.ome.zarr"]
        assert found["shape"].to_list() == [[4, 32, 32]] * 2
        assert found["voxel_sizes"].to_list() == [[0.002, 0.001, 0.001]] * 2
        assert found["shard_shapes"].to_list() == [[""], ["4x32x32"]]
        sizes = [
            sum(p.stat().st_size for p in (data / n).rglob("*") if p.is_file())
            for n in found["path"].to_list()
        ]
        assert found["size"].to_list() == sizes
    everything = nc.read_storage(data).select("file.path").collect()["path"].to_list()
    assert sorted(everything) == ["a.json", "a.ome.zarr", "notes.txt", "sub/b.ome.zarr"]
    (one,) = nc.read_storage(data / "a.ome.zarr")
    assert (one.sidecar, one.zarr.level_voxel_sizes) == ({"Stain": "made"}, [[0.002, 0.001, 0.001]])
    inside = nc.read_storage(f"{data}/a.ome.zarr/**").select("file.path").collect()["path"].to_list()
    assert "zarr.json" in inside


def test_a_folder_that_stayed_is_not_read_again_and_a_changed_chunk_is_another_row(data: Path) -> None:
    chain = (
        nc.read_storage(data / "**" / "*.zarr").map(mean=first).select("file.path", "mean").order_by("path")
    )
    assert chain.collect()["mean"].to_list() == [VALUES[0].mean(), VALUES[0].mean() + 1]
    version = chain.save("v")
    assert version.lineage().activity["bytes"] == 0
    write(data / "a2.zarr", VALUES + 5)
    shutil.move(data / "a2.zarr/0/c/0/0/0", data / "a.ome.zarr/0/c/0/0/0")
    shutil.rmtree(data / "a2.zarr")
    again = chain.save("v")
    found = nc.read_dataset("v").order_by("path").collect()["mean"].to_list()
    expected = VALUES[0].copy()
    expected[:16, :16] += 5
    assert found == [expected.mean(), VALUES[0].mean() + 1]
    counts = again.lineage().activity
    assert 0 < counts["bytes"] < 8_000  # one of them, and of that one slice
    step = next(s for s in counts["steps"] if "listed" in s)
    assert (step["new"], step["changed"], step["gone"]) == (0, 1, 0)


def test_lineage_names_the_bytes_of_each_file_inside(data: Path) -> None:
    version = nc.read_storage(data / "**" / "*.zarr").map(mean=first).save("v")
    read = version.lineage().reads().sort("path")
    chunks = [f"a.ome.zarr/0/c/0/{i}/{j}" for i in range(2) for j in range(2)]
    assert set(chunks) <= set(read["path"].to_list())
    shard = read.filter(read["path"] == "sub/b.ome.zarr/0/c/0/0/0")
    assert shard.height == 1
    assert 0 < shard["bytes"].item() < (data / "sub/b.ome.zarr/0/c/0/0/0").stat().st_size
    headers = {row["name"] for rows in version.lineage().files()["header_reads"].to_list() for row in rows}
    assert headers - {"a.json"} == {f"{n}.ome.zarr/{m}" for n in "ab" for m in ("zarr.json", "0/zarr.json")}
    traced = version.column_lineage("header.shape").reads()
    assert {f"{p}/{m}" for p in ("a.ome.zarr", "sub/b.ome.zarr") for m in ("zarr.json", "0/zarr.json")} <= {
        *traced["path"].to_list()
    }


def test_a_version_is_made_again_elsewhere(data: Path, folder: Path) -> None:
    (data / "a.ome.zarr/0/c/0/1/1").unlink()
    version = nc.read_storage(data / "**" / "*.zarr").map(mean=first).save("v")
    there = folder / "elsewhere"
    shutil.copytree(data, there)
    shutil.rmtree(data)
    for path in there.rglob("*"):
        os.utime(path)
    found = version.reproduce(yes=True, roots={"data": str(there)})
    assert found.outcome == "identical", found
    assert "3 files have another identity" in " ".join(found.notes)
    (there / "a.ome.zarr/0/c/0/1/1").write_bytes(b"")
    found = version.reproduce(yes=True, roots={"data": str(there)})
    assert "0/c/0/1/1 was not there when it was looked for, and is now" in str(found)
    (there / "a.ome.zarr/0/c/0/1/1").unlink()
    chunk = there / "a.ome.zarr/0/c/0/0/0"
    chunk.write_bytes(chunk.read_bytes()[::-1])
    found = version.reproduce(yes=True, roots={"data": str(there)})
    assert "a.ome.zarr/0/c/0/0/0 has changed: bytes" in str(found)


def test_volumes_travel_to_workers(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurochain.chain.executors.local.WORTH", -1.0)
    rows = nc.read_storage(data / "**" / "*.zarr").gen(patch=nc.patches((2, 16, 16))).settings(workers=2)
    sums = rows.map(total=lambda patch: int(patch.read().sum())).collect()["total"]
    assert sums.sum() == int(VALUES.sum()) * 2 + VALUES.size


def test_rows_of_a_bucket(data: Path, folder: Path) -> None:
    (folder / "served").mkdir()
    shutil.copytree(data, folder / "served/lab/data")
    with ObjectServer(folder / "served") as server:
        chain = nc.read_storage(
            "s3://lab/data/**/*.zarr", anon=True, storage_options={"endpoint": server.url}
        )
        chain = chain.map(mean=first).select("file.path", "mean", "header.error").order_by("path")
        assert chain.collect().rows() == [
            ("a.ome.zarr", VALUES[0].mean(), None),
            ("sub/b.ome.zarr", VALUES[0].mean() + 1, None),
        ]
        server.traffic.clear()
        assert chain.save("v").rows == 2
        assert all(r.is_listing for r in server.traffic.requests)
        assert not [r for r in server.traffic.requests if r.method == "HEAD"]


def test_an_image_of_a_bids_tree(folder: Path) -> None:
    root = folder / "study"
    name = "sub-1/micr/sub-1_sample-A_SEM"
    write(root / f"{name}.ome.zarr", VALUES)
    (root / f"{name}.json").write_text('{"PixelSize": [1, 1]}')
    (root / "dataset_description.json").write_text('{"Name": "made", "BIDSVersion": "1.9.0"}')
    (row,) = nc.read_bids(root)
    assert (row.file.name, row.header.format, row.header.error) == (f"{name[11:]}.ome.zarr", "ome-zarr", None)
    assert (row.bids.subject, row.bids.sample, row.bids.extension) == ("1", "A", ".ome.zarr")
    assert row.sidecar == {"PixelSize": [1, 1]}
    assert nc.read_bids(root).map(mean=first).collect()["mean"].to_list() == [VALUES[0].mean()]
