"""Results: the Python values that functions return, as typed flat columns.

The type of a column comes from the function's annotations, else from the first batch of values. A later value
that does not fit is drift: an error that names the row, the column and both types, never a silent cast.
"""

import dataclasses
import datetime as dt
import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.values.inference import as_mapping
from neurochain.chain.values.objects import NAMES, object_name, object_parts
from neurochain.datasets import arrays
from neurochain.datasets.location import FILE
from neurochain.datasets.types import (
    SCALARS,
    Array,
    DataType,
    Field,
    Json,
    List,
    Ragged,
    Record,
    Scalar,
    nested_dtype,
)
from neurochain.errors import SchemaError
from neurochain.storage import File

_NONE = type(None)
_ACCEPTS: dict[str, tuple[type, ...]] = {
    "bool": (bool, np.bool_),
    "float32": (float, int, np.floating, np.integer),
    "float64": (float, int, np.floating, np.integer),
    "string": (str, np.str_, PurePath, enum.Enum),
    "bytes": (bytes, bytearray),
    "date": (dt.date,),
    "time": (dt.time,),
    "datetime": (dt.datetime,),
    "datetime[UTC]": (dt.datetime,),
    "duration": (dt.timedelta,),
    "null": (),
}
_INTEGERS = (int, np.integer, enum.Enum)


def physical(
    field: Field, values: Sequence[Any], path: str | None = None, rows: Sequence[int] | None = None
) -> Iterator[pl.Series]:
    """Flat columns of a field's values.

    `rows` are the values' numbers in the chain, for messages; by default they count from 0.

    Raises
    ------
    SchemaError
        A value does not fit; the message names the row, the column and both types.
    """
    path = path or field.name
    rows = range(len(values)) if rows is None else rows
    match field.type:
        case Scalar(name):
            yield _scalars(path, name, values, rows)
        case Json():
            yield pl.Series(path, values, dtype=pl.String)
        case Array(dtype, shape):
            block = [None if v is None else np.asarray(v) for v in values]
            for i, v in enumerate(block):
                if v is not None and (v.shape != shape or _little(v) != np.dtype(dtype)):
                    raise drift(path, rows[i], field.type, values[i])
            yield arrays.encode(block, np.dtype(dtype)).alias(path)
        case Ragged(dtype, ndim):
            for i, v in enumerate(values):
                if v is not None and (
                    not isinstance(v, np.ndarray) or v.ndim != ndim or _little(v) != np.dtype(dtype)
                ):
                    raise drift(path, rows[i], field.type, v)
            yield arrays.encode(values, np.dtype(dtype)).alias(f"{path}.data")
            yield arrays.encode_shapes(values).alias(f"{path}.shape")
        case List(item):
            yield _lists(path, field.type, item, values, rows)
        case Record("File", _):
            yield from _files(path, values, rows)
        case Record(name, fields) if name in NAMES:
            yield from _objects(path, field.type, fields, values, rows)
        case Record(_, fields):
            yield from _record(path, field.type, fields, values, rows)


def _lists(path: str, kind: List, item: DataType, values: Sequence[Any], rows: Sequence[int]) -> pl.Series:
    for i, v in enumerate(values):
        if v is not None and not isinstance(v, list | tuple | set | frozenset):
            raise drift(path, rows[i], kind, v)
    plain = [None if v is None else [_plain(x, item) for x in v] for v in values]
    try:
        return pl.Series(path, plain, dtype=nested_dtype(kind))
    except (TypeError, OverflowError, pl.exceptions.PolarsError) as error:
        for i, v in enumerate(plain):
            try:
                pl.Series(path, [v], dtype=nested_dtype(kind))
            except (TypeError, OverflowError, pl.exceptions.PolarsError):
                raise drift(path, rows[i], kind, values[i]) from error
        raise SchemaError(f"Column {path!r} holds {kind}: {error}") from error


def _little(value: np.ndarray[Any, Any]) -> np.dtype[Any]:
    """Dtype as it lies on disk."""
    dtype: np.dtype[Any] = value.dtype.newbyteorder("<")
    return dtype


def _record(
    path: str, kind: Record, fields: tuple[Field, ...], values: Sequence[Any], rows: Sequence[int]
) -> Iterator[pl.Series]:
    members: list[Mapping[str, Any] | None] = []
    known = {f.name for f in fields}
    for i, v in enumerate(values):
        member = None if v is None else as_mapping(v)
        if v is not None and member is None:
            raise drift(path, rows[i], kind, v)
        if member is not None and not known.issuperset(member):
            new = ", ".join(repr(k) for k in member if k not in known)
            raise SchemaError(
                f"Column {path!r}: row {rows[i]} has new fields: {new}. Return the same fields for every row, None where unknown."
            )
        members.append(member)
    for f in fields:
        column = [None if m is None else m.get(f.name) for m in members]
        yield from physical(f, column, f"{path}.{f.name}", rows)


def _files(path: str, values: Sequence[Any], rows: Sequence[int]) -> Iterator[pl.Series]:
    for i, v in enumerate(values):
        if v is not None and not isinstance(v, File):
            raise drift(path, rows[i], FILE, v)
    for f in FILE.fields:
        column = [None if v is None else getattr(v, f.name, None) for v in values]
        yield from physical(f, column, f"{path}.{f.name}", rows)


def _objects(
    path: str, kind: Record, fields: tuple[Field, ...], values: Sequence[Any], rows: Sequence[int]
) -> Iterator[pl.Series]:
    for i, v in enumerate(values):
        if v is not None and object_name(type(v)) != kind.name:
            raise drift(path, rows[i], kind, v)
    members = [None if v is None else object_parts(v) for v in values]
    for f in fields:
        column = [None if m is None else m[f.name] for m in members]
        yield from physical(f, column, f"{path}.{f.name}", rows)


def _plain(value: Any, kind: DataType) -> Any:
    """Value inside a list, as Polars takes it."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(kind, List):
        return [_plain(v, kind.item) for v in value]
    if isinstance(kind, Record) and (member := as_mapping(value)) is not None:
        return {f.name: _plain(member.get(f.name), f.type) for f in kind.fields}
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value  # type: ignore[arg-type]


def _scalars(path: str, name: str, values: Sequence[Any], rows: Sequence[int]) -> pl.Series:
    kinds = set(map(type, values)) - {_NONE}
    accepted = _ACCEPTS.get(name, _INTEGERS)
    numeric = name.startswith(("int", "uint", "float"))
    for kind in kinds:
        wrong = not issubclass(kind, accepted) or (numeric and issubclass(kind, bool | np.bool_))
        if wrong or (name == "date" and issubclass(kind, dt.datetime)):
            i = next(i for i, v in enumerate(values) if type(v) is kind)
            raise drift(path, rows[i], Scalar(name), values[i])
    dtype = SCALARS[name]
    if kinds <= {bool, int, str, bytes, float, dt.date, dt.time, dt.datetime, dt.timedelta}:
        plain: Iterable[Any] = values
    else:
        plain = [_plain(v, Scalar(name)) for v in values]
    if numeric and name.startswith("float") and kinds != {float}:
        plain = [None if v is None else float(v) for v in plain]
    if name in ("datetime", "datetime[UTC]"):
        aware = name != "datetime"
        for i, v in enumerate(values):
            if v is not None and (v.tzinfo is not None) != aware:
                raise SchemaError(
                    f"Column {path!r} holds times {'with' if aware else 'without'} a zone, and row {rows[i]} gives {v}. "
                    "Leave the annotation out, and the first rows decide; or give every time what the others have."
                )
        plain = [v if v is None or not aware else v.astimezone(dt.UTC) for v in plain]
    try:
        return pl.Series(path, list(plain), dtype=dtype)
    except (TypeError, OverflowError, pl.exceptions.PolarsError) as error:
        reason = str(error).partition("\n")[0]
        raise SchemaError(
            f"Column {path!r} holds {name}, and one of the values does not fit: {reason}. "
            "Annotate the function's result with a type that holds it, such as -> float or -> np.uint64."
        ) from error


def drift(path: str, row: int, kind: DataType, value: Any) -> SchemaError:
    """Error for a value that does not fit its column."""
    if isinstance(value, np.ndarray):
        what = f"{value.dtype}{list(value.shape)}"
    else:
        what = f"{type(value).__name__} ({value!r:.60})"
    return SchemaError(
        f"Column {path!r} holds {kind}, but row {row} gives {what}. "
        "Return one type for every row; annotate the function's result to choose it, such as -> float."
    )
