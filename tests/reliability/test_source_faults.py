"""Files that cannot be read, vanish, come short or change while they are read: an error in words, or one row's."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import limits
import numpy as np
import polars as pl
import pytest

import neurochain as nc
from neurochain.chain.sources import index
from neurochain.datasets.project import Project
from neurochain.testing import ObjectServer
from neurochain.testing.edf import write_edf
from neurochain.testing.object_server import Fault

NAMES = ["r0.edf", "r1.edf", "r2.edf"]
Rows = Callable[[], nc.Chain]


def make_files(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(NAMES):
        write_edf(folder / name, np.random.default_rng(number).normal(size=(2, 2000)), 100, ["Fz", "Cz"])


@pytest.fixture
def lab(tmp_path: Path, project: Project) -> Path:
    """Three recordings, and a version that was saved before anything went wrong."""
    make_files(tmp_path / "served" / "lab")
    nc.read_values(x=[1, 2, 3]).save("old")
    return tmp_path / "served" / "lab"


@pytest.fixture
def server(lab: Path) -> Iterator[ObjectServer]:
    with ObjectServer(lab.parent) as server:
        yield server


@pytest.fixture(params=["disk", "s3", "http"])
def rows(request: pytest.FixtureRequest, lab: Path, server: ObjectServer) -> Rows:
    """The recordings, read from a disk, a bucket or a web server; calls one after the other."""

    def read() -> nc.Chain:
        if request.param == "disk":
            chain = nc.read_storage(lab / "*.edf")
        elif request.param == "s3":
            chain = nc.read_storage(
                "s3://lab/*.edf", anon=True, storage_options={"endpoint": server.url, "region": "us-east-1"}
            )
        else:
            chain = nc.read_storage([f"{server.url}/lab/{name}" for name in NAMES])
        return chain.settings(workers=0, threads=1)

    return read


def total(file: nc.Recording) -> float:
    return float(file.read().sum())


def check_one_lost(chain: nc.Chain, why: str) -> None:
    """The second row has an error, the others their values; or it is left out; or it is the error of the run."""
    kept = chain.settings(on_error="keep", workers=0, threads=1).save("kept")
    frame = nc.read_dataset("kept").select("file.path", "value", "error.message").collect()
    assert frame["path"].str.extract(r"([^/]*)$").to_list() == NAMES
    assert frame["value"].is_null().to_list() == [False, True, False]
    message = frame["message"][1]
    assert frame["message"].null_count() == 2
    assert "r1.edf" in message
    assert why in message
    assert kept.lineage().failures().height == 1
    check_old()


def check_old() -> None:
    assert nc.read_dataset("old@1.0.0").collect()["x"].to_list() == [1, 2, 3]


def test_a_file_that_vanishes_behind_the_listing(rows: Rows, lab: Path) -> None:
    def value(file: nc.File) -> int:
        (lab / "r1.edf").unlink(missing_ok=True)
        return len(file.read_range(file.size - 3000, file.size))

    elsewhere = "://" in rows().collect()["file"][1]["uri"]
    check_one_lost(rows().map(value), "does not exist" if elsewhere else "No such file or directory")
    make_files(lab)
    with pytest.raises(nc.UDFError, match=r"value\(\) failed on row 1, file .*r1\.edf: StorageError"):
        rows().settings(reuse=False).map(value).collect()
    check_old()


def test_a_file_that_changes_while_it_is_read(rows: Rows, lab: Path) -> None:
    def value(file: nc.File) -> int:
        first = len(file.read_range(6000, 6500))
        if file.name == "r1.edf":
            time.sleep(0.02)  # servers tell times apart by more than this
            (lab / "r1.edf").write_bytes(os.urandom(file.size))
        return first + len(file.read_range(7000, 8000))

    check_one_lost(rows().map(value), "has changed since it was listed. Run the chain again")
    again = rows().map(value=lambda file: len(file.read())).collect()  # it is another file now
    assert again["value"].to_list() == [8768] * 3


def test_a_file_that_changes_within_one_read(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = nc.File.at(lab / "r1.edf")
    pread = os.pread

    def slow(descriptor: int, count: int, start: int) -> bytes:
        data = pread(descriptor, count, start)
        with (lab / "r1.edf").open("r+b") as opened:
            opened.write(b"other")
        return data

    monkeypatch.setattr(os, "pread", slow)
    with pytest.raises(nc.errors.FileChangedError, match=r"r1\.edf has changed since it was listed"):
        file.read_ranges([(0, 10), (5000, 5010)])


def test_a_file_that_is_shortened_while_it_is_read(rows: Rows, lab: Path) -> None:
    def value(file: nc.File) -> int:
        first = file.read_range(6000, 6010)
        if file.name == "r1.edf":
            os.truncate(lab / "r1.edf", 1000)
        return len(first + file.read_range(8000, 8500))

    check_one_lost(rows().map(value), "has changed since it was listed. Run the chain again")


def test_a_file_that_was_cut_before(rows: Rows, lab: Path) -> None:
    os.truncate(lab / "r1.edf", 4384)
    said = rows().select("header.error").collect()["error"].to_list()
    assert said[0] is said[2] is None
    assert said[1].startswith("the file is cut short: its header says 20 data records of 400 bytes")
    check_one_lost(rows().map(value=total), "FormatError")


def test_headers_of_files_that_vanish_behind_the_listing(
    rows: Rows, lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _after_listing(monkeypatch, (lab / "r1.edf").unlink)
    with pytest.raises(nc.StorageError, match=r"r1\.edf (cannot be opened|does not exist)"):
        rows().collect()
    make_files(lab)
    check_one_lost(rows().map(value=total), "r1.edf")
    assert nc.read_dataset("kept").collect()["header"][1]["error"].startswith(("/", "s3:", "http:"))
    monkeypatch.undo()
    make_files(lab)
    assert (
        rows().map(value=total).collect()["value"].null_count() == 0
    )  # what could not be read is not remembered


def _after_listing(monkeypatch: pytest.MonkeyPatch, work: Callable[[], None]) -> None:
    """Do something between the listing and the first read."""
    read = index._read_missing

    def then(*given: object) -> list[pl.DataFrame]:
        work()
        return read(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(index, "_read_missing", then)


@pytest.mark.parametrize("scheme", ["s3", "http"])
@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Fault("short"), "it was shortened since it was listed, or its server breaks off"),
        (Fault("status", 403), "403 Forbidden"),
        (Fault("status", 404), "does not exist (any more)"),
    ],
    ids=["short", "denied", "gone"],
)
def test_a_server_that_does_not_give_one_file(
    fault: Fault, why: str, scheme: str, lab: Path, server: ObjectServer
) -> None:
    server.fault = lambda request: (
        fault if request.path.endswith("r1.edf") and request.method == "GET" else None
    )
    if scheme == "s3":
        options = {"endpoint": server.url, "region": "us-east-1"}
        chain = nc.read_storage("s3://lab/*.edf", anon=True, storage_options=options)
    else:
        chain = nc.read_storage([f"{server.url}/lab/{name}" for name in NAMES])
    with pytest.raises(nc.StorageError, match=r"r1\.edf"):
        chain.map(value=total).collect()
    check_one_lost(chain.map(value=total), why)


DENIED = """
import neurochain as nc

def value(file: nc.File) -> int:
    return len(file.read())

rows = nc.read_storage("served/lab/*.edf")
for chain in (rows, rows.map(value), nc.read_storage("served/lab/*.edf", headers=False).map(value)):
    try:
        chain.collect()
    except nc.NeurochainError as error:
        print(type(error).__name__, error)
kept = rows.map(value).settings(on_error="keep").select("header.error", "value", "error.message").collect()
print(*kept.row(1), sep="|")
print(rows.map(value).settings(on_error="skip").collect().height)
try:
    nc.read_storage("served/**/*.edf").collect()
except nc.NeurochainError as error:
    print(type(error).__name__, error)
"""


def test_files_and_folders_without_the_right_to_read(lab: Path, tmp_path: Path) -> None:
    (tmp_path / "served" / "closed").mkdir(mode=0o000)
    (lab / "r1.edf").chmod(0o000)
    script = tmp_path / "script.py"
    script.write_text(DENIED)
    done = subprocess.run(
        [*limits.without_override(), sys.executable, str(script)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=120,
    )
    (tmp_path / "served" / "closed").chmod(0o755)
    assert done.returncode == 0, done.stderr
    header, mapped, plain, kept, skipped, folder = done.stdout.splitlines()
    denied = f"{lab / 'r1.edf'} cannot be opened: Permission denied."
    assert header == mapped == f"StorageError {denied}"
    assert plain == f"UDFError value() failed on row 1, file {lab / 'r1.edf'}: StorageError: {denied}"
    assert kept == f"{denied}|None|StorageError: {denied}"
    assert skipped == "2"
    assert (
        folder
        == f"StorageError The folder {tmp_path / 'served' / 'closed'} cannot be listed: Permission denied."
    )
    check_old()
