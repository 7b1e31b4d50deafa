"""DatasetVersion: an immutable, numbered result, and how one is published and found."""

import hashlib
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, insert, select

from neurochain.datasets import tables
from neurochain.datasets.activity import Activity
from neurochain.datasets.diff import VersionDiff, compare
from neurochain.datasets.environment import Origin
from neurochain.datasets.explanation import Explanation, explain_version
from neurochain.datasets.filetable import reach_roots, root_uris
from neurochain.datasets.lineage import Lineage, read_lineage
from neurochain.datasets.location import file_columns, restore_uris
from neurochain.datasets.numbers import (
    LEVELS,
    Number,
    change_level,
    format_number,
    matching,
    next_number,
    parse_number,
)
from neurochain.datasets.parts import Part, check_parts, register_parts, scan_parts
from neurochain.datasets.project import Project
from neurochain.datasets.schema import Schema
from neurochain.errors import DatasetNotFoundError, VersionError, suggestion

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]*(/[A-Za-z0-9][A-Za-z0-9_.\-]*)*\Z")


@dataclass(frozen=True)
class DatasetVersion:
    """One immutable version of a dataset.

    Attributes
    ----------
    name : str
        Of the dataset.
    version : str
        ``"1.2.0"``.
    schema : Schema
        Columns with types, units and axes.
    content_hash : str
        Over the logical rows, hex; the same rows have the same hash anywhere.
    rows, bytes : int
        Rows, and bytes of the parts on disk.
    created : datetime
        UTC.
    description : str
    labels : tuple of str
    problems : tuple of str
        Why it cannot be reproduced; empty where it can.
    plan : dict
        The canonical plan that made it.
    """

    project: Project = field(repr=False)
    id: int
    name: str
    version: str
    schema: Schema
    content_hash: str
    rows: int
    bytes: int
    created: datetime
    description: str
    labels: tuple[str, ...]
    problems: tuple[str, ...]
    plan: dict[str, Any] = field(repr=False)

    def __repr__(self) -> str:
        return (
            f"DatasetVersion({self.reference}, {self.rows:,} rows, {len(self.schema)} columns, "
            f"content {self.content_hash[:12]}{', not reproducible' if self.problems else ''})"
        )

    @property
    def reference(self) -> str:
        """``name@1.2.0``."""
        return f"{self.name}@{self.version}"

    @property
    def source(self) -> str:
        """Source text of the functions that made it, in the order in which they ran."""
        used = self.lineage().functions
        return "\n\n".join(f.source or f"# {f.name}: its source could not be read" for f in used)

    def lineage(self) -> Lineage:
        """What made it, back to storage."""
        return read_lineage(self.project, self.id)

    def diff(self, other: "DatasetVersion | str | None" = None, key: str | Sequence[str] = ()) -> VersionDiff:
        """What is different from another version; of the same dataset, the one before by default.

        Parameters
        ----------
        other : DatasetVersion or str, optional
            The older one.
        key : str or list of str
            Columns that tell the rows apart; by default their hidden keys do.

        Raises
        ------
        DatasetNotFoundError
            There is none before.
        """
        if other is None:
            other = self.before()
            if other is None:
                raise DatasetNotFoundError(
                    f"{self.reference} is the first version of its dataset. Name another: version.diff('name@1.0.0')."
                )
        elif isinstance(other, str):
            other = find_version(self.project, other)
        return compare(other, self, (key,) if isinstance(key, str) else tuple(key))

    def explain(self) -> Explanation:
        """Which of its rows were computed and which reused, step by step, and why: what was not so in the version before."""
        return explain_version(self, self.before())

    def before(self) -> "DatasetVersion | None":
        """The version of the same dataset with the next lower number; None of the first."""
        with self.project.database.read() as connection:
            dataset = connection.execute(
                select(tables.versions.c.dataset).where(tables.versions.c.id == self.id)
            ).scalar_one()
            numbers = _numbers(connection, dataset)
        earlier = [n for n in numbers if n < parse_number(self.version)]
        if not earlier:
            return None
        return find_version(self.project, f"{self.name}@{format_number(max(earlier))}")

    def part_hashes(self) -> list[str]:
        """SHA-256 of each part's file, in row order."""
        c = tables.version_parts.c
        query = select(c.part).where(c.version == self.id).order_by(c.ordinal)
        with self.project.database.read() as connection:
            return list(connection.execute(query).scalars())

    def scan(self) -> pl.LazyFrame:
        """Rows as flat columns, with the hidden key; the files' uris as their roots lie today."""
        frame = scan_parts(self.project, self.part_hashes(), self.schema)
        if not any(file_columns(self.schema)):
            return frame
        reach_roots(self.project)
        return restore_uris(frame, self.schema, root_uris(self.project))


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
        numbers = _numbers(connection, dataset) if dataset is not None else {}
        latest: Any = None
        if numbers:
            query = _versions().where(tables.versions.c.id == numbers[max(numbers)])
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
        elif not draft.bump and latest.plan_hash == plan_hash and latest.content_hash == draft.content_hash:
            return _read(project, latest), False
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
            ),
        )
        for ordinal, part in enumerate(draft.parts):
            connection.execute(
                insert(tables.version_parts).values(version=version, ordinal=ordinal, part=part.hash)
            )
        row = connection.execute(_versions().where(tables.versions.c.id == version)).one()
    return _read(project, row), True


def find_version(project: Project | None, reference: str) -> DatasetVersion:
    """Version of ``name`` (the latest), ``name@1.2.0``, or the latest of a range: ``name@^1.2``, see `matching`.

    Raises
    ------
    DatasetNotFoundError
        There is none; the message lists what there is.
    """
    name, _, wanted = reference.partition("@")
    if project is None:
        raise DatasetNotFoundError(
            f"Dataset {name!r} is not found: there is no .neurochain folder here or above. "
            "Change to the project's folder, or set NEUROCHAIN_HOME."
        )
    with project.database.read() as connection:
        found = connection.execute(select(tables.datasets.c.name, tables.datasets.c.id)).all()
        names = {r.name: r.id for r in found}
        if name not in names:
            raise DatasetNotFoundError(f"Dataset {name!r} is not found. {suggestion(name, names)}")
        numbers = _numbers(connection, names[name])
        allowed = matching(wanted, numbers)
        if not allowed:
            existing = ", ".join(format_number(n) for n in sorted(numbers, reverse=True)[:12])
            raise DatasetNotFoundError(f"Dataset {name!r} has no version {wanted}. Existing: {existing}.")
        row = connection.execute(_versions().where(tables.versions.c.id == numbers[allowed[-1]])).one()
    return _read(project, row)


def list_versions(project: Project | None) -> pl.DataFrame:
    """All versions: ``name, version, rows, size, created, description, labels``, newest last per name."""
    schema = {
        "name": pl.String(),
        "version": pl.String(),
        "rows": pl.Int64(),
        "size": pl.Int64(),
        "created": pl.Datetime("us", "UTC"),
        "description": pl.String(),
        "labels": pl.List(pl.String()),
    }
    if project is None:
        return pl.DataFrame(schema=schema)
    c = tables.versions.c
    query = _versions().order_by(tables.datasets.c.name, c.major, c.minor, c.patch)
    with project.database.read() as connection:
        found = connection.execute(query).all()
    rows = [
        (
            r.name,
            format_number((r.major, r.minor, r.patch)),
            r.rows,
            r.bytes,
            datetime.fromtimestamp(r.created, UTC),
            r.description,
            r.labels,
        )
        for r in found
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def check_name(name: str) -> None:
    """Refuse a dataset name that could not be written as ``name@version`` or in a path."""
    if not _NAME.match(name):
        raise VersionError(
            f"{name!r} cannot name a dataset. Use letters, digits, '_', '-', '.' and '/', each part starting with "
            "a letter or digit; the version goes into version=."
        )


def _versions() -> Any:
    return select(tables.datasets.c.name, tables.versions).join(
        tables.datasets, tables.datasets.c.id == tables.versions.c.dataset
    )


def _numbers(connection: Connection, dataset: int) -> dict[Number, int]:
    c = tables.versions.c
    found = connection.execute(select(c.major, c.minor, c.patch, c.id).where(c.dataset == dataset)).all()
    return {(r.major, r.minor, r.patch): r.id for r in found}


def _inserted(connection: Connection, statement: Any) -> int:
    key: Any = connection.execute(statement).inserted_primary_key
    return int(key[0])


def _read(project: Project, row: Any) -> DatasetVersion:
    return DatasetVersion(
        project=project,
        id=row.id,
        name=row.name,
        version=format_number((row.major, row.minor, row.patch)),
        schema=Schema.from_json(row.schema),
        content_hash=row.content_hash,
        rows=row.rows,
        bytes=row.bytes,
        created=datetime.fromtimestamp(row.created, UTC),
        description=row.description,
        labels=tuple(row.labels),
        problems=tuple(row.problems),
        plan=row.plan,
    )
