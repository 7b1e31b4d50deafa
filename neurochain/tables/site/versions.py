"""Versions: those of a dataset that a table is of, and what made the one that it shows."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from neurochain.datasets.history import version_history
from neurochain.datasets.lineagegraph import graph_of
from neurochain.datasets.project import find_project
from neurochain.datasets.public import public
from neurochain.datasets.versions import DatasetVersion, find_version
from neurochain.tables.table import Table

__all__ = ["Versions", "versions_of"]

SHOWN = 20


@dataclass(frozen=True)
class Versions:
    """Versions of a dataset.

    Attributes
    ----------
    reference : str
        ``name@1.2.0``: the one that the table shows.
    listed : tuple of dict
        The newest first.
    more : int
        Older ones that are not listed.
    graph : dict
        Lineage of the one that is shown; see `graph_of`.
    """

    reference: str
    listed: tuple[dict[str, Any], ...]
    more: int
    graph: dict[str, Any]


def versions_of(table: Table, reference: str) -> Versions:
    """Versions of a dataset, without who made them and where.

    Parameters
    ----------
    table : Table
        Of a dataset; one that has a ``version()`` says which is shown, and so in which project it lies.
    reference : str
        ``name@1.2.0``: the one that is shown of other tables, in the project of the current folder.

    Raises
    ------
    DatasetNotFoundError
        There is none.
    """
    asked = getattr(table, "version", None)
    version: DatasetVersion = (
        asked() if callable(asked) else find_version(find_project(create=False), reference)
    )
    history = version_history(version.project, version.name)
    return Versions(
        version.reference,
        tuple(map(_listed, history[:SHOWN])),
        max(0, len(history) - SHOWN),
        graph_of(version.lineage()),
    )


def _listed(entry: dict[str, Any]) -> dict[str, Any]:
    found = {
        "version": entry["version"],
        "created": moment(entry["created"]),
        "rows": entry["rows"],
        "size": entry["size"],
        "description": public(entry["description"]),
        "labels": list(map(public, entry["labels"])),
        "content": entry["content_hash"][:12],
        "commit": (entry["git_commit"] or "")[:10],
        "problems": list(map(public, entry["problems"])),
    }
    return {key: value for key, value in found.items() if value not in ("", [], None)}


def moment(seconds: float) -> str:
    """Time as ISO 8601, UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
