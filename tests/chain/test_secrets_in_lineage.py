"""What is recorded of a run holds no secret: not in the database, and in no part."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import neurochain as nc
from neurochain.datasets.project import Project, close_projects

WORD = "hunter2-of-the-lab"
STUDY = """
import neurochain as nc

HOST = "postgresql://ada:hunter2-of-the-lab@host/db"

def connect(password="hunter2-of-the-lab"):
    return len(password)

def score(x):
    # reads
    return x + connect() + len(dict(api_key="hunter2-of-the-lab")) + len(HOST)

def fails(x):
    if x == 2:
        raise ValueError(HOST)
    return x

rows = nc.read_values(x=[1, 2]).map(score).settings(on_error="keep").map(kept=fails)
rows.mutate(place=nc.Column("x").cast(str) + "https://ada:hunter2-of-the-lab@host").drop("place").save("scores")
"""


def everything(project: Project) -> bytes:
    """All bytes of a project."""
    close_projects()
    return b"\\n".join(p.read_bytes() for p in sorted(project.folder.rglob("*")) if p.is_file())


@pytest.fixture
def study(project: Project, tmp_path: Path) -> nc.DatasetVersion:
    """Version of a script that holds a secret in all places, in a checkout where it was changed."""
    script = tmp_path / "study.py"
    script.write_text("a = 1\n")
    for arguments in (
        ["init", "-q"],
        ["add", "study.py"],
        ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-qm", "first"],
    ):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    script.write_text(STUDY)
    done = subprocess.run(
        [sys.executable, "study.py", "--token", WORD],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return nc.dataset("scores")


def test_no_byte_of_the_project_holds_it(study: nc.DatasetVersion, project: Project) -> None:
    lineage = study.lineage()
    assert 'api_key="***"' in study.source
    assert WORD not in study.source
    assert lineage.activity["command"] == "study.py --token ***"
    assert "+def score(x):" in lineage.activity["git_diff"]
    assert lineage.failures().height == 1
    assert WORD not in json.dumps(lineage.to_json(), default=str)
    assert WORD.encode() not in everything(project)


def test_the_version_says_that_it_cannot_be_made_again(study: nc.DatasetVersion) -> None:
    said = "score: the source of score() holds what looks like a secret (line 3); read it from the environment instead"
    assert said in study.problems
    assert "a step holds what looks like a secret; read it from the environment instead" in study.problems
    assert any("the source of connect() holds what looks like a secret (line 1)" in p for p in study.problems)
    found = study.reproduce(yes=True)
    assert found.outcome == "impossible"
    assert "holds what looks like a secret (line 3)" in "\n".join(found.reasons)


def test_results_are_reused_all_the_same(project: Project) -> None:
    def score(x: int) -> int:
        return x + len({"password": "hunter2"})

    for _ in range(2):
        version = nc.read_values(x=[1, 2]).map(y=score).save("scores")
    assert len(version.problems) == 1
    activity = nc.read_values(x=[1, 2]).map(y=score).save("again").lineage().activity
    assert (activity["computed"], activity["reused"]) == (0, 2)


def test_ordinary_functions_are_recorded_as_they_are(project: Project) -> None:
    def count(text: str) -> int:
        token_count = len(text.split())  # commit 3b18e512dba79e4c8300dd08aeb37f8e728b8dad
        return token_count + 1

    version = nc.read_values(text=["a b"]).map(n=count).save("counts")
    assert version.problems == ()
    assert "3b18e512dba79e4c8300dd08aeb37f8e728b8dad" in version.source
    assert version.reproduce(yes=True).outcome == "identical"


def test_some_variables_are_recorded_and_no_others(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("NUMEXPR_MAX_THREADS", "5")
    monkeypatch.setenv("TZ", "Europe/Rome")
    monkeypatch.setenv("NEUROCHAIN_PHI_KEY", WORD)
    monkeypatch.setenv("NEUROCHAIN_STORAGE_OPTIONS", json.dumps({"s3://bucket": {"secret": WORD}}))
    monkeypatch.setenv("SOME_SERVICE", WORD)
    lineage = nc.read_values(x=[1]).save("v").lineage()
    variables = lineage.activity["variables"]
    assert {
        "OMP_NUM_THREADS": "3",
        "NUMEXPR_MAX_THREADS": "5",
        "TZ": "Europe/Rome",
    }.items() <= variables.items()
    assert not {"NEUROCHAIN_PHI_KEY", "NEUROCHAIN_STORAGE_OPTIONS", "SOME_SERVICE", "PATH"} & variables.keys()
    assert "OMP_NUM_THREADS=3" in str(lineage)
    assert WORD.encode() not in everything(project)
