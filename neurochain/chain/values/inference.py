"""Inference: the column type that holds some Python values."""

import datetime as dt
import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain as concat
from operator import attrgetter
from pathlib import PurePath
from typing import Any

import numpy as np

from neurochain.chain.values.given import Repeated, check_class, plain_arrays, plain_enums, refuse_masked
from neurochain.chain.values.objects import EXCERPT, excerpt_type, object_name, object_parts, object_type
from neurochain.chain.values.records import (
    NUMBERS,
    bare,
    field_of,
    fields_of,
    filled,
    keeps_more,
    marks_of,
    record_name,
)
from neurochain.chain.values.row import Row
from neurochain.datasets import arrays
from neurochain.datasets.location import FILE
from neurochain.datasets.types import Array, DataType, Field, List, Ragged, Record, Scalar, nested_dtype
from neurochain.errors import SchemaError
from neurochain.storage import File

_NONE = type(None)
_PLAIN = (bool, int, float, complex)
_PYTHON: dict[type, str] = {
    bool: "bool",
    int: "int64",
    float: "float64",
    str: "string",
    bytes: "bytes",
    bytearray: "bytes",
    memoryview: "bytes",
    dt.date: "date",
    dt.time: "time",
    dt.timedelta: "duration",
    np.str_: "string",
    np.bytes_: "bytes",
    np.bool_: "bool",
}


def infer_field(
    name: str,
    values: Sequence[Any],
    annotation: Any = None,
    rows: Sequence[int] | None = None,
    path: str | None = None,
) -> Field:
    """Field that holds the values; an annotation that says enough wins.

    With some values, a column or a record's field that is None in all of them is null whatever the annotation
    says: so a result has one type, computed now or known from earlier.

    `rows` are the values' numbers in the chain, and `path` is the column's full name, both for messages; by
    default rows count from 0.

    Raises
    ------
    SchemaError
        The values have no common type, one that cannot be stored, or not that of the annotation.
    """
    path, rows = path or name, rows or range(len(values))
    if annotation is None:
        return Field(name, infer_type(path, values, rows))
    declared = field_of(name, annotation, path)
    if declared is not None and not values:
        return declared
    unit, axes = marks_of(annotation)
    if declared is not None:
        return Field(name, _declared_type(declared.type, path, values, annotation, rows), unit, axes)
    values = plain_arrays(values)
    check_class(path, values, annotation, rows)
    return Field(name, infer_type(path, values, rows), unit, axes)


def _declared_type(
    declared: DataType, path: str, values: Sequence[Any], annotation: Any, rows: Sequence[int]
) -> DataType:
    if all(v is None for v in values):
        return Scalar("null")
    if not isinstance(declared, Record) or declared.name == "File":
        return declared
    members = _members(values)
    return declared if members is None else _record_type(path, bare(annotation)[0], members, rows)


def infer_type(name: str, values: Sequence[Any], rows: Sequence[int]) -> DataType:
    """Type that holds all values; `name` is the column's full one, and `rows` are their numbers, for messages."""
    kinds = set(map(type, values)) - {_NONE}
    if not kinds:
        return Scalar("null")
    known = {_PYTHON.get(kind) for kind in kinds}
    if len(known) == 1 and (scalar := known.pop()):
        return Scalar(scalar)
    if (plain := plain_arrays(values)) is not values:
        return infer_type(name, plain, rows)
    if any(issubclass(kind, enum.Enum) for kind in kinds):
        return infer_type(name, plain_enums(values), rows)
    sample = next(v for v in values if v is not None)
    if isinstance(sample, np.ndarray):
        return _array_type(name, values, rows)
    if all(issubclass(k, np.generic | int | float | complex) for k in kinds):
        return _number_type(name, values, kinds, rows)
    if all(issubclass(k, dt.datetime) for k in kinds):
        aware = {v.tzinfo is not None for v in values if v is not None}
        if len(aware) == 1:
            return Scalar("datetime[UTC]" if aware.pop() else "datetime")
        raise SchemaError(
            f"Column {name!r}: some times have a time zone and some do not. Give all of them one."
        )
    if all(issubclass(k, str | PurePath) for k in kinds):
        return Scalar("string")
    if all(issubclass(k, File) for k in kinds):
        return FILE
    if len(kinds) == 1 and object_name(type(sample)) == EXCERPT:
        parts = [None if v is None else object_parts(v) for v in values]
        return excerpt_type(parts, infer_type(name, [None if p is None else p["data"] for p in parts], rows))
    if len(kinds) == 1 and (lazy := object_name(type(sample))):
        return object_type(lazy, values, _array_type(name, values, rows))
    if (members := _members(values)) is not None:
        return _record_type(name, type(sample), members, rows)
    if all(issubclass(k, list | tuple | set | frozenset) for k in kinds):
        return _list_type(name, values, rows)
    raise _no_type(name, values, kinds, rows)


def _list_type(name: str, values: Sequence[Any], rows: Sequence[int]) -> List:
    items = list(concat.from_iterable(v for v in values if v is not None))
    kind = List(infer_type(name, items, Repeated(rows, [0 if v is None else len(v) for v in values])))
    try:
        nested_dtype(kind)
    except SchemaError as error:
        raise SchemaError(f"Column {name!r}: {error}") from None
    return kind


_HINTS = {
    "Decimal": "Return float(x), or str(x) to keep every digit.",
    "Fraction": "Return float(x), or its numerator and denominator.",
    "UUID": "Return str(x).",
    "NAType": "Return None where a value is missing.",
    "longdouble": "Return float(x), or np.float64(x).",
    "generator": "Return list(x), or make a row of each value with gen().",
    "DataFrame": "Return a dict of its values, or make a row of each of its rows with gen().",
    "Series": "Return x.to_numpy(), or list(x).",
    "Video": "Return frames of it, video[first:last], or numbers computed from them; video.times says when they are shown.",
}


def _no_type(name: str, values: Sequence[Any], kinds: set[type], rows: Sequence[int]) -> SchemaError:
    if len(kinds) > 1:
        first = {k: next(i for i, v in enumerate(values) if type(v) is k) for k in kinds}
        found = ", ".join(
            f"{k.__name__} (row {rows[i]})" for k, i in sorted(first.items(), key=lambda p: p[1])
        )
        return SchemaError(
            f"Column {name!r} would hold several types: {found}. Return one type for every row."
        )
    kind = kinds.pop()
    hint = "Return list(x)." if issubclass(kind, Iterable) else ""
    hint = _HINTS.get(kind.__name__, hint) or (
        "Return numbers, texts, dates, numpy arrays, lists, or a record (dict, dataclass, pydantic model) of them."
    )
    return SchemaError(
        f"Column {name!r}: a {kind.__module__}.{kind.__qualname__} cannot be stored (row "
        f"{rows[next(i for i, v in enumerate(values) if v is not None)]}). {hint}"
    )


def _number_type(name: str, values: Sequence[Any], kinds: set[type], rows: Sequence[int]) -> DataType:
    # The class of a date does not say its unit.
    dated = {v.dtype for v in values if isinstance(v, np.datetime64 | np.timedelta64)}
    dtypes = {
        np.dtype(k if issubclass(k, np.generic) else next(p for p in _PLAIN if issubclass(k, p)))
        for k in kinds
        if not issubclass(k, np.datetime64 | np.timedelta64)
    } | dated
    if np.dtype(np.bool_) in dtypes and len(dtypes) > 1:
        raise _no_type(name, values, kinds, rows)
    if dated and len(dtypes) > 1:
        listed = ", ".join(sorted(map(str, dtypes)))
        raise SchemaError(f"Column {name!r} would hold several types: {listed}. Give all dates one unit.")
    joined = np.result_type(*dtypes) if len(dtypes) > 1 else dtypes.pop()
    if joined.kind in "cmM":
        return Array(arrays.array_dtype(joined).name, ())
    text = "float32" if joined == np.float16 else joined.name
    if text not in (*NUMBERS, "bool"):
        raise _no_type(name, values, kinds, rows)
    return Scalar(text)


def _array_type(name: str, values: Sequence[Any], rows: Sequence[int]) -> DataType:
    """Type of arrays, or of what has a dtype and a shape as they have."""
    present = [(i, v) for i, v in enumerate(values) if v is not None]
    first = present[0][1]
    kind = np.ndarray if isinstance(first, np.ndarray) else type(first)
    try:
        dtype = arrays.array_dtype(first.dtype)
    except SchemaError as error:
        raise SchemaError(f"Column {name!r}, row {rows[present[0][0]]}: {error}") from None
    same_shape = True
    for i, v in present:
        refuse_masked(name, rows[i], v)
        alike = isinstance(v, kind) and v.ndim == first.ndim
        if not alike or (v.dtype != first.dtype and v.dtype.newbyteorder("<") != dtype):
            what = f"{v.dtype}{list(v.shape)}" if isinstance(v, kind) else type(v).__name__
            raise SchemaError(
                f"Column {name!r}: row {rows[present[0][0]]} is {first.dtype}{list(first.shape)}, row {rows[i]} is {what}. "
                "Return one dtype and number of dimensions for every row."
            )
        same_shape = same_shape and v.shape == first.shape
    return Array(dtype.name, tuple(first.shape)) if same_shape else Ragged(dtype.name, first.ndim)


def _members(values: Sequence[Any]) -> list[Mapping[str, Any] | None] | None:
    """Values as mappings, where all of them are records."""
    out: list[Mapping[str, Any] | None] = []
    for v in values:
        member = None if v is None else as_mapping(v)
        if v is not None and member is None:
            return None
        out.append(member)
    return out


def as_mapping(value: Any) -> Mapping[str, Any] | None:
    """Fields of a record by name; None for anything else."""
    if isinstance(value, dict | Row):
        return value
    kind: Any = type(value)
    read = _reader(kind)
    return read(value) if read is not None else None


@lru_cache(maxsize=1024)
def _reader(cls: type) -> Callable[[Any], Mapping[str, Any]] | None:
    """How the fields of a record of a class are read; None where it is no record."""
    if issubclass(cls, Mapping):
        return lambda value: value
    fields = fields_of(cls) if not issubclass(cls, File) else None
    if fields is None:
        return None
    if keeps_more(cls):
        return dict
    names = tuple(name for name, _ in fields)
    if len(names) < 2:
        return lambda value: {name: getattr(value, name) for name in names}
    take = attrgetter(*names)
    return lambda value: dict(zip(names, take(value), strict=True))


def _record_type(
    name: str, cls: type, members: Sequence[Mapping[str, Any] | None], rows: Sequence[int]
) -> DataType:
    hints = dict(fields_of(cls) or [])
    names = list(dict.fromkeys(key for m in members if m is not None for key in m))
    bad = [n for n in names if not isinstance(n, str) or not n]
    if bad:
        raise SchemaError(f"Column {name!r}: a record's fields are named by text, not by {bad[0]!r}.")
    fields = [
        infer_field(n, [None if m is None else m.get(n) for m in members], hints.get(n), rows, f"{name}.{n}")
        for n in names
    ]
    if all(f.type == Scalar("null") for f in filled(tuple(fields), name)):
        return Scalar("null")  # as a record reads whose fields are all null
    return Record(record_name(cls) if hints else "dict", tuple(fields))
