"""Reopening: tables made again from what lineage says of them."""

from collections.abc import Callable, Mapping
from typing import Any

from neurochain.chain.sources.scanned import ScannedSource
from neurochain.datasets.project import Project
from neurochain.datasets.uses import reach
from neurochain.errors import NeurochainError, ReplayError
from neurochain.tables.filters.record import condition_of_json
from neurochain.tables.parquet.table import ParquetTable
from neurochain.tables.sqltable.table import SQLTable
from neurochain.tables.table import Table

__all__ = ["changes", "is_reopened", "read_again"]

Json = Mapping[str, Any]
PINS = ("version", "timestamp")
KINDS: dict[str, Callable[..., Any]] = {
    "delta": lambda **declared: reach("neurochain.tables.delta.table:DeltaTable")(**declared),  # an extra
    "parquet": ParquetTable,
    "sql": SQLTable,
}


def is_reopened(said: Json) -> bool:
    """Whether a table can be made again: a function is not."""
    return said["kind"] in KINDS


def changes(project: Project, said: Json) -> str:
    """What of a table is not as it was read; empty where all is, or where that cannot be known.

    Parameters
    ----------
    project : Project
        Where rows lie that are read for it: of a database, which has no other sign of a change.
    said : dict
        Reference of the input.

    Raises
    ------
    NeurochainError
        The table cannot be reached.
    """
    if not is_reopened(said) or any(name in said["options"] for name in PINS):
        return ""
    table = _reopened(said)
    now = table._reference(condition_of_json(said["filters"]), **said["options"])
    if "version" in said:
        was, found = said["version"], now["version"]
        return "" if was == found else f"table {said['table']}: version {was} became {found}"
    if "state" in said:
        is_same = said["state"] == now["state"]
    else:
        is_same = read_again(project, said).rows.digest == said["content"]
    return "" if is_same else f"table {said['table']} has changed"


def read_again(project: Project, said: Json, version: Any = None) -> ScannedSource:
    """Rows of a table, asked for what they were asked for.

    Parameters
    ----------
    project : Project
        Where they lie.
    said : dict
        Reference of the input.
    version : object, optional
        That is read; as it was asked for by default.

    Raises
    ------
    NeurochainError
        The table cannot be reached, or is not what it was.
    """
    options = dict(said["options"]) if version is None else {"version": version}
    return _reopened(said).source(
        project, condition_of_json(said["filters"]), said["picked"], said.get("key"), options
    )


def _reopened(said: Json) -> Table:
    declared = dict(said["declared"])
    if said["kind"] == "sql" and not declared.get("url"):
        raise ReplayError(
            f"Table {said['table']!r}: its address was not kept, since it holds credentials. Declare it with url='env:NAME'."
        )
    try:
        made: Table = KINDS[said["kind"]](name=said["table"], **declared)
    except (NeurochainError, TypeError) as error:
        raise ReplayError(f"Table {said['table']!r} cannot be made again: {error}") from error
    return made
