"""Names: which tables the names in a query mean."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from neurochain.datasets.project import find_project
from neurochain.datasets.versions import dataset_names, find_version
from neurochain.errors import TableNotFoundError, suggestion
from neurochain.tables.datasettable import DatasetTable
from neurochain.tables.table import Table

if TYPE_CHECKING:
    from neurochain.tables.catalog import Catalog

__all__ = ["BUILT_IN", "resolve"]

BUILT_IN = ("information_schema", "pg_catalog")


def resolve(path: tuple[str, ...], catalog: "Catalog | None") -> Table:
    """Table that a query names.

    Parameters
    ----------
    path : tuple of str
        ``("implant", "spikes")``: a table of a database; ``("spikes",)``: the one table of the catalog that is called so, or else a dataset
        of the project, ``("alpha_roi_tags@1.2.0",)`` a version of one. Capitals do not matter where no other name differs by them alone.
    catalog : Catalog, optional
        Without one there are datasets alone.

    Raises
    ------
    TableNotFoundError
        There is no such table, or there are several; shows what there is.
    DatasetNotFoundError
        There is no such version of a dataset.
    """
    databases = catalog.databases if catalog is not None else {}
    if len(path) == 2:
        key = _known(path[0], databases)
        if key is None:
            raise TableNotFoundError(
                f"There is no database {path[0]!r}. {_nothing(catalog) if not databases else suggestion(path[0], databases)}"
            )
        name = _known(path[1], databases[key].tables)
        return databases[key][path[1] if name is None else name]
    if len(path) > 2:
        raise TableNotFoundError(
            f"{'.'.join(path)!r} has too many parts: a table is called database.table, or table."
        )
    held = {(key, table.name): table for key, table in (catalog.tables() if catalog is not None else ())}
    for folded in (str, str.lower):
        found = {f"{k}.{n}": table for (k, n), table in held.items() if folded(n) == folded(path[0])}
        if len(found) == 1:
            return next(iter(found.values()))
        if found:
            raise TableNotFoundError(
                f"Several tables are called {path[0]!r}: {', '.join(found)}. Name the database too."
            )
    return _dataset(path[0], [f"{key}.{name}" for key, name in held])


def _dataset(name: str, tables: list[str]) -> Table:
    project = find_project(create=False)
    names = dataset_names(project) if project is not None else []
    plain, _, wanted = name.partition("@")
    known = _known(plain, names)
    if project is None or known is None:
        about = ' Write a version in double quotes: "name@1.2.0".' if wanted else ""
        raise TableNotFoundError(
            f"There is no table and no dataset {name!r}. {suggestion(name, [*tables, *names], 24)}{about}"
            if tables or names
            else f"There is no table {name!r}: no catalog is given, and no dataset is saved here. "
            "Give one: --catalog catalog.py, or nc.sql(query, catalog)."
        )
    version = find_version(
        project, f"{known}@{wanted}" if wanted else known
    )  # one, whatever is saved meanwhile
    return DatasetTable(name="dataset", dataset=version.reference, project=project)


def _known(name: str, names: Iterable[str] | Mapping[str, object]) -> str | None:
    """The name as it is written there; None where there is none, or several differ by capitals alone."""
    listed = list(names)
    if name in listed:
        return name
    alike = [n for n in listed if n.lower() == name.lower()]
    return alike[0] if len(alike) == 1 else None


def _nothing(catalog: object) -> str:
    return (
        "No catalog is given: --catalog catalog.py, or nc.sql(query, catalog)."
        if catalog is None
        else "The catalog has none."
    )
