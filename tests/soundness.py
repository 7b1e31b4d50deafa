"""Soundness: what must hold of a project whatever happened to its processes."""

from sqlalchemy import select, text

from neurochain.datasets import leases, tables
from neurochain.datasets.content import ContentHash
from neurochain.datasets.project import SCRATCH, STAGING, Project
from neurochain.datasets.versions import DatasetVersion, find_version, list_versions

REFERENCES = [
    column
    for table in tables.metadata.sorted_tables
    for column in table.c
    if any(key.column is tables.parts.c.hash for key in column.foreign_keys)
]


def check_database(project: Project) -> None:
    """SQLite finds nothing wrong, nor does a foreign key lead nowhere."""
    with project.database.read() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []


def check_version(project: Project, reference: str) -> DatasetVersion:
    """A version reads back as the rows that were saved, and so does its lineage."""
    version = find_version(project, reference)
    content = ContentHash(version.schema)
    content.update(version.scan().collect())
    assert content.hexdigest() == version.content_hash, reference
    lineage = version.lineage()
    for frame in (lineage.files(), lineage.reads(), lineage.failures()):
        assert frame.width > 0
    return version


def check_versions(project: Project) -> list[str]:
    """As `check_version`, all that are listed; their references."""
    listed = [f"{name}@{number}" for name, number in list_versions(project).select("name", "version").rows()]
    for reference in listed:
        check_version(project, reference)
    return listed


def parts_on_disk(project: Project) -> set[str]:
    return {p.stem for p in project.parts.rglob("*.parquet")}


def parts_in_use(project: Project) -> set[str]:
    """Parts that a row of the database refers to."""
    used: set[str] = set()
    with project.database.read() as connection:
        for column in REFERENCES:
            used.update(connection.execute(select(column).where(column.is_not(None))).scalars())
    return used


def check_no_garbage(project: Project) -> None:
    """After a collection: exactly the parts in use are there, and no killed process has left anything."""
    with project.database.read() as connection:
        known = set(connection.execute(select(tables.parts.c.hash)).scalars())
    assert parts_on_disk(project) == parts_in_use(project) == known
    for folder in (STAGING, SCRATCH):
        assert not (project.folder / folder).exists() or not list((project.folder / folder).iterdir())
    assert not list((project.folder / "leases").glob(f"*{leases.SUFFIX}"))
