"""Typename: types of columns as people say them."""

import polars as pl

__all__ = ["array_parts", "fields_of", "type_name"]

FIELDS = 4  # of a record that are named
PLAIN = {"Boolean": "bool", "String": "string", "Categorical": "categorical"}


def type_name(dtype: pl.DataType) -> str:
    """A type in few words.

    Examples
    --------
    >>> type_name(pl.Int64()), type_name(pl.Datetime("us", "UTC")), type_name(pl.Array(pl.Float32, (384, 2000)))
    ('int64', 'datetime[us, UTC]', 'array[float32, 384×2000]')
    >>> type_name(pl.List(pl.Struct({"a": pl.Int8})))
    'list[struct{a: int8}]'
    >>> type_name(pl.Struct(dict.fromkeys("abcdef", pl.Int8)))
    'struct of 6 fields'
    """
    match dtype:
        case pl.Array():
            inner, shape = array_parts(dtype)
            return f"array[{type_name(inner)}, {'×'.join(map(str, shape))}]"
        case pl.List():
            return f"list[{type_name(_made(dtype.inner))}]"
        case pl.Struct():
            if len(dtype.fields) > FIELDS:
                return f"struct of {len(dtype.fields)} fields"
            return f"struct{{{', '.join(f'{f.name}: {type_name(_made(f.dtype))}' for f in dtype.fields)}}}"
        case pl.Datetime():
            zone = f", {dtype.time_zone}" if dtype.time_zone else ""
            return f"datetime[{dtype.time_unit}{zone}]"
        case pl.Duration():
            return f"duration[{dtype.time_unit}]"
        case pl.Decimal():
            return f"decimal[{dtype.precision}, {dtype.scale}]"
        case pl.Enum():
            return f"enum[{len(dtype.categories)} values]"
    name = str(dtype.base_type())
    return PLAIN.get(name, name.lower())


def fields_of(dtype: pl.DataType) -> list[tuple[str, str]]:
    """Fields of a record that are too many for its type's name, each with its type."""
    if not isinstance(dtype, pl.Struct) or len(dtype.fields) <= FIELDS:
        return []
    return [(f.name, type_name(_made(f.dtype))) for f in dtype.fields]


def array_parts(dtype: pl.Array) -> tuple[pl.DataType, tuple[int, ...]]:
    """Type of an array's elements, and its shape."""
    inner = _made(dtype.inner)
    while isinstance(inner, pl.Array):
        inner = _made(inner.inner)
    return inner, dtype.shape


def _made(kind: object) -> pl.DataType:
    made: pl.DataType = kind if isinstance(kind, pl.DataType) else kind()  # type: ignore[operator]
    return made
