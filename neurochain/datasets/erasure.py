"""Erasure: what a project keeps beside its versions, without what is somebody's: results, lists of files, texts, files.

All of it can be done again: what is gone already is not there to be found.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from sqlalchemy import JSON, Column, Connection, String, Text, delete, select, update

from neurochain.datasets import leases, tables
from neurochain.datasets.garbage import PART_COLUMNS, forget_parts
from neurochain.datasets.hidden import ARG, READS
from neurochain.datasets.jobs import forget_jobs
from neurochain.datasets.parts import Part, part_path, register_parts, scan_parts, write_part
from neurochain.datasets.project import SCRATCH, STAGING, Project
from neurochain.datasets.schema import Schema
from neurochain.datasets.target import Target
from neurochain.storage import cache_folder, forget_heads

CACHES = ("extents", "files", "maps", "memo")  # folders of what can be fetched, or computed, again
_LISTS = (
    (tables.inputs, tables.inputs.c.manifest),
    (tables.activity_udfs, tables.activity_udfs.c.reads),
    (tables.activities, tables.activities.c.failures),
)
_KEPT = frozenset({"events", "meta", "parts"})  # tables whose texts are none, or never change


@dataclass
class Erased:
    """How much was found, and is deleted unless nothing was to be.

    Attributes
    ----------
    results, files, listed, texts, parts, leftovers, cached : int
        Results in the ledger (headers too); rows of the table of files; rows of lists of files, reads and failures;
        texts in the database; parts that nothing refers to any more; leftovers of processes; bytes in the caches.
    named : int
        Of the results, those that name it; the others may be anybody's.
    names : list of str
        What keeps its name.
    """

    results: int = 0
    named: int = 0
    files: int = 0
    listed: int = 0
    texts: int = 0
    parts: int = 0
    leftovers: int = 0
    cached: int = 0
    names: list[str] = field(default_factory=list)


def erase(project: Project, target: Target, dry: bool, wanted: bool) -> Erased:
    """Go through all that a project keeps beside its versions.

    Parameters
    ----------
    project : Project
        No other process uses it.
    target : Target
        Whose.
    dry : bool
        Only count.
    wanted : bool
        Something of it was found in versions, so that results and caches of which nobody can tell whose they are go too.
    """
    out = Erased()
    _lists(project, target, dry, out)
    _files(project, target, dry, out)
    _texts(project, target, dry, out)
    out.names = _names(project, target)
    groups = list(_results(project, target))
    out.named = sum(int(g.rows["dirty"].sum()) for g in groups)
    if not (wanted or out.named or out.listed or out.files or out.texts):
        return out
    for group in groups:
        _forget(project, target, group, dry, out)
    _leftovers(project, dry, out)
    _caches(dry, out)
    if not dry:
        _orphans(project, out)
        project.database.scrub()
    return out


def _lists(project: Project, target: Target, dry: bool, out: Erased) -> None:
    """Rows of the lists that lineage refers to."""
    for table, column in _LISTS:
        with project.database.read() as connection:
            parts = connection.execute(select(column).where(column.is_not(None)).distinct()).scalars().all()
        for part in parts:
            if not part_path(project, part).exists():
                continue
            frame = pl.read_parquet(part_path(project, part))
            kept = frame.filter(~target.mentioned(dict(frame.schema)))
            out.listed += frame.height - kept.height
            if kept.height < frame.height and not dry:
                made = write_part(project, kept)
                with project.database.write() as connection:
                    register_parts(connection, [made])
                    connection.execute(update(table).where(column == part).values({column.name: made.hash}))
    _given(project, target, dry, out)


def _given(project: Project, target: Target, dry: bool, out: Erased) -> None:
    """Rows that scripts gave."""
    p, i = tables.input_parts.c, tables.inputs.c
    query = select(p.activity, p.input, p.ordinal, p.part, i.reference).join(
        tables.inputs, (i.activity == p.activity) & (i.ordinal == p.input)
    )
    with project.database.read() as connection:
        found = connection.execute(query).all()
    for row in found:
        if part_path(project, row.part).exists():
            schema = Schema.from_json(row.reference["schema"])
            frame = scan_parts(project, [row.part], schema).collect()
            kept = frame.filter(~target.rows(schema))
            out.listed += frame.height - kept.height
            if kept.height < frame.height and not dry:
                made = write_part(project, kept, schema)
                with project.database.write() as connection:
                    replace_given(connection, row.activity, row.input, row.part, made)


def replace_given(connection: Connection, activity: str, number: int, part: str, made: Part) -> None:
    """Put a part in the place of another that held rows that a script gave."""
    p = tables.input_parts.c
    register_parts(connection, [made])
    here = (p.activity == activity, p.input == number, p.part == part)
    connection.execute(update(tables.input_parts).where(*here).values(part=made.hash))


def _files(project: Project, target: Target, dry: bool, out: Erased) -> None:
    uri = tables.files.c.uri
    with project.database.read() as connection:
        uris = pl.Series(connection.execute(select(uri)).scalars().all(), dtype=pl.String)
    named = uris.to_frame("uri").filter(target.names(pl.col("uri")))["uri"].to_list()
    out.files = len(named)
    for start in range(0, 0 if dry else len(named), 500):
        with project.database.write() as connection:
            connection.execute(delete(tables.files).where(uri.in_(named[start : start + 500])))


def _texts(project: Project, target: Target, dry: bool, out: Erased) -> None:
    """Texts in all tables but those that never change, and names of datasets."""
    for table in tables.metadata.sorted_tables:
        if table.name in _KEPT or table is tables.files or table is tables.datasets:
            continue
        texts = [c for c in table.c if _is_text(c)]
        if not texts:
            continue
        key = list(table.primary_key)
        with project.database.read() as connection:
            rows = connection.execute(select(table)).mappings().all()
        for row in rows:
            new = {c.name: value for c in texts if (value := target.screened(row[c])) != row[c]}
            out.texts += len(new)
            if new and not dry:
                with project.database.write() as connection:
                    connection.execute(update(table).where(*(c == row[c] for c in key)).values(new))


def _is_text(column: Column[Any]) -> bool:
    return (
        isinstance(column.type, String | Text | JSON)
        and not column.foreign_keys
        and (not column.primary_key or column.table is tables.roots)
    )


def _names(project: Project, target: Target) -> list[str]:
    """What keeps its name, since events name it, and they are never changed."""
    with project.database.read() as connection:
        datasets = connection.execute(select(tables.datasets.c.name)).scalars().all()
        e = tables.events.c
        events = connection.execute(select(e.number, e.detail, e.why)).all()
    found = [f"the dataset's name {name}" for name in datasets if target.masked(name) != name]
    said = [e.number for e in events if any(t and target.masked(t) != t for t in (e.detail, e.why))]
    return found + [f"event {number}, which is never changed" for number in said]


@dataclass(frozen=True)
class _Group:
    """Parts of the ledger under one key, and of each row whether it stays."""

    entries: list[Any]
    rows: pl.DataFrame  # part, arg, dirty, told (by what it read)


def _results(project: Project, target: Target) -> Iterator[_Group]:
    c = tables.ledger.c
    with project.database.read() as connection:
        keys = connection.execute(select(c.reuse_key).distinct()).scalars().all()
    for key in keys:
        with project.database.read() as connection:
            entries = connection.execute(select(tables.ledger).where(c.reuse_key == key)).all()
        entries = [e for e in entries if part_path(project, e.part).exists()]
        frames = [_looked(project, e, target) for e in entries]
        if frames:
            yield _Group(entries, pl.concat(frames))


def _looked(project: Project, entry: Any, target: Target) -> pl.DataFrame:
    """Of each row of a part, whether it is its own, and whether it says what it was read from."""
    frame = pl.read_parquet(part_path(project, entry.part))
    schema = Schema.from_json(entry.schema)
    dirty = target.rows(schema) | target.mentioned(schema.leaves())
    told = pl.lit(False)
    if READS in frame.columns:
        uris = pl.col(READS).list.eval(pl.element().struct.field("uri"))
        dirty = dirty | target.names(uris.list.join("\n", ignore_nulls=True).fill_null(""))
        told = pl.col(READS).list.len().fill_null(0) > 0
    missing = [n for n in schema.leaves() if n not in frame.columns]
    frame = frame.with_columns(pl.lit(None, dtype=schema.leaves()[n]).alias(n) for n in missing)
    return frame.select(pl.lit(entry.id).alias("entry"), ARG, dirty.alias("dirty"), told.alias("told"))


def _forget(project: Project, target: Target, group: _Group, dry: bool, out: Erased) -> None:
    """Keep only results that were read from files, none of them its own; a call's rows stay or go together.

    Where paths do not say whose a file is, nobody can tell of any result.
    """
    calls = group.rows.group_by(ARG).agg(pl.col("dirty").any(), pl.col("told").any())
    clean = calls.filter(pl.col("told") & ~pl.col("dirty") & target.paths).select(ARG)
    kept = group.rows.join(clean, on=ARG, how="semi").group_by("entry").len()
    counts = dict(kept.iter_rows())
    out.results += group.rows.height - sum(counts.values())
    for entry in group.entries:
        if counts.get(entry.id, 0) == entry.rows or dry:
            continue
        here = tables.ledger.c.id == entry.id
        if entry.id not in counts:
            with project.database.write() as connection:
                connection.execute(delete(tables.ledger).where(here))
            continue
        frame = pl.read_parquet(part_path(project, entry.part))
        frame = frame.join(clean, on=ARG, how="semi", maintain_order="left")
        made = write_part(project, frame, Schema.from_json(entry.schema))
        with project.database.write() as connection:
            register_parts(connection, [made])
            connection.execute(update(tables.ledger).where(here).values(part=made.hash, rows=made.rows))


def _leftovers(project: Project, dry: bool, out: Erased) -> None:
    """What processes left unfinished: none of them runs."""
    for folder in (project.folder / STAGING, project.folder / SCRATCH):
        for path in folder.glob("*"):
            out.leftovers += 1
            if not dry:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    if not dry:
        forget_jobs(project.folder)  # errors name files and hold values


def _caches(dry: bool, out: Erased) -> None:
    """Caches of this user: names there are hashes, so nobody can tell whose they are."""
    for name in CACHES:
        folder = cache_folder() / name
        out.cached += sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
        if not dry and folder.exists():
            shutil.rmtree(folder)
    if not dry:
        forget_heads()


def _orphans(project: Project, out: Erased) -> None:
    """Parts that nothing refers to, however young: no other process runs, and this one needs none."""
    with project.database.write() as connection, leases.gate(project.folder, "parts", alone=True):
        used: set[str] = set()
        for column in PART_COLUMNS:
            used.update(connection.execute(select(column).where(column.is_not(None)).distinct()).scalars())
        for path in project.parts.glob("*/*.parquet"):
            if path.stem not in used:
                path.unlink()
                out.parts += 1
    forget_parts(project)
