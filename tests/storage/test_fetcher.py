"""Fetcher: many files' ranges, pulled together."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from neurochain.errors import FileChangedError, StorageError
from neurochain.storage import File, NotFetchedError, ReadLog
from neurochain.storage.access import Access, remember
from neurochain.storage.fetcher import LEAST_AT_ONCE, MOST_AT_ONCE, Fetcher
from neurochain.testing import Fault, ObjectServer, Request

COUNT = 2_000


def content(number: int) -> bytes:
    return number.to_bytes(4, "big") * 64


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    folder = tmp_path_factory.mktemp("ahead")
    (folder / "many").mkdir()
    for i in range(COUNT):
        (folder / "many" / f"{i:04d}.bin").write_bytes(content(i))
    with ObjectServer(folder, latency=0.02, still=True) as served:
        options: dict[str, Any] = {"anon": True, "endpoint": served.url, "retry_config": {"max_retries": 2}}
        remember("s3://many", Access.of(options))
        yield served


@pytest.fixture
def files(server: ObjectServer) -> list[File]:
    server.traffic.clear()
    server.fault = None
    etag = server.etag(server.folder / "many" / "0000.bin").strip('"')
    assert etag
    return [
        File(f"s3://many/{p.name}", 256, server.etag(p).strip('"'))
        for p in sorted((server.folder / "many").iterdir())
    ]


def test_every_item_comes_once_with_its_bytes(server: ObjectServer, files: list[File]) -> None:
    wanted = [(i, [(f, 4, 12), (f, 0, 1000)]) for i, f in enumerate(files)]
    with Fetcher() as fetcher:
        found = list(fetcher.fetch(wanted))
    assert [i for i, _ in found] == list(range(COUNT))
    for i, pieces in found:
        assert [(p[0], p[1], p[2]) for p in pieces] == [
            (files[i], 4, content(i)[4:12]),
            (files[i], 0, content(i)),
        ]
    assert len(server.traffic.requests) == 2 * COUNT


def test_as_many_are_under_way_as_help(server: ObjectServer, files: list[File]) -> None:
    with Fetcher() as fetcher:
        for start in range(0, COUNT, 500):
            wanted = [(f, [(f, 0, 256)]) for f in files[start : start + 500]]
            assert len(list(fetcher.fetch(wanted))) == 500
        assert LEAST_AT_ONCE < fetcher.at_once <= MOST_AT_ONCE
    assert LEAST_AT_ONCE / 2 < server.traffic.most_at_once <= MOST_AT_ONCE
    server.traffic.clear()
    with Fetcher(at_once=3) as fetcher:
        assert len(list(fetcher.fetch([(f, [(f, 0, 256)]) for f in files[:100]]))) == 100
    assert server.traffic.most_at_once <= 3
    with Fetcher(share=4) as fetcher:
        assert fetcher.at_once == LEAST_AT_ONCE // 4


def test_an_item_without_ranges_comes_too(files: list[File]) -> None:
    wanted = [("none", []), ("one", [(files[1], 0, 4)]), ("empty", [(files[2], 0, 0)])]
    with Fetcher() as fetcher:
        found = {item: [data for _, _, data in pieces] for item, pieces in fetcher.fetch(wanted)}
        assert not list(fetcher.fetch([]))
    assert found == {"none": [], "one": [content(1)[:4]], "empty": [b""]}


def test_what_cannot_be_had_is_an_error_and_ends_the_rest(server: ObjectServer, files: list[File]) -> None:
    gone = File("s3://many/gone.bin", 10, "x")
    with Fetcher(at_once=2) as fetcher:
        with pytest.raises(StorageError, match=r"gone\.bin"):
            list(fetcher.fetch([(f, [(f, 0, 10)]) for f in (gone, *files)]))
        assert len(server.traffic.requests) < COUNT / 2
        other = File(files[0].uri, 256, "another")
        with pytest.raises(FileChangedError, match="changed"):
            list(fetcher.fetch([(other, [(other, 0, 10)])]))
        assert list(fetcher.fetch([(1, [(files[1], 0, 4)])])) == [(1, [(files[1], 0, content(1)[:4])])]
    assert not any(t.name.startswith("neurochain-fetch") for t in threading.enumerate())


def test_what_fails_in_passing_is_asked_for_again(server: ObjectServer, files: list[File]) -> None:
    asked: set[str] = set()

    def at_first(request: Request) -> Fault | None:
        first = request.path not in asked
        asked.add(request.path)
        return Fault("status", 503) if first else None

    server.fault = at_first
    with Fetcher() as fetcher:
        found = fetcher.fetch([(f, [(f, 0, 256)]) for f in files[:60]])
        assert [pieces[0][2] for _, pieces in found] == [content(i) for i in range(60)]


def test_stores_that_only_wait_serve_too(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"local")
    fsspec.filesystem("memory").pipe("/ahead/b.bin", b"in memory")
    files = [File.at(tmp_path / "a.bin"), File.at("memory://ahead/b.bin")]
    with Fetcher() as fetcher:
        found = {f.name: pieces[0][2] for f, pieces in fetcher.fetch([(f, [(f, 0, f.size)]) for f in files])}
    assert found == {"a.bin": b"local", "b.bin": b"in memory"}


def test_who_is_not_to_wait_gets_what_was_fetched_and_no_more(
    server: ObjectServer, files: list[File]
) -> None:
    log = ReadLog(waits=False)
    file = File(files[0].uri, 256, files[0].etag, None, log)
    log.offer(file.uri, 0, content(0)[:100])
    assert file.read_range(10, 20) == content(0)[10:20]
    assert file.read_ranges([(0, 4), (8, 12)]) == [content(0)[:4], content(0)[8:12]]
    for read in (
        lambda: file.read_range(90, 101),
        lambda: file.read_ranges([(0, 4), (200, 256)]),
        lambda: file.beside("0001.bin"),
    ):
        with pytest.raises(NotFetchedError):
            read()
    assert (log.bytes, log.requests) == (100, 1)
    log.waits = True
    server.traffic.clear()
    assert file.read_range(90, 120) == content(0)[90:120]
    assert server.traffic.bytes == 20  # what was there is not asked for again
    (read,) = log.files()
    assert read.ranges == ((0, 4), (8, 20), (90, 120))


def test_what_waits_to_be_used_is_bounded(
    server: ObjectServer, files: list[File], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neurochain.storage.fetcher.TOGETHER", 2_560)
    with Fetcher(at_once=4) as fetcher:
        found = fetcher.fetch([(f, [(f, 0, 256)]) for f in files[:500]])
        next(found)
        assert len(server.traffic.requests) == 11  # no more is asked for before these are used
        assert sum(1 for _ in found) == 499
    assert len(server.traffic.requests) == 500
