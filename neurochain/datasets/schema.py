"""Schema: the columns of a dataset, in order."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from neurochain.datasets.types import (
    Array,
    DataType,
    Field,
    Json,
    List,
    Ragged,
    Record,
    Scalar,
    field_from_json,
    field_to_json,
)
from neurochain.errors import ColumnExistsError, ColumnNotFoundError, SchemaError, suggestion

KEY = "_key"  # the hidden 16-byte identity of a row


class Schema(Mapping[str, Field]):
    """Columns by name, in order. Immutable.

    Parameters
    ----------
    fields : iterable of Field
    partial : bool
        More columns will be known once the chain has run (a function without annotations).
    """

    def __init__(self, fields: Iterable[Field] = (), partial: bool = False) -> None:
        self._fields: dict[str, Field] = {}
        self.partial = partial
        leaves: set[str] = set()
        for field in fields:
            own = [name for name, _ in field.leaves()]
            if field.name in self._fields or leaves.intersection(own) or len(set(own)) < len(own):
                raise ColumnExistsError(f"Two columns would be named {field.name!r}. Rename one of them.")
            if field.name == KEY:
                raise ColumnExistsError(
                    f"{KEY!r} is the hidden key of every row; give the column another name."
                )
            leaves.update(own)
            self._fields[field.name] = field

    def __getitem__(self, name: str) -> Field:
        if name not in self._fields:
            raise ColumnNotFoundError(f"Column {name!r} is not found. {suggestion(name, self._fields)}")
        return self._fields[name]

    def __contains__(self, name: object) -> bool:
        return name in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Schema)
            and list(self.values()) == list(other.values())
            and self.partial == other.partial
        )

    def __hash__(self) -> int:
        return hash((tuple(self._fields), self.partial))

    def __repr__(self) -> str:
        lines = [f"{f.name}: {describe(f)}" for f in self.values()]
        return (
            "Schema(\n" + "".join(f"  {line}\n" for line in lines) + ("  …\n" if self.partial else "") + ")"
        )

    def leaves(self) -> dict[str, Any]:
        """Flat columns on disk with their Polars dtypes, without the key."""
        return dict(leaf for f in self.values() for leaf in f.leaves())

    def with_fields(self, fields: Iterable[Field]) -> "Schema":
        """Schema with columns replaced or, at the end, added."""
        merged = dict(self._fields)
        merged.update((f.name, f) for f in fields)
        return Schema(merged.values(), self.partial)

    def to_json(self) -> list[dict[str, Any]]:
        """Plain JSON types."""
        return [field_to_json(f) for f in self.values()]

    def dumps(self) -> str:
        """Canonical JSON text."""
        return json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, data: Iterable[dict[str, Any]]) -> "Schema":
        """Inverse of `to_json`."""
        return cls(field_from_json(d) for d in data)


def describe(field: Field) -> str:
    """Type, axes and unit in a few words: ``float32[64, 64] (row, column), mm``."""
    text = str(field.type)
    if field.axes:
        text += f" ({', '.join(field.axes)})"
    return f"{text}, {field.unit}" if field.unit else text


def unify(old: Field, new: Field, promote: bool = False) -> Field:
    """Field that holds the values of both, where nothing is lost or guessed.

    Null gives way to anything; arrays of two shapes become ragged; records and lists by their parts, but records
    of two classes only where they have the same fields;
    the keys of JSON texts are joined; with `promote`, two kinds of numbers become the one that holds both.
    Everything else is drift.

    Raises
    ------
    SchemaError
        The types, units or axes differ.
    """
    kind = _unify(old.type, new.type, promote)
    if kind is None or (old.unit and new.unit and old.unit != new.unit) or _other_axes(old, new):
        raise SchemaError(f"Column {old.name!r} holds {describe(old)} so far, and now {describe(new)}.")
    return Field(old.name, kind, old.unit or new.unit, old.axes or new.axes)


def _other_axes(old: Field, new: Field) -> bool:
    return bool(old.axes and new.axes and old.axes != new.axes)


def _unify(a: DataType, b: DataType, promote: bool) -> DataType | None:
    if a == b or b == Scalar("null"):
        return a
    if a == Scalar("null"):
        return b
    if isinstance(a, Array | Ragged) and isinstance(b, Array | Ragged):
        return Ragged(a.dtype, _ndim(a)) if a.dtype == b.dtype and _ndim(a) == _ndim(b) else None
    match a, b:
        case Scalar(x), Scalar(y) if promote and is_number(x) and is_number(y):
            return Scalar(np.result_type(x, y).name)
        case Json(x), Json(y):
            old, new = dict(x or {}), dict(y or {})
            return Json({k: key_type(old.get(k, v), new.get(k, v)) for k, v in {**old, **new}.items()})
        case List(x), List(y):
            item = _unify(x, y, promote)
            return List(item) if item is not None else None
        case Record(name, xs) as a, Record(other, ys) as b:
            theirs = {f.name: f for f in ys}
            mine = {f.name: f for f in xs}
            if name != other and (theirs.keys() != mine.keys() or "File" in (name, other)):
                return None
            try:
                joined = [unify(f, theirs[f.name], promote) if f.name in theirs else f for f in xs]
            except SchemaError:
                return None
            fields = (*joined, *(f for f in ys if f.name not in mine))
            return Record(name, fields, a.required and b.required)
        case _:
            return None


def is_number(name: str) -> bool:
    """Whether a scalar type is a number."""
    return name.startswith(("int", "uint", "float"))


def key_type(a: str, b: str) -> str:
    """Type of a JSON key that was seen as both; what fits no number stays JSON text."""
    if a == b or b == "null":
        return a
    if a == "null":
        return b
    for wrap in ("{}", "list[{}]"):
        if {a, b} == {wrap.format("int64"), wrap.format("float64")}:
            return wrap.format("float64")
    return "string" if {a, b} <= {"string", "int64", "float64", "bool"} else "json"


def _ndim(kind: Array | Ragged) -> int:
    return len(kind.shape) if isinstance(kind, Array) else kind.ndim
