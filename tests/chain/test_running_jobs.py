"""Chains that run are seen from elsewhere: how far they are, and how they ended."""

import json
import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest
from job_scripts import FAILS, HEADER, ROWS, SAVES, running

import neurochain as nc
from neurochain.chain import jobs as told
from neurochain.datasets.jobs import Job, Jobs
from neurochain.datasets.project import Project


def left(project: Project) -> list[Job]:
    return Jobs(project.folder).read()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is told at once."""
    monkeypatch.setattr(told, "EVERY", 0.01)
    monkeypatch.setattr(told, "AFTER", 0.0)


def test_a_save_is_seen_row_by_row_and_leaves_a_version(project: Project, tmp_path: Path) -> None:
    with running(tmp_path, SAVES) as chain:
        for rows in (0, 3, 11):
            chain.allow(rows)
            job = chain.at(rows)
            assert job.status == "running"
            assert (job.verb, job.title) == ("save", "features")
            assert job.step is not None
            assert (job.step["name"], job.step["total"]) == ("gated", ROWS)
            assert job.command.endswith("script.py")
        assert chain.until(lambda job: job.left is not None).left
        code, said = chain.end()
        assert (code, said) == (0, "")
    assert left(project) == []
    assert nc.dataset("features").lineage().activity["id"] == job.id  # the same, before and after


def test_a_function_that_fails_leaves_its_traceback(project: Project, tmp_path: Path) -> None:
    with running(tmp_path, FAILS) as chain:
        code, _ = chain.end()
        assert code == 1
    (job,) = left(project)
    assert job.status == "failed"
    assert job.error is not None
    assert job.error["what"] == "UDFError"
    assert "row 1 <b>is wrong</b>" in job.error["message"]
    assert 'raise ValueError(f"row {x}' in job.error["traceback"]
    (failure,) = job.failures
    assert (failure["function"], failure["row"]) == ("failing", 1)
    assert job.ended is not None


def test_rows_that_failed_are_seen_while_others_are_computed(project: Project, tmp_path: Path) -> None:
    given = nc.read_values(x=range(ROWS)).save("given")
    body = 'nc.read_dataset("given").settings(workers=0, on_error="skip").map(failing).save("features")\n'
    with running(tmp_path, body) as chain:
        chain.allow(7)
        job = chain.at(7)
        assert job.inputs == [given.reference]
        assert [f["row"] for f in job.failures] == [1, 5]
        keys = given.scan().collect()["_key"].to_list()
        assert [f["key"] for f in job.failures] == [keys[1].hex(), keys[5].hex()]
        assert job.failed == 2
        assert chain.end()[0] == 0
    assert left(project) == []


@pytest.mark.parametrize(
    ("how", "status"), [(signal.SIGKILL, "died"), (signal.SIGTERM, "died"), (signal.SIGINT, "interrupted")]
)
def test_what_is_stopped_is_seen(project: Project, tmp_path: Path, how: signal.Signals, status: str) -> None:
    with running(tmp_path, SAVES) as chain:
        chain.allow(5)
        chain.at(5)
        chain.kill(how)
    (job,) = left(project)
    assert job.status == status
    assert job.step is not None
    assert job.step["rows"] == 5
    assert job.ended is not None
    assert job.ended >= job.started


def test_workers_report_through_the_process_that_began(project: Project, tmp_path: Path) -> None:
    body = f'nc.read_values(x=range({ROWS})).settings(workers=2, on_error="skip").map(failing).save("features")\n'
    slow = "from neurochain.chain.executors import local\nlocal.WORTH = local.FIRST_SECONDS = 0.0\n"
    with running(tmp_path, slow + body) as chain:
        chain.allow(9)
        job = chain.until(lambda job: job.failed >= 1)
        assert job.pid == chain.process.pid
        assert chain.end()[0] == 0
        assert len(Jobs(project.folder).read()) == 0


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("collect", "{}.collect()"),
        ("to_csv", "{}.to_csv('out.csv')"),
        ("run", "list({})"),
    ],
)
def test_other_verbs_are_jobs_too(project: Project, tmp_path: Path, verb: str, body: str) -> None:
    chain_text = "nc.read_values(x=range(20)).settings(workers=0).map(gated)"
    with running(tmp_path, body.format(chain_text) + "\n") as chain:
        chain.allow(2)
        job = chain.at(2)
        assert job.verb == verb
        assert job.title == ("out.csv" if verb == "to_csv" else "")
        assert chain.end()[0] == 0
    (job,) = left(project)
    assert job.status == "done"


def test_a_version_that_is_made_again_is_one_job(project: Project, tmp_path: Path, quick: None) -> None:
    script = tmp_path / "made.py"
    script.write_text(HEADER + "def twice(x: int) -> int:\n    return 2 * x\n")
    scope: dict[str, object] = {}
    exec(compile(script.read_text(), str(script), "exec"), scope)
    nc.read_values(x=range(5)).save("given")
    version = nc.read_dataset("given").mutate(y=nc.Column("x") * 2).save("features")
    seen: set[tuple[str, str]] = set()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            seen.update((job.verb, job.title) for job in left(project))
            time.sleep(0.001)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        assert version.reproduce(yes=True)
    finally:
        stop.set()
        thread.join()
    assert seen <= {("reproduce", version.reference)}


def test_what_is_soon_done_is_not_told(project: Project) -> None:
    nc.read_values(x=[1, 2]).collect()
    nc.read_values(x=[1, 2]).save("small")
    nc.read_values(x=[1, 2]).save("small")  # the same: no version, and no job
    with pytest.raises(nc.ColumnNotFoundError):
        nc.read_values(x=[1, 2]).select("y").collect()
    assert left(project) == []


def test_jobs_that_cannot_be_told_run_all_the_same(project: Project, quick: None) -> None:
    (project.folder / "jobs").write_text("no folder")

    def wrong(x: int) -> int:
        raise ValueError("wrong")

    assert nc.read_values(x=[1, 2]).map(y=lambda x: x + 1).save("features").rows == 2
    with pytest.raises(nc.UDFError):
        nc.read_values(x=[1, 2]).map(wrong).save("others")
    assert left(project) == []


def test_jobs_of_threads_are_their_own(project: Project, quick: None) -> None:
    found: list[int] = []

    def save(number: int) -> None:
        found.append(nc.read_values(x=range(number)).map(y=lambda x: x + 1).save(f"of/{number}").rows)

    threads = [threading.Thread(target=save, args=(n,)) for n in range(1, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [1, 2, 3, 4, 5]
    assert left(project) == []


def test_a_forked_child_does_not_keep_its_parents_job_alive(project: Project, tmp_path: Path) -> None:
    body = """
import os
import subprocess
def forks(x: int) -> int:
    if x == 0:
        child = os.fork()
        if child == 0:
            os.close(1)
            os.close(2)
            time.sleep(30)
            os._exit(0)
        Path("child").write_text(str(child))
    wait(x)
    return x

nc.read_values(x=range(20)).settings(workers=0).map(forks).save("features")
"""
    quiet = "import warnings\nwarnings.simplefilter('ignore')\n"  # Python 3.12 warns of forks beside threads
    with running(tmp_path, quiet + body) as chain:
        chain.allow(1)
        chain.until(lambda job: (tmp_path / "child").exists() and job.step and job.step["rows"] == 1)
        try:
            chain.kill()
            (job,) = left(project)
            assert job.status == "died"
        finally:
            os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)


def test_secrets_are_not_told(project: Project, tmp_path: Path) -> None:
    body = """
def leaks(x: int) -> int:
    raise ValueError("password='hunter2hunter2'")

nc.read_values(x=range(3)).settings(workers=0).map(leaks).save("features")
"""
    with running(tmp_path, body) as chain:
        assert chain.end()[0] == 1
    (job,) = left(project)
    assert "hunter2" not in json.dumps(vars(job))
    assert job.status == "failed"


def trial(project: Project, tmp_path: Path, seed: int) -> str:
    """Kill a save somewhere between its beginning and its end; what is seen of it then."""
    chance = random.Random(seed)
    name = f"of{seed}"
    body = SAVES.replace('"features"', f'"{name}"')
    with running(tmp_path, body) as chain:
        job = chain.until(lambda job: True)
        chain.allow(chance.randrange(ROWS + 1) if chance.random() < 0.5 else 10**9)
        time.sleep(chance.random() ** 2 * 2.0)  # from the midst of a row to behind the end
        if chain.process.poll() is None:
            chain.kill()
    kept = {one.id: one.status for one in left(project)}
    published = name in {row["name"] for row in nc.datasets().to_dicts()}
    if published:
        assert kept.get(job.id) in (None, "died")
    else:
        assert kept[job.id] == "died"
    return "published" if published else "died"


def test_kills_are_always_seen(project: Project, tmp_path: Path) -> None:
    for seed in range(2):
        trial(project, tmp_path, seed)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_kills_are_always_seen_for_long(project: Project, tmp_path: Path) -> None:
    found = [trial(project, tmp_path, seed) for seed in range(int(os.environ.get("TRIALS", "150")))]
    assert {"published", "died"} <= set(found)


def test_a_withdrawal_forgets_what_jobs_said(project: Project, tmp_path: Path) -> None:
    nc.read_values(x=range(ROWS), who=[f"sub-{n:02d}" for n in range(ROWS)]).save("given")
    body = 'nc.read_dataset("given").settings(workers=0, reuse=False).map(failing).save("features")\n'
    with running(tmp_path, body) as chain:
        assert chain.end()[0] == 1
    assert len(left(project)) == 1
    nc.withdraw(where=("who", "sub-03"), reason="asked for it", dry_run=True)
    assert len(left(project)) == 1
    nc.withdraw(where=("who", "sub-03"), reason="asked for it")
    assert left(project) == []
