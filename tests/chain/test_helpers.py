"""Helpers: processes that read headers beside this one, and what happens when they die."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydicom.data import get_testdata_file

import neurochain as nc
from neurochain.chain.sources import helpers, listing
from neurochain.chain.sources.helpers import Helper, Places, Process, Spare
from neurochain.testing import Fault, ObjectServer, Request

COUNT = 400
COLUMNS = ["file.path", "header", "dicom", "bids", "sidecar", "identifiers"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """DICOM files of two kinds, some with sidecars, one broken; helpers are worth it for any of them."""
    contents = [Path(str(get_testdata_file(name))).read_bytes() for name in ("MR_small.dcm", "CT_small.dcm")]
    place = tmp_path / "data" / "scans"
    place.mkdir(parents=True)
    for i in range(COUNT):
        (place / f"{i:03d}.dcm").write_bytes(contents[i % 2] if i != 300 else contents[0][:1000])
        if i % 50 == 0:
            (place / f"{i:03d}.json").write_text(f'{{"EchoTime": {i}}}')
    monkeypatch.setattr(helpers, "WORTH", 1e-9)
    monkeypatch.setattr(helpers, "FIRST", 32)
    monkeypatch.chdir(tmp_path)
    return place


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Helper]:
    """Helpers that were started."""
    made: list[Helper] = []
    begin = Helper.__init__

    def noted(self: Helper, manner: Any, process: Any = None) -> None:
        begin(self, manner, process)
        made.append(self)

    monkeypatch.setattr(Helper, "__init__", noted)
    return made


@pytest.fixture
def delivered(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows that came from helpers, block by block."""
    sizes: list[int] = []
    take = Helper.block

    def counted(self: Helper) -> Any:
        block = take(self)
        sizes.append(len(block["number"]))
        return block

    monkeypatch.setattr(Helper, "block", counted)
    return sizes


def differences(one: pl.DataFrame, other: pl.DataFrame) -> list[Any]:
    """Rows that are not the same."""
    return [(a, b) for a, b in zip(one.rows(), other.rows(), strict=True) if a != b]


def read(pattern: str, workers: int, **given: Any) -> pl.DataFrame:
    chain = nc.read_storage(pattern, phi="keep", **given).settings(workers=workers, reuse=False)
    return chain.select(*COLUMNS).collect()


def test_helpers_give_what_is_read_here(
    folder: Path, started: list[Helper], delivered: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = read("data/**/*.dcm", 0)
    assert not started
    assert alone.height == COUNT
    wait = helpers.wait
    monkeypatch.setattr(helpers, "wait", lambda pipes, _: wait(pipes, 10 if pipes else 0))  # theirs first
    assert not differences(read("data/**/*.dcm", 3), alone)
    assert len(started) == 2
    assert sum(delivered) > COUNT / 2
    assert not any(helper.alive for helper in started)


def test_a_process_is_started_while_many_files_are_listed(
    folder: Path, started: list[Helper], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MANY", COUNT // 2)
    made: list[Process] = []
    begin = Process.__init__

    def noted(self: Process) -> None:
        begin(self)
        made.append(self)

    monkeypatch.setattr(Process, "__init__", noted)
    found = read("data/**/*.dcm", 2)
    assert [one.started.pid for one in made] == [helper.pid for helper in started]
    assert len(made) == 1
    monkeypatch.setattr(helpers, "WORTH", 1e9)
    assert not differences(read("data/**/*.dcm", 2), found)  # headers were read before: it may not be needed
    assert not differences(read("data/**/*.dcm", 0), found)
    assert len(made) == 1
    assert not any(helper.alive for helper in started)


def test_a_process_that_was_not_needed_is_ended() -> None:
    with Spare(lambda: True) as spare:
        spare.start()
        spare.start()
        process = spare.take()
        assert process is not None
        assert spare.take() is None
        spare.start()
        other = spare.take()
        assert other is not None
        other.end()
    assert process.started.poll() is None
    process.end()
    assert process.started.poll() is not None
    with Spare(lambda: True) as spare:
        spare.start()
        process = spare._process
        assert process is not None
    assert process.started.poll() is not None


@pytest.mark.parametrize("after", [0, 1, 3])
def test_what_a_helper_had_not_sent_when_it_died_is_read_here(
    folder: Path, started: list[Helper], monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    alone = read("data/**/*.dcm", 0)
    left = after
    wait = helpers.wait

    def killing(pipes: list[Any], seconds: float | None) -> list[Any]:
        nonlocal left
        if not left:
            for helper in started:
                os.kill(helper.pid, signal.SIGKILL)
        left -= 1
        return wait(pipes, 10 if pipes else 0)

    monkeypatch.setattr(helpers, "wait", killing)
    assert not differences(read("data/**/*.dcm", 3), alone)
    assert started


def test_without_more_processes_all_is_read_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = read("data/**/*.dcm", 0)
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    assert not differences(read("data/**/*.dcm", 3), alone)


def test_helpers_reach_a_bucket_and_say_what_cannot_be_had(
    folder: Path, started: list[Helper], delivered: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helpers, "BURST", {False: 32, True: 32})
    alone = read("data/**/*.dcm", 0)
    wait = helpers.wait
    monkeypatch.setattr(helpers, "wait", lambda pipes, _: wait(pipes, 10 if pipes else 0))
    with ObjectServer(folder.parent) as server:
        there = {"anon": True, "storage_options": {"endpoint": server.url}}
        columns = [
            name for name in COLUMNS if name != "bids"
        ]  # its root is the bucket, and not the folder above
        far = read("s3://scans/*.dcm", 2, **there)
        assert far.select(columns[1:]).equals(alone.select(columns[1:]))
        assert sum(delivered) >= 32

        def refuse(request: Request) -> Fault | None:
            return (
                Fault("status", 404) if request.path.endswith("/399.dcm") and not request.is_listing else None
            )

        server.fault = refuse
        with pytest.raises(nc.StorageError, match=r"399\.dcm does not exist"):
            read("s3://scans/*.dcm", 2, **there)
    assert not any(helper.alive for helper in started)


def test_places_are_given_out_once_and_in_smaller_bursts_towards_the_end() -> None:
    def places() -> Iterator[Any]:
        for i in range(1000):
            yield (i, "", 0, "", None, None, "", None)

    work = Places(places(), 1000, 256)
    work.takers = 2
    bursts = list(work)
    assert [place[0] for burst in bursts for place in burst] == list(range(1000))
    sizes = [len(burst) for burst in bursts]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 250
    assert sizes[-2] == helpers.TOGETHER
    work.give_back(bursts[3])
    assert work.left == len(bursts[3])
    assert [place for burst in work for place in burst] == bursts[3]
