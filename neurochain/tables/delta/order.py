"""Order: which of a table's files hold the later rows."""

import warnings
from collections.abc import Iterable

import polars as pl

from neurochain.errors import LostOrderWarning
from neurochain.tables.delta.log import Commit
from neurochain.tables.delta.snapshot import MODIFIED, PATH

__all__ = ["in_order"]

COPYING = ("DELETE", "UPDATE", "OPTIMIZE", "REORG")
MIXING = ("MERGE", "WRITE WHERE")  # copied rows and new ones in one file
Place = tuple[int, int, int, str]  # version, its time where it is not known, position in the commit, path


def in_order(files: pl.DataFrame, commits: Iterable[Commit], where: str) -> pl.DataFrame:
    """Files, those of later rows below.

    A file stands where it was first added: in the order of the commits, and in one commit in that of its entries. Those of commits that the log
    no longer has come first, by the time of their last change. What a commit wrote out of other files (DELETE, UPDATE, OPTIMIZE) stands where
    the latest of these stood. In such files, and those of MERGE, it is not known any more which row is the later one, and a warning says so.

    Parameters
    ----------
    files : DataFrame
        Of `Snapshot.files`.
    commits : iterable of Commit
        Ascending.
    where : str
        Which table, for the warning.
    """
    times = dict(zip(files[PATH], files[MODIFIED].dt.epoch("ms"), strict=True))
    places: dict[str, Place] = {}
    rewritten: dict[str, Commit] = {}
    partitions: dict[str, object] = {}

    def place(path: str) -> Place:
        return places.get(path, (-1, times.get(path) or 0, 0, path))

    for commit in commits:
        is_rewriting = bool(commit.removed) and commit.operation.startswith(COPYING + MIXING)
        removed = set(commit.removed)
        for number, (path, values) in enumerate(commit.added):
            if path in places or path in removed or commit.operation == "RESTORE":
                continue  # it was there before: rows of it were deleted, or it was restored
            partitions[path] = values
            places[path] = (commit.version, 0, number, path)
            sources = [p for p in removed if partitions.get(p, values) == values] if is_rewriting else []
            if sources:
                rewritten[path] = commit
            if commit.operation.startswith(COPYING):
                places[path] = max(map(place, sources), default=places[path])
    lost = [rewritten[path] for path in files[PATH] if path in rewritten]
    if lost:
        first = min(lost)
        warnings.warn(
            f"{where}: commit {first.version} ({first.operation}) wrote rows anew, so which of those with one key is the latest is no longer "
            f"known. Read the version before (version={first.version - 1}), and compact a table only when no key stands in it twice.",
            LostOrderWarning,
            stacklevel=6,  # who called the table
        )
    found = sorted((*place(path), path, number) for number, path in enumerate(files[PATH]))
    return files[[number for *_, number in found]]
