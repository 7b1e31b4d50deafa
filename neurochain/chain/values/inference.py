"""Inference: the column type that holds some Python values."""

import datetime as dt
import enum
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain as concat
from operator import attrgetter
from pathlib import PurePath
from typing import Any

import numpy as np

from neurochain.chain.values.objects import object_name, object_type
from neurochain.chain.values.records import NUMBERS, field_of, fields_of, marks_of
from neurochain.chain.values.row import Row
from neurochain.datasets import arrays
from neurochain.datasets.location import FILE
from neurochain.datasets.types import Array, DataType, Field, List, Ragged, Record, Scalar, nested_dtype
from neurochain.errors import SchemaError
from neurochain.storage import File

_NONE = type(None)
_PYTHON: dict[type, str] = {
    bool: "bool",
    int: "int64",
    float: "float64",
    str: "string",
    bytes: "bytes",
    bytearray: "bytes",
    dt.date: "date",
    dt.time: "time",
    dt.timedelta: "duration",
    np.str_: "string",
    np.bytes_: "bytes",
    np.bool_: "bool",
}


def infer_field(
    name: str, values: Sequence[Any], annotation: Any = None, rows: Sequence[int] | None = None
) -> Field:
    """Field that holds the values; an annotation that says enough wins.

    `rows` are the values' numbers in the chain, for messages; by default they count from 0.

    Raises
    ------
    SchemaError
        The values have no common type, or one that cannot be stored.
    """
    declared = field_of(name, annotation) if annotation is not None else None
    if declared is not None:
        return declared
    unit, axes = marks_of(annotation) if annotation is not None else (None, ())
    return Field(name, infer_type(name, values, rows or range(len(values))), unit, axes)


def infer_type(name: str, values: Sequence[Any], rows: Sequence[int]) -> DataType:
    """Type that holds all values; `rows` are their numbers, for messages."""
    kinds = set(map(type, values)) - {_NONE}
    if not kinds:
        return Scalar("null")
    if len(kinds) == 1 and (known := _PYTHON.get(next(iter(kinds)))):
        return Scalar(known)
    sample = next(v for v in values if v is not None)
    if isinstance(sample, np.ndarray):
        return _array_type(name, values, rows)
    if isinstance(sample, enum.Enum):
        return infer_type(name, [v.value if isinstance(v, enum.Enum) else v for v in values], rows)
    if isinstance(sample, np.generic | bool | int | float) and all(
        issubclass(k, np.generic | int | float) for k in kinds
    ):
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
    if len(kinds) == 1 and (known := object_name(type(sample))):
        return object_type(known, values, _array_type(name, values, rows))
    if (members := _members(values)) is not None:
        return _record_type(name, type(sample), members, rows)
    if all(issubclass(k, list | tuple | set | frozenset) for k in kinds):
        items = list(concat.from_iterable(v for v in values if v is not None))
        item = infer_type(name, items, [r for r, v in zip(rows, values, strict=True) for _ in v or ()])
        nested_dtype(item)
        return List(item)
    raise _no_type(name, values, kinds, rows)


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
    return SchemaError(
        f"Column {name!r}: a {kind.__module__}.{kind.__qualname__} cannot be stored. Return numbers, texts, dates, "
        "numpy arrays, lists, or a record (dict, dataclass, pydantic model) of them."
    )


def _number_type(name: str, values: Sequence[Any], kinds: set[type], rows: Sequence[int]) -> DataType:
    plain = {bool: np.bool_, int: np.int64, float: np.float64}
    # The class of a date does not say its unit.
    dated = {v.dtype for v in values if isinstance(v, np.datetime64 | np.timedelta64)}
    dtypes = {
        np.dtype(plain.get(k, k)) for k in kinds if not issubclass(k, np.datetime64 | np.timedelta64)
    } | dated
    if np.dtype(np.bool_) in dtypes and len(dtypes) > 1:
        raise _no_type(name, values, kinds, rows)
    if dated and len(dtypes) > 1:
        listed = ", ".join(sorted(map(str, dtypes)))
        raise SchemaError(f"Column {name!r} would hold several types: {listed}. Give all dates one unit.")
    joined = np.result_type(*dtypes) if len(dtypes) > 1 else dtypes.pop()
    if joined.kind == "c":
        return Array(joined.name, ())
    if joined.kind in "mM":
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
    dtype = arrays.array_dtype(first.dtype)
    same_shape = True
    for i, v in present:
        if isinstance(v, np.ma.MaskedArray):
            raise SchemaError(
                f"Column {name!r}: row {rows[i]} gives a masked array, whose missing values have no place in a table. "
                "Fill them: array.filled(np.nan), or return the mask as an array of its own."
            )
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
    if isinstance(value, Row | dict):
        return value
    kind: Any = type(value)
    read = _reader(kind)
    return read(value) if read is not None else None


@lru_cache(maxsize=1024)
def _reader(cls: type) -> Callable[[Any], Mapping[str, Any]] | None:
    """How the fields of a record of a class are read; None where it is no record."""
    fields = fields_of(cls) if not issubclass(cls, File) else None
    if fields is None:
        return None
    names = tuple(name for name, _ in fields)
    if len(names) < 2:
        return lambda value: {name: getattr(value, name) for name in names}
    take = attrgetter(*names)
    return lambda value: dict(zip(names, take(value), strict=True))


def _record_type(
    name: str, cls: type, members: Sequence[Mapping[str, Any] | None], rows: Sequence[int]
) -> Record:
    hints = dict(fields_of(cls) or [])
    names = list(dict.fromkeys(key for m in members if m is not None for key in m))
    bad = [n for n in names if not isinstance(n, str) or not n]
    if bad:
        raise SchemaError(f"Column {name!r}: a record's fields are named by text, not by {bad[0]!r}.")
    fields = [
        infer_field(n, [None if m is None else m.get(n) for m in members], hints.get(n), rows) for n in names
    ]
    return Record(cls.__name__ if hints else "dict", tuple(fields))
