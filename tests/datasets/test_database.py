"""Database: real SQLite, several real processes."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from processes import run_all
from sqlalchemy import event, insert, select, text

from neurochain.datasets import database as database_module
from neurochain.datasets import tables
from neurochain.datasets.database import Database, insert_or_ignore, network_filesystem, upsert
from neurochain.datasets.project import Project
from neurochain.errors import ProjectError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "neurochain.db"


def schema_number(path: Path) -> str:
    connection = sqlite3.connect(path)
    value = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()[0]
    connection.close()
    return str(value)


def test_a_fresh_database_has_its_tables_and_number(path: Path) -> None:
    database = Database(path)
    with database.read() as connection:
        names = set(connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars())
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("PRAGMA busy_timeout")).scalar_one() == 30_000
    database.close()
    assert names == set(tables.metadata.tables)
    assert schema_number(path) == str(len(tables.MIGRATIONS))


def test_what_was_written_is_there_when_it_is_opened_again(path: Path) -> None:
    database = Database(path)
    with database.write() as connection:
        connection.execute(insert(tables.roots), {"name": "data", "uri": "/data"})
    database.close()
    again = Database(path)
    with again.read() as connection:
        assert connection.execute(select(tables.roots.c.uri)).scalar_one() == "/data"
    again.close()


def test_a_failed_write_leaves_nothing(path: Path) -> None:
    database = Database(path)

    def write() -> None:
        with database.write() as connection:
            connection.execute(insert(tables.roots), {"name": "data", "uri": "/data"})
            raise KeyError("on the way")

    with pytest.raises(KeyError):
        write()
    with database.read() as connection:
        assert connection.execute(select(tables.roots)).all() == []
    database.close()


def test_an_older_database_is_brought_up_to_date(path: Path) -> None:
    Database(path).close()
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO parts VALUES ('part', 1, 1, 5.0)")
    columns = "reuse_key, part, schema, rows, created"
    connection.execute(f"INSERT INTO ledger ({columns}) VALUES ('key', 'part', '[]', 1, 5.0)")
    for index in tables.REFERENCES[1:]:
        connection.execute(f"DROP INDEX {index.name}")
    connection.execute("ALTER TABLE ledger DROP COLUMN used")
    connection.execute("ALTER TABLE ledger DROP COLUMN kind")
    connection.execute("CREATE TABLE old AS SELECT * FROM activities")
    connection.execute("DROP TABLE activities")
    connection.execute("ALTER TABLE old RENAME TO activities")
    connection.execute("ALTER TABLE activities DROP COLUMN failures")
    connection.execute("UPDATE meta SET value = '1'")
    connection.commit()
    connection.close()
    database = Database(path)
    with database.read() as read:
        row = read.execute(select(tables.ledger)).one()
        assert (row.used, row.kind, row.part) == (5.0, "row", "part")
        assert read.execute(select(tables.activities.c.failures)).all() == []
        names = set(read.execute(text("SELECT name FROM sqlite_master WHERE type = 'index'")).scalars())
        assert names >= {index.name for index in tables.REFERENCES}
    database.close()
    assert schema_number(path) == str(len(tables.MIGRATIONS))


def test_the_database_of_a_newer_program_is_refused(path: Path) -> None:
    Database(path).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE meta SET value = '99'")
    connection.commit()
    connection.close()
    with pytest.raises(ProjectError, match=r"newer neurochain \(schema 99.*pip install --upgrade neurochain"):
        Database(path)
    assert schema_number(path) == "99"


def test_a_file_that_is_no_database_is_refused_and_kept(path: Path) -> None:
    path.write_bytes(b"subject\tage\n01\t33\n" * 100)
    with pytest.raises(
        ProjectError, match=r"neurochain\.db cannot be used as a database \(file is not a database\).*backup"
    ):
        Database(path)
    assert path.read_bytes().startswith(b"subject\tage")


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ProjectError, match=r"gone/neurochain\.db cannot be used as a database \(unable to open"
    ):
        Database(tmp_path / "gone" / "neurochain.db")


def test_writes_begin_immediate_and_reads_do_not(path: Path) -> None:
    database = Database(path)
    begun: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if statement.startswith("BEGIN"):
            begun.append(statement)

    event.listen(database._engine, "before_cursor_execute", note)
    with database.read():
        pass
    with database.write():
        pass
    assert begun == ["BEGIN", "BEGIN IMMEDIATE"]
    database.close()


def test_a_writer_holds_the_lock_from_its_first_statement(path: Path) -> None:
    database = Database(path)
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    with database.read():
        other.execute("BEGIN IMMEDIATE")  # a reader does not stand in the way
        other.execute("ROLLBACK")
    with database.write(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.close()
    database.close()


def test_a_reader_sees_one_moment(path: Path) -> None:
    database = Database(path)
    with database.read() as reader:
        assert reader.execute(select(tables.roots)).all() == []
        with database.write() as writer:
            writer.execute(insert(tables.roots), {"name": "data", "uri": "/data"})
        assert reader.execute(select(tables.roots)).all() == []
    with database.read() as reader:
        assert len(reader.execute(select(tables.roots)).all()) == 1
    database.close()


SAVES = """
import time
from sqlalchemy import insert, select, func
from neurochain.datasets import tables
for i in range(20):
    with project.database.write() as connection:
        taken = connection.execute(select(func.count()).select_from(tables.roots)).scalar_one()
        connection.execute(insert(tables.roots), {"name": f"root-{taken}", "uri": f"/{number}/{i}"})
"""


def test_eight_writers_at_once_lose_nothing(project: Project) -> None:
    run_all(SAVES, 8)  # they find no database, and all make one
    with project.database.read() as connection:
        rows = connection.execute(select(tables.roots)).all()
    assert {r.name for r in rows} == {f"root-{n}" for n in range(160)}
    assert {r.uri for r in rows} == {f"/{n}/{i}" for n in range(8) for i in range(20)}


def test_a_file_that_others_are_making_is_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = 0

    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:
            nonlocal refused
            if sql == "PRAGMA journal_mode = WAL" and refused < 3:
                refused += 1
                raise sqlite3.OperationalError("database is locked")
            return super().execute(sql, *given)

    class Kept(sqlite3.Connection):
        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

    connection = sqlite3.connect(path, factory=Kept)
    database_module._Connect("WAL")(connection, None)
    assert refused == 3
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    path.unlink()
    refused = 0
    monkeypatch.setattr(database_module, "BUSY_MS", 0)
    connection = sqlite3.connect(path, factory=Kept)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        database_module._Connect("WAL")(connection, None)
    connection.close()


def test_insert_or_ignore_and_upsert(path: Path) -> None:
    database = Database(path)
    row = {"uri": "/a", "etag": "1", "size": 1, "mtime": None}
    with database.write() as connection:
        for changed in (row, row | {"etag": "2"}):
            connection.execute(insert_or_ignore(connection, tables.files), changed)
        assert connection.execute(select(tables.files.c.etag)).scalar_one() == "1"
        statement = upsert(connection, tables.files, ["uri"], ["etag"])
        connection.execute(statement, [row | {"etag": "3", "size": 9}, row | {"uri": "/b"}])
        found = connection.execute(select(tables.files).order_by(tables.files.c.uri)).all()
    assert [(r.uri, r.etag, r.size) for r in found] == [("/a", "3", 1), ("/b", "1", 1)]
    database.close()


MOUNTS = r"""
rootfs / rootfs rw 0 0
/dev/sda1 / ext4 rw,relatime 0 0
server:/home /home nfs4 rw,vers=4.2 0 0
/dev/sdb1 /home/local ext4 rw 0 0
//box/my\040share /mnt/my\040share cifs rw 0 0
store /mnt/a\134b beegfs rw 0 0

broken
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/data", None),
        ("/home", "nfs4"),
        ("/home/me/project", "nfs4"),
        ("/homework", None),
        ("/home/local/me", None),
        ("/mnt/my share/x", "cifs"),
        ("/mnt/a\\b/x", "beegfs"),
    ],
)
def test_network_filesystems_are_known_by_the_nearest_mount(
    tmp_path: Path, folder: str, kind: str | None
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    assert network_filesystem(Path(folder), mounts) == kind
    assert network_filesystem(Path(folder), tmp_path / "none") is None


def test_on_a_network_filesystem_there_is_no_wal(tmp_path: Path, path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"server:/x {tmp_path} nfs4 rw 0 0\n")
    with pytest.warns(UserWarning, match=r"lies on nfs4: SQLite runs without WAL.*use a local disk"):
        database = Database(path, mounts)
    with database.write() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "delete"
    database.close()
