"""Resolve: from the name that a user writes to the column it means. One rule for every verb.

A real column wins. Else the dotted name (``dicom.EchoTime``). Else the last part, where it is unique among the
fields of all records and the keys of all JSON texts; where it is not, the error lists the dotted names with
their units, since the same word may be seconds in one and milliseconds in the other.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from neurochain.chain.expressions.jsonkeys import json_type, json_value, split_key
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Array, DataType, Field, Json, List, Record, Scalar
from neurochain.errors import AmbiguousColumnError, ColumnNotFoundError, ExpressionError, suggestion

_POLARS_ARRAY: dict[str, Any] = {
    "bool": pl.UInt8,
    "int8": pl.Int8,
    "int16": pl.Int16,
    "int32": pl.Int32,
    "int64": pl.Int64,
    "uint8": pl.UInt8,
    "uint16": pl.UInt16,
    "uint32": pl.UInt32,
    "uint64": pl.UInt64,
    "float32": pl.Float32,
    "float64": pl.Float64,
}
INTERNAL = frozenset({"root", "path", "companions"})  # of a File: found by their dotted names only


@dataclass(frozen=True)
class Resolved:
    """What a name means.

    Attributes
    ----------
    path : str
        Dotted name: ``"dicom.EchoTime"``, ``"sidecar.molecular_tag"``.
    field : Field
        Type, unit and axes; its name is the last part.
    key : str or None
        Key within a JSON column (``path`` is then ``column.key``).
    column : str
        Flat column, or the prefix of several; the JSON column for a key.
    """

    path: str
    field: Field
    column: str
    key: str | None = None

    def leaves(self, prefix: str = "") -> Iterator[tuple[str, pl.Expr]]:
        """Flat columns that carry it, as they are to be named (under `prefix`), with their expressions."""
        name = prefix or self.field.name
        if self.key is not None:
            yield name, self.expression()
            return
        renamed = Field(name, self.field.type)
        for old, new in zip(Field(self.column, self.field.type).leaves(), renamed.leaves(), strict=True):
            yield new[0], pl.col(old[0])

    def expression(self) -> pl.Expr:
        """Polars expression over the flat columns.

        Raises
        ------
        ExpressionError
            It is a record or a ragged array, which no expression can use as a whole.
        """
        if self.key is not None:
            return json_value(pl.col(self.column), self.key, self.field.type)
        if isinstance(self.field.type, Array):
            return array_expression(pl.col(self.column), self.field.type)
        if isinstance(self.field.type, Scalar | Json | List):
            return pl.col(self.column)
        inner = [f.name for f in self.field.type.fields] if isinstance(self.field.type, Record) else []
        hint = (
            f"Name one of its fields: {suggestion('', inner)}"
            if inner
            else "Use a function in map() instead."
        )
        raise ExpressionError(f"{self.path!r} is a {self.field.type} and no single value. {hint}")

    def present(self) -> pl.Expr:
        """Polars expression that is null where the value is: of a record, where all of its fields are."""
        leaves = [expr for _, expr in self.leaves()]
        if self.key is not None or not leaves:
            return self.expression()
        null = pl.all_horizontal(expr.is_null() for expr in leaves)
        if isinstance(self.field.type, Record) and self.field.type.required:
            null = null & False
        return pl.when(~null).then(True)


def resolve(name: str, schema: Schema) -> Resolved | None:
    """Find what a name means; None where only the files can tell (keys of JSON texts not seen yet).

    Raises
    ------
    ColumnNotFoundError
        Nothing has this name.
    AmbiguousColumnError
        Several fields do.
    """
    if name in schema:
        return Resolved(name, schema[name], name)
    candidates = list(_all(schema))
    found = [c for c in candidates if c.path == name]
    if not found:
        last = [c for c in candidates if _short(c) == name]
        found = [c for c in last if not (c.field.name in INTERNAL and _in_file(c, schema))]
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        listed = ", ".join(f"{c.path!r}{f' ({c.field.unit})' if c.field.unit else ''}" for c in found)
        raise AmbiguousColumnError(f"{name!r} may mean {listed}. Write the one you mean.")
    if schema.partial or has_unknown_keys(schema):
        return None
    names = [*schema, *(c.path for c in candidates)]
    dotted_only = [c for c in candidates if c.field.name == name]
    if dotted_only:  # which are not found by their last part
        listed = " or ".join(repr(c.path) for c in dotted_only)
        raise ColumnNotFoundError(f"Column {name!r} is not found; write {listed}.")
    short = [_short(c) for c in candidates]
    hint = suggestion(name, [*schema, *(n for n in short if n not in schema)] if "." not in name else names)
    raise ColumnNotFoundError(f"Column {name!r} is not found. {hint}")


def resolve_now(name: str, schema: Schema, verb: str) -> Resolved:
    """As `resolve`, once the files have been looked at."""
    found = resolve(name, schema)
    if found is None:
        raise ExpressionError(f"{verb}({name!r}) names a column that no file has.")
    return found


def _all(schema: Schema) -> Iterator[Resolved]:
    for f in schema.values():
        yield from _below(f.name, f.type)


def _below(path: str, kind: DataType) -> Iterator[Resolved]:
    match kind:
        case Record(_, fields):
            for f in fields:
                inner = f"{path}.{f.name}"
                yield Resolved(inner, f, inner)
                yield from _below(inner, f.type)
        case Json(keys) if keys:
            for key, type_name in keys.items():
                names = split_key(key)
                yield Resolved(f"{path}.{'.'.join(names)}", Field(names[-1], json_type(type_name)), path, key)


def _short(candidate: Resolved) -> str:
    """Name without the record; of a nested JSON key, the dotted key."""
    if candidate.key is not None:
        return ".".join(split_key(candidate.key))
    return candidate.field.name


def _in_file(candidate: Resolved, schema: Schema) -> bool:
    top = schema.get(candidate.path.partition(".")[0])
    return top is not None and isinstance(top.type, Record) and top.type.name == "File"


def has_unknown_keys(schema: Schema) -> bool:
    """Whether it holds JSON texts whose keys are known only once the files have been looked at."""

    def unknown(kind: DataType) -> bool:
        if isinstance(kind, Json):
            return kind.keys is None
        return isinstance(kind, Record) and any(unknown(f.type) for f in kind.fields)

    return any(unknown(f.type) for f in schema.values())


def array_expression(column: pl.Expr, kind: Array) -> pl.Expr:
    """Array column as `pl.Array` of one axis (the last axes flattened)."""
    inner = _POLARS_ARRAY.get(kind.dtype)
    count = math.prod(kind.shape)
    if inner is None or count == 0:
        raise ExpressionError(
            f"Arrays of {kind.dtype} with shape {list(kind.shape)} have no expressions; use map()."
        )
    values = column.bin.reinterpret(dtype=pl.Array(inner, count), endianness="little")
    return values.cast(pl.Array(pl.Boolean, count)) if kind.dtype == "bool" else values
