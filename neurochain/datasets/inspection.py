"""Inspection: is all that is saved still what was saved, down to the last bit?

Parts are hashed before anything reads them: what a flipped bit makes of a Parquet file, no reader need survive.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text

from neurochain.datasets import tables
from neurochain.datasets.content import ContentHash
from neurochain.datasets.numbers import format_number
from neurochain.datasets.parts import damaged_parts, scan_parts
from neurochain.datasets.project import Project
from neurochain.datasets.versions import DatasetVersion, version_of_row, version_rows
from neurochain.errors import NeurochainError

RESTORE = (
    "Restore the file from a backup under the same name, or run the script that saved it again: "
    "the same rows are written to the same part"
)
FORGET = "Delete the file: the results are computed again when they are asked for"
Uses = dict[str, list[str]]
Advance = Callable[[], None]


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be.

    Attributes
    ----------
    text : str
        What is wrong, and what to do.
    harmless : bool
        It only takes space.
    """

    text: str
    harmless: bool = False


def check_tables(project: Project) -> list[Finding]:
    """What SQLite finds wrong with the database, and rows that refer to nothing."""
    with project.database.read() as connection:
        broken = [str(line) for line in connection.execute(text("PRAGMA integrity_check")).scalars()]
        lost = connection.execute(text("PRAGMA foreign_key_check")).all()
    found = [
        Finding(f"{line}. Restore {project.database.path} from a backup.") for line in broken if line != "ok"
    ]
    counted: dict[tuple[str, str], int] = {}
    for table, _, parent, _ in lost:
        counted[table, parent] = counted.get((table, parent), 0) + 1
    return found + [
        Finding(
            f"Rows of the table {table} that refer to rows of {parent} that are not there: {count:,}. "
            f"Restore {project.database.path} from a backup.",
        )
        for (table, parent), count in counted.items()
    ]


def part_uses(project: Project) -> Uses:
    """Every part that something refers to, or that is registered, with what refers to it, in words."""
    t = tables
    names: dict[Any, list[str]] = {}
    uses: Uses = {}

    def note(part: str | None, *users: str) -> None:
        if part is not None:
            known = uses.setdefault(part, [])
            known.extend(user for user in users if user not in known)

    with project.database.read() as connection:
        labels = {}
        for row in connection.execute(version_rows()):
            labels[row.id] = f"{row.name}@{format_number((row.major, row.minor, row.patch))}"
            names.setdefault(row.activity, []).append(f"the lineage of {labels[row.id]}")
        for row in connection.execute(select(t.version_parts)):
            note(row.part, labels.get(row.version, "a version that is not there"))
        for column in (
            t.inputs.c.manifest,
            t.input_parts.c.part,
            t.activity_udfs.c.reads,
            t.activities.c.failures,
        ):
            activity = column.table.c.id if column.table is t.activities else column.table.c.activity
            for owner, part in connection.execute(select(activity, column)):
                note(part, *names.get(owner, ["an activity that saved nothing"]))
        for part in connection.execute(select(t.ledger.c.part)).scalars():
            note(part, "results kept for reuse")
        for part in connection.execute(select(t.parts.c.hash)).scalars():
            note(part)
    return uses


def check_files(project: Project, uses: Uses, advance: Advance) -> dict[str, Finding]:
    """Parts that are lost or damaged, by their hashes.

    Parameters
    ----------
    project : Project
        Whose parts.
    uses : dict
        From `part_uses`; those that nothing uses are left out.
    advance : callable
        Called behind each part.
    """
    found = {}
    for part, users in uses.items():
        if not users:
            continue
        for problem in damaged_parts(project, [part]):
            remedy = FORGET if users == ["results kept for reuse"] else RESTORE
            found[part] = Finding(f"{problem}. It belongs to {_listed(users)}. {remedy}.")
        advance()
    return found


def check_contents(
    project: Project, versions: Iterable[DatasetVersion], damaged: Iterable[str], advance: Advance
) -> list[Finding]:
    """Versions whose rows are not those that were saved. Those with damaged parts are not read.

    Parameters
    ----------
    project : Project
        Whose versions.
    versions : iterable of DatasetVersion
        From `all_versions`.
    damaged : iterable of str
        Hashes of parts that must not be read.
    advance : callable
        Called behind each version.
    """
    damaged, found = set(damaged), []
    for version in versions:
        if damaged.isdisjoint(version.part_hashes()) and (wrong := wrong_content(version)):
            remedy = (
                f"{wrong}. The database was changed by hand, or is damaged: "
                f"restore {project.database.path} from a backup, or save the version again."
            )
            found.append(Finding(f"{version.reference}: {remedy}"))
        advance()
    return found


def wrong_content(version: DatasetVersion) -> str:
    """How the rows of a version, whose parts are whole, are not those that were saved; empty where they are.

    A version that was saved before the scheme of content hashes was recorded may have the hash of an earlier one, which
    says nothing today. Then its parts alone stand for its rows.
    """
    content = ContentHash(version.schema)
    try:
        for part in version.part_hashes():
            content.update(scan_parts(version.project, [part], version.schema).collect())
    except NeurochainError as error:
        return str(error).removesuffix(".")
    if content.rows != version.rows:
        return f"it has {content.rows:,} rows, and {version.rows:,} were saved"
    if content.hexdigest() == version.content_hash or _scheme(version) is None:
        return ""
    return "its rows are not those that were saved: their content hash is another"


def _scheme(version: DatasetVersion) -> int | None:
    c = tables.versions.c
    with version.project.database.read() as connection:
        found: int | None = connection.execute(
            select(c.content_scheme).where(c.id == version.id)
        ).scalar_one()
    return found


def all_versions(project: Project) -> list[DatasetVersion]:
    """Every version of the project whose rows were not withdrawn."""
    query = version_rows().where(tables.versions.c.withdrawn.is_(None))
    with project.database.read() as connection:
        rows = connection.execute(query).all()
    return [version_of_row(project, row) for row in rows]


def check_garbage(project: Project, uses: Uses) -> list[Finding]:
    """Parts that are registered or lie on disk, and that nothing refers to."""
    on_disk = {path.stem for path in project.parts.glob("*/*.parquet")}
    registered = sorted(part for part, users in uses.items() if not users)
    unknown = sorted(on_disk - uses.keys())
    found = []
    for parts, which in ((registered, "Registered parts"), (unknown, "Unregistered parts")):
        if parts:
            what = f"{which} that belong to no version and no result: {len(parts):,}, {parts[0]} first."
            found.append(Finding(f"{what} `neurochain gc` deletes what no running process needs.", True))
    return found


def _listed(users: list[str], most: int = 3) -> str:
    rest = f" and {len(users) - most} more" if len(users) > most else ""
    return ", ".join(users[:most]) + rest
