"""Importing: a bundle's versions into a project, all of them or none."""

import hashlib
import json
import os
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from neurochain.chain.run import batches
from neurochain.datasets import tables
from neurochain.datasets.content import ContentHash
from neurochain.datasets.database import insert_or_ignore
from neurochain.datasets.events import append
from neurochain.datasets.filetable import check_root, root_uris
from neurochain.datasets.numbers import format_number
from neurochain.datasets.parts import Part, register_parts, scan_parts, take_part
from neurochain.datasets.project import Project
from neurochain.datasets.schema import Schema
from neurochain.datasets.versions import DatasetVersion, find_version
from neurochain.errors import VersionError
from neurochain.export.bundle.record import PARTS, Record, VersionRecord, read_record


def import_bundle(
    project: Project,
    folder: str | os.PathLike[str],
    *,
    into: str = "",
    roots: Mapping[str, str] | None = None,
) -> list[DatasetVersion]:
    """Take over the versions of a bundle; those that are here already stay as they are.

    Parameters
    ----------
    project : Project
        That gets them.
    folder : str or path
        What `write_bundle` wrote.
    into : str
        Before the datasets' names: ``"lab2/"``.
    roots : mapping of str to str, optional
        Where the source files lie here, by the names of their folders. Others keep the place they had.

    Returns
    -------
    list of DatasetVersion
        The one that was exported stands last.

    Raises
    ------
    VersionError
        It is no bundle, its bytes or rows are not those that were exported, or a version of that number is another one
        here. Nothing is taken over then.
    """
    place = Path(folder).expanduser().absolute()
    record = read_record(place)
    named = _roots(project, record, roots or {})
    _check_references(record)
    parts = [_part(project, place, hash_, said.rows, said.bytes) for hash_, said in record.parts.items()]
    for version in record.versions:
        _check_content(project, version)
    with project.database.write() as connection:
        register_parts(connection, parts)
        for name, (uri, access) in named.items():
            connection.execute(
                insert_or_ignore(connection, tables.roots), {"name": name, "uri": uri, "access": access}
            )
        _enter_shared(connection, record)
        known: dict[str, int] = {}
        for version in record.versions:
            known[version.reference] = _enter(connection, version, into, known)
    return [find_version(project, f"{into}{version.reference}") for version in record.versions]


def _roots(project: Project, record: Record, moved: Mapping[str, str]) -> dict[str, tuple[str, Any]]:
    """Where each folder of source files lies here."""
    for name in moved:
        if name not in record.roots:
            raise VersionError(
                f"The bundle has no root {name!r}. It has: {', '.join(record.roots) or 'none'}."
            )
    found = {}
    for name, said in record.roots.items():
        uri = check_root(moved[name]) if name in moved else said.uri
        here = root_uris(project).get(name)
        if here is not None and here != uri:
            raise VersionError(
                f"The root {name!r} lies at {here} here, and at {uri} by the bundle. If both hold the same files, say so: "
                f"--root {name}={here}. Else import the bundle into a project of its own."
            )
        found[name] = (uri, said.access)
    return found


def _check_references(record: Record) -> None:
    """Refuse a record that refers to what it does not hold."""
    seen: set[str] = set()
    for version in record.versions:
        activity = version.activity
        wanted = {
            *version.parts,
            *(i.manifest for i in activity.inputs),
            *(p for i in activity.inputs for p in i.parts),
        }
        wanted |= {*(f.reads for f in activity.functions), activity.failures}
        lost = [p for p in wanted if p is not None and p not in record.parts]
        lost += [f.udf for f in activity.functions if f.udf not in record.udfs]
        lost += [i.version for i in activity.inputs if i.version is not None and i.version not in seen]
        if activity.environment not in record.environments:
            lost.append(activity.environment)
        if lost:
            raise VersionError(
                f"The bundle is damaged: {version.reference} refers to {lost[0]}, which is not in it."
            )
        seen.add(version.reference)


def _part(project: Project, folder: Path, part: str, rows: int, size: int) -> Part:
    """Take over one part."""
    given = folder / PARTS / part[:2] / f"{part}.parquet"
    if not take_part(project, given, part):
        raise VersionError(
            f"The bundle is damaged: {given} is missing, or its bytes are not those that were exported."
        )
    return Part(part, rows, size)


def _check_content(project: Project, version: VersionRecord) -> None:
    """Refuse rows that do not have the hash that the record says."""
    if version.withdrawn is not None and not version.parts:
        return
    try:
        schema = Schema.from_json(version.schema_)
        content = ContentHash(schema)
        for batch in batches(scan_parts(project, version.parts, schema)):
            content.update(batch)
    except Exception as error:
        raise VersionError(f"The rows of {version.reference} cannot be read: {error}") from error
    if content.hexdigest() != version.content_hash or content.rows != version.rows:
        raise VersionError(
            f"The bundle is damaged: the rows of {version.reference} do not have the hash that it says."
        )


def _enter_shared(connection: Connection, record: Record) -> None:
    """Environments and functions; those that are known stay."""
    for table, records in ((tables.environments, record.environments), (tables.udfs, record.udfs)):
        for hash_, said in records.items():
            connection.execute(insert_or_ignore(connection, table), {"hash": hash_, **said.model_dump()})


def _enter(connection: Connection, version: VersionRecord, into: str, known: dict[str, int]) -> int:
    """Enter a version behind those it was made of; its row in the database."""
    t = tables
    name = f"{into}{version.name}"
    dataset = connection.execute(
        select(t.datasets.c.id).where(t.datasets.c.name == name)
    ).scalar_one_or_none()
    if dataset is None:
        made: Any = connection.execute(
            insert(t.datasets).values(name=name, created=time.time())
        ).inserted_primary_key
        dataset = int(made[0])
    c = t.versions.c
    number = (version.major, version.minor, version.patch)
    query = select(c.id, c.content_hash, c.plan).where(
        c.dataset == dataset, c.major == number[0], c.minor == number[1], c.patch == number[2]
    )
    there = connection.execute(query).one_or_none()
    if there is not None:
        if there.content_hash == version.content_hash and there.plan == version.plan:
            return int(there.id)
        raise VersionError(
            f"{name}@{format_number(number)} is another version here. Import the bundle under other names: --into lab2/."
        )
    activity = _enter_activity(connection, version, known)
    plan = hashlib.sha256(json.dumps(version.plan, sort_keys=True).encode()).hexdigest()
    values = version.model_dump(by_alias=True, exclude={"name", "parts", "activity"})
    made = connection.execute(
        insert(t.versions).values(**values, dataset=dataset, plan_hash=plan, activity=activity)
    ).inserted_primary_key
    for ordinal, part in enumerate(version.parts):
        connection.execute(insert(t.version_parts).values(version=made[0], ordinal=ordinal, part=part))
    imported = {
        "version": f"{name}@{format_number(number)}",
        "content_hash": version.content_hash,
        "rows": version.rows,
    }
    append(connection, "imported", imported)
    return int(made[0])


def _enter_activity(connection: Connection, version: VersionRecord, known: dict[str, int]) -> str:
    """Enter the activity that made a version, under an id of its own; the id."""
    t, said = tables, version.activity
    activity = uuid.uuid4().hex
    values = said.model_dump(exclude={"inputs", "functions"})
    connection.execute(insert(t.activities).values(**{**values, "id": activity}))
    for ordinal, one in enumerate(said.inputs):
        connection.execute(
            insert(t.inputs).values(
                activity=activity,
                ordinal=ordinal,
                kind=one.kind,
                reference=one.reference,
                version=known[one.version] if one.version is not None else None,
                manifest=one.manifest,
            )
        )
        for number, part in enumerate(one.parts):
            connection.execute(
                insert(t.input_parts).values(activity=activity, input=ordinal, ordinal=number, part=part)
            )
    for ordinal, used in enumerate(said.functions):
        connection.execute(
            insert(t.activity_udfs).values(activity=activity, ordinal=ordinal, **used.model_dump())
        )
    return activity
