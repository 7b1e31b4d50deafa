"""Folder: where copies lie while they are served, and no longer."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import IO

__all__ = ["Folder"]

PREFIX = "neurochain-serve-"
LOCK = "lock"


class Folder:
    """A temporary folder that nobody else can read. What killed servers of this user have left is deleted when one is made.

    Attributes
    ----------
    path : Path
    """

    def __init__(self) -> None:
        _delete_left()
        while True:
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
            self._lock = (self.path / LOCK).open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            if (self.path / LOCK).exists():  # nobody has taken it for left just before
                break

    def new(self) -> Path:
        """An empty folder in it."""
        return Path(tempfile.mkdtemp(prefix="tables-", dir=self.path))

    def keep(self, one: Path) -> None:
        """Delete all folders in it but one."""
        for other in self.path.iterdir():
            if other != one and other.is_dir():
                shutil.rmtree(other, ignore_errors=True)

    def delete(self) -> None:
        """Delete it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def _delete_left() -> None:
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if path.is_symlink() or path.stat().st_uid != os.getuid():
                continue
            with (path / LOCK).open("r+") as lock:
                if _is_free(lock):
                    shutil.rmtree(path, ignore_errors=True)
        except OSError:  # it is being made, or deleted
            continue


def _is_free(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
