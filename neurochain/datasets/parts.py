"""Part: one immutable Parquet file, named by the hash of its bytes.

A part is written beside the others under a name of its own, brought to disk, and only then renamed: a
crash leaves an orphan, never half a part.
"""

import hashlib
import os
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Connection, select

from neurochain.datasets import leases, tables
from neurochain.datasets.database import insert_or_ignore
from neurochain.datasets.faults import FULL, REFUSED, is_full
from neurochain.datasets.project import Project
from neurochain.datasets.schema import KEY, Schema
from neurochain.datasets.types import Array, DataType, Ragged, Record
from neurochain.errors import ProjectError, VersionError

COPY_BYTES = 4 * 2**20
ROW_GROUP = 65_536  # rows that are read together
ROW_GROUP_BYTES = 8_000_000  # of them, in memory
WIDE = 4_096  # bytes of a row from which on a part has no statistics: they would hold whole arrays, twice per row group
KEY_COLUMN: Mapping[str, Any] = {KEY: pl.Binary()}
COMPRESS_BELOW = 0.5  # share of array bytes in a row above which compression only costs time


@dataclass(frozen=True)
class Part:
    """A part that lies on disk.

    Attributes
    ----------
    hash : str
        SHA-256 of the file, hex.
    rows, bytes : int
    """

    hash: str
    rows: int
    bytes: int


def part_path(project: Project, part_hash: str) -> Path:
    """Where a part lies."""
    return project.parts / part_hash[:2] / f"{part_hash}.parquet"


def part_size(project: Project, part_hash: str) -> int | None:
    """Bytes of a part on disk, or None where it is not there."""
    try:
        return part_path(project, part_hash).stat().st_size
    except OSError:
        return None


def refresh_part(project: Project, part_hash: str) -> bool:
    """Keep a part from being garbage for running processes, as if it were written now; whether it could be done."""
    try:
        with leases.gate(project.folder, "parts", alone=False):
            os.utime(part_path(project, part_hash))
    except OSError:  # it is not there, or another user's
        return False
    return True


def write_part(project: Project, frame: pl.DataFrame, schema: Schema | None = None) -> Part:
    """Write a frame of flat columns as a part.

    Parameters
    ----------
    project : Project
        Whose part it becomes.
    frame : DataFrame
        Flat columns, as `Schema.leaves` names them.
    schema : Schema, optional
        Written into the file, so that it can be read without the database.

    Raises
    ------
    ProjectError
        It cannot be written (disk full, no permission).
    """
    metadata = {"neurochain": schema.dumps()} if schema is not None else None
    width = frame.estimated_size() / max(frame.height, 1)
    staged = project.staging / f"{uuid.uuid4().hex}.parquet"
    try:
        project.staging.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(
            staged,
            **_compression(frame, schema),
            row_group_size=max(1, min(ROW_GROUP, int(ROW_GROUP_BYTES / max(width, 1)))),
            statistics=width < WIDE,
            metadata=metadata,
        )
        with staged.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.seek(0, os.SEEK_END)
            os.fsync(file.fileno())
        _place(project, staged, digest)
    except (OSError, pl.exceptions.ComputeError) as error:
        said = _unwritten(project, error)
        with suppress(OSError):
            staged.unlink()
        raise said from error
    return Part(digest, frame.height, size)


def take_part(project: Project, given: Path, part_hash: str) -> bool:
    """Take over a part from elsewhere; False where there is none, or its bytes are others.

    Raises
    ------
    ProjectError
        It cannot be written (disk full, no permission).
    """
    if refresh_part(project, part_hash) and not damaged_parts(project, [part_hash]):
        return True
    digest = hashlib.sha256()
    try:
        source = given.open("rb")
    except OSError:
        return False
    staged = project.staging / f"{uuid.uuid4().hex}.parquet"
    try:
        project.staging.mkdir(parents=True, exist_ok=True)
        with source, staged.open("wb") as copy:
            while piece := source.read(COPY_BYTES):
                digest.update(piece)
                copy.write(piece)
            copy.flush()
            os.fsync(copy.fileno())
        if digest.hexdigest() != part_hash:
            return False
        _place(project, staged, part_hash)
    except OSError as error:
        raise _unwritten(project, error) from error
    finally:
        staged.unlink(missing_ok=True)
    return True


def _unwritten(project: Project, error: Exception) -> ProjectError:
    """Why a part could not be written; asked for while the half part still lies there."""
    # Polars does not always say it.
    why = f"the disk is full. {FULL}" if is_full(project.folder) else f"{error}. {REFUSED}"
    return ProjectError(f"A part could not be written to {project.parts}: {why}")


def _place(project: Project, staged: Path, part_hash: str) -> None:
    """Move a file that is whole and on disk to where parts lie."""
    if refresh_part(project, part_hash) and not damaged_parts(project, [part_hash]):
        staged.unlink()
        return
    target = part_path(project, part_hash)
    if not target.parent.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        _sync_folder(project.parts)
    staged.replace(target)
    _sync_folder(target.parent)


def _compression(frame: pl.DataFrame, schema: Schema | None) -> dict[str, Any]:
    if schema is not None and _mostly_arrays(frame, schema):
        return {"compression": "uncompressed"}
    # Level 1 takes half the time of Polars' 3: keys are random bytes, on which no level saves any.
    return {"compression": "zstd", "compression_level": 1}


def _mostly_arrays(frame: pl.DataFrame, schema: Schema) -> bool:
    arrays = [leaf for f in schema.values() for leaf in _array_leaves(f.name, f.type)]
    arrays = [leaf for leaf in arrays if leaf in frame.columns]
    if not arrays or not frame.height:
        return False
    size = frame.select(arrays).estimated_size()
    return size > COMPRESS_BELOW * frame.estimated_size()


def _array_leaves(path: str, kind: DataType) -> list[str]:
    match kind:
        case Array():
            return [path]
        case Ragged():
            return [f"{path}.data"]
        case Record(_, fields):
            return [leaf for f in fields for leaf in _array_leaves(f"{path}.{f.name}", f.type)]
        case _:
            return []


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def scan_parts(
    project: Project,
    hashes: Sequence[str],
    schema: Schema,
    hidden: Mapping[str, Any] = KEY_COLUMN,
    sizes: Sequence[int] = (),
) -> pl.LazyFrame:
    """Rows of parts, in order, with the hidden columns and exactly the schema's flat ones.

    Columns that an older part lacks are null.

    Raises
    ------
    VersionError
        As `check_parts`.
    """
    leaves: dict[str, Any] = {**hidden, **schema.leaves()}
    paths = check_parts(project, hashes, sizes)
    if not paths:
        return pl.LazyFrame(schema=leaves)
    return pl.scan_parquet(
        paths, schema=leaves, missing_columns="insert", extra_columns="ignore", glob=False
    ).select(list(leaves))


def check_parts(project: Project, hashes: Sequence[str], sizes: Sequence[int] = ()) -> list[Path]:
    """Where parts lie.

    Parameters
    ----------
    project : Project
        Whose parts they are.
    hashes : sequence of str
        SHA-256 of each.
    sizes : sequence of int, optional
        Bytes that each must have.

    Raises
    ------
    VersionError
        A part is missing on disk, or cut.
    """
    paths = [part_path(project, h) for h in hashes]
    missing = [p for p in paths if not p.exists()]
    if missing:
        raise VersionError(
            f"{len(missing)} of {len(paths)} parts are missing on disk, {missing[0]} first. "
            "They were deleted by hand, or by a `neurochain gc` on a machine that could not see this process; "
            "restore them from a backup or compute the dataset again."
        )
    for path, size in zip(paths, sizes, strict=False):
        if (found := path.stat().st_size) != size:
            raise VersionError(
                f"{path} has {found:,} bytes where {size:,} were written: it was cut or overwritten. "
                "Restore it from a backup; `neurochain doctor --deep` names all that is damaged."
            )
    return paths


def damaged_parts(project: Project, hashes: Iterable[str]) -> list[str]:
    """What is wrong with parts on disk, in words: they are missing, or their bytes are not those that were written."""
    found = []
    for part in dict.fromkeys(hashes):
        path = part_path(project, part)
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            found.append(f"part {path} cannot be read: {error.strerror}")
            continue
        if digest != part:
            found.append(f"part {path} is damaged: its bytes are not those that were written")
    return found


def parts_of_version(project: Project, version: int) -> list[tuple[str, int]]:
    """Hashes and bytes of a version's parts, in row order, by its row in the database."""
    c = tables.version_parts.c
    query = (
        select(c.part, tables.parts.c.bytes)
        .join(tables.parts, tables.parts.c.hash == c.part)
        .where(c.version == version)
        .order_by(c.ordinal)
    )
    with project.database.read() as connection:
        return [(row.part, row.bytes) for row in connection.execute(query)]


def register_parts(connection: Connection, parts: Sequence[Part]) -> None:
    """Enter parts in the database; those known already stay."""
    now = time.time()
    values = [{"hash": p.hash, "rows": p.rows, "bytes": p.bytes, "created": now} for p in parts]
    if values:
        connection.execute(insert_or_ignore(connection, tables.parts), values)
