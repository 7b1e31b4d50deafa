"""Jobs: chains that ran, and those that run now."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from neurochain.datasets import tables
from neurochain.datasets.project import Project
from neurochain.web.api.questions import number

__all__ = ["job_list"]


def job_list(project: Project, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Activities, the newest first, with the versions that they made."""
    a, v = tables.activities.c, tables.versions.c
    asked = (
        select(tables.activities, tables.datasets.c.name, v.major, v.minor, v.patch)
        .outerjoin(tables.versions, v.activity == a.id)
        .outerjoin(tables.datasets, tables.datasets.c.id == v.dataset)
        .order_by(a.started.desc())
        .limit(number(query, "limit", 100, 1000))
    )
    with project.database.read() as connection:
        rows = connection.execute(asked).all()
    return [
        {
            "id": row.id,
            "command": row.command,
            "started": row.started,
            "ended": row.ended,
            "status": row.status,
            "user": row.user,
            "host": row.host,
            "computed": row.computed,
            "reused": row.reused,
            "failed": row.failed,
            "bytes": row.bytes,
            "requests": row.requests,
            "reference": f"{row.name}@{row.major}.{row.minor}.{row.patch}" if row.name else None,
        }
        for row in rows
    ]
