"""The command ``doctor``: is the installation whole, and the project sound?"""

import importlib.metadata
import platform
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from sqlalchemy import select, text

from neurochain.chain.progress import Progress
from neurochain.cli import printing
from neurochain.cli.options import Json, command_app
from neurochain.datasets import inspection, tables
from neurochain.datasets.database import network_filesystem
from neurochain.datasets.inspection import Finding
from neurochain.datasets.parts import part_path
from neurochain.datasets.project import HOME, Project, find_project
from neurochain.errors import NeurochainError
from neurochain.pictures.words import human_bytes

EXTRAS = {
    "torch": ("torch", "to_pytorch()"),
    "pyarrow": ("arrow", "to_arrow()"),
    "pandas": ("pandas", "to_pandas()"),
    "obstore": ("s3", "S3, Google Cloud, Azure and web servers"),
    "pylibjpeg": ("dicom", "JPEG and JPEG 2000 pixels of DICOM"),
    "h5py": ("hdf5", "MATLAB 7.3"),
    "av": ("video", "frames of videos"),
    "nibabel": ("demo", "the demo's scans"),
    "datachain": ("datachain", "to_datachain(), read_datachain()"),
}
LOW_DISK = 2 * 10**9  # bytes
MOST = 20  # findings of one kind that are listed
app = command_app()


@app.command(epilog="Example: neurochain doctor --deep")
def doctor(
    deep: Annotated[
        bool, typer.Option("--deep", help="Hash every part, and every row of every version.")
    ] = False,
    json: Json = False,
) -> None:
    """Check the installation and the project, and say what to do where something is wrong; leaves with 1 then.

    With --deep a single flipped bit is found, in any part of a version, of its lineage, or of the results kept for
    reuse. That takes as long as reading all of them.
    """
    checks = examine(deep)
    printing.show(page(checks), json)
    if any(c.status == "error" for c in checks):
        raise typer.Exit(1)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
    status : {"ok", "note", "error"}
    finding : str
        What there is, and what to do where something is wrong.
    """

    name: str
    status: str
    finding: str


def examine(deep: bool = False) -> list[Check]:
    """Look at the installation and the project of the current folder.

    Parameters
    ----------
    deep : bool
        Read every part, and every row of every version.
    """
    checks = [Check("python", "ok", f"{platform.python_version()} at {sys.executable}")]
    checks += [
        _package(name) for name in ("neurochain", "polars", "pydicom", "sqlalchemy", "numpy", "pydantic")
    ]
    checks += [_extra(name) for name in EXTRAS]
    try:
        project = find_project(create=False)
    except NeurochainError as error:
        return [*checks, Check("project", "error", str(error))]
    if project is None:
        found = f"none here or above; one is made at the first save, or where {HOME} points"
        return [*checks, Check("project", "note", found)]
    checks += _project(project)
    if not deep:
        return checks
    try:
        return [*checks, *_deep(project)]
    except NeurochainError as error:
        return [*checks, Check("database", "error", str(error))]


def _package(name: str) -> Check:
    try:
        return Check(name, "ok", importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Check(name, "error", f"not installed. Install it with: pip install {name}")


def _extra(name: str) -> Check:
    extra, use = EXTRAS[name]
    try:
        return Check(name, "ok", f"{importlib.metadata.version(name)} (for {use})")
    except importlib.metadata.PackageNotFoundError:
        return Check(name, "note", f"not installed; {use} needs it: pip install 'neurochain[{extra}]'")


def _project(project: Project) -> list[Check]:
    checks = [Check("project", "ok", str(project.folder))]
    filesystem = network_filesystem(project.folder)
    if filesystem:
        found = f"on {filesystem}, a network filesystem: one writer at a time; a local disk is faster"
        checks.append(Check("disk", "note", found))
    free = shutil.disk_usage(project.folder).free
    low = "; that is little" if free < LOW_DISK else ""
    checks.append(Check("free space", "note" if low else "ok", human_bytes(free) + low))
    try:
        with project.database.read() as connection:
            answer = connection.execute(text("PRAGMA quick_check")).scalar_one()
            known = {
                r.hash: r.bytes for r in connection.execute(select(tables.parts.c.hash, tables.parts.c.bytes))
            }
            used = set(connection.execute(select(tables.version_parts.c.part)).scalars())
    except NeurochainError as error:
        return [*checks, Check("database", "error", str(error))]
    sound = answer == "ok"
    checks.append(Check("database", "ok" if sound else "error", f"{project.database.path.name}: {answer}"))
    broken = [h for h in sorted(used) if not _whole(part_path(project, h), known.get(h))]
    finding = f"{len(used):,} parts of versions, all there with their sizes"
    if broken:
        finding = f"{len(broken):,} of {len(used):,} parts are missing or cut, {broken[0]} first. Restore them from a backup."
    checks.append(Check("parts", "error" if broken else "ok", finding))
    return checks


def _deep(project: Project) -> list[Check]:
    """Hash every part that is used, and then every row of the versions whose parts are whole."""
    progress = Progress()
    checks = _found(
        "tables", inspection.check_tables(project), "no damage, and no row that refers to nothing"
    )
    uses = inspection.part_uses(project)
    used = {part: users for part, users in uses.items() if users}
    with progress.step("parts", len(used), unit="parts") as step:
        damaged = inspection.check_files(project, used, step.advance)
    checks += _found("bytes", damaged.values(), f"{len(used):,} parts hold what was written")
    versions = inspection.all_versions(project)
    with progress.step("versions", len(versions), unit="versions") as step:
        wrong = inspection.check_contents(project, versions, damaged, step.advance)
    unread = sum(not damaged.keys().isdisjoint(v.part_hashes()) for v in versions) if damaged else 0
    left = f"; {unread:,} with damaged parts were not read" if unread else ""
    checks += _found(
        "rows", wrong, f"{len(versions) - unread:,} versions hold the rows that were saved{left}"
    )
    return checks + _found("garbage", inspection.check_garbage(project, uses), "none")


def _found(name: str, findings: Iterable[Finding], otherwise: str) -> list[Check]:
    """What was found, or that nothing was."""
    found = list(findings)
    checks = [Check(name, "note" if f.harmless else "error", f.text) for f in found[:MOST]]
    if len(found) > MOST:
        checks.append(Check(name, "error", f"and {len(found) - MOST:,} more"))
    return checks or [Check(name, "ok", otherwise)]


def _whole(path: Path, size: int | None) -> bool:
    return path.exists() and path.stat().st_size == size


def page(checks: list[Check]) -> dict[str, Any]:
    """Checks as a page."""
    marks = {"ok": "[green]ok[/]", "note": "[yellow]note[/]", "error": "[bold red]error[/]"}
    out = printing.table(None, "", "check", "finding")
    for c in checks:
        out.add_row(marks[c.status], c.name, escape(c.finding))
    data = [{"check": c.name, "status": c.status, "finding": c.finding} for c in checks]
    return {"data": data, "text": [out]}
