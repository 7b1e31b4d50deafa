"""Statistic: numbers over rows of a version, computed once and kept with it. All of them can be computed again."""

import hashlib
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from neurochain.datasets import tables
from neurochain.datasets.project import Project
from neurochain.errors import ProjectError


@dataclass(frozen=True)
class Statistic:
    """Numbers over rows of a version.

    Attributes
    ----------
    about : dict
        Plain JSON: ``statistic`` (its name), ``column``, and ``steps``, which chose the rows.
    found : dict
        Plain JSON: the numbers.
    created : datetime
        UTC.
    """

    about: dict[str, Any]
    found: dict[str, Any]
    created: datetime


def find_statistic(project: Project, version: int, about: Mapping[str, Any]) -> dict[str, Any] | None:
    """Numbers that were kept with a version, by its id; None where there are none such."""
    c = tables.statistics.c
    query = select(c.found).where(c.version == version, c.hash == _hash(about))
    with project.database.read() as connection:
        return connection.execute(query).scalar_one_or_none()


def keep_statistic(
    project: Project, version: int, about: Mapping[str, Any], found: Mapping[str, Any]
) -> None:
    """Keep numbers with a version; a project that may not be written is no error."""
    c, name = tables.statistics.c, _hash(about)
    values = {"hash": name, "about": dict(about), "found": dict(found), "created": time.time()}
    with suppress(ProjectError), project.database.write() as connection:
        connection.execute(delete(tables.statistics).where(c.version == version, c.hash == name))
        connection.execute(insert(tables.statistics).values(version=version, **values))


def version_statistics(project: Project, version: int) -> list[Statistic]:
    """All that are kept with a version, by its id, in the order in which they were computed."""
    c = tables.statistics.c
    query = select(c.about, c.found, c.created).where(c.version == version).order_by(c.created)
    with project.database.read() as connection:
        return [
            Statistic(about, found, datetime.fromtimestamp(created, UTC))
            for about, found, created in connection.execute(query)
        ]


def forget_statistics(connection: Connection, version: int) -> None:
    """Delete those of a version whose rows are deleted."""
    connection.execute(delete(tables.statistics).where(tables.statistics.c.version == version))


def _hash(about: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
