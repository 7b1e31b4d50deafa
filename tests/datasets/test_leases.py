"""Leases: who lives is seen, who is gone is not, whatever the clocks say."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from processes import start

from neurochain.datasets import leases
from neurochain.datasets.project import Project, close_projects

HOLDS = """
import time
project.staging
print("holds", flush=True)
time.sleep(600)
"""


def holder() -> "subprocess.Popen[str]":
    process = start(HOLDS)
    assert process.stdout is not None
    assert process.stdout.readline() == "holds\n", process.communicate()[1]
    return process


def files(project: Project) -> list[Path]:
    return sorted((project.folder / "leases").glob(f"*{leases.SUFFIX}"))


def test_a_process_that_writes_holds_one_lease_and_gives_it_back(project: Project) -> None:
    assert leases.live(project.folder) == []
    before = leases.clock(project.folder)
    for _ in range(3):
        leases.hold(project.folder)
    (lease,) = leases.live(project.folder)
    assert lease.pid == os.getpid()
    assert before <= lease.started <= leases.clock(project.folder)
    close_projects()
    assert files(project) == []


def test_a_killed_process_holds_nothing_any_more(project: Project) -> None:
    alive, killed = holder(), holder()
    try:
        found = leases.live(project.folder)
        assert {lease.pid for lease in found} == {alive.pid, killed.pid}
        assert [lease.started for lease in found] == sorted(lease.started for lease in found)
        killed.kill()
        killed.communicate()
        assert len(files(project)) == 2
        assert [lease.pid for lease in leases.live(project.folder)] == [alive.pid]
        assert len(files(project)) == 1
    finally:
        alive.kill()
        alive.communicate()


def test_one_that_ends_well_leaves_no_file(project: Project) -> None:
    done = start("project.staging\nprint(len(list((project.folder / 'leases').glob('*.lease'))))")
    assert done.communicate(timeout=60) == ("1\n", "")
    assert files(project) == []


def planted(project: Project, age: float, **says: object) -> Path:
    """Lease of another machine, which has no lock that could be seen from here."""
    path = project.folder / "leases" / f"elsewhere-1{leases.SUFFIX}"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"pid": 1, "host": "elsewhere", "boot": "b", "started": 5.0, **says}))
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def test_a_lease_of_another_machine_counts_for_a_minute(project: Project) -> None:
    planted(project, age=30)
    assert leases.live(project.folder) == [leases.Lease(1, "elsewhere", 5.0)]
    path = planted(project, age=90)
    assert leases.live(project.folder) == []
    assert not path.exists()


def test_a_lease_that_cannot_be_read_protects_everything_for_a_minute(project: Project) -> None:
    path = planted(project, age=0)
    path.write_text("{")
    assert leases.live(project.folder) == [leases.Lease(0, "?", 0.0)]
    planted(project, age=90, pid="x")
    assert leases.live(project.folder) == []


def test_a_lease_without_a_lock_is_kept_alive_by_its_beat(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "BEAT", 0.01)
    leases.hold(project.folder)
    (path,) = files(project)
    os.utime(path, (1.0, 1.0))
    while path.stat().st_mtime == 1.0:
        time.sleep(0.01)


def test_a_project_that_is_made_anew_gets_a_new_lease(project: Project) -> None:
    leases.hold(project.folder)
    files(project)[0].unlink()
    leases.hold(project.folder)
    assert [lease.pid for lease in leases.live(project.folder)] == [os.getpid()]


def test_a_forked_child_has_a_lease_of_its_own(project: Project) -> None:
    script = """
import os
project.staging
child = os.fork()
if child == 0:
    mine = {p.name for p in (project.folder / "leases").glob("*.lease")}
    assert len(mine) == 1
    project.staging
    assert len(list((project.folder / "leases").glob("*.lease"))) == 2
    from neurochain.datasets.project import close_projects
    close_projects()
    assert {p.name for p in (project.folder / "leases").glob("*.lease")} == mine
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
from neurochain.datasets import leases
assert [lease.pid for lease in leases.live(project.folder)] == [os.getpid()]
"""
    # Python 3.12 warns of every fork beside threads; here it is what is looked at.
    done = subprocess.run(
        [sys.executable, "-c", "from neurochain.datasets.project import find_project\nproject = find_project()" + script],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
