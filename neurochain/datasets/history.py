"""History: what was saved, newest first."""

from typing import Any

from sqlalchemy import select

from neurochain.datasets import tables
from neurochain.datasets.project import Project
from neurochain.errors import DatasetNotFoundError, suggestion


def version_history(project: Project | None, name: str | None = None) -> list[dict[str, Any]]:
    """One entry per version, newest first: what it is, and what its activity did.

    Raises
    ------
    DatasetNotFoundError
        A name was given, and no dataset has it.
    """
    if project is None:
        return []
    d, v, a = tables.datasets.c, tables.versions.c, tables.activities.c
    query = (
        select(
            d.name, v.major, v.minor, v.patch, v.rows, v.bytes.label("size"), v.content_hash, v.description,
            v.labels, v.problems, v.created, a.started, a.ended, a.host, a.user, a.command, a.git_commit,
            a.git_dirty, a.computed, a.reused, a.failed, a.bytes, a.requests,
        )
        .select_from(tables.versions)
        .join(tables.datasets, d.id == v.dataset)
        .join(tables.activities, a.id == v.activity)
        .order_by(v.created.desc(), v.id.desc())
    )  # fmt: skip
    with project.database.read() as connection:
        names = list(connection.execute(select(d.name)).scalars())
        if name is not None and name not in names:
            raise DatasetNotFoundError(f"Dataset {name!r} is not found. {suggestion(name, names)}")
        found = (
            connection.execute(query.where(d.name == name) if name is not None else query).mappings().all()
        )
    entries = []
    for row in found:
        entry = dict(row)
        number = [entry.pop(part) for part in ("major", "minor", "patch")]
        entries.append({"name": entry.pop("name"), "version": ".".join(map(str, number)), **entry})
    return entries
