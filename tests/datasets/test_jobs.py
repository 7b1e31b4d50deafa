"""Files of jobs: whoever reads sees them whole, who lives is seen, and what cannot be written stops nobody."""

import json
import os
import platform
import time
from pathlib import Path
from typing import Any

import pytest
from processes import start

from neurochain.datasets import jobs
from neurochain.datasets.garbage import collect_garbage
from neurochain.datasets.jobs import JobFile, Jobs, forget_jobs, sweep_jobs
from neurochain.datasets.project import Project

HOLDS = """
import time
from neurochain.datasets.jobs import JobFile
file = JobFile(project.folder, f"job{number}")
assert file.write({"id": f"job{number}", "status": "running", "started": 1.0, "host": __import__("platform").node()})
print("holds", flush=True)
time.sleep(600)
"""


def said(name: str, status: str = "running", **more: Any) -> dict[str, Any]:
    return {"id": name, "status": status, "started": 5.0, "host": platform.node(), **more}


def planted(project: Project, name: str, age: float = 0.0, **says: Any) -> Path:
    path = project.folder / "jobs" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({**said(name), "boot": "b", **says}))
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def statuses(project: Project) -> dict[str, str]:
    return {job.id: job.status for job in Jobs(project.folder).read()}


def test_what_is_said_is_read(project: Project) -> None:
    file, looking = JobFile(project.folder, "a"), Jobs(project.folder)
    assert looking.read() == []
    for rows in (1, 2, 3):
        step = {"name": "f", "rows": rows, "total": 4, "rate": 0.5, "running": True}
        assert file.write(said("a", steps=[step], failed=rows))
        (job,) = looking.read()
        assert (job.status, job.failed, job.left) == ("running", rows, (4 - rows) / 0.5)
    file.remove()
    assert looking.read() == []
    assert list((project.folder / "jobs").iterdir()) == []


def test_who_is_killed_died_and_who_lives_runs(project: Project) -> None:
    alive, killed = start(HOLDS, 1), start(HOLDS, 2)
    try:
        for process in (alive, killed):
            assert process.stdout is not None
            assert process.stdout.readline() == "holds\n", process.communicate()[1]
        assert statuses(project) == {"job1": "running", "job2": "running"}
        killed.kill()
        killed.communicate()
        assert statuses(project) == {"job1": "running", "job2": "died"}
        assert Jobs(project.folder).read()[0].ended is not None
    finally:
        for process in (alive, killed):
            process.kill()
            process.communicate()
    assert statuses(project) == {"job1": "died", "job2": "died"}


def test_a_job_of_another_machine_counts_for_a_minute(project: Project) -> None:
    planted(project, "near", age=30, host="elsewhere")
    planted(project, "far", age=90, host="elsewhere")
    planted(project, "rebooted", host=platform.node())  # this machine, before it was started anew
    assert statuses(project) == {"near": "running", "far": "died", "rebooted": "running"}


def test_what_is_none_is_passed_over(project: Project) -> None:
    folder = project.folder / "jobs"
    folder.mkdir()
    wrong = {
        "half": '{"id": "half", "status": "runn',
        "list": "[]",
        "deep": "[" * 100_000,
        "types": json.dumps(said("types", steps=[1])),
        "texts": json.dumps(said("texts", command=3)),
        "less": '{"id": "less"}',
        "bytes": "\udcff",
    }
    for name, text in wrong.items():
        (folder / f"{name}.json").write_text(text, errors="surrogateescape")
    (folder / "link.json").symlink_to("/etc/passwd")
    (folder / "folder.json").mkdir()
    planted(project, "newer", status="done", colour="of a later program")
    assert statuses(project) == {"newer": "done"}


def test_readers_always_see_it_whole_and_alive(project: Project) -> None:
    writes = start(
        """
import platform
from neurochain.datasets.jobs import JobFile
file = JobFile(project.folder, "a")
text = "x" * 100_000
print("begins", flush=True)
for n in range(2000):
    file.write({"id": "a", "status": "running", "started": 1.0, "host": platform.node(), "rows_in": n, "title": text})
file.write({"id": "a", "status": "done", "started": 1.0})
file.release()
"""
    )
    assert writes.stdout is not None
    assert writes.stdout.readline() == "begins\n", writes.communicate()[1]
    seen = set()
    while writes.poll() is None:
        for job in Jobs(project.folder).read():
            seen.add(job.status)
            assert job.status == "done" or len(job.title) == 100_000
    assert writes.communicate() == ("", "")
    assert seen <= {"running", "done"}  # never died
    assert statuses(project) == {"a": "done"}


def test_what_cannot_be_written_is_not(project: Project, tmp_path: Path) -> None:
    (project.folder / "jobs").write_text("no folder")
    file = JobFile(project.folder, "a")
    assert not file.write(said("a"))
    file.touch()
    file.remove()
    assert not JobFile(tmp_path / "nowhere", "a").write(said("a"))
    assert Jobs(project.folder).read() == []


def test_a_write_that_fails_leaves_the_one_before(project: Project) -> None:
    file = JobFile(project.folder, "a")
    assert file.write(said("a", failed=1))
    assert not file.write(said("a", failed=float("nan")))
    (job,) = Jobs(project.folder).read()
    assert (job.status, job.failed) == ("running", 1)
    assert [p.name for p in (project.folder / "jobs").iterdir()] == ["a.json"]
    file.release()


def test_the_newest_are_kept_for_a_month(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "KEPT", 3)
    for n in range(5):
        planted(project, f"done{n}", age=100 * n, status="done")
    planted(project, "old", age=40 * 86400, status="failed")
    runs = JobFile(project.folder, "runs")
    assert runs.write(said("runs"))
    os.utime(runs.path, (1.0, 1.0))
    half = project.folder / "jobs" / "half.new"
    half.write_text("{")
    os.utime(half, (1.0, 1.0))
    assert len(sweep_jobs(project.folder, dry_run=True)) == 4
    assert len(statuses(project)) == 7
    collect_garbage(project)
    assert statuses(project) == {"done0": "done", "done1": "done", "done2": "done", "runs": "running"}
    assert not half.exists()
    runs.release()
    assert forget_jobs(project.folder) == 4
    assert statuses(project) == {}
