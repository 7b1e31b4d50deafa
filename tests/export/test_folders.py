"""Exports that are folders: whole or not there, and never in the place of something else."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

import neurochain as nc
from neurochain.datasets.events import read_events
from neurochain.datasets.project import Project

VERBS = ["to_zarr", "to_webdataset", "to_litdata", "to_huggingface"]
LIBRARIES = {
    "to_hdf5": ("h5py", "hdf5"),
    "to_zarr": ("zarr", "zarr"),
    "to_litdata": ("litdata", "litdata"),
    "to_huggingface": ("datasets", "huggingface"),
}

Write = Callable[[nc.Chain, str | Path], Any]


@pytest.fixture(params=VERBS)
def write(request: pytest.FixtureRequest) -> Write:
    verb = request.param
    return lambda chain, folder: getattr(chain, verb)(folder)


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.name not in (".neurochain", ".cache", ".config"))


def test_an_earlier_export_is_replaced(write: Write, folder: Path) -> None:
    write(nc.read_values(x=[1], a=[np.zeros(3)]), "t")
    before = files(folder / "t")
    write(nc.read_values(y=["other"]), "t")
    after = files(folder / "t")
    assert after != before
    (folder / "empty").mkdir()
    write(nc.read_values(y=["other"]), "empty")
    assert files(folder / "empty").keys() == after.keys()
    assert names(folder) == ["empty", "t"]


def test_a_folder_of_something_else_stays(write: Write, folder: Path) -> None:
    chain = nc.read_values(x=[1])
    (folder / "mine").mkdir()
    (folder / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(nc.StorageError, match=r"no earlier export of this kind: it holds notes\.txt"):
        write(chain, "mine")
    write(chain, "t")
    (folder / "t" / "model.pt").write_text("mine")
    with pytest.raises(nc.StorageError, match=r"it holds model\.pt"):
        write(chain, "t")
    (folder / "file").write_text("mine")
    with pytest.raises(nc.StorageError, match="that is a file"):
        write(chain, "file")
    assert (folder / "mine" / "notes.txt").read_text() == (folder / "t" / "model.pt").read_text() == "mine"
    assert names(folder) == ["file", "mine", "t"]


def test_exports_of_other_kinds_are_something_else(folder: Path) -> None:
    chain = nc.read_values(x=[1])
    for verb in VERBS:
        getattr(chain, verb)(verb)
        for other in set(VERBS) - {verb}:
            with pytest.raises(nc.StorageError, match="no earlier export of this kind"):
                getattr(chain, other)(verb)


def test_what_the_libraries_wrote_themselves_stays(folder: Path) -> None:
    chain = nc.read_values(x=[1])
    zarr.create_group("zarr").create_array("x", data=np.arange(3))
    chain.to_huggingface().save_to_disk("huggingface")
    for kind in ("zarr", "huggingface"):
        before = files(folder / kind)
        with pytest.raises(nc.StorageError, match="no earlier export of this kind"):
            getattr(chain, f"to_{kind}")(kind)
        assert files(folder / kind) == before


def test_a_failure_halfway_leaves_the_old_folder_or_none(write: Write, folder: Path) -> None:
    texts = ["1"] * 30_000 + ["x"]
    broken = nc.read_values(s=texts).mutate(n=nc.Column("s").cast(int))
    with pytest.raises(nc.ExpressionError):
        write(broken, "t")
    assert names(folder) == []
    write(nc.read_values(x=[1]), "t")
    before = files(folder / "t")
    with pytest.raises(nc.ExpressionError):
        write(broken, "t")
    with pytest.raises(nc.UDFError):
        write(nc.read_values(s=texts).map(n=lambda s: int(s)), "t")
    with pytest.raises(nc.NothingMatchedError):
        write(nc.read_storage("nothing/*.nii"), "t")
    assert files(folder / "t") == before
    assert names(folder) == ["t"]


def test_where_nothing_can_be_written(write: Write, folder: Path) -> None:
    chain = nc.read_values(x=[1])
    with pytest.raises(nc.StorageError, match=r"no folder .*missing"):
        write(chain, folder / "missing" / "t")
    with pytest.raises(nc.StorageError, match="s3://"):
        write(chain, "s3://bucket/t")


def test_a_link_stays_a_link(write: Write, folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "link").symlink_to("real")
    write(nc.read_values(x=[1]), "link")
    assert (folder / "link").is_symlink()
    assert names(folder / "real")


def test_a_killed_process_leaves_the_old_folder(folder: Path) -> None:
    code = """
import neurochain as nc
chain = nc.read_values(i=list(range(400_000))).mutate(s=nc.Column("i").cast(str) + " text" * 20).persist()
print("ready", flush=True)
chain.to_webdataset("t")
"""
    nc.read_values(x=[1]).to_webdataset("t")
    before = files(folder / "t")
    with subprocess.Popen([sys.executable, "-c", code], cwd=folder, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        while process.poll() is None and not any(folder.glob(".t.*")):
            time.sleep(0.001)
        process.kill()
    assert files(folder / "t") == before
    assert all(n == "t" or n.endswith(".partial") for n in names(folder))


@pytest.mark.parametrize("verb", LIBRARIES)
def test_a_missing_library_says_its_extra(verb: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    library, extra = LIBRARIES[verb]
    loaded = [n for n in sys.modules if n.partition(".")[0] == library]
    for name in {library, *loaded}:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(nc.MissingExtraError, match=rf"needs the package '{library}.*neurochain\[{extra}\]"):
        getattr(nc.read_values(x=[1]), verb)("t")
    assert names(folder) == []


@pytest.mark.parametrize("verb", [*VERBS, "to_hdf5"])
def test_that_rows_left_is_in_the_events(verb: str, project: Project) -> None:
    nc.read_values(x=[1, 2]).save("numbers")
    getattr(nc.read_dataset("numbers"), verb)("t")
    with project.database.read() as connection:
        (last,) = read_events(connection, 1)
    assert last.detail == {"as": verb.removeprefix("to_"), "rows": 2, "versions": ["numbers@1.0.0"]}
