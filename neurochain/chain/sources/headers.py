"""Headers: what is read of one file when it is indexed, and many of them as flat columns."""

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from operator import itemgetter
from pathlib import Path
from typing import Any

import polars as pl

from neurochain import formats
from neurochain.chain.expressions import jsonkeys
from neurochain.chain.expressions.jsonkeys import catalogue, readable
from neurochain.chain.values.nested import nested_series
from neurochain.chain.values.reads import reads_of
from neurochain.chain.values.records import record_type
from neurochain.datasets.hidden import READS, READS_TYPE
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Field, Json, Record, Scalar
from neurochain.errors import FormatError
from neurochain.formats import HeadSizes
from neurochain.formats.bids.entities import entities
from neurochain.formats.bids.sidecar import parse_sidecar
from neurochain.formats.identifiers import Identifiers
from neurochain.storage import File, ReadLog
from neurochain.storage.reads import active_log

IDENTIFIERS = "identifiers"  # column of what names a person, where it was asked for
SHAPES = "shapes"  # hidden column of the header parts: the keys of the row's JSON texts


@lru_cache(maxsize=2)
def header_schema(identified: bool = False) -> Schema:
    """Columns that a file's header gives: the same for every file, whatever it contains.

    Parameters
    ----------
    identified : bool
        With the column of identifiers.
    """
    # Every file has a header and a path; a format's own record is null for files of another.
    required = ("header", "bids")
    fields = [
        Field(name, replace(record_type(model), required=name in required))
        for name, model in formats.RECORDS.items()
    ]
    texts = ["sidecar", *([IDENTIFIERS] if identified else [])]
    return Schema([*fields, *(Field(name, Json(None)) for name in texts)])


@lru_cache(maxsize=2)
def stored_schema(identified: bool = False) -> Schema:
    """Columns of the header parts."""
    return Schema([*header_schema(identified).values(), Field(SHAPES, Scalar("string"))])


@lru_cache(maxsize=1)
def reader_fingerprint() -> str:
    """Identity of the code that reads headers: its source, and the packages that it leans on.

    Whole files count, comments too: coarser than a function's fingerprint, and 1 ms instead of 300.
    """
    digest = hashlib.blake2b(digest_size=16)
    more = find_spec("h5py") is not None  # an extra, without which some headers are errors
    packages = f"pydicom {version('pydicom')} numpy {version('numpy')} h5py {more}"
    digest.update(f"{sys.version_info[:2]} {packages}".encode())
    for file in sorted(
        {*Path(formats.__file__).parent.rglob("*.py"), Path(__file__), Path(jsonkeys.__file__)}
    ):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    for one in formats.installed_formats():
        digest.update(b"\0" + one.identity)
    return digest.hexdigest()


@dataclass(slots=True)
class HeaderRow:
    """What one file's header gives.

    Attributes
    ----------
    records : dict
        Fields by record column; a record that does not apply is missing.
    sidecar, identifiers : str or None
        Text of the JSON file next to it; of an object of identifiers.
    shapes : str or None
        JSON text: the keys of each of the row's JSON texts, with their types.
    """

    records: dict[str, dict[str, Any]]
    sidecar: str | None = None
    identifiers: str | None = None
    shapes: str | None = None

    @property
    def error(self) -> str | None:
        """What the file or its sidecar says that is not so."""
        error = self.records["header"]["error"]
        return None if error is None else str(error)


def read_row(
    file: File, sidecar: File | None, path: str, sizes: HeadSizes, identifiers: Identifiers
) -> HeaderRow:
    """Read a file's header and its sidecar.

    Parameters
    ----------
    file, sidecar : File
        The file, and the JSON file next to it.
    path : str
        Relative to the root; entities are read from it.
    sizes : HeadSizes
        How long the headers of its neighbours were.
    identifiers : Identifiers
        What becomes of them.

    Raises
    ------
    StorageError
        The bytes cannot be had.
    """
    found = formats.read_header(file, sizes)
    row = HeaderRow({"header": found.header, "bids": entities(path)})
    shapes: dict[str, dict[str, str]] = {}
    if found.name is not None and found.record is not None:
        row.records[found.name] = found.record
        for name in _json_fields().get(found.name, ()):
            text = found.record[name]
            if text is not None:
                shapes[f"{found.name}.{name}"] = _shape(text)
    if sidecar is not None:
        value, error = _read_sidecar(sidecar, row, identifiers)
        if value is not None:
            shapes["sidecar"] = catalogue(value)
        elif found.header["error"] is None:
            found.header["error"] = error
    if identifiers.indexed:
        own = identifiers.taken(formats.read_identifiers(file, found.name))
        row.identifiers = json.dumps(own)
        shapes[IDENTIFIERS] = catalogue(own)
    row.shapes = json.dumps(shapes, sort_keys=True) if shapes else None
    if (log := active_log()) is not None:
        log.settle()  # thousands of rows wait for one another
    return row


@lru_cache(maxsize=256)
def _shape(text: str) -> dict[str, str]:
    """Keys of an object: files of a series have the same text."""
    return catalogue(json.loads(text))


def _read_sidecar(
    sidecar: File, row: HeaderRow, identifiers: Identifiers
) -> tuple[dict[str, Any] | None, str | None]:
    """JSON object of a sidecar, whose text goes into the row; or what is wrong with it."""
    try:
        text = identifiers.cleaned(sidecar.read().decode("utf-8-sig"))
        value = parse_sidecar(sidecar.name, text)
    except FormatError as error:
        return None, str(error)
    except (ValueError, RecursionError) as error:
        return None, f"The sidecar {sidecar.name} is no JSON: {error}."
    row.sidecar = text
    return value, None


@lru_cache(maxsize=1)
def _json_fields() -> dict[str, list[str]]:
    """Fields of each record that hold JSON text."""
    records = [(f.name, f.type) for f in header_schema().values()]
    return {
        name: [f.name for f in kind.fields if isinstance(f.type, Json)]
        for name, kind in records
        if isinstance(kind, Record)
    }


def header_frame(
    rows: Sequence[HeaderRow], logs: Sequence[ReadLog], identified: bool = False
) -> pl.DataFrame:
    """Rows as the flat columns of the header parts, with what was read for each."""
    columns = [nested_series(READS, [reads_of(log) for log in logs], READS_TYPE)]
    for field in header_schema(identified).values():
        if isinstance(field.type, Record):
            columns += _record_columns(field.name, field.type, rows)
        else:
            texts = readable([getattr(row, field.name) for row in rows])
            columns.append(pl.Series(field.name, texts, dtype=pl.String))
    columns.append(pl.Series(SHAPES, [row.shapes for row in rows], dtype=pl.String))
    return pl.DataFrame(columns)


def _record_columns(name: str, kind: Record, rows: Sequence[HeaderRow]) -> list[pl.Series]:
    take = itemgetter(*(f.name for f in kind.fields))
    nothing = (None,) * len(kind.fields)
    values = [take(row.records[name]) if name in row.records else nothing for row in rows]
    columns, nulls = list[pl.Series](), pl.Series([None] * len(rows), dtype=pl.Null)
    for field, column in zip(kind.fields, zip(*values, strict=True), strict=True):
        (leaf, dtype), *_ = field.leaves(f"{name}.")
        if column.count(None) == len(column):  # most fields of most records
            columns.append(nulls.cast(dtype).alias(leaf))
            continue
        texts = readable(list(column)) if isinstance(field.type, Json) else column
        columns.append(nested_series(leaf, texts, dtype))
    return columns
