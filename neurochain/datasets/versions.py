"""DatasetVersion: an immutable, numbered result, and how one is found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import polars as pl
from sqlalchemy import Connection, select

from neurochain.datasets import tables
from neurochain.datasets.annotating import annotate
from neurochain.datasets.diff import VersionDiff, compare
from neurochain.datasets.explanation import Explanation, explain_version
from neurochain.datasets.filetable import reach_roots, root_uris
from neurochain.datasets.lineage import Lineage, read_lineage
from neurochain.datasets.location import file_columns, restore_uris
from neurochain.datasets.numbers import (
    Number,
    format_number,
    matching,
    parse_number,
)
from neurochain.datasets.parts import parts_of_version, scan_parts
from neurochain.datasets.project import Project
from neurochain.datasets.schema import Schema
from neurochain.datasets.statistics import Statistic, version_statistics
from neurochain.datasets.uses import Uses
from neurochain.datasets.versionpage import version_html
from neurochain.errors import DatasetNotFoundError, VersionError, suggestion


@dataclass(frozen=True)
class DatasetVersion(Uses):
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
    tolerances : dict of str to float
        By column, how far a value may be off that is made again.
    withdrawn : dict or None
        When, why and how many of its rows were withdrawn; then none of them is there any more.
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
    tolerances: dict[str, float] = field(default_factory=dict, repr=False)
    withdrawn: dict[str, Any] | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return (
            f"DatasetVersion({self.reference}, {self.rows:,} rows, {len(self.schema)} columns, "
            f"content {self.content_hash[:12]}{', not reproducible' if self.problems else ''})"
        )

    def _repr_html_(self) -> str:
        return version_html(self)

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

    def statistics(self) -> list[Statistic]:
        """Numbers over its rows that were computed for trainings and kept with it."""
        return version_statistics(self.project, self.id)

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

    def annotate(
        self, description: str | None = None, labels: Sequence[str] | None = None
    ) -> "DatasetVersion":
        """Change what people say of it, in place; the version as it is then.

        Parameters
        ----------
        description : str, optional
            Takes the place of the one that there is.
        labels : sequence of str, optional
            Take the place of those that there are.

        Raises
        ------
        VersionError
            They are too long, or hold what no line of text does.

        Examples
        --------
        >>> nc.dataset("features").annotate(labels=["reviewed"])             # doctest: +SKIP
        """
        annotate(self.project, self.id, self.reference, description, labels)
        return find_version(self.project, self.reference)

    def before(self) -> "DatasetVersion | None":
        """The version of the same dataset with the next lower number; None of the first."""
        with self.project.database.read() as connection:
            dataset = connection.execute(
                select(tables.versions.c.dataset).where(tables.versions.c.id == self.id)
            ).scalar_one()
            numbers = version_numbers(connection, dataset)
        earlier = [n for n in numbers if n < parse_number(self.version)]
        if not earlier:
            return None
        return find_version(self.project, f"{self.name}@{format_number(max(earlier))}")

    def check_rows(self) -> None:
        """Refuse to go on where its rows were withdrawn.

        Raises
        ------
        VersionError
            They were; the message says when, why, and which version holds the others.
        """
        if (said := self.withdrawn) is None:
            return
        rest = said["replaced"]
        what = f"Its other rows are {rest}." if rest else "Compute it again, without them."
        why = f" ({said['reason']})" if said["reason"] else ""
        raise VersionError(
            f"{said['rows']:,} rows of {self.reference} were withdrawn on {said['time'][:10]}{why}. {what}"
        )

    def part_hashes(self) -> list[str]:
        """SHA-256 of each part's file, in row order."""
        return [part for part, _ in parts_of_version(self.project, self.id)]

    def scan(self, roots: Mapping[str, str] = MappingProxyType({})) -> pl.LazyFrame:
        """Rows as flat columns, with the hidden key; the files' uris as their roots lie today, or as `roots` says.

        Raises
        ------
        VersionError
            They were withdrawn, or parts are missing.
        """
        self.check_rows()
        parts = parts_of_version(self.project, self.id)
        frame = scan_parts(
            self.project, [part for part, _ in parts], self.schema, sizes=[size for _, size in parts]
        )
        if not any(file_columns(self.schema)):
            return frame
        reach_roots(self.project)
        return restore_uris(frame, self.schema, {**root_uris(self.project), **roots})


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
        numbers = version_numbers(connection, names[name])
        allowed = matching(wanted, numbers)
        if not allowed:
            existing = ", ".join(format_number(n) for n in sorted(numbers, reverse=True)[:12])
            raise DatasetNotFoundError(f"Dataset {name!r} has no version {wanted}. Existing: {existing}.")
        if len(allowed) > 1:  # of several, one whose rows are there
            there = set(connection.execute(_there(names[name])).scalars())
            allowed = [n for n in allowed if numbers[n] in there] or allowed
        row = connection.execute(version_rows().where(tables.versions.c.id == numbers[allowed[-1]])).one()
    return version_of_row(project, row)


def dataset_names(project: Project) -> list[str]:
    """Names of all datasets, in their order."""
    query = select(tables.datasets.c.name).order_by(tables.datasets.c.name)
    with project.database.read() as connection:
        return list(connection.execute(query).scalars())


def _there(dataset: int) -> Any:
    c = tables.versions.c
    return select(c.id).where(c.dataset == dataset, c.withdrawn.is_(None))


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
    query = version_rows().order_by(tables.datasets.c.name, c.major, c.minor, c.patch)
    with project.database.read() as connection:
        found = connection.execute(query).all()
    rows = [
        (
            r.name,
            format_number((r.major, r.minor, r.patch)),
            r.rows,
            r.bytes,
            datetime.fromtimestamp(r.created, UTC),
            _described(r),
            r.labels,
        )
        for r in found
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _described(row: Any) -> str:
    """Description of a version, or why its rows are not there any more."""
    if row.withdrawn is None:
        return str(row.description)
    return f"withdrawn on {row.withdrawn['time'][:10]}: {row.withdrawn['reason'] or 'no reason given'}"


def version_rows() -> Any:
    """Query of all versions, with their datasets' names."""
    return select(tables.datasets.c.name, tables.versions).join(
        tables.datasets, tables.datasets.c.id == tables.versions.c.dataset
    )


def version_numbers(connection: Connection, dataset: int) -> dict[Number, int]:
    """Numbers of a dataset's versions, with their rows in the database."""
    c = tables.versions.c
    found = connection.execute(select(c.major, c.minor, c.patch, c.id).where(c.dataset == dataset)).all()
    return {(r.major, r.minor, r.patch): r.id for r in found}


def version_of_row(project: Project, row: Any) -> DatasetVersion:
    """Version of a row of `version_rows`."""
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
        tolerances=row.tolerances or {},
        withdrawn=row.withdrawn,
    )
