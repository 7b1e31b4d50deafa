"""Versions: their numbers, and how they are found."""

import datetime as dt
import os
from pathlib import Path

import polars as pl
import pytest
from drafts import NUMBERS, ORIGIN, draft, save
from processes import run_all
from sqlalchemy import func, select

import neurochain as nc
from neurochain.datasets import tables
from neurochain.datasets.activity import Input
from neurochain.datasets.numbers import change_level, parse_number
from neurochain.datasets.parts import part_path
from neurochain.datasets.project import Project
from neurochain.datasets.publishing import check_name, publish
from neurochain.datasets.schema import KEY, Schema
from neurochain.datasets.types import Array, DataType, Field, Json, List, Record, Scalar
from neurochain.datasets.versions import find_version, list_versions
from neurochain.errors import DatasetNotFoundError, VersionError

INT, TEXT = Scalar("int64"), Scalar("string")


def columns(**kinds: DataType) -> Schema:
    return Schema([Field(name, kind) for name, kind in kinds.items()])


def record(**kinds: DataType) -> Record:
    return Record("R", tuple(Field(name, kind) for name, kind in kinds.items()))


def test_a_version_gives_back_its_rows(project: Project) -> None:
    made, new = publish(
        project, draft(project, [3, 1, 2], description="first", labels=["raw", "eeg"]), ORIGIN
    )
    assert new
    assert made.reference == "scores@1.0.0"
    found = find_version(project, "scores")
    assert found == made
    assert found.scan().collect().columns == [KEY, "n"]
    assert found.scan().collect()["n"].to_list() == [3, 1, 2]
    assert (found.rows, found.description, found.labels) == (3, "first", ("raw", "eeg"))
    assert found.bytes == sum(part_path(project, h).stat().st_size for h in found.part_hashes())
    assert found.schema == NUMBERS
    assert abs((dt.datetime.now(dt.UTC) - found.created).total_seconds()) < 3_600
    assert repr(found).startswith("DatasetVersion(scores@1.0.0, 3 rows, 1 columns, content ")


LEVELS: list[tuple[str, Schema, Schema, int]] = [
    ("rows only", columns(a=INT), columns(a=INT), 2),
    ("another order", columns(a=INT, b=INT), columns(b=INT, a=INT), 2),
    ("a column more", columns(a=INT), columns(a=INT, b=INT), 1),
    ("a column less", columns(a=INT, b=INT), columns(a=INT), 0),
    ("another type", columns(a=INT), columns(a=TEXT), 0),
    ("more and less", columns(a=INT), columns(b=INT), 0),
    ("more and another type", columns(a=INT), columns(a=TEXT, b=INT), 0),
    ("another shape", columns(a=Array("int8", (2,))), columns(a=Array("int8", (3,))), 0),
    ("a field more", columns(a=record(x=INT)), columns(a=record(x=INT, y=INT)), 1),
    ("a deep field more", columns(a=record(x=record(y=INT))), columns(a=record(x=record(y=INT, z=INT))), 1),
    ("a field less", columns(a=record(x=INT, y=INT)), columns(a=record(x=INT)), 0),
    ("another type of a field", columns(a=record(x=INT)), columns(a=record(x=TEXT)), 0),
    ("a record for a number", columns(a=INT), columns(a=record(x=INT)), 0),
    ("keys of a JSON text", columns(a=Json({"k": "int64"})), columns(a=Json({"l": "string"})), 2),
    ("keys inside a record", columns(a=record(x=Json(None))), columns(a=record(x=Json({"k": "bool"}))), 2),
    ("keys inside a list", columns(a=List(Json(None))), columns(a=List(Json({"k": "bool"}))), 2),
]


@pytest.mark.parametrize(("old", "new", "level"), [c[1:] for c in LEVELS], ids=[c[0] for c in LEVELS])
def test_the_level_of_a_change(old: Schema, new: Schema, level: int) -> None:
    assert change_level(old, new) == level


def test_numbers_follow_the_change(project: Project) -> None:
    wider = columns(n=INT, more=TEXT)
    retyped = columns(n=Scalar("float64"), more=TEXT)
    made = [
        save(project, [1]),
        save(project, [1, 2]),
        save(project, [1, 2], schema=wider),
        save(project, [1], schema=wider),
        save(project, [1], schema=retyped),
        save(project, [1], schema=NUMBERS),
        save(project, [2], schema=NUMBERS),
    ]
    assert [v.version for v in made] == ["1.0.0", "1.0.1", "1.1.0", "1.1.1", "2.0.0", "3.0.0", "3.0.1"]
    assert find_version(project, "scores") == made[-1]
    for version in made:
        assert find_version(project, version.reference) == version
    assert find_version(project, "scores@1.0.1").scan().collect()["n"].to_list() == [1, 2]


def test_the_same_plan_and_rows_are_no_new_version(project: Project) -> None:
    first = save(project, [1])
    again, new = publish(project, draft(project, [1]), ORIGIN)
    assert (again, new) == (first, False)
    with project.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(tables.activities)).scalar_one() == 1
    other = save(project, [1], plan={"steps": [{"step": "filter"}]})
    assert other.version == "1.0.1"
    assert other.content_hash == first.content_hash
    assert save(project, [1]).version == "1.0.2"  # only the latest version counts


def test_a_version_of_one_s_own_choice(project: Project) -> None:
    assert save(project, [1], explicit="2.5.0").version == "2.5.0"
    assert save(project, [2]).version == "2.5.1"
    assert save(project, [3], explicit="0.9.0").version == "0.9.0"
    assert find_version(project, "scores").version == "2.5.1"
    assert save(project, [2], explicit="10.0.0").version == "10.0.0"  # ten is more than two
    assert find_version(project, "scores").version == "10.0.0"


def test_a_version_that_exists_is_refused_with_the_next_free_one(project: Project) -> None:
    save(project, [1])
    save(project, [2], explicit="1.0.5")
    with pytest.raises(VersionError, match=r"scores@1\.0\.0 exists already.*next free one is 1\.0\.6"):
        save(project, [3], explicit="1.0.0")
    assert list_versions(project)["version"].to_list() == ["1.0.0", "1.0.5"]
    with project.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(tables.activities)).scalar_one() == 2


@pytest.mark.parametrize("name", ["a", "alpha_roi_tags", "EEG-2025.v2", "study/site-1/eeg", "7T"])
def test_names(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/../b", "a//b", "a/", "/a", "a@1", "a b", "é", "a\n", "-a", "_a", "a/.git", "a\\b"],
)
def test_names_that_could_not_be_paths_or_references(name: str) -> None:
    with pytest.raises(VersionError, match=r"cannot name a dataset\. Use letters"):
        check_name(name)


@pytest.mark.parametrize(
    "text", ["1", "1.2", "1.2.3.4", "v1.2.3", "1.2.x", "01.2.3", "1.2.3\n", "١.٢.٣", "9" * 20 + ".0.0"]
)
def test_numbers_that_are_none(text: str) -> None:
    with pytest.raises(VersionError, match=r"is no version\. Write three numbers, such as 1\.2\.0"):
        parse_number(text)


def test_what_is_not_found_is_answered_with_what_there_is(project: Project) -> None:
    with pytest.raises(DatasetNotFoundError, match=r"'scores' is not found\. There are none"):
        find_version(project, "scores")
    for values in ([1], [2], [3]):
        save(project, values)
    save(project, [1], name="patients")
    with pytest.raises(
        DatasetNotFoundError, match=r"'score' .*Did you mean 'scores'\? Existing: .*'patients'"
    ):
        find_version(project, "score")
    with pytest.raises(
        DatasetNotFoundError, match=r"no version 2\.0\.0\. Existing: 1\.0\.2, 1\.0\.1, 1\.0\.0"
    ):
        find_version(project, "scores@2.0.0")
    with pytest.raises(VersionError, match="'new' names no version"):
        find_version(project, "scores@new")
    with pytest.raises(DatasetNotFoundError, match=r"no \.neurochain folder here or above"):
        find_version(None, "scores")


def test_the_list_of_all_versions(project: Project) -> None:
    assert list_versions(None).height == 0
    assert list_versions(project).schema == list_versions(None).schema
    save(project, [1, 2], description="both", labels=["a", "b"])
    save(project, [1], explicit="10.0.0")
    save(project, [1], explicit="9.0.0")
    save(project, [1], name="apples")
    listed = list_versions(project)
    assert listed.select("name", "version", "rows").rows() == [
        ("apples", "1.0.0", 1),
        ("scores", "1.0.0", 2),
        ("scores", "9.0.0", 1),
        ("scores", "10.0.0", 1),
    ]
    row = listed.row(1, named=True)
    assert (row["description"], row["labels"]) == ("both", ["a", "b"])
    assert row["size"] > 0
    assert listed.schema["created"] == pl.Datetime("us", "UTC")
    assert nc.datasets().equals(listed)


def test_a_lost_part_is_an_error_never_fewer_rows(project: Project) -> None:
    made = save(project, [1])
    part_path(project, made.part_hashes()[0]).unlink()
    with pytest.raises(VersionError, match="1 of 1 parts are missing on disk"):
        find_version(project, "scores").scan()


def test_nothing_is_published_where_something_fails(project: Project) -> None:
    lost = draft(project, [7])
    part_path(project, lost.parts[0].hash).unlink()
    with pytest.raises(VersionError, match="1 of 1 parts are missing on disk"):
        publish(project, lost, ORIGIN)
    broken = draft(project, [1], plan={"steps": [object()]})
    with pytest.raises(TypeError):
        publish(project, broken, ORIGIN)
    unregistered = draft(project, [1], manifests=())
    unregistered.activity.inputs.append(Input("storage", {}, manifest="0" * 64))
    with pytest.raises(Exception, match="FOREIGN KEY"):
        publish(project, unregistered, ORIGIN)
    assert list_versions(project).height == 0
    with project.database.read() as connection:
        assert connection.execute(select(tables.datasets)).all() == []


RACE = """
from drafts import save
for i in range(5):
    print(save(project, [100 * number + i]).reference)
"""


def test_processes_that_save_one_name_at_once_all_land(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]), prepend=os.pathsep)
    references = [r for out in run_all(RACE, 4) for r in out.split()]
    assert sorted(references) == sorted(f"scores@1.0.{n}" for n in range(20))
    values = [find_version(project, r).scan().collect()["n"].item() for r in references]
    assert values == [100 * n + i for n in range(4) for i in range(5)]
