"""Records: from annotations and classes to column types.

pydantic models, dataclasses, named tuples and typed dicts are records; ``Annotated[np.ndarray, Unit("uV"),
Axes("channel", "time")]`` says what an array means.
"""

import dataclasses
import datetime as dt
import enum
import types
import typing
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np

from neurochain.datasets.location import FILE
from neurochain.datasets.types import DataType, Field, Json, List, Record, Scalar
from neurochain.storage import File


@dataclass(frozen=True)
class Unit:
    """Physical unit of a column: ``Annotated[float, nc.Unit("mm")]``."""

    name: str


@dataclass(frozen=True, init=False)
class Axes:
    """Names of an array's axes: ``Annotated[np.ndarray, nc.Axes("channel", "time")]``."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)


_SCALARS: dict[Any, str] = {
    bool: "bool",
    int: "int64",
    float: "float64",
    str: "string",
    bytes: "bytes",
    dt.date: "date",
    dt.time: "time",
    dt.datetime: "datetime",
    dt.timedelta: "duration",
}


def fields_of(annotation: Any) -> list[tuple[str, Any]] | None:
    """Field names and annotations of a record class; None for anything else."""
    annotation, _ = bare(annotation)
    if not isinstance(annotation, type):
        return None
    pydantic_fields = getattr(annotation, "model_fields", None)
    if isinstance(pydantic_fields, dict):
        return [(name, _with_metadata(info)) for name, info in pydantic_fields.items()]
    if dataclasses.is_dataclass(annotation) and annotation is not File:
        hints = typing.get_type_hints(annotation, include_extras=True)
        return [(f.name, hints[f.name]) for f in dataclasses.fields(annotation)]
    if typing.is_typeddict(annotation) or (issubclass(annotation, tuple) and hasattr(annotation, "_fields")):
        return list(typing.get_type_hints(annotation, include_extras=True).items())
    return None


def _with_metadata(info: Any) -> Any:
    extra = info.json_schema_extra
    marks = [*info.metadata]
    if isinstance(extra, dict) and isinstance(extra.get("unit"), str):
        marks.append(Unit(extra["unit"]))
    out = info.annotation
    for mark in marks:
        out = typing.Annotated[out, mark]
    return out


def bare(annotation: Any) -> tuple[Any, list[Any]]:
    """Annotation without Optional, and the marks of Annotated."""
    marks: list[Any] = []
    while True:
        if typing.get_origin(annotation) is typing.Annotated:
            marks += annotation.__metadata__
            annotation = annotation.__origin__
        elif typing.get_origin(annotation) in (typing.Union, types.UnionType):
            inner = [a for a in typing.get_args(annotation) if a is not type(None)]
            if len(inner) != 1:
                return annotation, marks
            annotation = inner[0]
        else:
            return annotation, marks


def field_of(name: str, annotation: Any) -> Field | None:
    """Column of an annotation; None where it does not say enough (``Any``, ``dict``, a bare array)."""
    plain, marks = bare(annotation)
    kind = type_of(plain)
    if kind is None:
        return None
    unit = next((m.name for m in marks if isinstance(m, Unit)), None)
    axes = next((m.names for m in marks if isinstance(m, Axes)), ())
    return Field(name, kind, unit, axes)


def marks_of(annotation: Any) -> tuple[str | None, tuple[str, ...]]:
    """Unit and axes of an annotation, also where its type must come from the values."""
    _, marks = bare(annotation)
    unit = next((m.name for m in marks if isinstance(m, Unit)), None)
    return unit, next((m.names for m in marks if isinstance(m, Axes)), ())


def type_of(annotation: Any) -> DataType | None:
    """Type of an annotation; None where it does not say enough."""
    annotation, _ = bare(annotation)
    if annotation in _SCALARS:
        return Scalar(_SCALARS[annotation])
    if annotation is File:
        return FILE
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        kinds = {type(a) for a in arguments}
        return type_of(kinds.pop()) if len(kinds) == 1 else None
    if origin in (list, set, frozenset) and len(arguments) == 1:
        inner = type_of(arguments[0])
        return List(inner) if inner is not None else None
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        inner = type_of(arguments[0])
        return List(inner) if inner is not None else None
    if isinstance(annotation, type):
        return _class_type(annotation)
    return None


def _class_type(annotation: type) -> DataType | None:
    if issubclass(annotation, enum.Enum):
        kinds = {type(member.value) for member in annotation}
        return type_of(kinds.pop()) if len(kinds) == 1 else None
    if issubclass(annotation, np.generic):
        name = np.dtype(annotation).name
        return Scalar(name) if name in ("bool", *NUMBERS) else None
    if issubclass(annotation, PurePath):
        return Scalar("string")
    members = fields_of(annotation)
    if members is None:
        return None
    inner = [field_of(name, hint) for name, hint in members]
    if any(f is None for f in inner):
        return None
    return Record(annotation.__name__, tuple(f for f in inner if f is not None))


NUMBERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64")


def record_type(model: Any) -> Record:
    """Record of a pydantic model whose fields all say what they are; one marked ``json`` holds JSON text."""
    fields: list[Field] = []
    for name, hint in fields_of(model) or []:
        extra = model.model_fields[name].json_schema_extra
        field = (
            Field(name, Json(None)) if isinstance(extra, dict) and extra.get("json") else field_of(name, hint)
        )
        if field is None:
            raise TypeError(f"{model.__name__}.{name}: {hint!r} does not say what the column holds.")
        fields.append(field)
    return Record(model.__name__, tuple(fields))
