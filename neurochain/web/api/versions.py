"""A version: what it is, its columns, its rows."""

import time
from collections.abc import Mapping
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from neurochain.datasets.location import file_columns
from neurochain.datasets.origins import Maker, makers
from neurochain.datasets.parts import part_path
from neurochain.datasets.project import Project
from neurochain.datasets.schema import KEY
from neurochain.datasets.types import (
    Array,
    DataType,
    Field,
    Json,
    List,
    Ragged,
    Record,
    Scalar,
    leaf_fields,
    value_types,
)
from neurochain.datasets.versions import DatasetVersion
from neurochain.web.api.cells import cells
from neurochain.web.api.datasets import neighbours, summary, version_of
from neurochain.web.api.held import Holder
from neurochain.web.api.questions import LIMIT, OFFSET, asked_of, paths_of

__all__ = ["row_page", "version_facts"]

MOST_PARTS = 256  # whose footers are read to see what is empty
TIMES = ("date", "time", "datetime", "datetime[UTC]", "duration")


def version_facts(project: Project, query: Mapping[str, str]) -> dict[str, Any]:
    """What the version ``ref`` is, and its columns.

    Raises
    ------
    DatasetNotFoundError
        There is none.
    """
    version = version_of(project, query)
    before, after = neighbours(version)
    lineage = version.lineage()
    activity = lineage.activity
    made = makers(lineage)
    return {
        **summary(version),
        "name": version.name,
        "content_hash": version.content_hash,
        "before": before,
        "after": after,
        "columns": [_column(f, made.get(f.name)) for f in version.schema.values()],
        "empty": empty_paths(version),
        "functions": [f.name for f in lineage.functions],
        "made": {
            "started": activity["started"],
            "seconds": activity["ended"] - activity["started"],
            "user": activity["user"],
            "host": activity["host"],
            "command": activity["command"],
            "computed": activity["computed"],
            "reused": activity["reused"],
            "failed": activity["failed"],
            "bytes": activity["bytes"],
            "requests": activity["requests"],
        },
    }


def row_page(project: Project, holder: Holder, query: Mapping[str, str]) -> dict[str, Any]:
    """Rows of the version ``ref`` from ``offset`` on, at most ``limit`` of them, filtered and sorted.

    Raises
    ------
    DatasetNotFoundError, ColumnNotFoundError, ExpressionError, ParameterError, VersionError
        What is asked for is not there.
    """
    started = time.perf_counter()
    version = version_of(project, query)
    held, asked = holder.of(version), asked_of(query)
    offset, limit = OFFSET.of(query), LIMIT.of(query)
    paths = paths_of(query, held.types)
    numbers = held.numbers(asked)
    page = held.page(asked, offset, limit, paths)
    shown = {path: cells(page[path], held.types[path]) for path in paths}
    return {
        "total": version.rows,
        "matched": version.rows if numbers is None else len(numbers),
        "offset": offset,
        "rows": [
            {"key": key.hex(), "cells": [shown[path][i] for path in paths]}
            for i, key in enumerate(page[KEY].to_list())
        ],
        "columns": paths,
        "seconds": time.perf_counter() - started,
    }


def empty_paths(version: DatasetVersion) -> list[str]:
    """Flat columns in which no row has a value, as the parts' footers say; none where a part is not there.

    Of lists footers count no nulls. Those without a least value are looked at: to read them costs nothing where they are empty.
    """
    parts = version.part_hashes()
    if version.withdrawn or not version.rows or len(parts) > MOST_PARTS:
        return []
    relative = {f"{name}.uri" for name in file_columns(version.schema)}  # which parts leave out
    leaves = [path for f in version.schema.values() for path, _ in value_types(f) if path not in relative]
    empty, unsure = set(leaves), set(leaves)
    for part in parts:
        try:
            footer = pq.read_metadata(part_path(version.project, part))
        except OSError:
            return []
        nothing, perhaps = _empty(footer)
        empty &= nothing
        unsure &= perhaps
    if unsure:
        nulls = version.scan().select(pl.col(sorted(unsure)).null_count()).collect().row(0, named=True)
        empty |= {path for path, count in nulls.items() if count == version.rows}
    return [path for path in leaves if path in empty]


def _empty(footer: Any) -> tuple[set[str], set[str]]:
    """Columns of a part that hold nulls alone, and lists that may."""
    found: dict[str, bool] = {}
    lists: dict[str, bool] = {}
    for i in range(footer.num_row_groups):
        group = footer.row_group(i)
        for j in range(group.num_columns):
            chunk = group.column(j)
            known = chunk.statistics
            name, is_list, _ = chunk.path_in_schema.partition(".list.")
            if is_list:
                lists[name] = lists.get(name, True) and known is not None and not known.has_min_max
            else:
                nothing = known is not None and known.has_null_count and known.null_count == chunk.num_values
                found[name] = found.get(name, True) and nothing
    return {name for name, nothing in found.items() if nothing}, {
        name for name, perhaps in lists.items() if perhaps
    }


def _column(f: Field, made: Maker | None) -> dict[str, Any]:
    return {
        "name": f.name,
        "type": str(f.type),
        "unit": f.unit,
        "axes": list(f.axes),
        "kind": kind_of(f.type),
        "leaves": [
            {"path": path, "type": str(x.type), "unit": x.unit, "axes": list(x.axes), "kind": kind_of(x.type)}
            for path, x in leaf_fields(f)
        ],
        "function": made and made.function,
        "made_for": made and made.reference,
    }


def kind_of(kind: DataType) -> str:
    """How a page shows values of a type."""
    match kind:
        case Record("File"):
            return "file"
        case Record():
            return "record"
        case Array():
            return "array"
        case Ragged():
            return "ragged"
        case List():
            return "list"
        case Json():
            return "json"
        case Scalar(name) if name in TIMES:
            return "time"
        case Scalar("bool"):
            return "boolean"
        case Scalar("string"):
            return "text"
        case Scalar("bytes"):
            return "bytes"
        case _:
            return "number"
