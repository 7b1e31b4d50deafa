"""What an export says of people and machines: numbers instead of names, unless it was asked for."""

import getpass
import json
import platform
import sys
from pathlib import Path

import pytest
from lineages import HOST, USER, chained

import neurochain as nc
from neurochain.chain import parameters
from neurochain.export.lineage.disclosure import Disclosure

FORMATS = ("prov", "openlineage", "bids", "rocrate")


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody with a name, on a machine with one, who runs a script."""
    monkeypatch.setattr(sys, "argv", ["compute_scores.py"])
    monkeypatch.setattr(getpass, "getuser", lambda: USER)
    monkeypatch.setattr(platform, "node", lambda: HOST)


def exported(version: nc.DatasetVersion, format: str, folder: Path, who: bool) -> str:
    """All that an export writes."""
    written = version.lineage().export(format, folder / f"{format}-{who}", who=who)
    files = (
        [written] if Path(written).is_file() else sorted(f for f in Path(written).rglob("*") if f.is_file())
    )
    return "\n".join(Path(f).read_text("utf-8") for f in files)


@pytest.mark.parametrize("format", FORMATS)
def test_nobody_is_named(person: None, folder: Path, format: str) -> None:
    version = chained(folder)
    text = exported(version, format, folder, who=False)
    for name in (USER, HOST, str(folder), folder.as_uri(), "A. Person"):
        assert name not in text
    assert json.dumps(version.lineage().activity["command"])[1:-1] not in text
    said = exported(version, format, folder, who=True)
    assert f"{folder}/study" in said
    if format != "bids":  # which has no place for a person
        assert USER in said
        assert HOST in said


def test_the_same_person_has_one_number(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "node", lambda: HOST)
    made = None
    for name, person in {"a": "bob", "b": "carol", "c": "bob"}.items():
        monkeypatch.setenv("LOGNAME", person)
        chain = (
            nc.read_values(x=[1])
            if made is None
            else nc.read_dataset(made).mutate(**{name: nc.Column("x") + 1})
        )
        made = chain.save(name).name
    written = json.loads(str(nc.dataset("c").lineage().export("prov")))
    assert {e["prov:label"] for e in written["agent"].values()} >= {"person-1", "person-2"}
    saves = {a: e["prov:label"] for a, e in written["activity"].items()}
    agents = {
        saves[r["prov:activity"]]: written["agent"][r["prov:agent"]]["prov:label"]
        for r in written["wasAssociatedWith"].values()
        if "prov:plan" not in r
    }
    assert agents == {"save a@1.0.0": "person-1", "save b@1.0.0": "person-2", "save c@1.0.0": "person-1"}


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("/data/alice/study", None),
        ("file:///data/study", None),
        ("s3://key:secret@bucket/a#1?.nii", "s3://bucket/a%231%3F.nii"),
        ("s3://bucket/100% of it", "s3://bucket/100%25%20of%20it"),
        ("s3://bucket", "s3://bucket"),
        ("https://user:word@host.org/a%20b.nii?signature=abc#1", "https://host.org/a%20b.nii"),
    ],
)
def test_places(uri: str, said: str | None) -> None:
    assert Disclosure().place(uri) == said


def test_texts_plans_and_values() -> None:
    hidden, activity = Disclosure(), {"user": "alice", "host": "room7"}
    assert hidden.text("reads '/home/alice/x.txt' and /Users/bob/y") == "reads '~/x.txt' and ~/y"
    plan = {
        "source": "storage",
        "patterns": ["/home/alice/study/**/*.nii", "s3://me:secret@bucket/a ?.nii", "study"],
        "globs": [["alice", "**/*.nii"]],
        "steps": [
            {"step": "merge", "right": {"source": "table", "uri": "/data/norms.csv"}, "text": "on sub"}
        ],
    }
    assert hidden.plan(plan, activity) == {
        "source": "storage",
        "patterns": ["*.nii", "s3://bucket/a ?.nii", "study"],
        "globs": [["root", "**/*.nii"]],
        "steps": [{"step": "merge", "right": {"source": "table", "uri": "norms.csv"}, "text": "on sub"}],
    }
    assert Disclosure(who=True).plan(plan, activity) == plan
    assert [hidden.value(v) for v in ("/data/x/a.csv", "~/b", 0.5, "a b://c", "/")] == [
        "a.csv",
        "b",
        0.5,
        "a b://c",
        "/",
    ]


def test_parameters_are_said_without_their_folders(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "_asked", {})
    monkeypatch.setenv("NEUROCHAIN_PARAM_MASK", "/data/alice/mask.nii")
    nc.param("mask", "none")
    version = nc.read_values(x=[1]).save("one")
    for format in FORMATS:
        text = exported(version, format, folder, who=False)
        assert "mask.nii" in text
        assert "/data/alice" not in text
        assert "/data/alice/mask.nii" in exported(version, format, folder, who=True)


def test_home_folders_in_functions(folder: Path) -> None:
    def named(x: int) -> str:
        return f"/home/carol/{x}"

    version = nc.read_values(x=[1]).map(named).save("one")
    for format in ("prov", "openlineage", "rocrate"):
        assert "carol" not in exported(version, format, folder, who=False)
        assert "/home/carol/{x}" in exported(version, format, folder, who=True)
