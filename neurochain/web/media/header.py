"""Header: what a file says of itself, as the version kept it.

What names a person is shown where the version was told to keep it (``phi``), and is not looked for in the file.
"""

import datetime as dt
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from neurochain.datasets.plain import plain
from neurochain.datasets.types import Field, Json, Record
from neurochain.formats import read_header
from neurochain.formats.identifiers import PERSONAL
from neurochain.formats.registry import records
from neurochain.web.api.questions import text
from neurochain.web.api.row import flat_row
from neurochain.web.media.gate import Stop
from neurochain.web.media.sources import Sources

__all__ = ["header_groups"]

LONGEST = 2000  # characters of a value
MOST = 64  # values of a list
FIELDS = 2000  # of a group
Line = list[Any]


def header_groups(sources: Sources, query: Mapping[str, str], stop: Stop) -> dict[str, Any]:
    """Fields of the file in ``column``, in groups: name, value and unit of each.

    Raises
    ------
    DatasetNotFoundError, ParameterError, StorageError, VersionError
        There is no such row, or no file in it.
    """
    version = sources.version(query)
    file = sources.file(query)
    groups = [
        {
            "title": "file",
            "fields": [["name", file.name, None], ["size", file.size, "bytes"], ["etag", file.etag, None]],
        }
    ]
    if query.get("column", "file") == "file":
        row = flat_row(version, text(query, "key"))
        known = {"header", "bids", "sidecar", "identifiers", *records()}
        for field in version.schema.values():
            if field.name in known:
                lines = [line for line in _of_row(field, field.name, row) if line[1] is not None]
                if lines:
                    groups.append({"title": field.name, "fields": lines[:FIELDS]})
    if len(groups) == 1:  # the version kept nothing: the file's own words, but for what names a person
        found = read_header(file)
        stop()
        for title, fields in (("header", found.header), (found.name or "", found.record or {})):
            lines = [
                [name, _shown(value), None]
                for name, value in fields.items()
                if value is not None and name.lower() not in PERSONAL
            ]
            if lines:
                groups.append({"title": title, "fields": lines})
    return {"groups": groups}


def _of_row(field: Field, path: str, row: Any) -> list[Line]:
    if isinstance(field.type, Record):
        return [
            [name.partition(".")[2] or name, value, unit]
            for inner in field.type.fields
            for name, value, unit in _of_row(inner, f"{path}.{inner.name}", row)
        ]
    if path not in row.columns:
        return []
    value = row[path].to_list()[0]
    if isinstance(field.type, Json) and isinstance(value, str):
        with suppress(ValueError, RecursionError):
            told = json.loads(value)
            if isinstance(told, dict):
                return [[f"{path}.{name}"[:LONGEST], _shown(one), None] for name, one in told.items()]
    return [[path, _shown(value), field.unit]]


def _shown(value: Any) -> Any:
    """A value, not too long: lists are cut."""
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, str):
        return value if len(value) <= LONGEST else value[:LONGEST] + " …"
    found = plain(value)
    if isinstance(found, list) and len(found) > MOST:
        return [*found[:MOST], f"… {len(found) - MOST:,} more"]
    return json.dumps(found)[:LONGEST] if isinstance(found, dict) else found
