"""Lineage: what was recorded is what is told, by tree and by JSON."""

import json
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from drafts import ORIGIN, draft, save
from sqlalchemy import select

from neurochain.datasets import tables
from neurochain.datasets.activity import Activity, Counts, Input, UsedFunction
from neurochain.datasets.environment import GitState
from neurochain.datasets.hidden import READS_TYPE
from neurochain.datasets.location import relative_uris
from neurochain.datasets.parts import Part, part_path, write_part
from neurochain.datasets.project import Project
from neurochain.datasets.publishing import publish
from neurochain.datasets.versions import DatasetVersion, find_version
from neurochain.errors import VersionError

STEP = {"step": "filter", "text": "tag == 'alpha'"}
SOURCE = "def mean(volume):\n    return volume[:].mean()\n"
MEAN = pl.Series("function", ["mean"])
STORAGE = {"source": "storage", "patterns": ["data/**/*.nii"], "files": 2, "bytes": 1_234}


@pytest.fixture
def manifest(project: Project) -> Part:
    """Part that lists two files."""
    return write_part(project, pl.DataFrame({"root": ["data"] * 2, "path": ["a", "b"], "size": [1, 2]}))


@pytest.fixture
def reads(project: Project) -> Part:
    """Part that lists what a function read."""
    rows = [{"uri": "/data/a", "etag": "1", "ranges": [[0, 4]], "sha256": b"\1" * 32}]
    frame = pl.Series("reads", rows, dtype=READS_TYPE.inner).struct.unnest()
    return write_part(project, relative_uris(frame.insert_column(0, MEAN), {"data": "/data"}))


@pytest.fixture
def version(project: Project, manifest: Part, reads: Part) -> DatasetVersion:
    """`features`, made of storage, a table, values and `scans@1.0.1`, by two functions."""
    save(project, [1], name="scans")
    scans = save(project, [1, 2], name="scans", plan={"steps": [STEP]})
    activity = Activity(
        seed=7,
        inputs=[
            Input("storage", STORAGE, manifest=manifest.hash),
            Input("version", {"name": "scans"}, version=scans.id),
            Input("table", {"uri": "/patients.csv", "rows": 5}),
            Input("values", {"rows": 3}),
        ],
        functions=[
            UsedFunction("f" * 32, "mean", SOURCE, {"notes": ["time"]}, (), reads.hash, 90, 3),
            UsedFunction("e" * 32, "noise", None, {}, ("uses a generator of random numbers",)),
        ],
        counts=Counts(10, 9, 8, 1, 1, 4_096, 12),
        steps=[{"listed": "/data", "files": 2}],
    )
    activity.started, activity.ended = 1_700_000_000.0, 1_700_000_001.5
    return save(
        project,
        [1, 2, 3],
        name="features",
        plan={"steps": [STEP, {"step": "limit"}]},
        activity=activity,
        manifests=[manifest, reads],
    )


def test_the_tree_tells_everything(version: DatasetVersion) -> None:
    lineage = version.lineage()
    lines = lineage.tree()
    assert str(lineage).splitlines() == repr(lineage).splitlines() == lines
    assert lines[0] == f"features@1.0.0  3 rows  content {version.content_hash[:12]}"
    expected = [
        "├─ made 2023-11-14 22:13:20 UTC in 1.5 s by ada on scanner",
        "study.py --fast",
        "8 computed, 1 reused, 1 failed",
        "4,096",
        "├─ Python 3.12.1, git 0123456789 with local changes, 2 packages",
        "├─ not reproducible: noise: uses a generator of random numbers",
        "├─ filter: tag == 'alpha'",
        "├─ limit",
        "├─ function mean [ffffffffffff]",
        "│  └─ def mean(volume):",
        "├─ function noise [eeeeeeeeeeee]",
        "source could not be read",
        "├─ storage: 2 files, 1,234 bytes stored",
        "data/**/*.nii",
        "├─ scans@1.0.1  2 rows",
        "│  ├─ made ",
        "│  └─ filter: tag == 'alpha'",
        "├─ table /patients.csv: 5 rows",
        "└─ values: 3 rows",
    ]
    at = 0
    for text in expected:  # each in a line of its own, in this order
        at = next(i for i in range(at, len(lines)) if text in lines[i]) + 1


def test_the_json_holds_all_that_was_recorded(version: DatasetVersion, manifest: Part, reads: Part) -> None:
    found = json.loads(json.dumps(version.lineage().to_json()))
    assert {k: found[k] for k in ("name", "version", "content_hash", "rows")} == {
        "name": "features",
        "version": "1.0.0",
        "content_hash": version.content_hash,
        "rows": 3,
    }
    activity = found["activity"]
    expected: dict[str, Any] = {
        "started": 1_700_000_000.0,
        "ended": 1_700_000_001.5,
        "status": "done",
        "host": "scanner",
        "user": "ada",
        "command": "study.py --fast",
        "python": "3.12.1",
        "platform": "Linux-6.1",
        "git_commit": "0123456789abcdef",
        "git_dirty": True,
        "git_diff": "- a = 1\n+ a = 2\n",
        "seed": 7,
        "steps": [{"listed": "/data", "files": 2}],
        "rows_in": 10,
        "rows_out": 9,
        "computed": 8,
        "reused": 1,
        "failed": 1,
        "bytes": 4_096,
        "requests": 12,
    }
    assert {k: activity[k] for k in expected} == expected
    assert activity["git_dirty"] is True
    assert found["packages"] == ORIGIN.environment.packages
    assert found["plan"] == version.plan == {"steps": [STEP, {"step": "limit"}]}
    assert found["problems"] == ["noise: uses a generator of random numbers"] == list(version.problems)
    assert found["functions"][0] == {
        "name": "mean",
        "fingerprint": "f" * 32,
        "source": SOURCE,
        "detail": {"notes": ["time"]},
        "reads": reads.hash,
        "bytes": 90,
        "requests": 3,
        "reused": 0,
        "computed": 0,
        "failed": 0,
        "arguments": [],
        "columns": [],
    }
    assert [s["kind"] for s in found["sources"]] == ["storage", "version", "table", "values"]
    assert found["sources"][0] == {
        "kind": "storage",
        "reference": STORAGE,
        "manifest": manifest.hash,
        "lineage": None,
        "parts": [],
    }
    assert found["sources"][1]["lineage"]["version"] == "1.0.1"
    assert found["sources"][1]["lineage"]["plan"] == {"steps": [STEP]}


def test_files_and_reads_are_those_of_the_manifests(version: DatasetVersion) -> None:
    lineage = version.lineage()
    assert lineage.files().rows() == [("data", "a", 1), ("data", "b", 2)]
    assert lineage.reads().select("function", "root", "path", "ranges").rows() == [
        ("mean", "data", "a", [[0, 4]])
    ]
    scans = find_version(version.project, "scans").lineage()
    assert scans.files().is_empty()
    assert scans.reads().is_empty()


def test_a_lost_manifest_is_named(version: DatasetVersion, manifest: Part) -> None:
    part_path(version.project, manifest.hash).unlink()
    with pytest.raises(VersionError, match=rf"lineage of features@1\.0\.0 has lost .*{manifest.hash}"):
        version.lineage().files()


def test_the_source_is_that_of_all_functions(version: DatasetVersion) -> None:
    assert version.source == f"{SOURCE}\n\n# noise: its source could not be read"


def test_one_fingerprint_keeps_each_version_s_own_text(project: Project) -> None:
    texts = ["def f(x): return x  # first", "def g(x):\n    return x"]
    for name, text in zip("fg", texts, strict=True):
        used = UsedFunction("a" * 32, name, text, {})
        save(project, [1], name=f"by-{name}", activity=Activity(functions=[used, used]))
    for name, text in zip("fg", texts, strict=True):
        functions = find_version(project, f"by-{name}").lineage().functions
        assert [(f.name, f.source) for f in functions] == [(name, text)] * 2
    with project.database.read() as connection:
        assert len(connection.execute(select(tables.udfs)).all()) == 2


def test_lineage_goes_down_to_the_first_version(project: Project) -> None:
    made = save(project, [0], name="v0")
    for n in range(1, 5):
        inputs = [Input("version", {}, version=made.id)]
        made = save(project, [n], name=f"v{n}", activity=Activity(inputs=inputs))
    lineage, names = made.lineage(), []
    while lineage.sources:
        names.append(lineage.name)
        nested = lineage.sources[0].lineage
        assert nested is not None
        lineage = nested
    assert [*names, lineage.name] == ["v4", "v3", "v2", "v1", "v0"]
    with project.database.read() as connection:
        assert len(connection.execute(select(tables.environments)).all()) == 1


def test_outside_git_the_tree_says_so(project: Project) -> None:
    origin = replace(ORIGIN, git=GitState())
    made, _ = publish(project, draft(project, [1]), origin)
    assert "no git commit" in str(made.lineage())
    assert made.lineage().activity["git_dirty"] is None
