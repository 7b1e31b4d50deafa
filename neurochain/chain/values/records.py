"""Records: from annotations and classes to column types.

pydantic models, dataclasses, named tuples and typed dicts are records; ``Annotated[np.ndarray, Unit("uV"),
Axes("channel", "time")]`` says what an array means.
"""

import dataclasses
import datetime as dt
import enum
import types
import typing
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np

from neurochain.chain.values.objects import RESERVED
from neurochain.datasets.location import FILE
from neurochain.datasets.schema import unify
from neurochain.datasets.types import Array, DataType, Field, Json, List, Record, Scalar
from neurochain.errors import SchemaError
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
    bytearray: "bytes",
    memoryview: "bytes",
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
        return _hinted(annotation, [f.name for f in dataclasses.fields(annotation)])
    if typing.is_typeddict(annotation):
        return _hinted(annotation, list(annotation.__annotations__))
    if issubclass(annotation, tuple) and hasattr(annotation, "_fields"):
        return _hinted(annotation, list(annotation._fields))
    return None


def _hinted(cls: type, names: list[str]) -> list[tuple[str, Any]]:
    """Fields with their annotations; ``Any`` where there is none, or it names what cannot be found."""
    try:
        hints = typing.get_type_hints(cls, include_extras=True)
    except NameError:
        hints = {}
    return [(name, hints.get(name, Any)) for name in names]


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


def field_of(name: str, annotation: Any, path: str = "", inside: tuple[type, ...] = ()) -> Field | None:
    """Column of an annotation; None where it does not say enough (``Any``, ``dict``, a bare array).

    Raises
    ------
    SchemaError
        No column can hold what it says: values of several types, or records within records without end.
        `path` is the column's full name, for the message; `inside` are the records around it.
    """
    plain, marks = bare(annotation)
    kind = type_of(plain, path or name, inside)
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


def type_of(annotation: Any, path: str = "", inside: tuple[type, ...] = ()) -> DataType | None:
    """Type of an annotation; None where it does not say enough. All else as in `field_of`."""
    annotation, _ = bare(annotation)
    if annotation in _SCALARS:
        return Scalar(_SCALARS[annotation])
    if annotation is complex:
        return Array("complex128", ())
    if annotation is File:
        return FILE
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return _one_type(annotation, [type(a) for a in arguments if a is not None], path, inside)
    if origin in (typing.Union, types.UnionType):
        return _one_type(annotation, [a for a in arguments if a is not type(None)], path, inside)
    if origin in (list, set, frozenset) and len(arguments) == 1:
        inner = type_of(arguments[0], path, inside)
        return List(inner) if inner is not None else None
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        inner = type_of(arguments[0], path, inside)
        return List(inner) if inner is not None else None
    if isinstance(annotation, type):
        return _class_type(annotation, path, inside)
    return None


def _one_type(
    annotation: Any, members: Iterable[Any], path: str, inside: tuple[type, ...]
) -> DataType | None:
    """Type that holds all the values of several annotations; None where one of them does not say enough."""
    kinds = [type_of(m, path, inside) for m in dict.fromkeys(members)]
    known = [k for k in kinds if k is not None]
    if not known or len(known) < len(kinds):
        return None
    joined = Field("", known[0])
    try:
        for kind in known[1:]:
            joined = unify(joined, Field("", kind), promote=True)
    except SchemaError:
        listed = ", ".join(dict.fromkeys(map(str, known)))
        shown = (
            annotation.__qualname__
            if isinstance(annotation, type)
            else str(annotation).replace("typing.", "")
        )
        raise SchemaError(
            f"{_at(path)}{shown} allows values of several types ({listed}), and a column has one. "
            "Return one type, text for instance, or a record with a field for each."
        ) from None
    return joined.type


def _class_type(annotation: type, path: str, inside: tuple[type, ...]) -> DataType | None:
    if issubclass(annotation, enum.Enum):
        return _one_type(annotation, [type(member.value) for member in annotation], path, inside)
    if issubclass(annotation, np.generic):
        name = np.dtype(annotation).name
        return Scalar(name) if name in ("bool", *NUMBERS) else None
    if issubclass(annotation, PurePath):
        return Scalar("string")
    members = fields_of(annotation)
    if members is None or keeps_more(annotation):
        return None
    if annotation in inside:
        raise SchemaError(
            f"{_at(path)}{annotation.__name__} holds a {annotation.__name__} in turn, and a column has an end. "
            "Make rows of its parts with gen(), or return it as text (model_dump_json)."
        )
    inner = [
        field_of(name, hint, f"{path}.{name}" if path else name, (*inside, annotation))
        for name, hint in members
    ]
    if any(f is None for f in inner):
        return None
    return Record(record_name(annotation), filled(tuple(f for f in inner if f is not None), path))


def keeps_more(cls: type) -> bool:
    """Whether records of a class have fields of which the class says nothing."""
    config = getattr(cls, "model_config", None)
    return isinstance(config, dict) and config.get("extra") == "allow"


def record_name(cls: type) -> str:
    """Name of a class's record; one that stands for something else in a table is not used."""
    return "record" if cls.__name__ in RESERVED else cls.__name__


def filled(fields: tuple[Field, ...], path: str) -> tuple[Field, ...]:
    """The same fields, of which there are some.

    Raises
    ------
    SchemaError
        There are none.
    """
    if not fields:
        raise SchemaError(f"{_at(path)}Records without fields cannot be stored. Give them one at least.")
    return fields


def _at(path: str) -> str:
    return f"Column {path!r}: " if path else ""


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
