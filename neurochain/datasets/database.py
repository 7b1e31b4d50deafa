"""Database: the project's SQLite file, opened through SQLAlchemy and nothing else.

Writes begin with BEGIN IMMEDIATE: a deferred transaction that turns into a write fails with "database is
locked" at once, whatever the timeout. WAL is used on local disks; on a network filesystem, where its shared
memory does not work, journal_mode=DELETE, with a warning.
"""

import re
import shutil
import sqlite3
import time
import warnings
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, exc, select, text
from sqlalchemy.dialects import postgresql, sqlite

from neurochain.datasets.events import append_migration
from neurochain.datasets.faults import database_fault, is_refused
from neurochain.datasets.snapshot import take_snapshot
from neurochain.datasets.tables import MIGRATIONS, meta
from neurochain.errors import ProjectError

BUSY_MS = 30_000
RETRY = 0.02  # seconds
MOUNTS = Path("/proc/mounts")
_ESCAPE = re.compile(r"\\([0-7]{3})")  # of a blank, tab, newline or backslash in a mount's path
_MISTAKES = (exc.IntegrityError, exc.ProgrammingError, exc.DataError)  # of this program, not of the machine
_DIALECTS: dict[str, Any] = {"sqlite": sqlite, "postgresql": postgresql}
NETWORK = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "lustre",
    "gpfs",
    "beegfs",
    "ceph",
    "afs",
    "fuse.sshfs",
}


class Database:
    """Transactions on the project's database.

    Parameters
    ----------
    path : Path
        Of the SQLite file; made, with its tables, where there is none.
    mounts : Path
        As in `network_filesystem`.
    read_only : bool
        Open it so that SQLite refuses every change.

    Raises
    ------
    ProjectError
        The file is not a database of this program, a newer program made it, or it is to be read only and of an older one.
    """

    def __init__(self, path: Path, mounts: Path = MOUNTS, read_only: bool = False) -> None:
        self.path, self.read_only = path, read_only
        journal = "WAL"
        if filesystem := network_filesystem(path.parent, mounts):
            journal = "DELETE"
            warnings.warn(
                f"{path.parent} lies on {filesystem}: SQLite runs without WAL there, one writer at a time. "
                "For several writers use a local disk.",
                stacklevel=2,
            )
        self._refused: ProjectError | None = None
        self._engine = _engine(path, journal, read_only)
        try:
            self._migrate()
        except ProjectError as error:
            self.close()
            copy = take_snapshot(path) if is_refused(error) else None
            if copy is None:
                raise
            weakref.finalize(self, shutil.rmtree, copy.parent, True)
            self._engine = _engine(copy, "DELETE")
            self._migrate()
            self._refused = error
            warnings.warn(f"What is saved is read as it was at this moment. {error}", stacklevel=2)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Consistent view of the database.

        Raises
        ------
        ProjectError
            SQLite cannot read it.
        """
        with self._in_words(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Transaction that writes: all of it or nothing.

        Raises
        ------
        ProjectError
            SQLite cannot write it (disk full, no permission, locked for too long).
        """
        self.check_writable()
        with self._in_words(), self._engine.connect() as raw:
            connection = raw.execution_options(neurochain_write=True)
            with connection.begin():
                yield connection

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except _MISTAKES:
            raise
        except exc.DatabaseError as error:
            raise database_fault(self.path, error) from error

    def check_writable(self) -> None:
        """Refuse early what could not be saved in the end.

        Raises
        ------
        ProjectError
            It was opened to be read only, or only a snapshot of it could be opened.
        """
        if self.read_only:
            raise ProjectError(f"{self.path} was opened to be read only, so nothing is changed in it.")
        if self._refused is not None:
            raise self._refused

    def scrub(self) -> None:
        """Write the file anew, so that nothing that was deleted is left in it or in its log.

        Raises
        ------
        ProjectError
            Another process reads it.
        """
        self.close()
        with self._engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA secure_delete = ON")
            driver.execute("VACUUM")
            busy = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        self.close()
        if busy:
            raise ProjectError(
                f"{self.path} is read by another process, so its log still holds what was deleted. Try again."
            )

    def close(self) -> None:
        """Give back the connections; the next use opens new ones."""
        self._engine.dispose()

    def _migrate(self) -> None:
        with self.read() as connection:
            known = connection.execute(
                text("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'meta'")
            ).scalar_one()
            at = self._number(connection) if known else 0
        self._check(at)
        if at == len(MIGRATIONS):
            return
        if self.read_only:
            raise ProjectError(
                f"{self.path} was made by an older neurochain, and is brought up to date when it is next written to. "
                "Do that first: open it once without read-only (`neurochain ls` does)."
            )
        with self.write() as connection:  # several processes may arrive here at once
            meta.create(connection, checkfirst=True)
            at = self._number(connection)
            self._check(at)
            if at == len(MIGRATIONS):
                return
            for migration in MIGRATIONS[at:] if at else MIGRATIONS[:1]:
                migration(connection)
            number = {"key": "schema", "value": str(len(MIGRATIONS))}
            connection.execute(upsert(connection, meta, ["key"], ["value"]), number)
            append_migration(connection, at, len(MIGRATIONS))

    def _number(self, connection: Connection) -> int:
        value = connection.execute(select(meta.c.value).where(meta.c.key == "schema")).scalar_one_or_none()
        return int(value) if value is not None else 0

    def _check(self, at: int) -> None:
        if at > len(MIGRATIONS):
            raise ProjectError(
                f"{self.path} was made by a newer neurochain (schema {at}, this one knows {len(MIGRATIONS)}). "
                "Upgrade with: pip install --upgrade neurochain"
            )


def _engine(path: Path, journal: str, read_only: bool = False) -> Engine:
    address = f"sqlite:///file:{quote(str(path))}?mode=ro&uri=true" if read_only else f"sqlite:///{path}"
    engine = create_engine(address)
    event.listen(engine, "connect", _Connect(journal, read_only))
    event.listen(engine, "begin", _begin)
    return engine


class _Connect:
    """Settings of every new connection."""

    def __init__(self, journal: str, read_only: bool = False) -> None:
        self.journal, self.read_only = journal, read_only

    def __call__(self, connection: Any, record: Any) -> None:
        connection.isolation_level = None  # transactions are begun by `_begin`, not by the driver
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        if self.read_only:
            cursor.execute("PRAGMA query_only = ON")
        else:
            self._set_journal(cursor)
        cursor.execute(
            "PRAGMA synchronous = NORMAL" if self.journal == "WAL" else "PRAGMA synchronous = FULL"
        )
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    def _set_journal(self, cursor: Any) -> None:
        """Where several processes make one file, each wants it for itself, and SQLite may tell one so without waiting."""
        until = time.monotonic() + BUSY_MS / 1000
        while cursor.execute("PRAGMA journal_mode").fetchone()[0].upper() != self.journal:
            try:
                cursor.execute(f"PRAGMA journal_mode = {self.journal}")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(RETRY)


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("neurochain_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def insert_or_ignore(connection: Connection, table: Any) -> Any:
    """``INSERT … ON CONFLICT DO NOTHING`` in the connection's dialect."""
    return _DIALECTS[connection.dialect.name].insert(table).on_conflict_do_nothing()


def upsert(connection: Connection, table: Any, key: Sequence[str], values: Sequence[str]) -> Any:
    """``INSERT … ON CONFLICT (key) DO UPDATE SET values``."""
    statement = _DIALECTS[connection.dialect.name].insert(table)
    return statement.on_conflict_do_update(
        index_elements=list(key), set_={name: statement.excluded[name] for name in values}
    )


def network_filesystem(folder: Path, mounts: Path = MOUNTS) -> str | None:
    """Type of the network filesystem that a folder lies on, or None for a local disk.

    Parameters
    ----------
    folder : Path
        Asked for.
    mounts : Path
        Table of what is mounted where, in the format of fstab(5).
    """
    if not mounts.exists():
        return None
    best, kind = "", ""
    resolved = str(folder.resolve())
    for line in mounts.read_text(errors="replace").splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        mount = _ESCAPE.sub(lambda found: chr(int(found[1], 8)), fields[1])
        inside = resolved == mount or resolved.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):
            best, kind = mount, fields[2]
    return kind if kind in NETWORK else None
