"""Page: what the site says of a table: in its index, and on the table's own page."""

import datetime as dt
import hashlib
import inspect
import re
from collections.abc import Mapping
from typing import Any

import polars as pl

from neurochain.datasets.public import paragraphs, public
from neurochain.tables.catalog import Catalog
from neurochain.tables.facts import Facts
from neurochain.tables.function import FunctionTable
from neurochain.tables.site.code import Code
from neurochain.tables.site.look import Look
from neurochain.tables.site.notebook import notebook_of
from neurochain.tables.site.preview import cell_text
from neurochain.tables.site.typename import fields_of, type_name
from neurochain.tables.table import Table

__all__ = ["entry_of", "index_of", "page_of", "stem_of"]

VALUES = 40  # of a partition
SAFE = re.compile(r"[a-z0-9_.]{1,100}")


def stem_of(database: str, table: Table) -> str:
    """Name of a table's files, different from all others on any file system.

    Examples
    --------
    >>> from neurochain.tables.parquet.table import ParquetTable
    >>> stem_of("implant", ParquetTable(name="spikes", uri="x")), stem_of("implant", ParquetTable(name="Spikes", uri="x"))
    ('implant.spikes', 'implant-934d52aa5b00')
    """
    name = f"{database}.{table.name}"
    if SAFE.fullmatch(name):
        return name
    digest = hashlib.blake2b(name.encode(), digest_size=6).hexdigest()
    return f"{database.lower() if SAFE.fullmatch(database.lower()) else 'table'}-{digest}"


def index_of(catalog: Catalog, entries: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """What all pages know.

    Parameters
    ----------
    catalog : Catalog
        Of the site.
    entries : mapping of str to list of dict
        Of each database's tables.
    """
    return _filled(
        {
            "name": catalog.name,
            "description": paragraphs(catalog.description),
            "jupyterhub": catalog.jupyterhub,
        }
    ) | {
        "databases": [
            _filled({"name": name, "description": paragraphs(db.description)}) | {"tables": entries[name]}
            for name, db in catalog.databases.items()
        ]
    }


def entry_of(database: str, table: Table, look: Look) -> dict[str, Any]:
    """A table in the index: what is searched, and what lists show."""
    facts = look.facts or Facts()
    schema = look.schema or pl.Schema()
    return _filled(
        {
            "name": table.name,
            "kind": table.kind,
            "file": stem_of(database, table),
            "description": paragraphs(table.description),
            "owner": public(table.owner),
            "deprecated": public(table.deprecated),
            "columns": [_column(name, dtype) for name, dtype in schema.items()],
            "partitions": [_partition(name, facts) for name in table.partition_columns],
            "dataset": str(getattr(table, "dataset", "") or ""),
            "rows": _whole(facts.rows),
            "size": _whole(facts.size),
            "files": _whole(facts.files),
            "modified": None if facts.modified is None else _utc(facts.modified),
            "version": public(facts.version) if facts.version else None,
            "problems": look.problems,
        }
    )


def page_of(code: Code, look: Look) -> dict[str, Any]:
    """What the page of a table shows besides."""
    table = code.table
    preview, versions = look.preview, look.versions
    return _filled(
        {
            "place": _place(table, code.source),
            "latency": public(table.latency),
            "notebook": public(table.notebook),
            "links": [[public(title), public(address)] for title, address in table.links.items()],
            "checks": [public(check.label) for check in table.checks],
            "parameters": _parameters(table),
            "fields": {n: found for n, t in (code.schema or pl.Schema()).items() if (found := fields_of(t))},
            "code": {"Python": code.python(), "SQL": code.sql(), "Chain": code.chain()},
            "example": notebook_of(code),
            "preview": None
            if preview is None
            else _filled(
                {
                    "columns": list(preview.columns),
                    "omitted": preview.omitted or None,
                    "empty": preview.empty or None,
                    "filters": public(preview.filters),
                }
            )
            | {"rows": [list(row) for row in preview.rows]},
            "versions": None
            if versions is None
            else {
                "reference": versions.reference,
                "listed": list(versions.listed),
                "more": versions.more,
                "graph": versions.graph,
            },
        }
    )


def _place(table: Table, source: str) -> str:
    """Where its rows come from."""
    if isinstance(table, FunctionTable):
        module = table.function.__module__  # of the catalog's own file it is a name that nobody else knows
        return f"{source if module.startswith('_catalog_') else module}.{table.function.__qualname__}"
    for name in ("uri", "dataset", "query"):
        if isinstance(found := getattr(table, name, None), str):
            return public(found)
    named = (getattr(table, "schema_name", None), getattr(table, "table", None))
    return ".".join(public(part) for part in named if isinstance(part, str))


def _parameters(table: Table) -> list[list[str]]:
    """Parameters of a function: name, type, default."""
    if not isinstance(table, FunctionTable):
        return []
    return [
        [
            name,
            "" if p.annotation is p.empty else inspect.formatannotation(p.annotation),
            "" if p.default is p.empty else public(repr(p.default)),
        ]
        for name, p in table.parameters.items()
    ]


def _whole(number: int | None) -> int | None:
    """A plain number, whatever kind of integer a library gave."""
    return None if number is None else int(number)


def _utc(time: dt.datetime) -> str:
    """Time as ISO 8601; one without a zone is in UTC."""
    return (time if time.tzinfo else time.replace(tzinfo=dt.UTC)).isoformat(timespec="seconds")


def _column(name: str, dtype: pl.DataType) -> list[Any]:
    """Name and type of a column; of a record also the names of its fields, which are searched."""
    names = [field for field, _ in fields_of(dtype)]
    return [name, type_name(dtype), names] if names else [name, type_name(dtype)]


def _partition(name: str, facts: Facts) -> dict[str, Any]:
    """A partition column with its values; the last ones are those that are asked for most."""
    values = list(facts.partitions.get(name, ()))
    shown = [public(cell_text(value)) for value in values[-VALUES:]]
    return _filled({"name": name, "values": shown[::-1], "count": len(values)})


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty."""
    return {key: v for key, v in values.items() if v is not None and v != "" and v != [] and v != {}}
