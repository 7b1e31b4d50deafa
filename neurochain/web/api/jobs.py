"""Jobs: chains that ran, those that run now, and those that ended without a version."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import polars as pl
from sqlalchemy import func, select

from neurochain.datasets import tables
from neurochain.datasets.jobs import RUNNING, Job, Jobs
from neurochain.datasets.project import Project
from neurochain.datasets.schema import KEY
from neurochain.datasets.versions import find_version
from neurochain.errors import NeurochainError
from neurochain.web.api.questions import JOBS, STATUS

__all__ = ["job_list", "running_jobs"]


def job_list(project: Project, jobs: Jobs, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Jobs, the newest first: what runs, what was saved, what failed or was killed."""
    limit, status = JOBS.of(query), STATUS.of(query)
    live = {job.id: _told(project, job) for job in jobs.read()}
    recorded = [] if status not in ("", "done") else _recorded(project, limit)
    # One that has just been recorded may still have its file.
    found = recorded + [job for job in live.values() if job["id"] not in {one["id"] for one in recorded}]
    found = [job for job in found if status in ("", job["status"])]
    return sorted(found, key=lambda job: (job["started"], job["id"]), reverse=True)[:limit]


def running_jobs(project: Project, jobs: Jobs) -> dict[str, Any]:
    """Jobs that run, and something that is another when one has ended: then the list is worth asking for again."""
    found = jobs.read()
    a = tables.activities.c
    with project.database.read() as connection:
        count, last = connection.execute(
            select(func.count(), func.max(a.ended)).select_from(tables.activities)
        ).one()
    ended = [job for job in found if job.status != RUNNING]
    return {
        "running": [_told(project, job) for job in found if job.status == RUNNING],
        "ended": f"{count} {last or 0} {len(ended)} {max((job.ended or 0 for job in ended), default=0)}",
    }


def _told(project: Project, job: Job) -> dict[str, Any]:
    """A job as its file says."""
    inputs = tuple(str(one) for one in job.inputs)
    steps = [_step(step) for step in job.steps]
    return {
        "id": job.id,
        "status": job.status,
        "verb": job.verb,
        "title": job.title,
        "command": job.command,
        "user": job.user,
        "host": job.host,
        "pid": job.pid,
        "started": job.started,
        "updated": job.updated,
        "ended": job.ended,
        "computed": job.computed,
        "reused": job.reused,
        "failed": job.failed,
        "bytes": job.bytes,
        "requests": job.requests,
        "reference": job.reference,
        "steps": steps,
        "step": _step(job.step) if job.step is not None else None,
        "left": job.left,
        "failures": [_failure(project, inputs, failure) for failure in job.failures],
        "error": job.error
        and {name: str(job.error.get(name, "")) for name in ("what", "message", "traceback")},
    }


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    total, least, rows = step.get("total"), step.get("least") or 0, step.get("rows") or 0
    running = bool(step.get("running"))
    known = total if total is not None else least if least > rows or (running and least) else None
    return {
        "name": str(step.get("name", "")),
        "unit": str(step.get("unit", "rows")),
        "rows": rows,
        "total": known,
        "exact": total is not None,
        "rate": step.get("rate"),
        "bytes": step.get("bytes") or 0,
        "stored": step.get("stored"),
        "failures": step.get("failures") or 0,
        "seconds": step.get("seconds"),
        "running": running,
    }


def _failure(project: Project, inputs: tuple[str, ...], failure: Mapping[str, Any]) -> dict[str, Any]:
    """A row whose function failed; with the version in which it can be looked at, where there is one."""
    key = failure.get("key")
    where = _holder(project, inputs, key) if isinstance(key, str) else None
    return {
        "function": str(failure.get("function", "")),
        "row": failure.get("row"),
        "files": [str(file) for file in failure.get("files") or ()],
        "error": str(failure.get("error", "")),
        "traceback": str(failure.get("traceback", "")),
        "reference": where,
        "key": key if where else None,
    }


@lru_cache(maxsize=1024)
def _holder(project: Project, inputs: tuple[str, ...], key: str) -> str | None:
    """The input in which there is a row of this key: a step before the failure may have made others."""
    for reference in inputs:
        try:
            wanted = pl.lit(bytes.fromhex(key), pl.Binary())
            if find_version(project, reference).scan().filter(pl.col(KEY) == wanted).head(1).collect().height:
                return reference
        except (NeurochainError, ValueError):  # gone, or withdrawn
            continue
    return None


def _recorded(project: Project, limit: int) -> list[dict[str, Any]]:
    """Activities, with the versions that they made."""
    a, v = tables.activities.c, tables.versions.c
    asked = (
        select(tables.activities, tables.datasets.c.name, v.major, v.minor, v.patch)
        .outerjoin(tables.versions, v.activity == a.id)
        .outerjoin(tables.datasets, tables.datasets.c.id == v.dataset)
        .order_by(a.started.desc())
        .limit(limit)
    )
    with project.database.read() as connection:
        rows = connection.execute(asked).all()
    return [
        {
            "id": row.id,
            "status": row.status,
            "verb": "save",
            "title": row.name or "",
            "command": row.command,
            "user": row.user,
            "host": row.host,
            "pid": None,
            "started": row.started,
            "updated": row.ended or row.started,
            "ended": row.ended,
            "computed": row.computed,
            "reused": row.reused,
            "failed": row.failed,
            "bytes": row.bytes,
            "requests": row.requests,
            "reference": f"{row.name}@{row.major}.{row.minor}.{row.patch}" if row.name else None,
            "steps": [],
            "step": None,
            "left": None,
            "failures": [],
            "error": None,
        }
        for row in rows
    ]
