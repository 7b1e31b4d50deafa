"""Datasets of the project, and versions of one, as the page lists them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from neurochain.datasets import tables
from neurochain.datasets.jobs import RUNNING, Jobs
from neurochain.datasets.numbers import format_number
from neurochain.datasets.project import Project
from neurochain.datasets.versions import (
    DatasetVersion,
    dataset_names,
    find_version,
    version_numbers,
    version_of_row,
    version_rows,
)
from neurochain.errors import DatasetNotFoundError, suggestion
from neurochain.web.api.parameters import Text
from neurochain.web.api.questions import NAME, REF, SEARCH

__all__ = ["dataset_list", "project_facts", "version_list"]


def project_facts(project: Project, jobs: Jobs, query: Mapping[str, str]) -> dict[str, Any]:
    """What the project holds, and what runs in it."""
    with project.database.read() as connection:
        count = connection.execute(select(func.count()).select_from(tables.datasets)).scalar_one()
        size = connection.execute(select(func.coalesce(func.sum(tables.parts.c.bytes), 0))).scalar_one()
    return {
        "name": project.folder.parent.name or "/",
        "datasets": count,
        "bytes": size,
        "read_only": project.read_only,
        "jobs_running": sum(job.status == RUNNING for job in jobs.read()),
    }


def dataset_list(project: Project, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Datasets with their latest versions; with ``search``, those in whose name, description, labels or columns all its words stand."""
    words = SEARCH.of(query).lower().split()
    c = tables.versions.c
    with project.database.read() as connection:
        rows = connection.execute(
            version_rows().order_by(tables.datasets.c.name, c.major, c.minor, c.patch)
        ).all()
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.name, []).append(row)
    out = []
    for name, versions in found.items():
        latest = version_of_row(project, versions[-1])
        told = [name, latest.description, *latest.labels, *latest.schema.leaves()]
        if all(any(word in one.lower() for one in told) for word in words):
            out.append({"name": name, "versions": len(versions), "latest": summary(latest)})
    return out


def version_list(project: Project, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Versions of the dataset ``name``, the newest first.

    Raises
    ------
    DatasetNotFoundError
        There is none.
    """
    name = NAME.of(query)
    c = tables.versions.c
    with project.database.read() as connection:
        rows = connection.execute(
            version_rows()
            .where(tables.datasets.c.name == name)
            .order_by(c.major.desc(), c.minor.desc(), c.patch.desc())
        ).all()
    if not rows:
        names = dataset_names(project)
        raise DatasetNotFoundError(f"Dataset {name!r} is not found. {suggestion(name, names)}")
    return [summary(version_of_row(project, row)) for row in rows]


def summary(version: DatasetVersion) -> dict[str, Any]:
    """What a list says of a version."""
    return {
        "reference": version.reference,
        "version": version.version,
        "rows": version.rows,
        "bytes": version.bytes,
        "created": version.created.isoformat(),
        "description": version.description,
        "labels": list(version.labels),
        "problems": list(version.problems),
        "withdrawn": version.withdrawn,
        "columns": list(version.schema),
    }


def neighbours(version: DatasetVersion) -> tuple[str | None, str | None]:
    """References of the versions before and after, by number."""
    with version.project.database.read() as connection:
        dataset = connection.execute(
            select(tables.versions.c.dataset).where(tables.versions.c.id == version.id)
        ).scalar_one()
        numbers = sorted(version_numbers(connection, dataset))
    at = [format_number(n) for n in numbers].index(version.version)
    before = f"{version.name}@{format_number(numbers[at - 1])}" if at else None
    after = f"{version.name}@{format_number(numbers[at + 1])}" if at + 1 < len(numbers) else None
    return before, after


def version_of(project: Project, query: Mapping[str, str], which: Text = REF) -> DatasetVersion:
    """The version that a request names.

    Raises
    ------
    DatasetNotFoundError
        There is none.
    """
    return find_version(project, which.of(query))
