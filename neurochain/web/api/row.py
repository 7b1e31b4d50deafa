"""A row: its values, the files that it came from, the features computed from it, and the bytes that were read for them."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from neurochain.datasets.location import file_columns
from neurochain.datasets.origins import ancestors, makers
from neurochain.datasets.plain import plain
from neurochain.datasets.project import Project
from neurochain.datasets.schema import KEY
from neurochain.datasets.types import Ragged
from neurochain.datasets.versions import DatasetVersion
from neurochain.errors import FormatError, ParameterError
from neurochain.formats.registry import reader_for
from neurochain.storage import File
from neurochain.web.api.cells import cells
from neurochain.web.api.datasets import version_of
from neurochain.web.api.held import Holder
from neurochain.web.api.questions import ROW

__all__ = ["file_of", "flat_row", "row_detail"]

RANGES = 2000  # of one file that a page draws


def row_detail(project: Project, holder: Holder, query: Mapping[str, str]) -> dict[str, Any]:
    """The row ``key`` of the version ``ref``.

    Raises
    ------
    DatasetNotFoundError, ParameterError, VersionError
        What is asked for is not there.
    """
    version = version_of(project, query)
    held = holder.of(version)
    row = flat_row(version, ROW.of(query))
    shown = {}
    for path, kind in held.types.items():
        if isinstance(kind, Ragged):
            pair = {"data": row[f"{path}.data"], "shape": row[f"{path}.shape"]}
            column = pl.concat([pl.DataFrame(pair)]).to_struct(path)
        else:
            column = row[path]
        shown[path] = cells(column, kind)[0]
    files = list(_files(version, row))
    return {
        "reference": version.reference,
        "key": row[KEY][0].hex(),
        "cells": shown,
        "files": files,
        "features": _features(version, shown),
        "reads": _reads(version, {f["path"] for f in files}),
    }


def flat_row(version: DatasetVersion, key: str) -> pl.DataFrame:
    """The row of a hidden key, as flat columns.

    Raises
    ------
    ParameterError
        There is none.
    """
    try:
        wanted = bytes.fromhex(key)
    except ValueError as error:
        raise ParameterError(f"key={key[:40]!r} is no key of a row.") from error
    found = version.scan().filter(pl.col(KEY) == pl.lit(wanted, pl.Binary())).head(1).collect()
    if not found.height:
        raise ParameterError(f"{version.reference} has no row {key}.")
    return found


def file_of(version: DatasetVersion, key: str, column: str) -> File:
    """The file in a column of a row: nothing else can be opened.

    Raises
    ------
    ParameterError
        There is no such row or column, or no file in it.
    """
    if column not in set(file_columns(version.schema)):
        raise ParameterError(f"{version.reference} has no column of files that is called {column!r}.")
    row = flat_row(version, key)
    if row[f"{column}.uri"][0] is None:
        raise ParameterError(f"This row of {version.reference} has no file in {column!r}.")
    uri, size, etag, companions = (
        row[f"{column}.{name}"][0] for name in ("uri", "size", "etag", "companions")
    )
    return File(uri, size, etag, companions=companions)


def _files(version: DatasetVersion, row: pl.DataFrame) -> Iterator[dict[str, Any]]:
    for column in file_columns(version.schema):
        uri = row[f"{column}.uri"][0]
        if uri is None:
            continue
        kind = row["header.format"][0] if column == "file" and "header.format" in row.columns else None
        yield {
            "column": column,
            "uri": uri,
            "path": row[f"{column}.path"][0] or uri.rpartition("/")[2],
            "size": row[f"{column}.size"][0],
            "etag": row[f"{column}.etag"][0],
            "format": kind,
            "opens": _opens(kind),
        }


def _opens(kind: str | None) -> str:
    """Which viewer shows a file; ``""`` where only looking into it can tell."""
    if kind is None:
        return ""
    try:
        return reader_for(kind).array
    except FormatError:  # of a package that was there when it was listed
        return ""


def _features(version: DatasetVersion, shown: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Columns that functions made."""
    made = makers(version.lineage())
    return [
        {"path": path, "function": maker.function, "reference": maker.reference, "value": value}
        for path, value in shown.items()
        if (maker := made.get(path.split(".")[0])) is not None
    ]


def _reads(version: DatasetVersion, paths: set[str]) -> list[dict[str, Any]]:
    """Which bytes of the row's files were read, by function; headers come first, then the functions of the earliest version."""
    parts = []
    for lineage in reversed(list(ancestors(version.lineage()))):
        parts += [lineage.header_reads_of(s) for s in lineage.sources if s.kind == "storage"]
        parts.append(lineage.reads())
    out = []
    for part in parts:
        if not part.height:
            continue
        for read in part.filter(pl.col("path").is_in(list(paths))).iter_rows(named=True):
            ranges = [list(pair) for pair in read["ranges"][:RANGES]]
            out.append(
                {
                    "path": read["path"],
                    "function": read["function"],
                    "ranges": plain(ranges),
                    "bytes": sum(end - start for start, end in read["ranges"]),
                }
            )
    return out
