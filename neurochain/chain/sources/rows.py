"""HeaderRow: what is read of one file when it is indexed, and Block, some of them as columns.

Helper processes make them, so nothing here needs tables.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import Any

from neurochain import formats
from neurochain.chain.expressions.catalogue import catalogue
from neurochain.chain.values.reads import reads_of
from neurochain.errors import FormatError, StorageError
from neurochain.formats import HeadSizes
from neurochain.formats.bids.entities import entities
from neurochain.formats.bids.sidecar import parse_sidecar
from neurochain.formats.identifiers import Identifiers
from neurochain.storage import File, ReadLog

Block = dict[str, Sequence[Any]]
"""Values of some rows by column: the fields of `HeaderRow`, and of its records as "dicom.Rows". Records' fields that
none of them has are left out."""

IDENTIFIERS = "identifiers"  # column of what names a person, where it was asked for
PLAIN = ("number", "sidecar", IDENTIFIERS, "shapes", "reads", "bytes", "requests", "lost")


@dataclass(slots=True)
class HeaderRow:
    """What one file's header gives.

    Attributes
    ----------
    number : int
        Of the file, among those that are read.
    records : dict
        Fields by record column; a record that does not apply is missing.
    sidecar, identifiers : str or None
        Text of the JSON file next to it; of an object of identifiers.
    shapes : str or None
        JSON text: the keys of each of the row's JSON texts, with their types.
    reads : list of dict
        What it was read from, as the ledger keeps it.
    bytes, requests : int
        Pulled for it.
    lost : bool
        The bytes could not be had; the header's error says why, and is not remembered.
    """

    number: int
    records: dict[str, dict[str, Any]]
    sidecar: str | None = None
    identifiers: str | None = None
    shapes: str | None = None
    reads: list[dict[str, Any]] = field(default_factory=list)
    bytes: int = 0
    requests: int = 0
    lost: bool = False


def lost_row(number: int, path: str, log: ReadLog, error: StorageError) -> HeaderRow:
    """Row of a file whose bytes cannot be had."""
    header = dict.fromkeys(formats.RECORDS["header"].model_fields) | {"error": str(error)}
    row = HeaderRow(number, {"header": header, "bids": entities(path)}, lost=True)
    row.bytes, row.requests = log.bytes, log.requests
    return row


def read_row(
    number: int,
    file: File,
    sidecar: File | None,
    path: str,
    log: ReadLog,
    sizes: HeadSizes,
    identifiers: Identifiers,
) -> HeaderRow:
    """Read a file's header and its sidecar.

    Parameters
    ----------
    number : int
        Of the row.
    file, sidecar : File
        The file, and the JSON file next to it.
    path : str
        Relative to the root; entities are read from it.
    log : ReadLog
        To which both report.
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
    row = HeaderRow(number, {"header": found.header, "bids": entities(path)})
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
    row.reads, row.bytes, row.requests = reads_of(log), log.bytes, log.requests
    return row


def block_of(rows: Sequence[HeaderRow]) -> Block:
    """Rows as columns; best not more of them than the processor's cache holds."""
    block: Block = {name: [*map(attrgetter(name), rows)] for name in PLAIN}
    nulls = (None,) * len(rows)
    for name in {name: None for row in rows for name in row.records}:
        records = [row.records.get(name) for row in rows]
        fields = tuple(next(filter(None, records)))
        nothing = dict.fromkeys(fields)
        columns = zip(*map(itemgetter(*fields), (record or nothing for record in records)), strict=True)
        names = _names(name, fields)
        block |= {one: column for one, column in zip(names, columns, strict=True) if column != nulls}
    return block


@lru_cache(maxsize=64)
def _names(record: str, fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{record}.{field}" for field in fields)


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
    return {
        record: [name for name, info in model.model_fields.items() if _is_json(info.json_schema_extra)]
        for record, model in formats.RECORDS.items()
    }


def _is_json(extra: Any) -> bool:
    return isinstance(extra, dict) and bool(extra.get("json"))
