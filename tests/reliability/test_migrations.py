"""Projects of every earlier schema, made by the program of their time: brought up to date, all that they hold reads back.

``earlier/`` holds them as texts: the tables as SQL, and the bytes of the parts packed in one more.
"""

import sqlite3
import zlib
from pathlib import Path

import pytest
from soundness import check_database
from sqlalchemy import inspect, text

import neurochain as nc
from neurochain.cli import doctor
from neurochain.datasets import tables
from neurochain.datasets.database import Database
from neurochain.datasets.project import Project, close_projects, find_project
from neurochain.datasets.versions import find_version, list_versions
from neurochain.errors import ProjectError

EARLIER = sorted((Path(__file__).parent / "earlier").glob("*.sql"))
OLD_HASHES = ("1", "2", "3")  # schemas whose content hashes may have another scheme than those of today


def schema_of(path: Path) -> str:
    return path.stem.removeprefix("schema").partition("_")[0]


def unpack(path: Path, folder: Path) -> None:
    """Make the project that a text describes."""
    folder.mkdir(exist_ok=True)
    connection = sqlite3.connect(folder / "neurochain.db")
    connection.executescript(path.read_text("utf-8"))
    for part, packed in connection.execute("SELECT hash, packed FROM packed_parts").fetchall():
        place = folder / "parts" / part[:2] / f"{part}.parquet"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(zlib.decompress(packed))
    connection.execute("DROP TABLE packed_parts")
    connection.commit()
    connection.close()


@pytest.fixture(params=EARLIER, ids=lambda path: path.stem)
def earlier(request: pytest.FixtureRequest, home: Path) -> Path:
    unpack(request.param, home)
    path: Path = request.param
    return path


def opened() -> Project:
    project = find_project()
    assert project is not None
    return project


def shape(database: Database) -> dict[str, object]:
    """Tables with their columns, the columns that have indexes, and triggers."""
    with database.read() as connection:
        found = inspect(connection)
        triggers = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        return {"triggers": {(name, sql) for name, sql in triggers}} | {
            name: (
                {column["name"] for column in found.get_columns(name)},
                {tuple(index["column_names"]) for index in found.get_indexes(name)},
            )
            for name in found.get_table_names()
        }


def test_there_is_one_of_each_schema() -> None:
    numbers = {int(schema_of(path)) for path in EARLIER}
    assert numbers == set(range(1, len(tables.MIGRATIONS))), (
        "A new migration comes with a project of the schema before it: see docs/reliability.md"
    )


def test_all_that_an_earlier_project_holds_reads_back(earlier: Path) -> None:
    heads = nc.read_dataset("study/heads").collect()
    assert heads.select("head", "twice").rows() == [(14, 28), (15, 30)]
    assert [file["path"] for file in heads["file"]] == ["f0.bin", "f1.bin"]
    assert nc.read_dataset("study/heads@1.0.0").collect()["head"].to_list() == [14, 15]
    given = nc.dataset("study/given")
    assert (given.description, given.labels, given.version) == ("by hand", ("small",), "1.0.0")
    assert nc.read_dataset("study/given").collect().rows() == [(1, "a"), (2, "b"), (3, None)]
    first, second = nc.dataset("study/heads@1.0.0").lineage(), nc.dataset("study/heads").lineage()
    assert first.functions[0].name == "head"
    assert "return len(file.read_range(0, 4)) + file.size" in first.functions[0].source
    assert first.reads()["path"].to_list() == ["f0.bin", "f1.bin"]
    assert first.files()["size"].to_list() == [10, 11]
    assert (first.activity["computed"], first.activity["host"]) == (2, "scanner")
    (source,) = second.sources
    assert source.lineage is not None
    assert (source.lineage.name, source.lineage.version) == ("study/heads", "1.0.0")
    assert "f1.bin" in str(first.reads())
    assert list_versions(opened()).height == 3


def test_an_earlier_project_is_sound_and_saved_to(earlier: Path, tmp_path: Path) -> None:
    project = opened()
    check_database(project)
    errors = [c for c in doctor.examine(deep=True) if c.status == "error"]
    assert errors == []
    with project.database.read() as connection:
        assert connection.execute(text("SELECT value FROM meta")).scalar_one() == str(len(tables.MIGRATIONS))
    again = nc.read_values(x=[1, 2, 3], name=["a", "b", None]).save("study/given")
    same = schema_of(earlier) not in OLD_HASHES
    assert (again.content_hash == find_version(project, "study/given@1.0.0").content_hash) == same
    longer = nc.read_dataset("study/heads").map(more=lambda head: head + 1).save("study/heads")
    assert longer.version == "1.2.0"
    assert nc.read_dataset("study/heads").collect()["more"].to_list() == [15, 16]
    fresh = Database(tmp_path / "fresh.db")
    assert shape(project.database) == shape(fresh)
    fresh.close()


def test_nothing_is_changed_where_a_migration_fails(
    earlier: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = sqlite3.connect(home / "neurochain.db")
    before = list(connection.iterdump())
    connection.close()

    def fails(connection: object) -> None:
        raise RuntimeError("on the way")

    with monkeypatch.context() as patched:
        patched.setattr("neurochain.datasets.database.MIGRATIONS", (*tables.MIGRATIONS, fails))
        with pytest.raises(RuntimeError, match="on the way"):
            _ = opened().database
    close_projects()
    connection = sqlite3.connect(home / "neurochain.db")
    assert list(connection.iterdump()) == before
    connection.close()
    assert nc.read_dataset("study/given").collect().height == 3


def test_a_project_of_a_newer_program_is_refused_and_kept(home: Path) -> None:
    unpack(EARLIER[-1], home)
    connection = sqlite3.connect(home / "neurochain.db")
    connection.execute("UPDATE meta SET value = '99'")
    connection.commit()
    before = list(connection.iterdump())
    connection.close()
    known = len(tables.MIGRATIONS)
    for use in (nc.datasets, lambda: nc.read_dataset("study/given"), lambda: nc.read_values(x=[1]).save("x")):
        with pytest.raises(
            ProjectError, match=rf"newer neurochain \(schema 99, this one knows {known}\)\. Upg"
        ):
            use()
    (check,) = [c for c in doctor.examine() if c.name == "database"]
    assert check.status == "error"
    assert "pip install --upgrade neurochain" in check.finding
    close_projects()
    connection = sqlite3.connect(home / "neurochain.db")
    assert list(connection.iterdump()) == before
    connection.close()
