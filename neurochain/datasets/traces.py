"""Trace: rows of a version that are somebody's, by its columns, by its files, and by the versions that it was made of."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl
from sqlalchemy import select

from neurochain.datasets import tables
from neurochain.datasets.parts import part_path, scan_parts
from neurochain.datasets.project import Project
from neurochain.datasets.schema import KEY, Schema
from neurochain.datasets.target import Target
from neurochain.datasets.versions import DatasetVersion, version_of_row, version_rows

Reach = Literal["same", "own", "mixed"]
"""Of a plan: each row keeps its key; each is made of one row, under another key; or some are made of several."""


@dataclass(frozen=True)
class Ways:
    """What stands above the datasets, and knows plans and keys.

    Attributes
    ----------
    reach : callable
        What a recorded plan does, where rows are told apart by some columns.
    file_keys : callable
        Keys of files' rows, by root and path.
    """

    reach: Callable[[dict[str, Any], tuple[str, ...]], Reach]
    file_keys: Callable[[pl.Series, pl.Series], pl.Series]


@dataclass(frozen=True)
class Trace:
    """What a version holds of it.

    Attributes
    ----------
    version : DatasetVersion
    activity : str
    rows : int
        That are withdrawn: all of them where it is `whole`.
    whole : bool
        Rows are made of several others, so that all are deleted, and the version must be computed again.
    keys : frozenset of bytes
        Of its own rows, and of the rows that they were made of.
    """

    version: DatasetVersion
    activity: str
    rows: int
    whole: bool
    keys: frozenset[bytes] = field(repr=False)

    def matched(self, target: Target) -> pl.Expr:
        """Which of its rows are withdrawn."""
        if self.whole:
            return pl.lit(True)
        own = pl.col(KEY).is_in(pl.Series(list(self.keys), dtype=pl.Binary).implode())
        return own | target.rows(self.version.schema)


def find_traces(project: Project, target: Target, ways: Ways) -> tuple[list[Trace], list[str]]:
    """Versions that hold rows of it, older ones first; and what cannot be told."""
    c = tables.versions.c
    query = version_rows().where(c.withdrawn.is_(None)).order_by(c.id)
    with project.database.read() as connection:
        versions = connection.execute(query).all()
    found: dict[int, Trace] = {}
    notes: list[str] = []
    for row in versions:
        version = version_of_row(project, row)
        keys, touched, unknown = _of_inputs(project, row.activity, target, ways, found)
        trace, note = _trace(version, row.activity, target, ways, keys, touched)
        if trace is not None:
            found[version.id] = trace
        elif unknown and (
            not target.identified(version.schema) or ways.reach(version.plan, target.columns) == "mixed"
        ):
            note = f"{version.reference} does not say whose its rows are, and was made of {unknown}"
        if note:
            notes.append(note)
    return list(found.values()), notes


def _trace(
    version: DatasetVersion, activity: str, target: Target, ways: Ways, keys: frozenset[bytes], touched: bool
) -> tuple[Trace | None, str]:
    reach = ways.reach(version.plan, target.columns)
    parts = version.part_hashes()
    trace = Trace(version, activity, 0, False, keys if reach == "same" else frozenset())
    frame = scan_parts(version.project, parts, version.schema)
    matched = frame.filter(trace.matched(target)).select(KEY).collect()[KEY]
    if reach == "mixed" or (reach == "own" and not target.identified(version.schema)):
        if not touched and not len(matched):
            return None, ""
        return Trace(version, activity, version.rows, True, frozenset(matched) | keys), ""
    rest = frame.filter(~trace.matched(target))
    named = rest.filter(target.mentioned(version.schema.leaves())).select(pl.len()).collect().item()
    note = f"{version.reference}: {named:,} rows of others name it in a text" if named else ""
    if not len(matched):
        return None, note
    return Trace(version, activity, len(matched), False, frozenset(matched) | keys), note


def _of_inputs(
    project: Project, activity: str, target: Target, ways: Ways, found: dict[int, Trace]
) -> tuple[frozenset[bytes], bool, str]:
    """Keys of the rows of an activity's inputs that are its own, whether there are any, and tables that nobody kept."""
    keys: set[bytes] = set()
    unknown = []
    touched = False
    inputs = select(tables.inputs).where(tables.inputs.c.activity == activity)
    with project.database.read() as connection:
        rows = connection.execute(inputs).all()
    for row in rows:
        if row.manifest is not None and part_path(project, row.manifest).exists():
            files = pl.read_parquet(part_path(project, row.manifest))
            files = files.filter(target.names(pl.col("path")) | target.names(pl.col("root")))
            touched |= files.height > 0
            keys.update(ways.file_keys(files["root"], files["path"]))
        if row.version in found:
            touched = True
            keys |= found[row.version].keys
        for given in given_rows(project, activity, row.ordinal, row.reference):
            own = given[1].filter(target.rows(given[2]))[KEY]
            touched |= len(own) > 0
            keys.update(own)
        if row.kind == "scan" and "version" in row.reference:
            unknown.append(f"table {row.reference['table']}")
        if row.kind == "table":
            unknown.append(str(row.reference["uri"]))
        if row.kind == "version" and row.version is None:
            unknown.append(f"{row.reference['name']} of another project")
    return frozenset(keys), touched, ", ".join(unknown)


def given_rows(
    project: Project, activity: str, number: int, reference: dict[str, Any]
) -> Iterator[tuple[str, pl.DataFrame, Schema]]:
    """Rows that a script gave to an activity: part, rows, and their schema."""
    if "schema" not in reference:
        return
    schema = Schema.from_json(reference["schema"])
    p = tables.input_parts.c
    query = select(p.part).where(p.activity == activity, p.input == number).order_by(p.ordinal)
    with project.database.read() as connection:
        parts = list(connection.execute(query).scalars())
    for part in parts:
        if part_path(project, part).exists():
            yield part, scan_parts(project, [part], schema).collect(), schema
