"""Types of columns as declarations write them."""

from typing import Any

import polars as pl
from polars.datatypes import DataTypeClass

from neurochain.chain.expressions.expression import dtype_name
from neurochain.errors import ExpressionError, SchemaError

__all__ = ["dtype_of", "schema_of"]

TEXTS = {"uint8": "UInt8", "uint16": "UInt16", "uint32": "UInt32", "uint64": "UInt64", "bool": "Boolean"}


def dtype_of(given: Any, what: str) -> pl.DataType:
    """Polars type from one of Polars, Arrow or Python, or a name: ``pa.int64()``, ``pl.Int64``, ``int``, ``"int64"``.

    Parameters
    ----------
    given : object
        The type.
    what : str
        Whose type it is, for the message.

    Raises
    ------
    SchemaError
        It is none.

    Examples
    --------
    >>> dtype_of("int32", "hour"), dtype_of(str, "date")
    (Int32, String)
    """
    if isinstance(given, pl.DataType):
        return given
    if isinstance(given, DataTypeClass):
        plain: pl.DataType = given()
        return plain
    if type(given).__module__.startswith("pyarrow"):
        import pyarrow as pa  # it is there, since the type is one of its

        found: Any = pl.from_arrow(pa.table({"_": pa.array([], given)}))
        dtype: pl.DataType = found.schema["_"]
        return dtype
    try:
        name = dtype_name(given)
    except ExpressionError as error:
        raise SchemaError(f"{what}: {error}") from error
    made: Any = getattr(pl, TEXTS.get(name, name.title()))
    return pl.Datetime("us") if name == "datetime" else made()


def schema_of(given: Any, what: str) -> pl.Schema:
    """Columns from an Arrow or Polars schema, or a mapping of names to types.

    Raises
    ------
    SchemaError
        It is none.
    """
    if type(given).__module__.startswith("pyarrow"):
        return pl.Schema({f.name: dtype_of(f.type, f"{what}, column {f.name!r}") for f in given})
    try:
        pairs = list(given.items())
    except AttributeError as error:
        raise SchemaError(
            f"{what}: {given!r} is no schema. Give a pyarrow.Schema, or a dict of names and types."
        ) from error
    return pl.Schema({name: dtype_of(kind, f"{what}, column {name!r}") for name, kind in pairs})
