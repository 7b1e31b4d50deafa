"""Garbage: parts that nothing refers to, leftovers of killed processes, and results beyond the ledger's bound.

Nothing is deleted that a running process may still need: see `leases`. Files are deleted inside a write transaction
that has just seen that nothing refers to them, and publishing looks for its parts inside its own, so the later of the
two knows what the other did.
"""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, delete, select, union

from neurochain.datasets import leases, tables
from neurochain.datasets.events import append
from neurochain.datasets.jobs import sweep_jobs
from neurochain.datasets.leases import Lease
from neurochain.datasets.parts import refresh_part
from neurochain.datasets.project import SCRATCH, STAGING, Project
from neurochain.errors import ProjectError

BATCH = 500  # files deleted in one transaction: others wait for it

# Every column that refers to a part, so that a table that comes later is not forgotten.
PART_COLUMNS: tuple[Column[Any], ...] = tuple(
    column
    for table in tables.metadata.sorted_tables
    for column in table.c
    if any(key.column is tables.parts.c.hash for key in column.foreign_keys)
)


@dataclass(frozen=True)
class Files:
    """Some files.

    Attributes
    ----------
    count, bytes : int
    """

    count: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class Garbage:
    """What was found and deleted, or would be.

    Attributes
    ----------
    parts : Files
        Parts that nothing refers to.
    leftovers : Files
        What killed processes left unfinished.
    evicted : Files
        Of the ledger: parts with results that are forgotten. They are deleted, and so counted among `parts` too,
        unless something else refers to them or they are kept.
    kept : Files
        What nothing refers to yet and a running process may need.
    running : tuple of Lease
        These processes.
    dry_run : bool
        Nothing was deleted.
    """

    parts: Files
    leftovers: Files
    evicted: Files
    kept: Files
    running: tuple[Lease, ...]
    dry_run: bool

    def to_json(self) -> dict[str, Any]:
        """The same as plain values."""
        out: dict[str, Any] = {
            name: {"count": files.count, "bytes": files.bytes}
            for name in ("parts", "leftovers", "evicted", "kept")
            if isinstance(files := getattr(self, name), Files)
        }
        out["running"] = [{"pid": r.pid, "host": r.host, "started": r.started} for r in self.running]
        return {**out, "dry_run": self.dry_run}


@dataclass(frozen=True)
class _File:
    path: Path
    size: int
    written: float


def collect_garbage(project: Project, ledger: int | None = None, dry_run: bool = False) -> Garbage:
    """Delete what nothing refers to.

    Parameters
    ----------
    project : Project
        Whose garbage.
    ledger : int, optional
        Bytes of results to keep for reuse; those used longest ago are forgotten first.
    dry_run : bool
        Only say what would be deleted.

    Raises
    ------
    ProjectError
        A file cannot be deleted.
    """
    try:
        with leases.gate(project.folder, "gc", alone=True):  # one collection at a time
            return _collect(project, ledger, dry_run)
    except ProjectError:
        raise
    except OSError as error:
        raise ProjectError(f"The garbage in {project.folder} cannot be deleted: {error}.") from error


def _collect(project: Project, ledger: int | None, dry_run: bool) -> Garbage:
    # The time first: what a process writes whose lease is not seen is younger.
    now = leases.clock(project.folder)
    running = leases.live(project.folder)
    with project.database.read() as connection:
        leaving = _leaving(connection, ledger)
    if leaving.rows and not dry_run:
        running = _evict(project, leaving, running)
    horizon = min([now, *(lease.started for lease in running)])
    spared = leaving.parts if running else frozenset()  # somebody may have looked them up
    with project.database.read() as connection:
        used = _used(connection, without=leaving.rows)
    old: list[_File] = []
    kept: list[_File] = []
    for file in _files(project.parts, "*/*.parquet"):
        if file.path.stem not in used:
            young = file.written >= horizon or file.path.stem in spared
            (kept if young else old).append(file)
    leftovers = [f for f in _files(project.folder / STAGING, "*") if f.written < horizon]
    abandoned = [f for f in _files(project.folder / SCRATCH, "*") if f.written < horizon]
    abandoned = [_File(f.path, _size(f.path), f.written) for f in abandoned]
    if not dry_run:
        old = [f for batch in _batches(old) for f in _delete_parts(project, batch, horizon)]
        leftovers = [f for f in leftovers if _unlink(f.path)]
        sweep_jobs(project.folder)
        for folder in abandoned:
            shutil.rmtree(folder.path)
        forget_parts(project)
        if gone := [*leftovers, *abandoned]:
            with project.database.write() as connection:
                append(connection, "collected", {"leftovers": len(gone), "bytes": _sum(gone).bytes})
    return Garbage(
        _sum(old), _sum([*leftovers, *abandoned]), leaving.files, _sum(kept), tuple(running), dry_run
    )


@dataclass(frozen=True)
class _Leaving:
    """Rows of the ledger that go, and the parts that go with them."""

    rows: frozenset[int] = frozenset()
    parts: frozenset[str] = frozenset()
    files: Files = Files()


def _leaving(connection: Connection, bound: int | None) -> _Leaving:
    """What must leave the ledger for the rest to fit."""
    if bound is None:
        return _Leaving()
    c = tables.ledger.c
    query = select(c.id, c.reuse_key, c.part, c.kind, c.used, tables.parts.c.bytes).join(
        tables.parts, tables.parts.c.hash == c.part
    )
    units: dict[Any, list[Any]] = {}
    for row in connection.execute(query):
        # The results of one call to a function of many rows may lie in several parts, which are only right together.
        units.setdefault(row.reuse_key if row.kind == "many" else row.id, []).append(row)
    holders = Counter(row.part for rows in units.values() for row in rows)
    sizes = {row.part: row.bytes for rows in units.values() for row in rows}
    left, gone, lost = sum(sizes.values()), set(), set()
    for rows in sorted(units.values(), key=lambda rows: (max(r.used for r in rows), max(r.id for r in rows))):
        if left <= bound:
            break
        for row in rows:
            gone.add(row.id)
            holders[row.part] -= 1
            if not holders[row.part]:
                left -= sizes[row.part]
                lost.add(row.part)
    return _Leaving(frozenset(gone), frozenset(lost), Files(len(lost), sum(sizes[p] for p in lost)))


def _evict(project: Project, leaving: _Leaving, running: list[Lease]) -> list[Lease]:
    """Forget results; the processes that may have looked them up before, and whose parts are therefore young again."""
    if running:  # before they leave, in case this process is killed
        _refresh(project, leaving.parts)
    for rows in _batches(sorted(leaving.rows)):
        with project.database.write() as connection:
            connection.execute(delete(tables.ledger).where(tables.ledger.c.id.in_(rows)))
            append(connection, "collected", {"results": len(rows)})
    running = leases.live(project.folder)
    if running:  # and again for who came in between
        _refresh(project, leaving.parts)
    return running


def _refresh(project: Project, parts: Iterable[str]) -> None:
    for part in parts:
        refresh_part(project, part)


def _used(connection: Connection, without: frozenset[int]) -> set[str]:
    """Parts that something refers to, apart from some rows of the ledger."""
    used: set[str] = set()
    for column in PART_COLUMNS:
        if column.table is tables.ledger and without:
            found = connection.execute(select(tables.ledger.c.id, column))
            used.update(row[1] for row in found if row[0] not in without)
        else:
            used.update(connection.execute(select(column).where(column.is_not(None)).distinct()).scalars())
    return used


def _delete_parts(project: Project, files: Sequence[_File], horizon: float) -> list[_File]:
    """Delete parts that are still old and without use; those that were."""
    hashes = [f.path.stem for f in files]
    found = union(*(select(c).where(c.in_(hashes)) for c in PART_COLUMNS))
    with project.database.write() as connection, leases.gate(project.folder, "parts", alone=True):
        used = set(connection.execute(found).scalars())
        unused = [f for f in files if f.path.stem not in used and _written(f.path) < horizon]
        gone = [f for f in unused if _unlink(f.path)]
        if gone:
            append(connection, "collected", {"parts": len(gone), "bytes": _sum(gone).bytes})
        return gone


def forget_parts(project: Project) -> None:
    """Delete the rows of parts that nothing refers to; who uses one later enters it again."""
    hashes = tables.parts.c.hash
    used = union(*(select(c).where(c.is_not(None)) for c in PART_COLUMNS)).subquery()
    unused = select(hashes).where(hashes.not_in(select(used.c[0]))).limit(BATCH)
    while True:
        with project.database.write() as connection:
            if connection.execute(delete(tables.parts).where(hashes.in_(unused))).rowcount == 0:
                return


def _files(folder: Path, pattern: str) -> Iterator[_File]:
    for path in folder.glob(pattern):
        try:
            found = path.stat()
        except FileNotFoundError:
            continue
        yield _File(path, found.st_size, found.st_mtime)


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _size(folder: Path) -> int:
    return sum(f.size for f in _files(folder, "**/*") if f.path.is_file())


def _unlink(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[i : i + BATCH] for i in range(0, len(items), BATCH))


def _sum(files: Iterable[_File]) -> Files:
    files = list(files)
    return Files(len(files), sum(f.size for f in files))
