"""jobs, as a user types it."""

import json
from pathlib import Path

import pytest
from job_scripts import FAILS, ROWS, SAVES, running
from test_cli import run

import neurochain as nc
from neurochain.datasets.project import close_projects


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEUROCHAIN_HOME", str(tmp_path / ".neurochain"))
    nc.read_values(x=[1, 2]).save("given")
    close_projects()
    return tmp_path


def test_what_runs_is_listed_with_how_far_it_is(lab: Path) -> None:
    with running(lab, SAVES) as chain:
        chain.allow(6)
        chain.at(6)
        text = run("jobs", cwd=lab)
        assert "save features" in text
        assert f"6 of {ROWS} rows" in text
        assert "save given@1.0.0" in text
        (job,) = json.loads(run("jobs", "--status", "running", "--json", cwd=lab))
        assert (job["status"], job["step"]["rows"]) == ("running", 6)
        chain.kill()
    assert "died" in run("jobs", "--status", "died", cwd=lab)
    assert run("jobs", "--status", "running", cwd=lab) == "No job is running.\n"


def test_one_that_failed_is_shown_with_its_traceback(lab: Path) -> None:
    with running(lab, FAILS) as chain:
        assert chain.end()[0] == 1
    (job,) = json.loads(run("jobs", "--status", "failed", "--json", cwd=lab))
    text = run("jobs", job["id"][:8], cwd=lab)
    assert "failing() on row 1: ValueError: row 1 <b>is wrong</b>" in text
    assert "raise ValueError" in text
    assert "UDFError" in text
    assert json.loads(run("jobs", job["id"], "--json", cwd=lab))["id"] == job["id"]
    assert "No job has an id that begins with 'zz'" in run("jobs", "zz", cwd=lab, code=1)
    assert "one of running, done" in run("jobs", "--status", "busy", cwd=lab, code=1)


def test_without_a_project_it_says_what_to_do(tmp_path: Path) -> None:
    assert "There is no .neurochain folder" in run("jobs", cwd=tmp_path, code=1)
