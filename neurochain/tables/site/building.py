"""Building: a catalog's site as a folder."""

import hashlib
import html
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from neurochain.errors import StorageError
from neurochain.storage.beside import folder_beside
from neurochain.tables.catalog import Catalog
from neurochain.tables.site.code import Code
from neurochain.tables.site.look import look_at
from neurochain.tables.site.notebook import notebook_of
from neurochain.tables.site.page import entry_of, index_of, page_of, stem_of
from neurochain.tables.site.script import encoded, script_of

__all__ = ["Built", "Problem", "build_site"]

WRITER = "neurochain catalog build"
MANIFEST = "site.json"
PATTERNS = (MANIFEST, "index.html", "data.js", "assets/*", "tables/*.js", "notebooks/*.ipynb")


@dataclass(frozen=True)
class Problem:
    """Something that a table's storage did not tell.

    Attributes
    ----------
    table : str
        ``implant.spikes``.
    part : str
        ``"schema"``, ``"facts"``, ``"preview"`` or ``"versions"``.
    error : str
        Why.
    """

    table: str
    part: str
    error: str


@dataclass(frozen=True)
class Built:
    """A site that was built.

    Attributes
    ----------
    folder : Path
    databases, tables, files, bytes : int
    problems : tuple of Problem
        What could not be told; their pages say so.
    """

    folder: Path
    databases: int
    tables: int
    files: int
    bytes: int
    problems: tuple[Problem, ...]


def build_site(
    catalog: Catalog,
    folder: str | os.PathLike[str],
    *,
    preview: bool = True,
    seconds: float = 30.0,
    source: str = "catalog",
    variable: str = "catalog",
    now: datetime | None = None,
) -> Built:
    """Write a catalog's site; what was there is replaced when the new one is whole.

    Parameters
    ----------
    catalog : Catalog
        Whose tables are shown.
    folder : str or path
        Local: a new one, an empty one, or an earlier site.
    preview : bool
        Whether the first rows of the tables are published.
    seconds : float
        Most that is waited for each table's storage.
    source, variable : str
        For code to copy: ``from catalog import catalog``.
    now : datetime, optional
        When it is built. The same catalog at the same time gives the same bytes.

    Raises
    ------
    StorageError
        There is a folder that holds something else, or it cannot be written.

    Examples
    --------
    >>> build_site(Catalog({"implant": [spikes]}), "site").tables                     # doctest: +SKIP
    1
    """
    named = list(catalog.tables())
    looks = look_at([table for _, table in named], preview=preview, seconds=seconds)
    entries: dict[str, list[dict[str, Any]]] = {name: [] for name in catalog.dbs()}
    files: dict[str, str] = dict(_assets())
    for (database, table), look in zip(named, looks, strict=True):
        code = Code(database, table, source, variable, look.schema)
        stem = stem_of(database, table)
        entries[database].append(entry_of(database, table, look))
        files[f"tables/{stem}.js"] = script_of("catalogTable", stem, page_of(code, look))
        if catalog.jupyterhub:  # which fetches it from there; else the page makes it
            files[f"notebooks/{stem}.ipynb"] = (
                json.dumps(notebook_of(code), indent=1, ensure_ascii=False) + "\n"
            )
    built = (now or datetime.now(UTC)).isoformat(timespec="seconds")
    files["data.js"] = script_of("catalogIndex", {**index_of(catalog, entries), "built": built})
    files["index.html"] = _page(catalog, files)
    files[MANIFEST] = json.dumps({"written_by": WRITER, "files": sorted(files)}, indent=1) + "\n"
    place = _write(folder, files)
    return Built(
        folder=place,
        databases=len(catalog.databases),
        tables=len(named),
        files=len(files),
        bytes=sum(len(encoded(text)) for text in files.values()),
        problems=tuple(
            Problem(f"{database}.{table.name}", part, error)
            for (database, table), look in zip(named, looks, strict=True)
            for part, error in look.problems.items()
        ),
    )


def _write(folder: str | os.PathLike[str], files: Mapping[str, str]) -> Path:
    _check_ours(Path(folder).expanduser())
    with folder_beside(folder, WRITER, _written_by, *PATTERNS) as (beside, target):
        for name, text in files.items():
            (beside / name).parent.mkdir(exist_ok=True)
            (beside / name).write_bytes(encoded(text))
    return target


def _written_by(manifest: Path) -> str | None:
    try:
        said = json.loads(manifest.read_bytes())
    except (OSError, ValueError):
        return None
    return str(said["written_by"]) if isinstance(said, dict) and "written_by" in said else None


def _check_ours(folder: Path) -> None:
    """Refuse to replace a site into which somebody has put a file of their own."""
    if _written_by(folder / MANIFEST) != WRITER:
        return  # what holds no site is looked at by `folder_beside`
    ours = {MANIFEST, *json.loads((folder / MANIFEST).read_bytes())["files"]}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not _is_folder(path)}
    if foreign := sorted(there - ours):
        raise StorageError(
            f"{folder} is a site, but holds {', '.join(foreign[:3])}{' and more' if len(foreign) > 3 else ''}, which was not "
            "built. Name another folder, or move that elsewhere first."
        )


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _assets() -> Iterator[tuple[str, str]]:
    """Scripts, styles and the icon, which are the same for all catalogs."""
    for part in sorted(_static().iterdir(), key=lambda p: p.name):
        if part.name != "index.html":
            yield f"assets/{part.name}", part.read_text("utf-8")


def _page(catalog: Catalog, files: Mapping[str, str]) -> str:
    """The page into which scripts draw; its assets are asked for anew when they change."""
    digest = hashlib.blake2b(digest_size=4)
    for name in sorted(files):
        if name.startswith("assets/"):
            digest.update(files[name].encode())
    text: str = (_static() / "index.html").read_text("utf-8")
    return text.replace("{{name}}", html.escape(catalog.name)).replace("{{assets}}", digest.hexdigest())


def _static() -> Any:
    return resources.files("neurochain.tables.site") / "static"
