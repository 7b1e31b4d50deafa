"""Withdrawal: rows that somebody took back leave every version and all that is kept beside them.

A version that holds such rows gets a successor without them, and its own are deleted: it stays as a tombstone, with
date, reason and count. Versions whose rows are made of several others are deleted whole, and must be computed again.
Successors are published first, older versions before newer ones; then rows are deleted, newer versions before older
ones, since what is whose is told by the versions before. So a withdrawal that was stopped can be run again to its end.
"""

import os
import platform
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
from sqlalchemy import delete, select, update

from neurochain.datasets import leases, tables
from neurochain.datasets.activity import Activity, Input
from neurochain.datasets.content import ContentHash
from neurochain.datasets.environment import Origin, current_origin
from neurochain.datasets.erasure import Erased, erase, replace_given
from neurochain.datasets.events import REASON, append
from neurochain.datasets.parts import Part, part_path, scan_parts, write_part
from neurochain.datasets.project import Project
from neurochain.datasets.publishing import Draft, publish
from neurochain.datasets.schema import KEY
from neurochain.datasets.statistics import forget_statistics
from neurochain.datasets.target import SHOWN, Target
from neurochain.datasets.traces import Trace, Ways, find_traces, given_rows
from neurochain.datasets.versions import DatasetVersion, version_of_row, version_rows
from neurochain.errors import ProjectError

STEP = "withdraw"


@dataclass(frozen=True)
class Withdrawn:
    """What becomes of a version.

    Attributes
    ----------
    version : str
    rows, left : int
        That are deleted, and that stay.
    replaced : str or None
        The version that holds the others.
    again : bool
        It must be computed again: its rows were made of several others.
    """

    version: str
    rows: int
    left: int
    replaced: str | None
    again: bool


@dataclass(frozen=True)
class Withdrawal:
    """What was withdrawn, or would be.

    Attributes
    ----------
    pseudonym : str
        What stands for it in events and tombstones.
    versions : tuple of Withdrawn
    erased : Erased
        What was kept beside the versions.
    notes : tuple of str
        What could not be told, or stays.
    dry_run : bool
        Nothing was changed.
    """

    pseudonym: str
    versions: tuple[Withdrawn, ...]
    erased: Erased
    notes: tuple[str, ...]
    dry_run: bool

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


def withdraw_rows(
    project: Project, target: Target, ways: Ways, reason: str | None, dry_run: bool = False
) -> Withdrawal:
    """Withdraw rows from all versions of a project, and from all that it keeps beside them.

    Parameters
    ----------
    project : Project
        That no other process uses.
    target : Target
        Whose rows.
    ways : Ways
        What knows plans and keys.
    reason : str, optional
        Kept with the event and the tombstones.
    dry_run : bool
        Only say what would be done.

    Raises
    ------
    ProjectError
        Another process uses the project.
    """
    with leases.gate(project.folder, "gc", alone=True):
        _check_alone(project)
        traces, notes = find_traces(project, target, ways)
        said = target.masked_words(reason or os.environ.get(REASON, "")) or None
        done = [_described(t) for t in traces]
        if not dry_run:
            replaced = {t.version.id: _successor(t, target) for t in traces}
            done = [replace(d, replaced=replaced[t.version.id]) for d, t in zip(done, traces, strict=True)]
            for trace, result in reversed(list(zip(traces, done, strict=True))):
                _bury(project, trace, result, target, said)
        erased = erase(project, target, dry_run, wanted=bool(traces) or _interrupted(project, target))
        return Withdrawal(
            target.pseudonym,
            tuple(done),
            erased,
            (*notes, *(f"{n} holds it still" for n in erased.names)),
            dry_run,
        )


def _check_alone(project: Project) -> None:
    others = [
        lease
        for lease in leases.live(project.folder)
        if (lease.pid, lease.host) != (os.getpid(), platform.node())
    ]
    if others:
        who = ", ".join(f"{lease.pid} on {lease.host}" for lease in others)
        raise ProjectError(
            f"Another process uses this project and may hold rows that are to be withdrawn: {who}. Wait for it, or end it."
        )


def _described(trace: Trace) -> Withdrawn:
    version = trace.version
    return Withdrawn(version.reference, trace.rows, version.rows - trace.rows, None, trace.whole)


def _interrupted(project: Project, target: Target) -> bool:
    """Whether a withdrawal of the same was begun before."""
    query = select(tables.versions.c.withdrawn).where(tables.versions.c.withdrawn.is_not(None))
    with project.database.read() as connection:
        return any(said["of"] == target.pseudonym for said in connection.execute(query).scalars())


def _plan(version: DatasetVersion, target: Target) -> dict[str, Any]:
    steps = [{"step": STEP, "of": target.pseudonym, "text": target.pseudonym[:SHOWN]}]
    return {"source": "version", "name": version.name, "version": version.version, "steps": steps}


def _successor(trace: Trace, target: Target) -> str | None:
    """Publish the rows that stay, once; its reference, or None where none stay or the version is made again."""
    version = trace.version
    if trace.whole or trace.rows == version.rows:
        return None
    plan = _plan(version, target)
    query = version_rows().where(
        tables.datasets.c.name == version.name,
        tables.versions.c.id > version.id,
        tables.versions.c.withdrawn.is_(None),
    )
    with version.project.database.read() as connection:
        for row in connection.execute(query):
            if row.plan == plan:
                return version_of_row(version.project, row).reference
    return _published(trace, target, plan)


def _published(trace: Trace, target: Target, plan: dict[str, Any]) -> str:
    version = trace.version
    content = ContentHash(version.schema)
    parts: list[Part] = []
    for part in version.part_hashes():
        frame = scan_parts(version.project, [part], version.schema).collect()
        kept = frame.filter(~trace.matched(target))
        content.update(kept)
        if kept.height == frame.height:
            parts.append(Part(part, kept.height, part_path(version.project, part).stat().st_size))
        elif kept.height:
            parts.append(write_part(version.project, kept, version.schema))
    reference = {
        **{name: plan[name] for name in ("source", "name", "version")},
        "rows": version.rows,
        "content_hash": version.content_hash,
        "asked": version.reference,
    }
    activity = Activity(inputs=[Input("version", reference, version=version.id)], ended=time.time())
    activity.counts.rows_in, activity.counts.rows_out = version.rows, content.rows
    activity.left_out.append(f"rows of {version.reference}, which it was made of, were withdrawn")
    draft = Draft(
        name=version.name,
        schema=version.schema,
        plan=plan,
        parts=parts,
        content_hash=content.hexdigest(),
        rows=content.rows,
        manifests=(),
        activity=activity,
        description=target.masked(version.description),
        labels=[target.masked(label) for label in version.labels],
        tolerances=version.tolerances,
    )
    return publish(version.project, draft, _origin())[0].reference


def _origin() -> Origin:
    """Where this runs; the command line names who is withdrawn."""
    return replace(current_origin(), command=f"neurochain {STEP}")


def _bury(project: Project, trace: Trace, result: Withdrawn, target: Target, reason: str | None) -> None:
    """Delete the rows of a version, and those that its script gave."""
    given = [
        (row.ordinal, part, write_part(project, kept, schema))
        for row in _inputs(project, trace.activity)
        for part, frame, schema in given_rows(project, trace.activity, row.ordinal, row.reference)
        if (kept := frame.filter(~_given(trace, target, schema))).height < frame.height
    ]
    failures = _failures(project, trace.activity)
    stone = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "of": target.pseudonym,
        "rows": result.rows,
        "reason": reason,
        "replaced": result.replaced,
        "again": result.again,
    }
    problems = [*trace.version.problems, f"{result.rows:,} of its rows were withdrawn on {stone['time']}"]
    with project.database.write() as connection:
        v, p = tables.versions.c, tables.version_parts.c
        connection.execute(delete(tables.version_parts).where(p.version == trace.version.id))
        forget_statistics(connection, trace.version.id)
        connection.execute(
            update(tables.versions)
            .where(v.id == trace.version.id)
            .values(withdrawn=stone, bytes=0, problems=problems)
        )
        for number, part, made in given:
            replace_given(connection, trace.activity, number, part, made)
        if failures:  # rows without a file may be anybody's
            here = tables.activities.c.id == trace.activity
            connection.execute(update(tables.activities).where(here).values(failures=None))
        detail = {
            "version": trace.version.reference,
            "content_hash": trace.version.content_hash,
            **{name: stone[name] for name in ("of", "rows", "replaced", "again")},
        }
        append(connection, "withdrawn", detail, reason)


def _given(trace: Trace, target: Target, schema: Any) -> pl.Expr:
    own = pl.col(KEY).is_in(pl.Series(list(trace.keys), dtype=pl.Binary).implode())
    return own | target.rows(schema)


def _inputs(project: Project, activity: str) -> list[Any]:
    c = tables.inputs.c
    with project.database.read() as connection:
        return list(connection.execute(select(c.ordinal, c.reference).where(c.activity == activity)))


def _failures(project: Project, activity: str) -> str | None:
    c = tables.activities.c
    with project.database.read() as connection:
        found: str | None = connection.execute(select(c.failures).where(c.id == activity)).scalar_one()
    return found
