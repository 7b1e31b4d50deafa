"""A column at a glance: how many values, between what, and how they are spread."""

from collections.abc import Mapping
from typing import Any

from neurochain.datasets.columnsummary import of_arrays, of_series
from neurochain.datasets.project import Project
from neurochain.datasets.types import Array, Ragged
from neurochain.web.api.datasets import version_of
from neurochain.web.api.held import Holder
from neurochain.web.api.questions import PATH, asked_of

__all__ = ["column_summary"]


def column_summary(project: Project, holder: Holder, query: Mapping[str, str]) -> dict[str, Any]:
    """Summary of the column ``path`` of the version ``ref``, of the rows that a filter leaves.

    Raises
    ------
    DatasetNotFoundError, ColumnNotFoundError, ExpressionError, ParameterError, VersionError
        What is asked for is not there.
    """
    version, path = version_of(project, query), PATH.of(query)
    held = holder.of(version)
    held.check(path)
    kind = held.types[path]
    numbers = held.numbers(asked_of(query))
    if isinstance(kind, Array | Ragged):
        count = version.rows if numbers is None else len(numbers)
        return {"path": path, "count": count, **of_arrays(version.scan(), path, kind)}
    column = held.column(path)
    values = column if numbers is None else column.gather(numbers)
    common = {"path": path, "count": len(values), "nulls": values.null_count()}
    return {**common, **of_series(values)}
