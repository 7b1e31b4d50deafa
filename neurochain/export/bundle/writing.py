"""Writing: a version and all that it was made of, into a folder."""

import hashlib
import os
import shutil
import uuid
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from neurochain.datasets import tables
from neurochain.datasets.environment import current_environment
from neurochain.datasets.events import append
from neurochain.datasets.numbers import format_number
from neurochain.datasets.parts import damaged_parts, part_path
from neurochain.datasets.project import Project
from neurochain.datasets.versions import DatasetVersion
from neurochain.errors import StorageError, VersionError
from neurochain.export.bundle.readme import readme
from neurochain.export.bundle.record import FILE, LAYOUT, PARTS, SUMS, Record, roots_of

NOBODY = "not given"


def write_bundle(version: DatasetVersion, folder: str | os.PathLike[str], *, who: bool = False) -> Path:
    """Write a version, the versions it was made of, and how, into a new folder; its path.

    Parameters
    ----------
    version : DatasetVersion
        To write.
    folder : str or path
        That does not exist, or is empty.
    who : bool
        Also say on which machine and by whom it was made.

    Raises
    ------
    StorageError
        The folder is there and not empty, or cannot be written.
    VersionError
        A part is lost or damaged.
    """
    target = Path(folder).expanduser().absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise StorageError(f"{target} exists and is not empty. Give a new folder.")
    version.check_rows()
    record = record_of(version, who)
    if wrong := damaged_parts(version.project, record.parts):
        raise VersionError(
            f"{version.reference} cannot be exported: {wrong[0]}. `neurochain doctor --deep` says more."
        )
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        _write(version.project, record, beside)
        exported = {"as": "bundle", "rows": version.rows, "versions": [v.reference for v in record.versions]}
        with version.project.database.write() as connection:
            append(connection, "exported", exported)
        if target.exists():
            target.rmdir()
        beside.rename(target)
    except OSError as error:
        raise StorageError(f"The bundle {target} cannot be written: {error}.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return target


def _write(project: Project, record: Record, folder: Path) -> None:
    folder.mkdir(parents=True)
    for part in record.parts:
        to = folder / PARTS / part[:2] / f"{part}.parquet"
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(part_path(project, part), to)
    text = record.model_dump_json(by_alias=True, indent=1)
    (folder / FILE).write_text(text + "\n")
    (folder / "README.md").write_text(readme(record))
    sums = {f"{PARTS}/{part[:2]}/{part}.parquet": part for part in record.parts}
    for name in (FILE, "README.md"):
        sums[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / SUMS).write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()))


def record_of(version: DatasetVersion, who: bool) -> Record:
    """All that the database has of a version, and of those that it was made of."""
    with version.project.database.read() as connection:
        return _Collector(connection, who).collect(version.id)


class _Collector:
    """Rows of the database that a version refers to."""

    def __init__(self, connection: Connection, who: bool) -> None:
        self._connection, self._who = connection, who
        self._versions: dict[int, dict[str, Any]] = {}
        self._udfs: set[str] = set()
        self._environments: set[str] = set()
        self._parts: set[str] = set()
        self._roots: set[str] = set()

    def collect(self, version: int) -> Record:
        """The bundle of a version."""
        self._version(version)
        t = tables
        return Record.model_validate(
            {
                "layout": LAYOUT,
                "neurochain": current_environment().packages.get("neurochain", "not installed"),
                "versions": list(self._versions.values()),
                "environments": self._rows(t.environments, "hash", self._environments),
                "udfs": self._rows(t.udfs, "hash", self._udfs),
                "parts": self._rows(t.parts, "hash", self._parts, without=("created",)),
                "roots": self._rows(t.roots, "name", self._roots),
            }
        )

    def _rows(self, table: Any, key: str, wanted: set[str], without: tuple[str, ...] = ()) -> dict[str, Any]:
        found = {}
        for row in self._connection.execute(select(table).order_by(table.c[key])).mappings():
            if row[key] in wanted:
                found[row[key]] = {k: v for k, v in row.items() if k not in (key, *without)}
        return found

    def _one(self, table: Any, column: Any, value: Any) -> dict[str, Any]:
        return dict(self._connection.execute(select(table).where(column == value)).mappings().one())

    def _version(self, version: int) -> str:
        """Enter a version behind those it was made of; its reference."""
        t = tables
        row = self._one(t.versions, t.versions.c.id, version)
        name = self._one(t.datasets, t.datasets.c.id, row["dataset"])["name"]
        reference = f"{name}@{format_number((row['major'], row['minor'], row['patch']))}"
        if version in self._versions:
            return reference
        activity = self._activity(row["activity"])
        ordered = select(t.version_parts.c.part).where(t.version_parts.c.version == version)
        parts = list(self._connection.execute(ordered.order_by(t.version_parts.c.ordinal)).scalars())
        self._parts.update(parts)
        kept = {k: v for k, v in row.items() if k not in ("id", "dataset", "plan_hash")}
        self._versions[version] = {**kept, "name": name, "parts": parts, "activity": activity}
        return reference

    def _activity(self, activity: str) -> dict[str, Any]:
        t = tables
        row = self._one(t.activities, t.activities.c.id, activity)
        self._environments.add(row["environment"])
        self._note(row["failures"])
        if not self._who:
            said = {k: v for k, v in (row["variables"] or {}).items() if not k.startswith("NEUROCHAIN_")}
            row |= {
                "host": NOBODY,
                "user": NOBODY,
                "variables": said,
            }  # those are folders, with names of persons
        return {**row, "inputs": self._inputs(activity), "functions": self._functions(activity)}

    def _inputs(self, activity: str) -> list[dict[str, Any]]:
        t = tables
        kept: dict[int, list[str]] = {}
        given = select(t.input_parts).where(t.input_parts.c.activity == activity)
        for one in self._connection.execute(given.order_by(t.input_parts.c.input, t.input_parts.c.ordinal)):
            kept.setdefault(one.input, []).append(one.part)
        query = select(t.inputs).where(t.inputs.c.activity == activity).order_by(t.inputs.c.ordinal)
        found = []
        for row in self._connection.execute(query).mappings().all():
            self._note(row["manifest"], *kept.get(row["ordinal"], ()))
            self._roots.update(roots_of(row["reference"]))
            version = self._version(row["version"]) if row["version"] is not None else None
            found.append(
                {
                    "kind": row["kind"],
                    "reference": row["reference"],
                    "version": version,
                    "manifest": row["manifest"],
                    "parts": kept.get(row["ordinal"], []),
                }
            )
        return found

    def _functions(self, activity: str) -> list[dict[str, Any]]:
        c = tables.activity_udfs.c
        query = select(tables.activity_udfs).where(c.activity == activity).order_by(c.ordinal)
        found = [dict(row) for row in self._connection.execute(query).mappings()]
        for row in found:
            self._udfs.add(row["udf"])
            self._note(row["reads"])
        return [{k: v for k, v in row.items() if k not in ("activity", "ordinal")} for row in found]

    def _note(self, *parts: str | None) -> None:
        self._parts.update(part for part in parts if part is not None)
