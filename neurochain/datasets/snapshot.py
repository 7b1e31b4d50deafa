"""Snapshot: a copy of a database that SQLite cannot open where it lies, so that its versions can be read all the same.

SQLite writes beside a database even to read it, which a full disk and a folder without the right to write refuse.
"""

import shutil
import tempfile
from pathlib import Path


def take_snapshot(path: Path) -> Path | None:
    """Copy a database as it is at this moment into a temporary folder.

    Parameters
    ----------
    path : Path
        Of its file; what is not yet in it, or may have to be undone, stands in others beside it.

    Returns
    -------
    Path or None
        Of the copy, whose folder whoever asked deletes; None where it cannot be read, or somebody writes to it.
    """
    files = [path.with_name(path.name + ending) for ending in ("", "-wal", "-journal")]
    before = [_state(f) for f in files]
    folder = Path(tempfile.mkdtemp(prefix="neurochain-"))
    try:
        for file in files:
            if file.exists():
                shutil.copyfile(file, folder / file.name)
        if [_state(f) for f in files] == before and (folder / path.name).exists():
            return folder / path.name
    except OSError:
        pass
    shutil.rmtree(folder, ignore_errors=True)
    return None


def _state(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
