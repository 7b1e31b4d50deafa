"""Results: the Python values that functions return, as typed flat columns.

The type of a column comes from the function's annotations, else from the first batch of values. A later value
that does not fit is drift: an error that names the row, the column and both types, never a silent cast.
"""

import datetime as dt
import enum
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain as concat
from pathlib import PurePath
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.values.given import Repeated, plain_arrays, plain_enums, refuse_masked
from neurochain.chain.values.inference import as_mapping
from neurochain.chain.values.nested import list_series, struct_series
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
    "string": (str, np.str_, PurePath),
    "bytes": (bytes, bytearray, memoryview),
    "date": (dt.date,),
    "time": (dt.time,),
    "datetime": (dt.datetime,),
    "datetime[UTC]": (dt.datetime,),
    "duration": (dt.timedelta,),
    "null": (),
}
_INTEGERS = (int, np.integer)
_AS_IT_IS = {bool, int, str, bytes, float, dt.date, dt.time, dt.datetime, dt.timedelta}
_LONGEST = dt.timedelta(microseconds=2**63 - 1)


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
            block = [None if v is None else np.asarray(v) for v in plain_arrays(values)]
            for i, v in enumerate(block):
                if v is not None and (v.shape != shape or _little(v) != np.dtype(dtype)):
                    raise drift(path, rows[i], field.type, values[i])
                if v is not values[i]:
                    refuse_masked(path, rows[i], values[i])
            yield arrays.encode(block, np.dtype(dtype)).alias(path)
        case Ragged(dtype, ndim):
            values = plain_arrays(values)
            for i, v in enumerate(values):
                if v is not None and (
                    not isinstance(v, np.ndarray) or v.ndim != ndim or _little(v) != np.dtype(dtype)
                ):
                    raise drift(path, rows[i], field.type, v)
                refuse_masked(path, rows[i], v)
            yield arrays.encode(values, np.dtype(dtype)).alias(f"{path}.data")
            yield arrays.encode_shapes(values).alias(f"{path}.shape")
        case List():
            yield _lists(path, field.type, values, rows)
        case Record("File", _):
            yield from _files(path, values, rows)
        case Record(name, fields) if name in NAMES:
            yield from _objects(path, field.type, fields, values, rows)
        case Record(_, fields):
            yield from _record(path, field.type, fields, values, rows)


def _lists(path: str, kind: List, values: Sequence[Any], rows: Sequence[int]) -> pl.Series:
    if any(isinstance(v, enum.Enum) for v in values):
        values = plain_enums(values)
    for i, v in enumerate(values):
        if v is not None and not isinstance(v, list | tuple | set | frozenset):
            raise drift(path, rows[i], kind, v)
    lengths = [0 if v is None else len(v) for v in values]
    items = list(concat.from_iterable(v for v in values if v))
    flat = _inside(f"{path}[]", kind.item, items, Repeated(rows, lengths))
    present = [v is not None for v in values]
    return list_series(path, flat, lengths, present, nested_dtype(kind))


def _inside(path: str, kind: DataType, values: Sequence[Any], rows: Sequence[int]) -> pl.Series:
    """Items of lists, of which nothing is flattened."""
    if isinstance(kind, List):
        return _lists(path, kind, values, rows)
    if not isinstance(kind, Record):
        return next(iter(physical(Field(path, kind), values, rows=rows)))
    if kind.name == "File":
        members = _file_members(path, values, rows)
    else:
        members = _members(path, kind, values, rows)
    columns = [
        _inside(f"{path}.{f.name}", f.type, [None if m is None else m.get(f.name) for m in members], rows)
        for f in kind.fields
    ]
    named = [c.alias(f.name) for c, f in zip(columns, kind.fields, strict=True)]
    return struct_series(path, named, [m is not None for m in members])


def _little(value: np.ndarray[Any, Any]) -> np.dtype[Any]:
    """Dtype as it lies on disk."""
    dtype: np.dtype[Any] = value.dtype.newbyteorder("<")
    return dtype


def _record(
    path: str, kind: Record, fields: tuple[Field, ...], values: Sequence[Any], rows: Sequence[int]
) -> Iterator[pl.Series]:
    members = _members(path, kind, values, rows)
    for f in fields:
        column = [None if m is None else m.get(f.name) for m in members]
        yield from physical(f, column, f"{path}.{f.name}", rows)


def _members(
    path: str, kind: Record, values: Sequence[Any], rows: Sequence[int]
) -> list[Mapping[str, Any] | None]:
    members: list[Mapping[str, Any] | None] = []
    known = {f.name for f in kind.fields}
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
    return members


def _file_members(path: str, values: Sequence[Any], rows: Sequence[int]) -> list[Mapping[str, Any] | None]:
    for i, v in enumerate(values):
        if v is not None and not isinstance(v, File):
            raise drift(path, rows[i], FILE, v)
    names = [f.name for f in FILE.fields]
    return [None if v is None else {n: getattr(v, n, None) for n in names} for v in values]


def _files(path: str, values: Sequence[Any], rows: Sequence[int]) -> Iterator[pl.Series]:
    members = _file_members(path, values, rows)
    for f in FILE.fields:
        column = [None if m is None else m[f.name] for m in members]
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


def _scalars(path: str, name: str, values: Sequence[Any], rows: Sequence[int]) -> pl.Series:
    kinds = set(map(type, values)) - {_NONE}
    if name == "null":
        kinds = set(map(type, values := [None if _nothing(v) else v for v in values])) - {_NONE}
    if any(issubclass(kind, enum.Enum) for kind in kinds):
        return _scalars(path, name, plain_enums(values), rows)
    accepted = _ACCEPTS.get(name, _INTEGERS)
    numeric = name.startswith(("int", "uint", "float"))
    for kind in kinds:
        wrong = not issubclass(kind, accepted) or (numeric and issubclass(kind, bool | np.bool_))
        if wrong or (name == "date" and issubclass(kind, dt.datetime)):
            i = next(i for i, v in enumerate(values) if type(v) is kind)
            raise drift(path, rows[i], Scalar(name), values[i])
    plain: Sequence[Any] = values if kinds <= _AS_IT_IS else [_plain(v) for v in values]
    if numeric and name.startswith("float") and kinds != {float}:
        plain = [None if v is None else float(v) for v in plain]
    if name in ("datetime", "datetime[UTC]", "time", "duration"):
        plain = _times(path, name, plain, rows)
    try:
        return pl.Series(path, plain, dtype=SCALARS[name])
    except _REFUSED as error:
        raise _does_not_fit(path, name, plain, rows, error) from error


def _nothing(value: Any) -> bool:
    """Whether a value is None, or a record of nothing else."""
    member = None if value is None else as_mapping(value)
    return value is None or (member is not None and all(map(_nothing, member.values())))


_REFUSED = (TypeError, OverflowError, ValueError, pl.exceptions.PolarsError)


def _does_not_fit(
    path: str, name: str, values: Sequence[Any], rows: Sequence[int], error: Exception
) -> SchemaError:
    """Error for a value of the right class that its column cannot hold: too large a number."""
    for i, v in enumerate(values):
        try:
            pl.Series(path, [v], dtype=SCALARS[name])
        except _REFUSED:
            return SchemaError(
                f"Column {path!r} holds {name}, and what row {rows[i]} gives does not fit: {v!r:.60}. "
                "Annotate the function's result with a type that holds it, such as -> float or -> np.uint64."
            )
    reason = str(error).partition("\n")[0]
    return SchemaError(f"Column {path!r} holds {name}, and one of its values does not fit: {reason}.")


def _plain(value: Any) -> Any:
    """Value of a class of its own, as Polars takes it."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, PurePath):
        return str(value)
    return bytes(value) if isinstance(value, bytearray | memoryview) else value


def _times(path: str, name: str, values: Sequence[Any], rows: Sequence[int]) -> Sequence[Any]:
    """Times as the column holds them; what Polars would change without a word is an error."""
    aware = name == "datetime[UTC]"
    for i, v in enumerate(values):
        if v is None:
            continue
        if name == "duration":
            wrong = "longer than 292,000 years" if abs(v) > _LONGEST else None
        elif v != v:
            wrong = "no time (NaT). Return None where there is none"
        elif (v.tzinfo is not None) != aware:
            if name == "time":
                wrong = "a time of day with a zone. Return time.replace(tzinfo=None), or a datetime"
            else:
                raise SchemaError(
                    f"Column {path!r} holds times {'with' if aware else 'without'} a zone, and row {rows[i]} gives {v}. "
                    "Leave the annotation out, and the first rows decide; or give every time what the others have."
                )
        else:
            wrong = "more exact than microseconds. Return np.datetime64" if _nanoseconds(v) else None
        if wrong is not None:
            raise SchemaError(f"Column {path!r}: row {rows[i]} gives {v!r}, {wrong}.")
    return [None if v is None else v.astimezone(dt.UTC) for v in values] if aware else values


def _nanoseconds(time: Any) -> Any:
    """Of a pandas Timestamp, what a datetime has no place for."""
    return getattr(time, "nanosecond", 0)


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
