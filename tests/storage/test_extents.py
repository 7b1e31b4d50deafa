"""The cache of extents: always the bytes of the file, few requests, and nothing that a disk or a kill can spoil."""

import multiprocessing
import os
import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.errors import StorageError
from neurochain.storage import File, recording_reads
from neurochain.storage.access import Access, remember
from neurochain.storage.extents import ExtentCache, apart, extent_cache, missing
from neurochain.testing import ObjectServer

SIZE = 500_000
WHOLE = random.Random(3).randbytes(SIZE)
spans = st.tuples(st.integers(0, SIZE), st.integers(0, 60_000)).map(lambda t: (t[0], min(t[0] + t[1], SIZE)))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "cached").mkdir()
    (folder / "cached/x.bin").write_bytes(WHOLE)
    with ObjectServer(folder) as server:
        remember("s3://cached", Access.of({"anon": True, "endpoint": server.url}))
        yield server


@given(st.lists(st.lists(spans, min_size=1, max_size=4), min_size=1, max_size=5))
def test_what_is_read_is_what_the_file_holds(
    server: ObjectServer, reads: list[list[tuple[int, int]]]
) -> None:
    file = File.at("s3://cached/x.bin")
    for ranges in reads:
        assert file.read_ranges(ranges) == [WHOLE[a:b] for a, b in ranges]


def test_nothing_is_pulled_twice(server: ObjectServer) -> None:
    server.traffic.clear()
    with recording_reads() as log:
        file = File.at("s3://cached/x.bin")
        assert file.read_range(1000, 5000) == WHOLE[1000:5000]
        assert file.read_ranges([(2000, 3000), (4000, 6000)]) == [WHOLE[2000:3000], WHOLE[4000:6000]]
        assert (log.bytes, log.requests) == (5000, 2)
        (read,) = log.files()
        assert read.ranges == ((1000, 6000),)  # lineage names what was read, wherever it came from
    assert [r.headers["range"] for r in server.traffic.requests[1:]] == ["bytes=1000-4999", "bytes=5000-5999"]


def test_another_content_is_another_file(server: ObjectServer) -> None:
    path = server.folder / "cached/y.bin"
    path.write_bytes(b"a" * 100)
    assert File.at("s3://cached/y.bin").read() == b"a" * 100
    path.write_bytes(b"b" * 100)
    os.utime(path, ns=(5, 5))
    assert File.at("s3://cached/y.bin").read() == b"b" * 100


@pytest.mark.parametrize("harm", ["cut", "changed", "empty", "zeros"])
def test_what_a_disk_has_spoilt_is_pulled_again(server: ObjectServer, harm: str) -> None:
    file = File.at("s3://cached/x.bin")
    assert file.read_range(0, 9000) == WHOLE[:9000]
    cache = extent_cache()
    assert cache is not None
    (extent,) = [p for p in cache.folder.rglob("*") if p.is_file()]
    data = extent.read_bytes()
    spoilt = {"cut": data[:-3], "changed": b"?" + data[1:], "empty": b"", "zeros": bytes(len(data))}[harm]
    extent.write_bytes(spoilt)
    (extent.parent / "new-left-by-a-kill").write_bytes(data[:100])
    assert file.read_range(0, 9000) == WHOLE[:9000]
    assert file.read_range(10, 8000) == WHOLE[10:8000]


def test_the_cache_is_bounded(tmp_path: Path) -> None:
    cache = ExtentCache(tmp_path, limit=100_000)
    for i in range(100):
        cache.keep("s3://b/x", f"{i}", [(0, bytes(5000))])
        assert cache.find("s3://b/x", f"{i}", [(0, 10)]) == [(0, bytes(5000))]
    assert sum(p.stat().st_size for p in tmp_path.rglob("*") if p.is_file()) < 110_000


def test_it_can_be_turned_off(server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROCHAIN_CACHE_BYTES", "0")
    assert extent_cache() is None
    file = File.at("s3://cached/x.bin")
    server.traffic.clear()
    assert file.read_range(0, 10) + file.read_range(0, 10) == WHOLE[:10] * 2
    assert len(server.traffic.requests) == 2
    monkeypatch.setenv("NEUROCHAIN_CACHE_BYTES", "much")
    with pytest.raises(StorageError, match="a number of bytes"):
        extent_cache()


def fill(folder: str, seed: int) -> bool:
    cache, drawn = ExtentCache(Path(folder), limit=300_000), random.Random(seed)
    for _ in range(300):
        start = drawn.randrange(SIZE - 5000)
        end = start + drawn.randrange(1, 5000)
        pieces = cache.find("s3://b/x", "e", [(start, end)])
        if any(WHOLE[a : a + len(data)] != data for a, data in pieces):
            return False
        cache.keep("s3://b/x", "e", [(a, WHOLE[a:b]) for a, b in missing([(start, end)], pieces)])
    return True


def test_processes_share_it(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert all(pool.starmap(fill, [(str(tmp_path), seed) for seed in range(3)]))


@given(st.lists(spans, max_size=6), st.lists(spans, max_size=6))
def test_pieces_and_what_is_missing_make_the_whole(
    wanted: list[tuple[int, int]], held: list[tuple[int, int]]
) -> None:
    pieces = [(a, WHOLE[a:b]) for a, b in held]
    left = missing(wanted, pieces)
    everything = {i for a, b in left for i in range(a, b)}
    there = {i for a, b in held for i in range(a, b)}
    assert everything == {i for a, b in wanted for i in range(a, b)} - there
    cut = apart(pieces)
    assert all(a + len(x) <= b for (a, x), (b, _) in pairwise(cut))
    assert {i for a, x in cut for i in range(a, a + len(x))} == there
    assert all(WHOLE[a : a + len(x)] == x for a, x in cut)
