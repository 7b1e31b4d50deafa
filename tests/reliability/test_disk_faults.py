"""A project whose disk is full, may not be written, or has lost bytes: clear words, and what was saved stays."""

import json
import os
import subprocess
import sys
from pathlib import Path

import limits
import pytest
import saving
from soundness import check_versions
from sqlalchemy import select

import neurochain as nc
from neurochain.chain.executors import inline
from neurochain.datasets import tables
from neurochain.datasets.parts import part_path
from neurochain.datasets.project import HOME, Project, close_projects

HERE = Path(__file__).parent
KINDS = [
    ("disk", ["4096", "40000", "90000", "290000", "640000", "1340000"]),
    ("limit", ["40000", "120000", "800000"]),
]


def run(command: list[str], prefix: list[str], ok: bool = True) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(HERE.parent), str(HERE), *filter(None, sys.path)])
    done = subprocess.run(
        [*prefix, sys.executable, *command],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode == 0) == ok, done.stderr
    return done


@pytest.mark.parametrize(("kind", "sizes"), KINDS, ids=["full disk", "limit on files"])
def test_a_save_without_room_says_so_and_resumes_once_there_is(
    kind: str, sizes: list[str], tmp_path: Path
) -> None:
    prefix = limits.own_mounts() if kind == "disk" else []
    done = run([str(HERE / "shortage.py"), kind, str(tmp_path), *sizes], prefix)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [f["size"] for f in found] == [int(s) for s in sizes]
    assert len({f["hash"] for f in found}) == 1
    assert (found[0]["error"], found[-1]["error"]) == ("ProjectError", "")
    for f in found:
        assert f["error"] in ("", "ProjectError"), f
        if f["error"]:
            expected = (
                "the disk is full. Free some space" if kind == "disk" else "a limit on the size of files"
            )
            assert expected in f["message"], f
            assert f["read"] == ["base@1.0.0"], f
    missing = [f["calls"] for f in found]
    assert missing == sorted(missing, reverse=True)  # the more room there was, the more is reused
    assert missing[0] > missing[-2] >= missing[-1] == 0


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: Project) -> Path:
    """Files to save from; `base` is saved already, and calls are counted."""
    monkeypatch.setenv(saving.CALLS, str(tmp_path / "calls"))
    monkeypatch.setattr(inline, "REMEMBER_SECONDS", 0.0)
    saving.make_files(tmp_path / "data")
    saving.save_base()
    return tmp_path / "data"


READS = """
import warnings
import neurochain as nc
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    print(nc.read_dataset("base").collect()["limit"].to_list(), nc.dataset("base").lineage().rows)
print(*[w.message for w in warned])
try:
    nc.read_values(x=[1]).map(y=lambda x: x).save("new")
except nc.ProjectError as error:
    print(error)
"""


def test_a_project_that_may_not_be_written_is_read(data: Path, home: Path) -> None:
    before = check_versions(nc.dataset("base").project)
    close_projects()
    files = [home, *home.rglob("*")]
    for path in files:
        path.chmod(0o555 if path.is_dir() else 0o444)
    done = run(["-c", READS], limits.without_override())
    for path in files:
        path.chmod(0o755 if path.is_dir() else 0o644)
    rows, warned, refused = done.stdout.splitlines()
    assert rows == "[0.5, 1.5, 2.5, 3.5, 4.5] 5"
    assert "What is saved is read as it was at this moment" in warned
    assert "neurochain.db cannot be used as a database" in refused
    assert "Get the right to write to its folder, or copy the folder and set NEUROCHAIN_HOME" in refused
    assert done.stderr == ""
    assert check_versions(nc.dataset("base").project) == before


def test_a_folder_where_no_project_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir(mode=0o555)
    monkeypatch.setenv(HOME, str(tmp_path / "here" / ".neurochain"))
    script = "import neurochain as nc\nnc.read_values(x=[1]).save('new')"
    said = run(["-c", script], limits.without_override(), ok=False).stderr.splitlines()[-1]
    assert "cannot be made: Permission denied. Change to a folder that you can write to, or set NEURO" in said


def test_parts_without_the_right_to_write_are_named(data: Path, home: Path) -> None:
    close_projects()
    for folder in ("parts", "staging"):
        (home / folder).chmod(0o555)
    script = "import neurochain as nc\nnc.read_values(x=[1]).save('new')"
    said = run(["-c", script], limits.without_override(), ok=False).stderr.splitlines()[-1]
    for folder in ("parts", "staging"):
        (home / folder).chmod(0o755)
    assert f"A part could not be written to {home / 'parts'}: " in said
    assert "whether you may write to the folder. Nothing that is saved was changed." in said


def test_a_cut_part_is_named_before_it_is_read(data: Path, project: Project) -> None:
    version = saving.save(data)
    path = part_path(project, version.part_hashes()[0])
    path.write_bytes(path.read_bytes()[:-100])
    for read in (nc.read_dataset(saving.NAME).collect, lambda: version.scan().collect()):
        with pytest.raises(nc.VersionError, match=r"bytes where .* were written: it was cut.*doctor --deep"):
            read()
    assert nc.read_dataset("base").collect().height == saving.FILES


def test_a_part_whose_end_is_overwritten_is_no_fault_of_an_expression(data: Path, project: Project) -> None:
    path = part_path(project, nc.dataset("base").part_hashes()[0])
    path.write_bytes(path.read_bytes()[:-4] + b"LOST")
    with pytest.raises(nc.VersionError, match=r"cannot be read back.*`neurochain doctor --deep` names it"):
        nc.read_dataset("base").collect()


def test_results_whose_parts_are_lost_or_cut_are_computed_again(data: Path, project: Project) -> None:
    version = saving.save(data)
    whole = saving.calls()
    with project.database.read() as connection:
        known = set(connection.execute(select(tables.ledger.c.part)).scalars())
    assert saving.save(data).content_hash == version.content_hash
    assert saving.calls() == whole
    cut, gone = sorted(known - set(version.part_hashes()))[:2]
    part_path(project, cut).write_bytes(b"PAR1")
    part_path(project, gone).unlink()
    assert saving.save(data).content_hash == version.content_hash
    assert saving.calls() > whole
