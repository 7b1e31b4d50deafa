"""Two versions side by side."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from neurochain.datasets.project import Project
from neurochain.datasets.schema import KEY
from neurochain.datasets.types import DataType, value_types
from neurochain.datasets.versions import DatasetVersion
from neurochain.web.api.cells import cells
from neurochain.web.api.datasets import version_of
from neurochain.web.api.questions import DIFFERING, NEW, OLD, SHOWN, names

__all__ = ["comparison"]


def comparison(project: Project, query: Mapping[str, str]) -> dict[str, Any]:
    """What is different in the version ``new`` from ``old``; some rows of each kind.

    Raises
    ------
    DatasetNotFoundError, VersionError, ParameterError
        A version is not there.
    """
    old, new = version_of(project, query, OLD), version_of(project, query, NEW)
    key = names(query, DIFFERING)
    limit = SHOWN.of(query)
    found = new.diff(old, key)
    return {
        **found.to_json(),
        "shown": {
            "added": _rows(found.added().head(limit), new),
            "removed": _rows(found.removed().head(limit), old),
            "changed": _rows(found.first_changed(limit), new, old),
        },
    }


def _rows(frame: pl.DataFrame, *versions: DatasetVersion) -> dict[str, Any]:
    """Rows by flat columns; ``name (old)`` is of the older version."""
    types: dict[str, DataType] = {}
    for version, behind in zip(versions, ("", " (old)"), strict=False):
        types |= {f"{path}{behind}": kind for f in version.schema.values() for path, kind in value_types(f)}
    names = [name for name in frame.columns if name in types and name != KEY]
    others = [name for name in frame.columns if name not in types and not name.endswith((".data", ".shape"))]
    columns = {name: frame[name].to_list() for name in others if name != KEY}
    columns |= {name: cells(frame[name], types[name]) for name in names}
    return {"columns": list(columns), "rows": [list(row) for row in zip(*columns.values(), strict=True)]}
