"""FileTable: what storage held when it was last listed."""

from dataclasses import dataclass

import polars as pl
from sqlalchemy import bindparam, delete, select, update

from neurochain.datasets import tables
from neurochain.datasets.database import upsert
from neurochain.datasets.project import Project
from neurochain.errors import ProjectError
from neurochain.storage import Access, access_to, folder_root, suggest

PAGE = 50_000  # rows that are Python objects at once
COLUMNS = {"uri": pl.String(), "etag": pl.String(), "size": pl.Int64(), "mtime": pl.Float64()}


@dataclass(frozen=True)
class FileChanges:
    """Difference between two listings.

    Attributes
    ----------
    new, changed, gone : int
        Files.
    """

    new: int
    changed: int
    gone: int


def merge_listing(
    project: Project, listed: pl.DataFrame, known_scope: pl.DataFrame, dry: bool = False
) -> FileChanges:
    """Bring the table up to a listing.

    Parameters
    ----------
    project : Project
        Whose table.
    listed : DataFrame
        ``uri, etag, size, mtime`` (seconds since 1970), one row per file that lies there now.
    known_scope : DataFrame
        Of `known_files`, only those that the listing would have found if they still existed.
    dry : bool
        Whether the table stays as it is.
    """
    fresh = listed.select(list(COLUMNS)).join(known_scope, on=["uri", "etag"], how="anti")
    gone = known_scope.join(listed, on="uri", how="anti")
    changed = fresh.join(known_scope, on="uri", how="semi").height
    if (fresh.height or gone.height) and not dry:
        with project.database.write() as connection:
            if fresh.height:
                statement = upsert(connection, tables.files, ["uri"], ["etag", "size", "mtime"])
                for page in fresh.sort("uri").iter_slices(PAGE):
                    connection.execute(statement, page.to_dicts())
            if gone.height:
                statement = delete(tables.files).where(tables.files.c.uri == bindparam("gone"))
                connection.execute(statement, [{"gone": uri} for uri in gone["uri"]])
    return FileChanges(fresh.height - changed, changed, gone.height)


def known_files(project: Project, prefix: str) -> pl.DataFrame:
    """Files known under a uri prefix: ``uri, etag``."""
    c = tables.files.c
    query = select(c.uri, c.etag).where(c.uri >= prefix, c.uri < prefix + "\U0010ffff")
    schema = {k: COLUMNS[k] for k in ("uri", "etag")}
    with project.database.read() as connection:
        pages = [
            pl.DataFrame([tuple(r) for r in page], schema=schema, orient="row")
            for page in connection.execute(query).partitions(PAGE)
        ]
    return pl.concat([pl.DataFrame(schema=schema), *pages])


def root_name(project: Project, uri: str, wanted: str) -> str:
    """Name under which a root folder is known; a new one gets the wanted name, numbered if taken."""
    from_uri = select(tables.roots.c.name).where(tables.roots.c.uri == uri)
    with project.database.read() as connection:
        name = connection.execute(from_uri).scalar_one_or_none()
    if name is not None:
        return str(name)
    with project.database.write() as connection:
        name = connection.execute(from_uri).scalar_one_or_none()
        if name is not None:
            return str(name)
        taken = set(connection.execute(select(tables.roots.c.name)).scalars())
        number, name = 2, wanted
        while name in taken:
            name, number = f"{wanted}-{number}", number + 1
        connection.execute(tables.roots.insert(), {"name": name, "uri": uri})
    return str(name)


def check_root(place: str) -> str:
    """Uri of a folder as a person wrote it.

    Raises
    ------
    NothingMatchedError
        There is no such folder.
    """
    return folder_root(place, []).uri


def enter_root(project: Project, name: str, uri: str) -> None:
    """Enter a root under a name of one's own choice, in a project that has none of that name.

    Raises
    ------
    ProjectError
        The name or the place is taken.
    """
    with project.database.write() as connection:
        c = tables.roots.c
        taken = connection.execute(select(c.name, c.uri).where((c.name == name) | (c.uri == uri))).all()
        if (name, uri) in [tuple(row) for row in taken]:
            return
        if taken:
            raise ProjectError(f"The roots {name!r} and {taken[0].name!r} cannot both lie at {uri}.")
        connection.execute(tables.roots.insert(), {"name": name, "uri": uri})


def root_of(project: Project, uri: str) -> dict[str, str]:
    """``root``, ``at`` (where that lies) and ``path`` of a file that was named alone.

    The root is the innermost that is known and holds it, else the file's folder.
    """
    holding = {u.rstrip("/") + "/": n for n, u in root_uris(project).items()}
    folder = max((u for u in holding if uri.startswith(u)), key=len, default="")
    if not folder:
        folder = uri[: uri.rindex("/") + 1]
        name = root_name(project, folder.rstrip("/") or "/", folder.rstrip("/").rpartition("/")[2] or "root")
    else:
        name = holding[folder]
    return {"root": name, "at": folder.rstrip("/") or "/", "path": uri[len(folder) :]}


def reach_roots(project: Project) -> None:
    """Reach each root as it was reached when it was listed, unless this process was told otherwise."""
    c = tables.roots.c
    with project.database.read() as connection:
        found = connection.execute(select(c.uri, c.access).where(c.access.is_not(None))).all()
    for row in found:
        if row.access:
            suggest(row.uri, Access.of(row.access))


def note_access(project: Project) -> None:
    """Note with each root how its store is reached now; credentials are left out."""
    c = tables.roots.c
    with project.database.read() as connection:
        found = connection.execute(select(c.name, c.uri, c.access)).all()
    changed = [
        {"root": r.name, "now": now} for r in found if (now := access_to(r.uri).public()) != (r.access or {})
    ]
    if changed:
        statement = update(tables.roots).where(c.name == bindparam("root")).values(access=bindparam("now"))
        with project.database.write() as connection:
            connection.execute(statement, changed)


def root_uris(project: Project) -> dict[str, str]:
    """Where each named root lies."""
    with project.database.read() as connection:
        found = connection.execute(select(tables.roots.c.name, tables.roots.c.uri)).all()
    return {r.name: r.uri for r in found}
