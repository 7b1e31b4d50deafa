"""Project: the ``.neurochain`` folder, found upward like ``.git``."""

import atexit
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from neurochain.datasets import leases
from neurochain.datasets.database import Database
from neurochain.errors import ProjectError

FOLDER = ".neurochain"
STAGING = "staging"
SCRATCH = "scratch"  # projects that live as long as a process needs them
HOME = "NEUROCHAIN_HOME"  # names the folder itself
TRUST = "NEUROCHAIN_TRUST"


@dataclass(frozen=True)
class Project:
    """One project: a database and the parts beside it.

    Attributes
    ----------
    folder : Path
        The ``.neurochain`` folder, absolute.
    read_only : bool
        Its database takes no change, whatever asks for one.
    """

    folder: Path
    read_only: bool = False

    @cached_property
    def database(self) -> Database:
        """The project's database, opened at first use."""
        return Database(self.folder / "neurochain.db", read_only=self.read_only)

    @property
    def parts(self) -> Path:
        """Folder of the content-addressed Parquet parts."""
        return self.folder / "parts"

    @property
    def staging(self) -> Path:
        """Folder where parts lie until they are complete; who asks for it writes there, so a lease is held."""
        leases.hold(self.folder)
        return self.folder / STAGING


_open: dict[Path, Project] = {}


@contextmanager
def scratch_project(beside: Project) -> Iterator[Project]:
    """A project that knows nothing yet and is gone afterwards, on the same disk as another."""
    leases.hold(beside.folder)  # so that a collection leaves it alone
    folder = beside.folder / SCRATCH / uuid.uuid4().hex
    _make(folder)
    made = Project(folder)
    try:
        yield made
    finally:
        if "database" in vars(made):
            made.database.close()
        leases.release(folder)
        shutil.rmtree(folder, ignore_errors=True)


def find_project(create: bool = True) -> Project | None:
    """Project of the current folder, or of ``$NEUROCHAIN_HOME``.

    Parameters
    ----------
    create : bool
        Make a ``.neurochain`` in the current folder where none is found; else return None.

    Raises
    ------
    ProjectError
        The folder belongs to another user, or cannot be made.
    """
    named = os.environ.get(HOME)
    folder = Path(named).expanduser().absolute() if named else _upward(Path.cwd())
    if not folder.is_dir():
        if not create:
            return None
        _make(folder)
        _open.pop(folder.resolve(), None)  # one that was deleted under a running process
    return _opened(folder)


def project_at(folder: str | os.PathLike[str]) -> Project:
    """Project of a folder, or of the ``.neurochain`` folder that is named.

    Raises
    ------
    ProjectError
        There is none, or it belongs to another user.
    """
    named = Path(folder).expanduser().absolute()
    inner = named if named.name == FOLDER else named / FOLDER
    if not inner.is_dir():
        raise ProjectError(f"There is no project in {named}: it has no {FOLDER} folder.")
    return _opened(inner)


def _opened(folder: Path) -> Project:
    folder = folder.resolve()
    if folder not in _open:
        _check_owner(folder)
        _open[folder] = Project(folder)
    return _open[folder]


@atexit.register
def close_projects() -> None:
    """Give back all database connections and leases; the next use takes new ones."""
    for opened in _open.values():
        if "database" in vars(opened):
            opened.database.close()
    _open.clear()
    leases.release()


def project() -> Project:
    """Project of the current folder, made where there is none."""
    found = find_project()
    if found is None:
        raise ProjectError("No project could be made here.")
    return found


def _upward(start: Path) -> Path:
    for folder in (start, *start.parents):
        if (folder / FOLDER).is_dir():
            return folder / FOLDER
    return start / FOLDER


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
    except OSError as error:
        raise ProjectError(
            f"The project folder {folder} cannot be made: {error.strerror}. "
            f"Change to a folder that you can write to, or set {HOME} to one."
        ) from error


def _check_owner(folder: Path) -> None:
    if not hasattr(os, "geteuid") or os.environ.get(TRUST) == "1":
        return
    owner = folder.stat().st_uid
    if owner != os.geteuid():
        raise ProjectError(
            f"{folder} belongs to another user (uid {owner}, you are {os.geteuid()}), who could have planted "
            f"results in it. If you trust it, set {TRUST}=1; or set {HOME} to a folder of your own."
        )
