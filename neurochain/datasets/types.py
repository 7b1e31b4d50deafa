"""DataType: what a column holds, and how it lies on disk.

A schema is logical: a record, an array, a JSON text. On disk every leaf is a flat column
(``header.shape``), because Polars pushes filters on flat columns down to the file but not the
projection of a struct's leaf. Arrays lie as C-ordered little-endian bytes, one value per row.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import polars as pl

from neurochain.errors import SchemaError

SCALARS: dict[str, Any] = {
    "null": pl.Null(),
    "bool": pl.Boolean(),
    "int8": pl.Int8(),
    "int16": pl.Int16(),
    "int32": pl.Int32(),
    "int64": pl.Int64(),
    "uint8": pl.UInt8(),
    "uint16": pl.UInt16(),
    "uint32": pl.UInt32(),
    "uint64": pl.UInt64(),
    "float32": pl.Float32(),
    "float64": pl.Float64(),
    "string": pl.String(),
    "bytes": pl.Binary(),
    "date": pl.Date(),
    "time": pl.Time(),
    "datetime": pl.Datetime("us"),
    "datetime[UTC]": pl.Datetime("us", "UTC"),
    "duration": pl.Duration("us"),
}
ARRAY_KINDS = "biufcmM"


@dataclass(frozen=True)
class Scalar:
    """One value: a number, a text, bytes, a date.

    Attributes
    ----------
    name : str
        One of `SCALARS`.
    """

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Json:
    """A JSON object as text, whose keys can be used as columns.

    Attributes
    ----------
    keys : mapping of str to str, or None
        Type by dotted key, of the keys that were seen; None where nobody has looked yet.
    """

    keys: Mapping[str, str] | None = None

    def __str__(self) -> str:
        return "json"


@dataclass(frozen=True)
class Array:
    """An array of one shape and dtype in every row.

    Attributes
    ----------
    dtype : str
        numpy's name, little endian: ``"float32"``, ``"datetime64[us]"``.
    shape : tuple of int
    """

    dtype: str
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]"


@dataclass(frozen=True)
class Ragged:
    """An array of one dtype and number of dimensions, whose shape differs from row to row."""

    dtype: str
    ndim: int

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join('?' * self.ndim)}]"


@dataclass(frozen=True)
class List:
    """A list of values of one type."""

    item: "DataType"

    def __str__(self) -> str:
        return f"list[{self.item}]"


@dataclass(frozen=True)
class Record:
    """Named fields.

    Attributes
    ----------
    name : str
        Of the class it came from (``"Header"``); ``"File"`` is rebuilt as a File.
    fields : tuple of Field
    required : bool
        Never null as a whole: with all fields null it is still a record.
    """

    name: str
    fields: tuple["Field", ...]
    required: bool = False

    def __str__(self) -> str:
        return self.name

    def field(self, name: str) -> "Field | None":
        """Field of this name, or None."""
        return next((f for f in self.fields if f.name == name), None)


DataType = Scalar | Json | Array | Ragged | List | Record


@dataclass(frozen=True)
class Field:
    """One column, or one field of a record.

    Attributes
    ----------
    name : str
    type : DataType
    unit : str or None
        ``"mm"``, ``"uV"``; None for a pure number or text.
    axes : tuple of str
        Names of an array's axes; empty where nobody said.
    """

    name: str
    type: DataType
    unit: str | None = None
    axes: tuple[str, ...] = field(default=())

    def leaves(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """Flat columns on disk: (name, polars dtype)."""
        return ((prefix + path, dtype) for path, dtype in self._flat) if prefix else iter(self._flat)

    @cached_property
    def _flat(self) -> tuple[tuple[str, Any], ...]:
        """Asked for thousands of times in a run."""
        return tuple(_leaves(self.name, self.type))


def _leaves(path: str, kind: DataType) -> Iterator[tuple[str, Any]]:
    match kind:
        case Scalar(name):
            yield path, SCALARS[name]
        case Json():
            yield path, pl.String()
        case Array():
            yield path, pl.Binary()
        case Ragged():
            yield f"{path}.data", pl.Binary()
            yield f"{path}.shape", pl.List(pl.Int64())
        case List():
            yield path, nested_dtype(kind)
        case Record(_, fields):
            for f in fields:
                yield from f.leaves(f"{path}.")


def value_types(f: Field) -> Iterator[tuple[str, DataType]]:
    """Dotted name and type of each value of a field that is no record."""
    if isinstance(f.type, Record):
        for inner in f.type.fields:
            yield from value_types(replace(inner, name=f"{f.name}.{inner.name}"))
    else:
        yield f.name, f.type


def leaf_fields(f: Field, path: str = "") -> Iterator[tuple[str, Field]]:
    """Dotted name and field, with unit and axes, of each value of a field that is no record."""
    here = path or f.name
    if isinstance(f.type, Record):
        for inner in f.type.fields:
            yield from leaf_fields(inner, f"{here}.{inner.name}")
    else:
        yield here, f


def nested_dtype(kind: DataType) -> Any:
    """Polars dtype of a type that lies inside a list, where nothing is flattened."""
    match kind:
        case Scalar(name):
            return SCALARS[name]
        case Json():
            return pl.String()
        case List(item):
            return pl.List(nested_dtype(item))
        case Record(_, fields) if fields:
            return pl.Struct({f.name: nested_dtype(f.type) for f in fields})
        case Record():
            raise SchemaError("A list of records without fields cannot be stored. Give them a field.")
        case _:
            raise SchemaError(
                "A list of arrays cannot be stored. Return one array (np.stack), one array per column, or one per "
                "row with gen()."
            )


def from_polars(dtype: Any) -> DataType:
    """Type of a Polars column.

    Raises
    ------
    SchemaError
        It has no counterpart here (Object, Decimal).
    """
    for name, known in SCALARS.items():
        if dtype == known:
            return Scalar(name)
    if isinstance(dtype, pl.Datetime):
        return Scalar("datetime[UTC]" if dtype.time_zone else "datetime")
    if isinstance(dtype, pl.Duration):
        return Scalar("duration")
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return Scalar("string")
    if isinstance(dtype, pl.List):
        return List(from_polars(dtype.inner))
    if isinstance(dtype, pl.Struct):
        return Record("", tuple(Field(f.name, from_polars(f.dtype)) for f in dtype.fields))
    if isinstance(dtype, pl.Array):
        inner = dtype
        while isinstance(inner, pl.Array):
            inner = inner.inner  # type: ignore[assignment]
        if inner.is_numeric() or inner == pl.Boolean():
            scalar = from_polars(inner)
            return Array(str(scalar), tuple(dtype.shape))
    raise SchemaError(
        f"A column of type {dtype} cannot be stored. Cast it to a number, text, date, list or array first."
    )


def type_to_json(kind: DataType) -> Any:
    """Plain JSON of a type."""
    match kind:
        case Scalar(name):
            return name
        case Json(keys):
            return {"json": dict(keys) if keys is not None else None}
        case Array(dtype, shape):
            return {"array": dtype, "shape": list(shape)}
        case Ragged(dtype, ndim):
            return {"ragged": dtype, "ndim": ndim}
        case List(item):
            return {"list": type_to_json(item)}
        case Record(name, fields):
            out = {"record": name, "fields": [field_to_json(f) for f in fields]}
            return {**out, "required": True} if kind.required else out


def type_from_json(data: Any) -> DataType:
    """Inverse of `type_to_json`."""
    match data:
        case str():
            return Scalar(data)
        case {"json": keys}:
            return Json(keys)
        case {"array": dtype, "shape": shape}:
            return Array(dtype, tuple(shape))
        case {"ragged": dtype, "ndim": ndim}:
            return Ragged(dtype, ndim)
        case {"list": item}:
            return List(type_from_json(item))
        case {"record": name, "fields": fields}:
            return Record(name, tuple(field_from_json(f) for f in fields), bool(data.get("required")))
        case _:
            raise SchemaError(f"The stored schema holds a type that this version does not know: {data!r}.")


def content_type(kind: DataType) -> DataType:
    """Type without the keys that were seen in JSON texts: they are knowledge about a column, not its type."""
    match kind:
        case Json():
            return Json(None)
        case List(item):
            return List(content_type(item))
        case Record(name, fields):
            inner = (Field(f.name, content_type(f.type), f.unit, f.axes) for f in fields)
            return Record(name, tuple(inner), kind.required)
        case _:
            return kind


def field_to_json(f: Field) -> dict[str, Any]:
    """Plain JSON of a field; unit and axes only where they are known."""
    out: dict[str, Any] = {"name": f.name, "type": type_to_json(f.type)}
    if f.unit is not None:
        out["unit"] = f.unit
    if f.axes:
        out["axes"] = list(f.axes)
    return out


def field_from_json(data: dict[str, Any]) -> Field:
    """Inverse of `field_to_json`."""
    return Field(data["name"], type_from_json(data["type"]), data.get("unit"), tuple(data.get("axes", ())))
