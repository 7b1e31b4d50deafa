"""``neurochain doctor --deep``: every bit that is wrong is found, and what it belongs to is named."""

import random
import re
import sqlite3
from pathlib import Path

import polars as pl
import pytest
import saving
from sqlalchemy import insert, select, update
from typer.testing import CliRunner

import neurochain as nc
from neurochain.chain.executors import inline
from neurochain.cli import doctor
from neurochain.cli.app import app
from neurochain.datasets import tables
from neurochain.datasets.parts import part_path, write_part
from neurochain.datasets.project import Project, close_projects, find_project

NAMES = ("tables", "bytes", "rows", "garbage")


def sometimes(weight: int) -> float:
    if weight == 1:
        raise ValueError("not this one")
    return weight / 2


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: Project) -> Path:
    """Files, and versions with every kind of part: rows, listings, reads, values that were given, failures, results."""
    monkeypatch.setenv(saving.CALLS, str(tmp_path / "calls"))
    monkeypatch.setattr(inline, "REMEMBER_SECONDS", 0.0)
    saving.make_files(tmp_path / "data")
    saving.save_base()
    saving.save(tmp_path / "data")
    rows = nc.read_values(weight=[0, 1, 2])
    rows.settings(on_error="skip", workers=0).map(half=sometimes).save("half")
    return tmp_path / "data"


def findings() -> dict[str, list[tuple[str, str]]]:
    """Status and text of each finding, by its check."""
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in NAMES}
    for check in doctor.examine(deep=True):
        if check.name in found:
            found[check.name].append((check.status, check.finding))
    return found


def only(found: dict[str, list[tuple[str, str]]], name: str) -> str:
    """Text of the only error, which is of that check."""
    errors = {n: [text for status, text in some if status == "error"] for n, some in found.items()}
    assert {n: len(texts) for n, texts in errors.items() if texts} == {name: 1}, errors
    return errors[name][0]


def a_part(project: Project, kind: str) -> str:
    """One of the parts of a kind."""
    t = tables
    column = {
        "rows": t.version_parts.c.part,
        "listing": t.inputs.c.manifest,
        "reads": t.activity_udfs.c.reads,
        "given": t.input_parts.c.part,
        "failures": t.activities.c.failures,
        "results": t.ledger.c.part,
    }[kind]
    query = select(column).where(column.is_not(None)).order_by(column)
    if kind != "rows":  # values that were given and saved as they are lie in one part
        query = query.where(column.not_in(select(t.version_parts.c.part)))
    with project.database.read() as connection:
        return str(connection.execute(query).scalars().first())


def flip(path: Path, seed: int) -> None:
    content = bytearray(path.read_bytes())
    chance = random.Random(seed)
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def test_a_sound_project_is_said_to_be(data: Path) -> None:
    found = findings()
    assert found == {
        "tables": [("ok", "no damage, and no row that refers to nothing")],
        "bytes": [("ok", found["bytes"][0][1])],
        "rows": [("ok", "3 versions hold the rows that were saved")],
        "garbage": [("ok", "none")],
    }
    assert found["bytes"][0][1].endswith("parts hold what was written")
    assert CliRunner().invoke(app, ["doctor", "--deep"]).exit_code == 0


KINDS = {
    "rows": r"It belongs to (base|study/peaks|half)@1\.0\.0",
    "listing": r"It belongs to the lineage of study/peaks@1\.0\.0",
    "reads": r"It belongs to the lineage of (study/peaks|half)@1\.0\.0",
    "given": r"It belongs to the lineage of (base|study/peaks|half)@1\.0\.0",
    "failures": r"It belongs to the lineage of half@1\.0\.0",
    "results": r"It belongs to results kept for reuse\. Delete the file: the results are computed again",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_bit_is_found_wherever_it_lies(kind: str, data: Path, project: Project) -> None:
    path = part_path(project, a_part(project, kind))
    whole = path.read_bytes()
    for seed in range(5):
        flip(path, seed)
        text = only(findings(), "bytes")
        assert f"part {path} is damaged: its bytes are not those that were written" in text
        assert re.search(KINDS[kind], text), text
        path.write_bytes(whole)
    path.unlink()
    assert f"part {path} cannot be read: No such file" in only(findings(), "bytes")
    ran = CliRunner().invoke(app, ["doctor", "--deep", "--json"])
    assert ran.exit_code == 1
    path.write_bytes(whole)
    assert not [text for some in findings().values() for status, text in some if status == "error"]


@pytest.mark.parametrize("lost", [False, True], ids=["damaged", "lost"])
def test_what_is_damaged_is_whole_once_it_is_saved_again(lost: bool, data: Path, project: Project) -> None:
    version = nc.dataset(saving.NAME)
    path = part_path(project, version.part_hashes()[0])
    flip(path, 0)
    if lost:
        path.unlink()
    assert "run the script that saved it again" in only(findings(), "bytes")
    assert saving.save(data).id == version.id
    assert not [text for some in findings().values() for status, text in some if status == "error"]


def test_damaged_parts_are_not_read(data: Path, project: Project) -> None:
    path = part_path(project, nc.dataset("half").part_hashes()[0])
    path.write_bytes(b"no Parquet file at all")
    found = findings()
    only(found, "bytes")
    assert found["rows"] == [
        ("ok", "2 versions hold the rows that were saved; 1 with damaged parts were not read")
    ]


def test_rows_that_are_not_those_that_were_saved(data: Path, project: Project) -> None:
    versions, parts = tables.versions, tables.version_parts
    base, half = nc.dataset("base"), nc.dataset("half")
    with project.database.write() as connection:
        connection.execute(update(versions).where(versions.c.id == base.id).values(content_hash="0" * 64))
    text = only(findings(), "rows")
    assert text.startswith(
        "base@1.0.0: its rows are not those that were saved: their content hash is another"
    )
    with project.database.write() as connection:
        connection.execute(
            update(versions).where(versions.c.id == base.id).values(content_hash=base.content_hash)
        )
        values = {"version": half.id, "ordinal": 1, "part": half.part_hashes()[0]}
        connection.execute(insert(parts).values(values))
    assert "half@1.0.0: it has 4 rows, and 2 were saved" in only(findings(), "rows")


def test_versions_whose_rows_were_withdrawn_are_not_missed(project: Project) -> None:
    nc.read_values(subject=["01", "02"], x=[1, 2]).save("people")
    nc.withdraw(subject="01")
    found = findings()
    assert not [text for some in found.values() for status, text in some if status == "error"]
    assert found["rows"] == [("ok", "1 versions hold the rows that were saved")]


def test_garbage_is_named_and_no_error(data: Path, project: Project) -> None:
    loose = write_part(project, pl.DataFrame({"x": [1]}))
    entered = write_part(project, pl.DataFrame({"x": [2]}))
    with project.database.write() as connection:
        values = {"hash": entered.hash, "rows": 1, "bytes": entered.bytes, "created": 0.0}
        connection.execute(insert(tables.parts).values(values))
    assert findings()["garbage"] == [
        (
            "note",
            f"Registered parts that belong to no version and no result: 1, {entered.hash} first. "
            "`neurochain gc` deletes what no running process needs.",
        ),
        (
            "note",
            f"Unregistered parts that belong to no version and no result: 1, {loose.hash} first. "
            "`neurochain gc` deletes what no running process needs.",
        ),
    ]
    assert CliRunner().invoke(app, ["doctor", "--deep"]).exit_code == 0


def raw(home: Path) -> sqlite3.Connection:
    """The database without what guards it."""
    close_projects()
    return sqlite3.connect(home / "neurochain.db", isolation_level=None)


def test_rows_that_refer_to_nothing(data: Path, home: Path) -> None:
    connection = raw(home)
    connection.execute("DELETE FROM activities WHERE id = (SELECT activity FROM versions WHERE id = 1)")
    connection.close()
    texts = [text for status, text in findings()["tables"] if status == "error"]
    assert "Rows of the table versions that refer to rows of activities that are not there: 1." in " ".join(
        texts
    )
    assert all("from a backup" in text for text in texts)


def test_damage_of_the_database(data: Path, home: Path) -> None:
    connection = raw(home)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    page = connection.execute("PRAGMA page_size").fetchone()[0]
    name = "sqlite_autoindex_versions_1"
    (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    connection.close()
    whole = (home / "neurochain.db").read_bytes()
    damaged = bytearray(whole)
    damaged[(root - 1) * page + page - 40 : root * page] = bytes(40)
    (home / "neurochain.db").write_bytes(damaged)
    texts = [text for status, text in findings()["tables"] if status == "error"]
    assert texts
    assert all("Restore" in text for text in texts)
    assert CliRunner().invoke(app, ["doctor", "--deep"]).exit_code == 1
    close_projects()
    (home / "neurochain.db").write_bytes(whole[: len(whole) // 2])  # cut
    ran = CliRunner().invoke(app, ["doctor", "--deep"], env={"COLUMNS": "400"})
    assert ran.exit_code == 1
    assert "error" in ran.output
    assert "backup" in ran.output
    close_projects()
    (home / "neurochain.db").write_bytes(whole)
    assert find_project() is not None
    assert findings()["tables"][0][0] == "ok"


def test_only_the_first_of_many_are_listed(data: Path, project: Project) -> None:
    for n in range(doctor.MOST + 3):
        version = nc.read_values(n=[n]).save(f"many/{n}")
        part_path(project, version.part_hashes()[0]).unlink()
    texts = [text for status, text in findings()["bytes"] if status == "error"]
    assert len(texts) == doctor.MOST + 1
    assert texts[-1] == "and 3 more"
