"""withdraw, as a user types it."""

import json
import re
from pathlib import Path

import pytest
from test_cli import run

import neurochain as nc
from neurochain.datasets.project import close_projects


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder with a version of two subjects, and a mean over both."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NEUROCHAIN_HOME")
    nc.read_values(subject=["07", "08"], age=[30, 40]).save("people")
    nc.read_dataset("people").mutate(mean=nc.Column("age").mean()).save("means")
    close_projects()
    return tmp_path


def test_it_is_said_first_and_done_then(lab: Path) -> None:
    said = " ".join(run("withdraw", "--subject", "07", "--dry-run", cwd=lab).split())
    assert "Would withdraw 3 rows of 2 versions" in said
    assert "people@1.0.0 1 1 stay" in said
    assert json.loads(run("show", "people", "--json", cwd=lab))["rows"] == 2
    done = " ".join(run("withdraw", "--subject", "07", "--reason", "consent of 07", cwd=lab).split())
    assert "people@1.0.0 1 replaced by people@1.0.1" in done
    assert "means@1.0.0 2 deleted: its rows are made of several" in done
    assert "Compute again: means@1.0.0" in done
    assert json.loads(run("show", "people", "--json", cwd=lab))["first_rows"] == [
        {"subject": "08", "age": 40}
    ]
    assert "were withdrawn on" in run("show", "people@1.0.0", cwd=lab, code=1)
    events = json.loads(run("audit", "--json", cwd=lab))
    assert [e["detail"]["version"] for e in events if e["what"] == "withdrawn"] == [
        "means@1.0.0",
        "people@1.0.0",
    ]
    assert re.fullmatch("consent of withdrawn-[0-9a-f]{12}", events[-1]["why"])
    run("audit", "--check", cwd=lab)
    data = json.loads(run("withdraw", "--where", "age=40", "--dry-run", "--json", cwd=lab))
    assert [v["version"] for v in data["versions"]] == ["people@1.0.1"]


def test_what_is_missing_is_said(lab: Path) -> None:
    assert "either subject= or where=" in run("withdraw", cwd=lab, code=1)
    assert "--where group=control" in " ".join(run("withdraw", "--where", "group", cwd=lab, code=1).split())
