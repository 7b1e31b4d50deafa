"""Publishing: how a version that is complete on disk becomes visible, in one transaction."""

import hashlib
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, select

from neurochain.datasets import tables
from neurochain.datasets.activity import Activity
from neurochain.datasets.content import SCHEME
from neurochain.datasets.environment import Origin
from neurochain.datasets.events import append
from neurochain.datasets.numbers import LEVELS, change_level, format_number, next_number, parse_number
from neurochain.datasets.parts import Part, check_parts, register_parts
from neurochain.datasets.project import Project
from neurochain.datasets.schema import Schema
from neurochain.datasets.versions import DatasetVersion, version_numbers, version_of_row, version_rows
from neurochain.errors import VersionError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]*(/[A-Za-z0-9][A-Za-z0-9_.\-]*)*\Z")


@dataclass(frozen=True)
class Draft:
    """A version that is complete on disk and waits to be published."""

    name: str
    schema: Schema
    plan: dict[str, Any]
    parts: Sequence[Part]
    content_hash: str
    rows: int
    manifests: Sequence[Part]
    activity: Activity
    explicit: str | None = None
    bump: str | None = None
    description: str = ""
    labels: Sequence[str] = ()
    tolerances: Mapping[str, float] = field(default_factory=dict)


def publish(project: Project, draft: Draft, origin: Origin) -> tuple[DatasetVersion, bool]:
    """Publish in one transaction; the version, and whether it is new.

    The same plan that gave the same content gives no new version, unless a bump is asked for. The number is the
    highest of: patch for changed rows or lineage, minor for added columns, major for columns removed or of another
    type, and the bump.

    Raises
    ------
    VersionError
        The explicit version exists already, or a part is no longer on disk.
    """
    plan_hash = hashlib.sha256(json.dumps(draft.plan, sort_keys=True).encode()).hexdigest()
    with project.database.write() as connection:
        dataset = connection.execute(
            select(tables.datasets.c.id).where(tables.datasets.c.name == draft.name)
        ).scalar_one_or_none()
        numbers = version_numbers(connection, dataset) if dataset is not None else {}
        latest: Any = None
        if numbers:
            query = version_rows().where(tables.versions.c.id == numbers[max(numbers)])
            latest = connection.execute(query).one()
        if draft.explicit is not None:
            number = parse_number(draft.explicit)
            if number in numbers:
                raise VersionError(
                    f"{draft.name}@{draft.explicit} exists already, and versions never change. "
                    f"The next free one is {format_number(next_number(max(numbers), 2))}; leave version out to get it."
                )
        elif latest is None:
            number = (1, 0, 0)
        elif not draft.bump and (latest.plan_hash, latest.content_hash, latest.withdrawn) == (
            plan_hash,
            draft.content_hash,
            None,
        ):
            return version_of_row(project, latest), False
        else:
            level = change_level(Schema.from_json(latest.schema), draft.schema)
            wanted = LEVELS.index(draft.bump) if draft.bump else level
            number = next_number(max(numbers), min(level, wanted))
        now = time.time()
        if dataset is None:
            dataset = _inserted(connection, insert(tables.datasets).values(name=draft.name, created=now))
        check_parts(project, [p.hash for p in (*draft.parts, *draft.manifests)])
        register_parts(connection, [*draft.parts, *draft.manifests])
        draft.activity.record(connection, origin)
        version = _inserted(
            connection,
            insert(tables.versions).values(
                dataset=dataset,
                major=number[0],
                minor=number[1],
                patch=number[2],
                schema=draft.schema.to_json(),
                plan=draft.plan,
                plan_hash=plan_hash,
                content_hash=draft.content_hash,
                rows=draft.rows,
                bytes=sum(p.bytes for p in draft.parts),
                created=now,
                description=draft.description,
                labels=list(draft.labels),
                problems=draft.activity.problems,
                activity=draft.activity.id,
                tolerances=dict(draft.tolerances),
                content_scheme=SCHEME,
            ),
        )
        for ordinal, part in enumerate(draft.parts):
            connection.execute(
                insert(tables.version_parts).values(version=version, ordinal=ordinal, part=part.hash)
            )
        reference = f"{draft.name}@{format_number(number)}"
        saved = {"version": reference, "content_hash": draft.content_hash, "rows": draft.rows}
        append(connection, "saved", saved)
        row = connection.execute(version_rows().where(tables.versions.c.id == version)).one()
    return version_of_row(project, row), True


def check_name(name: str) -> None:
    """Refuse a dataset name that could not be written as ``name@version`` or in a path."""
    if not _NAME.match(name):
        raise VersionError(
            f"{name!r} cannot name a dataset. Use letters, digits, '_', '-', '.' and '/', each part starting with "
            "a letter or digit; the version goes into version=."
        )


def _inserted(connection: Connection, statement: Any) -> int:
    key: Any = connection.execute(statement).inserted_primary_key
    return int(key[0])
