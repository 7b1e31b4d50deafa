"""Byte budgets of Zarr: what a header and a slice cost, on a local disk and on a server that counts."""

import numpy as np
import pytest
from test_budgets import Place, Placed, folder, placed  # noqa: F401
from zarr_files import array, group, held, image, metadata, numbers

import neurochain as nc
from neurochain.formats import open_volume, read_header
from neurochain.storage import Access, File, ReadLog, recording_reads, remember
from neurochain.testing import ObjectServer

INDEX = 16 * 32 * 2 * 2 + 4  # of a shard, bytes
CHUNK = 64 * 64 * 2


@pytest.fixture
def sharded(folder):  # noqa: F811
    """An image of two levels; the finest has eight shards of 128 chunks each."""
    values = numbers((64, 256, 256))
    path = image(
        folder / "brain.ome.zarr",
        values,
        levels=2,
        chunks=(1, 64, 64),
        shards=(32, 128, 128),
        compressors=None,
    )
    assert len(held(path / "0")) == 8
    return path, values


def listed(place: Place) -> File:
    """The folder as it was listed; what that cost is of the listing."""
    file = place.file
    if place.server is not None:
        place.server.traffic.clear()
    return file


def metadata_bytes(path) -> int:
    return sum(p.stat().st_size for p in metadata(path))


def test_header_of_an_image(sharded, placed: Placed):  # noqa: F811
    path, _ = sharded
    place = placed(path)
    found = read_header(listed(place))
    assert (found.error, found.header["shape"]) == (None, [64, 256, 256])
    assert place.cost() == (metadata_bytes(path), 3)  # the group's, then both levels' together


def test_one_slice_of_a_sharded_image(sharded, placed):  # noqa: F811
    path, values = sharded
    place = placed(path)
    volume = open_volume(listed(place))
    assert place.cost() == (metadata_bytes(path), 3)
    np.testing.assert_array_equal(volume[10], values[10])
    pulled, requests = place.cost()
    assert pulled == 4 * INDEX + 16 * CHUNK  # the indices of its four shards, its chunks, and nothing else
    assert requests <= 4 + 16
    np.testing.assert_array_equal(volume[11], values[11])
    pulled, requests = place.cost()
    assert pulled == 16 * CHUNK  # the indices are known
    assert requests <= 16
    np.testing.assert_array_equal(
        volume[11, :64, :64], values[11, :64, :64]
    )  # of a chunk that is used up nothing is kept
    assert place.cost() == (CHUNK, 1)


def test_one_voxel_over_all_slices(sharded, placed):  # noqa: F811
    """Of two shards every chunk below it: as many bytes as there must be, in few requests."""
    path, values = sharded
    place = placed(path)
    volume = open_volume(listed(place))
    place.cost()
    np.testing.assert_array_equal(volume[:, 5, 7], values[:, 5, 7])
    pulled, requests = place.cost()
    assert pulled == 2 * INDEX + 64 * CHUNK
    assert requests <= 2 + 64
    np.testing.assert_array_equal(volume[:, 6, 9], values[:, 6, 9])
    assert place.cost() == (0, 0)  # chunks of which a part was used are kept


def test_a_coarse_level_costs_that_level(sharded, placed):  # noqa: F811
    path, values = sharded
    place = placed(path)
    volume = nc.open(listed(place), resolution=0.002)
    place.cost()
    np.testing.assert_array_equal(volume[10], values[10, ::2, ::2])
    assert place.cost()[0] == INDEX + 4 * CHUNK


def test_bytes_needed_are_those_that_come(sharded, placed):  # noqa: F811
    path, _ = sharded
    place = placed(path)
    volume = open_volume(listed(place))
    place.cost()
    assert volume.bytes_needed(10) == 16 * CHUNK
    assert place.cost()[0] == 4 * INDEX
    assert volume.bytes_needed((slice(3), slice(0, 65), 0)) == 3 * 2 * CHUNK
    _ = volume[10]
    assert place.cost()[0] == 16 * CHUNK


def test_one_slice_of_a_million_small_files(folder, placed):  # noqa: F811
    """As many as there may be: those of the slice are asked for, none is looked for before."""
    values = numbers((40, 64, 64))
    path = array(folder / "many.zarr", values, chunks=(1, 32, 32), compressors=None)
    place = placed(path)
    volume = open_volume(listed(place))
    assert place.cost() == (metadata_bytes(path), 1)
    np.testing.assert_array_equal(volume[7], values[7])
    assert place.cost() == (64 * 64 * 2, 4)
    assert volume.bytes_needed(7) == 64 * 64 * 2


def test_arrays_of_a_consolidated_group_take_one_read(folder, placed):  # noqa: F811
    path = group(folder / "a.zarr", {f"x{i}": numbers((4, 4)) for i in range(30)}, consolidated=True)
    place = placed(path)
    found = read_header(listed(place))
    assert len(found.record["array_paths"]) == 30
    assert place.cost() == ((path / "zarr.json").stat().st_size, 1)


def test_indices_come_together_and_then_the_chunks(sharded, tmp_path):
    """Two round trips for a slice, whatever number of shards it touches."""
    _, values = sharded
    with ObjectServer(tmp_path, latency=0.05) as server:
        remember("s3://files", Access.of({"anon": True, "endpoint": server.url}))
        with recording_reads(ReadLog("bytes", keeps=False)):
            volume = open_volume(File.at("s3://files/brain.ome.zarr"))
        server.traffic.clear()
        np.testing.assert_array_equal(volume[10], values[10])
        asked = [r.headers["range"] for r in server.traffic.requests]
        assert asked[:4] == [f"bytes=-{INDEX}"] * 4
        assert server.traffic.most_at_once >= 4
        assert not any(r.method == "HEAD" for r in server.traffic.requests)


def test_whole_chunks_that_were_pulled_before_are_kept_on_this_disk(folder, tmp_path):  # noqa: F811
    values = numbers((4, 32, 32))
    array(folder / "a.zarr", values, chunks=(1, 32, 32))
    with ObjectServer(tmp_path) as server:
        remember("s3://files", Access.of({"anon": True, "endpoint": server.url}))
        for asked in (1 + 4, 0):
            server.traffic.clear()
            volume = open_volume(File.at("s3://files/a.zarr"))
            np.testing.assert_array_equal(volume.read(), values)
            assert len([r for r in server.traffic.requests if not r.is_listing]) == asked
        array(folder / "b.zarr", values + 1, chunks=(1, 32, 32))
        (folder / "b.zarr/c/0/0/0").replace(folder / "a.zarr/c/0/0/0")
        np.testing.assert_array_equal(open_volume(File.at("s3://files/a.zarr"))[0], values[0] + 1)


def test_a_missing_chunk_on_a_server_is_the_fill_value_and_a_fault_is_none(folder, tmp_path):  # noqa: F811
    from neurochain.testing import Fault

    values = numbers((4, 32, 32))
    path = array(folder / "a.zarr", values, chunks=(1, 32, 32), fill_value=9)
    (path / "c/2/0/0").unlink()
    broken: list[Fault] = []
    with ObjectServer(tmp_path, fault=lambda r: broken[0] if broken and "/c/" in r.path else None) as server:
        impatient = {"retry_config": {"max_retries": 1}}
        remember("s3://files", Access.of({"anon": True, "endpoint": server.url, **impatient}))
        with recording_reads(ReadLog(keeps=False)) as log:
            volume = nc.open(
                "s3://files/a.zarr", storage_options={"endpoint": server.url, "anon": True, **impatient}
            )
        np.testing.assert_array_equal(volume[2], 9)
        gone = next(read for read in log.files() if read.uri.endswith("c/2/0/0"))
        assert (gone.etag, gone.ranges) == ("", ())
        for fault in (Fault("status", 503), Fault("status", 403), Fault("reset")):
            broken[:] = [fault]
            with pytest.raises(nc.StorageError):
                volume[1]
        broken.clear()
        np.testing.assert_array_equal(volume[1], values[1])
        broken[:] = [Fault("short")]  # of a whole file nobody else says how long it is
        lazy = open_volume(File.at("s3://files/a.zarr"))
        with pytest.raises(nc.FormatError, match="c/3/0/0"):
            lazy[3]
        broken.clear()
        np.testing.assert_array_equal(
            open_volume(File.at("s3://files/a.zarr"))[3], values[3]
        )  # and nothing of it is kept


def test_opening_lists_nothing(sharded, tmp_path):
    """A large folder may hold a million files."""
    _, values = sharded
    with ObjectServer(tmp_path) as server:
        options = {"endpoint": server.url}
        remember("s3://files", Access.of({"anon": True, **options}))
        server.traffic.clear()
        volume = nc.open("s3://files/brain.ome.zarr/", resolution=0.002)
        np.testing.assert_array_equal(volume[5], values[5, ::2, ::2])
        assert not [r for r in server.traffic.requests if r.is_listing or r.method == "HEAD"]
        assert len(server.traffic.requests) <= 3 + 1 + 4
        with pytest.raises(nc.FormatError, match="it is no Zarr, or is not there"):
            nc.open("s3://files/gone.ome.zarr")


def test_an_image_on_a_web_server(sharded, tmp_path):
    """Which lists nothing: the metadata says what there is."""
    _, values = sharded
    with ObjectServer(tmp_path) as server:
        url = f"{server.url}/files/brain.ome.zarr"
        remember(server.url, Access.of({}))
        volume = nc.open(url, resolution=0.002)
        np.testing.assert_array_equal(volume[5, :70], values[5, ::2, ::2][:70])
        bare = group(tmp_path / "files" / "bare.zarr", {"a": values[0]})
        with pytest.raises(
            nc.FormatError, match="no consolidated metadata, so its arrays are not known: name one with part="
        ):
            nc.open(f"{server.url}/files/bare.zarr")
        np.testing.assert_array_equal(nc.open(f"{server.url}/files/bare.zarr", part="a").read(), values[0])
        assert bare.is_dir()
