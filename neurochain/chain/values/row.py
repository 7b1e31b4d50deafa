"""Row: flat columns back to the Python values that a person works with."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any

import polars as pl

from neurochain.chain.values.objects import NAMES, rebuilt
from neurochain.datasets import arrays
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Array, DataType, Json, List, Ragged, Record, Scalar
from neurochain.storage import File, ReadLog

Logs = ReadLog | Sequence[ReadLog] | None
"""To which files report their reads: to one log, to one for each row, or to none."""

FILE_FIELDS = ("uri", "size", "etag", "mtime")  # of a File, in the order in which it takes them


class Row(Mapping[str, Any]):
    """Named values: by attribute (``row.header.shape``) or by key (``row["header"]["shape"]``)."""

    __slots__ = ("_values",)

    def __init__(self, values: dict[str, Any]) -> None:
        object.__setattr__(self, "_values", values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"There is no {name!r} here; there is {', '.join(self._values)}.") from None

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("A row cannot be changed; use mutate() or map().")

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __dir__(self) -> list[str]:
        return [*self._values, *super().__dir__()]

    def __repr__(self) -> str:
        shown = ", ".join(f"{k}={_short(v)}" for k, v in self._values.items() if v is not None)
        return f"Row({shown})"

    def __reduce__(self) -> Any:
        return Row, (self._values,)


def _short(value: object) -> str:
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"<{value.dtype}{list(value.shape)}>"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"


def column_values(frame: pl.DataFrame, path: str, kind: DataType, log: Logs = None) -> list[Any]:
    """Values of one column.

    Parameters
    ----------
    frame : DataFrame
        Flat columns.
    path : str
        Name of the column, or prefix of a record's columns.
    kind : DataType
        Its type.
    log : ReadLog, or one for each row, optional
        Files report their reads there.
    """
    match kind:
        case Scalar():
            return frame[path].to_list()
        case Json():
            return [_parsed(text) for text in frame[path].to_list()]
        case Array():
            return arrays.rows(frame[path], kind)
        case Ragged():
            return arrays.decode_ragged(
                frame[f"{path}.data"].to_list(), frame[f"{path}.shape"].to_list(), kind
            )
        case List(item):
            values = frame[path].to_list()
            if not _has_record(item):
                return values
            return [_inside(v, kind, one) for v, one in zip(values, _each(log), strict=False)]
        case Record("File"):
            return _files(frame, path, log)
        case Record(_, fields):
            names = [f.name for f in fields]
            columns = [column_values(frame, f"{path}.{f.name}", f.type, log) for f in fields]
            if kind.name in NAMES:
                return rebuilt(kind.name, dict(zip(names, columns, strict=True)))
            return [
                Row(dict(zip(names, values, strict=True)))
                if kind.required or any(v is not None for v in values)
                else None
                for values in zip(*columns, strict=True)
            ]


def _each(log: Logs) -> Iterable[ReadLog | None]:
    """Log of each row."""
    return repeat(log) if log is None or isinstance(log, ReadLog) else log


def _has_record(kind: DataType) -> bool:
    return isinstance(kind, Record) or (isinstance(kind, List) and _has_record(kind.item))


def _inside(value: Any, kind: DataType, log: ReadLog | None) -> Any:
    """Value inside a list, where Polars gives records as dicts."""
    match kind:
        case List(item) if value is not None:
            return [_inside(v, item, log) for v in value]
        case Record("File") if value is not None:
            return _file(value, log)
        case Record(_, fields) if value is not None:
            return Row({f.name: _inside(value[f.name], f.type, log) for f in fields})
    return value


def _parsed(text: str | None) -> Any:
    """JSON object or array; any other text as it is, where a key holds an array in one file and a text in another."""
    if text is None or not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _file(fields: Mapping[str, Any], log: ReadLog | None) -> File:
    uri, size, etag, mtime = (fields[name] for name in FILE_FIELDS)
    return File(uri, size, etag, mtime, log, fields["companions"])


def _files(frame: pl.DataFrame, path: str, log: Logs) -> list[File | None]:
    leaves = [frame[f"{path}.{name}"].to_list() for name in (*FILE_FIELDS, "companions")]
    return [
        None if uri is None else File(uri, size, etag, mtime, one, companions)
        for (uri, size, etag, mtime, companions), one in zip(
            zip(*leaves, strict=True), _each(log), strict=False
        )
    ]


def rows(frame: pl.DataFrame, schema: Schema) -> Iterator[Row]:
    """Each row of a frame of flat columns."""
    columns = [column_values(frame, f.name, f.type) for f in schema.values()]
    if not columns:
        yield from (Row({}) for _ in range(frame.height))
        return
    names = list(schema)
    for values in zip(*columns, strict=True):
        yield Row(dict(zip(names, values, strict=True)))


def presented(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Flat columns as the frame that a user sees: records are structs, arrays are `pl.Array`.

    A ragged array is a struct of a flat list and its shape. A record whose fields are all null is null.
    """
    return pl.DataFrame([_presented(frame, f.name, f.name, f.type) for f in schema.values()])


def _presented(frame: pl.DataFrame, path: str, name: str, kind: DataType) -> pl.Series:
    match kind:
        case Array():
            return arrays.polars_series(frame[path], kind).alias(name)
        case Ragged():
            data = arrays.polars_lists(frame[f"{path}.data"], kind).alias("data")
            return _struct(name, [data, frame[f"{path}.shape"].alias("shape")])
        case Record(_, fields):
            inner = [_presented(frame, f"{path}.{f.name}", f.name, f.type) for f in fields]
            return pl.DataFrame(inner).to_struct(name) if kind.required else _struct(name, inner)
        case _:
            return frame[path].alias(name)


def _struct(name: str, columns: list[pl.Series]) -> pl.Series:
    if not columns:
        return pl.Series(name, [], dtype=pl.Struct([]))
    frame = pl.DataFrame(columns)
    present = pl.any_horizontal(pl.all().is_not_null())
    made = frame.select(pl.when(present).then(pl.struct(pl.all())).alias(name)).to_series()
    return (
        made.rechunk()
    )  # fields that are one value throughout are not as long as the record, which Arrow refuses
