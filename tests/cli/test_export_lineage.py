"""`neurochain export lineage`: text on stdout, files, and refusals."""

import json
from pathlib import Path

import pytest
from test_cli import run

import neurochain as nc
from neurochain.cli.export import Format
from neurochain.export.lineage import FORMATS


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder with two versions, of which one is made of the other."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NEUROCHAIN_HOME", raising=False)
    monkeypatch.setattr("sys.argv", ["compute_scores.py"])
    nc.read_values(x=[1, 2]).save("first")
    nc.read_dataset("first").mutate(y=nc.Column("x") * 2).save("second")
    return tmp_path


def test_the_formats_are_those_of_the_package() -> None:
    assert {f.value for f in Format} == set(FORMATS)


def test_text_goes_to_stdout(lab: Path) -> None:
    written = json.loads(run("export", "lineage", "second", "--format", "prov", cwd=lab))
    assert len(written["activity"]) == 2
    lines = run("export", "lineage", "second@1.0.0", "-f", "openlineage", cwd=lab).splitlines()
    assert [json.loads(line)["eventType"] for line in lines] == ["START", "COMPLETE"] * 2
    described = json.loads(run("export", "lineage", "second", "-f", "bids", "--license", "CC0", cwd=lab))
    assert described["License"] == "CC0"


def test_files_and_folders(lab: Path) -> None:
    assert "wrote" in run("export", "lineage", "second", "-f", "prov", "--to", "prov.json", cwd=lab)
    text = run("export", "lineage", "second", "-f", "prov", cwd=lab)
    assert (lab / "prov.json").read_text("utf-8") == text
    run("export", "lineage", "second", "-f", "rocrate", "--to", "crate", "--no-files", cwd=lab)
    assert (lab / "crate" / "ro-crate-metadata.json").is_file()


def test_who_is_asked_for(lab: Path) -> None:
    activity = nc.dataset("second").lineage().activity
    assert activity["command"] not in run("export", "lineage", "second", "-f", "prov", cwd=lab)
    said = json.loads(run("export", "lineage", "second", "-f", "prov", "--who", cwd=lab))
    assert {a["nc:host"] for a in said["activity"].values()} == {activity["host"]}


def test_refusals(lab: Path) -> None:
    assert "--to FOLDER" in run("export", "lineage", "second", "-f", "rocrate", cwd=lab, code=1)
    assert "'first'" in run("export", "lineage", "frist", "-f", "prov", cwd=lab, code=1)
    run("export", "lineage", "second", "-f", "html", cwd=lab, code=2)
