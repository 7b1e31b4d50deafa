"""To JSON: rows as objects, in one array or one per line."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from neurochain.chain.chain import Chain
from neurochain.chain.run import batches
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Field, Json, List, Record
from neurochain.export.plain import nested_columns
from neurochain.export.target import note_export, opened, rows_at_once
from neurochain.storage.beside import written_beside

LINES = (".jsonl", ".ndjson")


def to_json(chain: Chain, path: str | os.PathLike[str], lines: bool | None = None) -> Path:
    """Write all rows; see `Chain.to_json`."""
    with written_beside(path, "to_json") as (beside, target):
        by_line = target.name.lower().removesuffix(".gz").endswith(LINES) if lines is None else lines
        state, run = chain.execute()
        schema = state.schema
        leaves = state.frame.select(list(schema.leaves()))
        with opened(beside, target) as file, run.progress.step(f"write {target.name}") as progress:
            before = b"" if by_line else b"[\n"
            for batch in batches(leaves, rows_at_once(schema)):
                text = _lines(batch, schema).rstrip("\n")
                if text:
                    file.write(before + (text if by_line else text.replace("\n", ",\n")).encode())
                    before = b"\n" if by_line else b",\n"
                progress.advance(batch.height)
            if by_line:
                file.write(b"" if before == b"" else b"\n")
            else:
                file.write(b"[]\n" if before == b"[\n" else b"\n]\n")
        note_export(run, "json", progress.rows)
    return target


def _lines(batch: pl.DataFrame, schema: Schema) -> str:
    """One JSON object per line; a line end inside a text is escaped."""
    text = nested_columns(batch, schema).write_ndjson()
    embedded = [f for f in schema.values() if _holds_json(f)]
    if not embedded:
        return text
    return "".join(f"{line}\n" for line in _with_json(text, embedded))


def _holds_json(f: Field) -> bool:
    kind = f.type.item if isinstance(f.type, List) else f.type
    return isinstance(kind, Json) or (isinstance(kind, Record) and any(map(_holds_json, kind.fields)))


def _with_json(text: str, fields: list[Field]) -> Iterator[str]:
    """Lines whose columns of JSON text are objects in turn."""
    for line in text.splitlines():
        row = json.loads(line)
        for f in fields:
            row[f.name] = _parsed(row[f.name], f)
        yield json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def _parsed(value: Any, f: Field) -> Any:
    match f.type, value:
        case Json(), str() if value.lstrip().startswith(("{", "[")):
            try:
                return json.loads(value, parse_constant=lambda name: None)
            except ValueError:
                return value
        case Record(_, fields), dict():
            return {m.name: _parsed(value[m.name], m) for m in fields}
        case List(item), list():
            return [_parsed(v, Field(f.name, item)) for v in value]
    return value
