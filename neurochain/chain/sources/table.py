"""TableSource: rows of one file with columns, of text or of arrays."""

import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.run import Run, State
from neurochain.chain.sources import table_matlab, table_numpy, table_ranged, table_text
from neurochain.chain.sources.bids.headless import column_names
from neurochain.chain.sources.given import ValuesSource
from neurochain.chain.sources.table_columns import Chosen, Columns, frame_of
from neurochain.datasets import arrays
from neurochain.datasets.activity import Input
from neurochain.datasets.content import ContentHash
from neurochain.datasets.filetable import root_of
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Array, DataType, Field, Record, from_polars
from neurochain.errors import ColumnNotFoundError, FormatError, SchemaError
from neurochain.storage import File, recording_reads

ARRAYS: dict[str, Callable[[File, bytes, Chosen], Columns]] = {
    "npy": table_numpy.npy,
    "npz": table_numpy.npz,
    "mat": table_matlab.mat,
}
FORMATS = (*table_text.FORMATS, *ARRAYS, *table_ranged.FORMATS)
IDENTITY = ("source", "uri", "format", "sha256", "variable", "columns", "key")


@dataclass(frozen=True)
class TableSource:
    """Rows of a file with columns."""

    rows: ValuesSource
    reference: dict[str, Any]

    @classmethod
    def of(cls, file: File, key: str | None, variable: Chosen = None) -> "TableSource":
        """Read a table whole.

        Raises
        ------
        FormatError
            The ending is not known, or the content is not what the ending says, or is no table.
        ColumnNotFoundError
            There is no such variable.
        MissingExtraError
            The package that reads it is not installed.
        """
        kind = file.suffix.removesuffix(".gz").lstrip(".")
        names = column_names(file) if kind == "tsv" else None
        with recording_reads() as log:
            schema, flat, digest = read_frame(replace(file, _log=log), variable, names)
        reference = {
            "source": "table",
            "uri": file.uri,
            "format": kind,
            "size": file.size,
            "etag": file.etag,
            "sha256": digest(),
            "bytes": log.bytes,
            "requests": log.requests,
        }
        if variable is not None:
            reference["variable"] = variable if isinstance(variable, str) else list(variable)
        if names is not None:
            reference["columns"] = names
        if key is not None:
            reference["key"] = key
        return cls(ValuesSource.from_frame(flat, schema, key), reference)

    @property
    def schema(self) -> Schema:
        return self.rows.schema

    def open(self, run: Run) -> State:
        reference = {**self.reference, "rows": self.rows.frame.height, "schema": self.rows.schema.to_json()}
        if not run.dry:
            reference |= root_of(run.project, self.reference["uri"])
        run.activity.inputs.append(Input("table", reference))
        run.activity.counts.bytes += self.reference["bytes"]
        run.activity.counts.requests += self.reference["requests"]
        return State(self.rows.frame.lazy(), self.rows.schema, self.rows.frame.height)

    def to_json(self) -> dict[str, Any]:
        return {k: v for k, v in self.reference.items() if k in IDENTITY}


def read_frame(
    file: File, variable: Chosen, names: Sequence[str] | None = None, columns: Sequence[str] | None = None
) -> tuple[Schema, pl.DataFrame, Callable[[], str]]:
    """Schema and flat columns of a table, and its SHA-256 when asked: of the file, or of the rows where not all of it is read.

    Parameters
    ----------
    file : File
        Its ending says the format.
    variable : str, sequence of str, or None
        What of the file is the table.
    names : sequence of str, optional
        Of the columns of a TSV file without a header.
    columns : sequence of str, optional
        Of a file that is read by range, those that are read.

    Raises
    ------
    FormatError, ColumnNotFoundError, MissingExtraError
        As `TableSource.of`.
    """
    kind = file.suffix.removesuffix(".gz").lstrip(".")
    packed = file.suffix.endswith(".gz")
    if kind not in FORMATS or (packed and kind not in table_text.FORMATS):
        raise FormatError(
            f"{file.uri}: a table ends in {', '.join(FORMATS)}; this is {file.suffix.lstrip('.') or 'no ending'!r}."
        )
    if variable is not None and kind in table_text.FORMATS:
        raise FormatError(f"{file.uri}: a {kind} table has no variables. Leave out variable={variable!r}.")
    try:
        if kind in table_ranged.FORMATS:
            schema, flat = frame_of(table_ranged.columns_of(file, variable, columns))
            return schema, flat, partial(_of_rows, schema, flat)
        content = file.read()
        if kind in ARRAYS:
            schema, flat = frame_of(ARRAYS[kind](file, content, variable))
        else:
            schema, flat = flatten(table_text.read_frame(content, kind, packed, names))
    except (FormatError, SchemaError, ColumnNotFoundError) as error:
        raise type(error)(f"{file.uri} cannot be read as a table: {error}") from error
    except (pl.exceptions.PolarsError, ValueError, EOFError, OSError, zlib.error) as error:
        raise FormatError(f"{file.uri} cannot be read as {kind}: {error}") from error
    return schema, flat, lambda: hashlib.sha256(content).hexdigest()


def _of_rows(schema: Schema, flat: pl.DataFrame) -> str:
    rows = ContentHash(schema)
    rows.update(flat)
    return rows.hexdigest()


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
