"""TableSource: rows of one CSV, TSV, Parquet or JSON file."""

import hashlib
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.run import Run, State
from neurochain.chain.sources.bids.headless import column_names
from neurochain.chain.sources.given import ValuesSource
from neurochain.datasets import arrays
from neurochain.datasets.activity import Input
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Array, DataType, Field, Record, from_polars
from neurochain.errors import FormatError, SchemaError
from neurochain.storage import File

NULLS = ["", "n/a", "N/A", "NA", "NaN", "nan", "null"]
IDENTITY = ("source", "uri", "format", "sha256", "columns")
FORMATS = ("csv", "tsv", "parquet", "json", "jsonl", "ndjson")
_INTEGER = r"^-?(0|[1-9][0-9]{0,17})$"
_NUMBER = r"^[+-]?(([1-9][0-9]*|0)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_IDENTIFIER = re.compile(r"(?i)(^|_)(id|ids|uid|subject|session|sub|ses|run|participant)$")


@dataclass(frozen=True)
class TableSource:
    """Rows of a file with columns."""

    rows: ValuesSource
    reference: dict[str, Any]

    @classmethod
    def of(cls, file: File, key: str | None) -> "TableSource":
        """Read a table whole.

        Raises
        ------
        FormatError
            The ending is not known, or the content is not what the ending says.
        """
        kind = file.suffix.removesuffix(".gz").lstrip(".")
        if kind not in FORMATS:
            raise FormatError(
                f"{file.uri}: a table ends in {', '.join(FORMATS)}; this is {kind or 'no ending'!r}."
            )
        names = column_names(file) if kind == "tsv" else None
        content = file.read()
        try:
            frame = _read(content, kind, file.suffix.endswith(".gz"), names)
        except (pl.exceptions.PolarsError, ValueError, EOFError, OSError, zlib.error) as error:
            raise FormatError(f"{file.uri} cannot be read as {kind}: {error}") from error
        schema, flat = flatten(frame)
        reference = {
            "source": "table",
            "uri": file.uri,
            "format": kind,
            "size": file.size,
            "etag": file.etag,
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        if names is not None:
            reference["columns"] = names
        return cls(ValuesSource.from_frame(flat, schema, key), reference)

    @property
    def schema(self) -> Schema:
        return self.rows.schema

    def open(self, run: Run) -> State:
        run.activity.inputs.append(Input("table", {**self.reference, "rows": self.rows.frame.height}))
        run.activity.counts.bytes += self.reference["size"]
        run.activity.counts.requests += 1
        return State(self.rows.frame.lazy(), self.rows.schema)

    def to_json(self) -> dict[str, Any]:
        return {k: v for k, v in self.reference.items() if k in IDENTITY}


def _read(content: bytes, kind: str, compressed: bool, names: list[str] | None) -> pl.DataFrame:
    if kind == "parquet":
        return pl.read_parquet(io.BytesIO(content))
    if compressed:
        import gzip  # only where a table is compressed

        content = gzip.decompress(content)
    if kind == "json":
        return pl.read_json(io.BytesIO(content))
    if kind in ("jsonl", "ndjson"):
        return pl.read_ndjson(io.BytesIO(content))
    texts = pl.read_csv(
        io.BytesIO(content.removeprefix(b"\xef\xbb\xbf")),
        separator="\t" if kind == "tsv" else ",",
        infer_schema=False,
        null_values=NULLS,
        has_header=names is None,
    )
    if names is not None:
        if texts.width != len(names):
            raise ValueError(f"it has {texts.width} columns, and its sidecar names {len(names)}: {names}")
        texts.columns = names
    return texts.with_columns(typed(texts[name]) for name in texts.columns)


def typed(texts: pl.Series) -> pl.Series:
    """Numbers where every value is written as one; ids and padded numbers (``01``) stay texts."""
    present = texts.drop_nulls().str.strip_chars()
    if not len(present) or _IDENTIFIER.search(texts.name):
        return texts
    if present.str.contains(_INTEGER).all():
        return texts.str.strip_chars().cast(pl.Int64)
    if present.str.contains(_NUMBER).all():
        return texts.str.strip_chars().cast(pl.Float64)
    if present.str.to_lowercase().is_in(["true", "false"]).all():
        return texts.str.strip_chars().str.to_lowercase() == "true"
    return texts


def flatten(frame: pl.DataFrame) -> tuple[Schema, pl.DataFrame]:
    """Any Polars frame as flat columns, with their schema."""
    fields: list[Field] = []
    series: list[pl.Series] = []
    for column in frame.get_columns():
        known = column.cast(pl.String) if isinstance(column.dtype, pl.Categorical | pl.Enum) else column
        if isinstance(known.dtype, pl.Decimal):
            known = known.cast(pl.Float64)
        if isinstance(known.dtype, pl.Datetime):
            known = known.cast(pl.Datetime("us", "UTC" if known.dtype.time_zone else None))
        if isinstance(known.dtype, pl.Duration):
            known = known.cast(pl.Duration("us"))
        try:
            field = Field(column.name, from_polars(known.dtype))
        except SchemaError as error:
            raise SchemaError(f"Column {column.name!r}: {error}") from error
        fields.append(field)
        series += _flat(known, column.name, field.type)
    return Schema(fields), pl.DataFrame(series)


def _flat(column: pl.Series, path: str, kind: DataType) -> Iterator[pl.Series]:
    if isinstance(kind, Record):
        for f in kind.fields:
            yield from _flat(column.struct.field(f.name), f"{path}.{f.name}", f.type)
    elif isinstance(kind, Array):
        block: list[np.ndarray[Any, Any] | None] = [
            None if v is None else np.array(v, dtype=kind.dtype).reshape(kind.shape) for v in column.to_list()
        ]
        yield arrays.encode(block, np.dtype(kind.dtype)).alias(path)
    else:
        yield column.alias(path)
