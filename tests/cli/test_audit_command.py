"""audit, as a user types it."""

import json
import sqlite3
from pathlib import Path

import pytest
from test_cli import run

import neurochain as nc
from neurochain.datasets.project import close_projects


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder with a version that was made for a reason, exported and made again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NEUROCHAIN_HOME")
    monkeypatch.setenv("NEUROCHAIN_REASON", "the [first] look")
    nc.read_values(x=[1, 2, 3]).save("features")
    monkeypatch.delenv("NEUROCHAIN_REASON")
    kept = nc.read_dataset("features")
    for name in ("a.csv", "a.json", "a.parquet"):
        getattr(kept, f"to_{name[2:]}")(tmp_path / name)
    assert nc.dataset("features").reproduce(yes=True)
    assert nc.dataset("features").verify(2, yes=True)
    close_projects()
    return tmp_path


def test_events_are_listed_newest_last(lab: Path) -> None:
    events = json.loads(run("audit", "--json", cwd=lab))
    assert [e["what"] for e in events] == ["began", "saved", *["exported"] * 3, "reproduced", "verified"]
    exported = {"rows": 3, "versions": ["features@1.0.0"]}
    assert [e["detail"] for e in events[2:5]] == [
        {"as": kind, **exported} for kind in ("csv", "json", "parquet")
    ]
    assert (events[5]["detail"]["outcome"], events[6]["detail"]["outcome"]) == ("identical", "identical")
    lines = run("audit", cwd=lab).splitlines()
    assert "the [first] look" in lines[2]
    assert "features@1.0.0" in lines[2]
    assert "3 rows" in lines[2]
    assert [e["number"] for e in json.loads(run("audit", "-n", "2", "--json", cwd=lab))] == [6, 7]


def test_check_says_the_last_hash_and_names_what_is_broken(lab: Path) -> None:
    shown = run("audit", "--check", cwd=lab)
    last = shown.split("last hash: ")[1].strip()
    assert "7 events are as they were written" in shown
    assert json.loads(run("audit", "--check", "--kept", last[:10], "--json", cwd=lab))["last"] == last
    run("audit", "--check", "--kept", "123", cwd=lab, code=1)
    run("audit", "--kept", "123", cwd=lab, code=2)
    connection = sqlite3.connect(lab / ".neurochain" / "neurochain.db")
    connection.execute("DROP TRIGGER events_update")
    connection.execute("UPDATE events SET time = '2020-01-01T00:00:00+00:00' WHERE number = 3")
    connection.commit()
    connection.close()
    assert (
        run("audit", "--check", cwd=lab, code=1) == ""
    )  # it is said on stdout: it is no error of the command
    assert json.loads(run("audit", "--json", cwd=lab))[2]["time"].startswith("2020")


def test_without_a_project_it_says_what_to_do(tmp_path: Path) -> None:
    assert "There is no .neurochain folder" in " ".join(run("audit", cwd=tmp_path, code=1).split())
