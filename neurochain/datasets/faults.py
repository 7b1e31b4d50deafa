"""Faults: what a disk or SQLite refuses, in words, with what to do."""

import shutil
import sqlite3
from pathlib import Path

from sqlalchemy import exc

from neurochain.errors import ProjectError

LITTLE = 1_000_000  # bytes left on a disk that counts as full
FULL = "Free some space (then `neurochain gc` deletes what nothing needs), and run the same again: what was computed is kept."
REFUSED = (
    "See whether a quota or a limit on the size of files is in the way, whether the disk is sound, and whether you may "
    "write to the folder. Nothing that is saved was changed."
)
_CAUSES = {
    sqlite3.SQLITE_FULL: f"the disk is full. {FULL}",
    sqlite3.SQLITE_BUSY: "another process has kept it locked for too long. Run the same again; where nothing else "
    "runs, a process that hangs holds it (`fuser` names it).",
    sqlite3.SQLITE_READONLY: "it cannot be written to. Get the right to write to its folder, or copy the folder and "
    "set NEUROCHAIN_HOME to the copy.",
    sqlite3.SQLITE_CORRUPT: "it is damaged. `neurochain doctor --deep` says how far; restore it from a backup.",
    sqlite3.SQLITE_ERROR: "its tables are not those that this program makes. It was changed by hand, or brought up to date "
    "wrongly: restore it from a backup, and report this message.",
    sqlite3.SQLITE_NOTADB: "it is no database, or its first page is damaged. Restore it from a backup.",
}
_REFUSED = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
}
_CAUSES[sqlite3.SQLITE_PERM] = _CAUSES[sqlite3.SQLITE_READONLY]


def database_fault(path: Path, error: exc.DatabaseError) -> ProjectError:
    """What went wrong with a database.

    Parameters
    ----------
    path : Path
        Of its file.
    error : DatabaseError
        As SQLAlchemy gives it.
    """
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and is_full(path.parent):
        code = sqlite3.SQLITE_FULL
    said = f"{path} cannot be used as a database ({error.orig})"
    return ProjectError(f"{said}: {_CAUSES[code]}" if code in _CAUSES else f"{said}. {REFUSED}")


def is_refused(error: ProjectError) -> bool:
    """Whether a database may be sound, and SQLite is only not allowed to write beside it."""
    cause = error.__cause__
    code = getattr(getattr(cause, "orig", None), "sqlite_errorcode", 0) & 0xFF
    return code in _REFUSED


def is_full(folder: Path, size: int = LITTLE) -> bool:
    """Whether a folder's disk has no room for so many bytes."""
    try:
        return shutil.disk_usage(folder).free < size
    except OSError:  # there is no such folder
        return False
