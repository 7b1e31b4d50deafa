"""Threads: calls that wait for remote files are made several at once, and nobody can tell from what comes of it."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import neurochain as nc
from neurochain.chain.functions.calling import Caller


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> None:
    """All files count as far away."""
    monkeypatch.setattr(Caller, "_remote", lambda self, chunk: True)


def head(file: nc.File) -> int:
    return sum(file.read_range(0, 100)) + sum(file.read_range(200, 210))


def pieces(file: nc.File) -> Iterator[int]:
    for start in range(0, 300, 100):
        yield sum(file.read_range(start, start + 10))


def picky(file: nc.File) -> int:
    if file.uri.endswith("im1.dcm"):
        raise ValueError("one")
    return file.size


def files() -> nc.Chain:
    return nc.read_storage("data/**/*.dcm").select("file")


@pytest.mark.parametrize("verb", ["map", "gen"])
def test_threads_give_what_one_gives(verb: str, dicom_tree: Path, remote: None) -> None:
    function = head if verb == "map" else pieces
    saved = []
    for threads in (1, 4):
        chain = files().settings(threads=threads, workers=0, reuse=False)
        saved.append(getattr(chain, verb)(x=function).save(f"threads{threads}"))
    one, four = saved
    assert one.rows == (9 if verb == "map" else 27)
    assert one.content_hash == four.content_hash
    assert four.lineage().reads().equals(one.lineage().reads())
    assert four.lineage().activity["bytes"] == one.lineage().activity["bytes"] > 0
    assert four.lineage().activity["requests"] == one.lineage().activity["requests"] > 0


def test_calls_are_made_at_the_same_time(dicom_tree: Path, remote: None) -> None:
    barrier = threading.Barrier(3)

    def meet(file: nc.File) -> int:
        barrier.wait(timeout=30)  # which three calls only pass together
        return file.size

    chain = files().settings(threads=3, workers=0).map(size=nc.udf(meet, version="1"))
    assert len(set(chain.collect()["size"])) >= 1
    assert not barrier.broken


def test_order_is_that_of_the_rows(dicom_tree: Path, remote: None) -> None:
    lock, places = threading.Lock(), iter(range(9, 0, -1))

    def slow(file: nc.File) -> str:
        with lock:
            turn = next(places)
        time.sleep(turn / 200)  # the later one comes, the earlier it is done
        return file.uri

    frame = files().settings(threads=4, workers=0).map(uri=nc.udf(slow, version="1")).collect()
    assert frame["uri"].to_list() == frame["file"].struct.field("uri").to_list()


@pytest.mark.parametrize(("on_error", "rows"), [("skip", 6), ("keep", 9)])
def test_failures_are_the_rows_own(on_error: Any, rows: int, dicom_tree: Path, remote: None) -> None:
    version = files().settings(threads=4, workers=0, on_error=on_error).map(n=picky).save("picky")
    assert version.rows == rows
    failures = version.lineage().failures()
    assert failures["row"].to_list() == [1, 4, 7]
    assert all(uri.endswith("im1.dcm") for uri in failures["file"])


def test_the_first_failure_in_the_order_of_the_rows_is_raised(dicom_tree: Path, remote: None) -> None:
    with pytest.raises(nc.UDFError, match=r"picky\(\) failed on row 1, file .*im1.dcm: ValueError: one"):
        files().settings(threads=4, workers=0).map(n=picky).collect()
    assert files().settings(workers=0).limit(1).map(n=picky).save("first").lineage().activity["reused"] == 1
