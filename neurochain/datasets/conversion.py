"""Conversion: rows written under one schema, read under another that unifies it."""

from collections.abc import Iterator

import polars as pl

from neurochain.datasets.schema import KEY, Schema, unify
from neurochain.datasets.types import Array, DataType, List, Ragged, Record, Scalar, nested_dtype
from neurochain.errors import SchemaError


def unify_schemas(old: Schema, new: Schema, promote: bool = False) -> Schema:
    """Schema that holds the rows of both; columns in the order of the first.

    One without columns, where a function has given nothing but None so far, gives way to the other. `promote`
    as in `unify`.

    Raises
    ------
    SchemaError
        A column changed its type, or is in one of them only.
    """
    if not old or not new:
        return old or new
    if set(old) != set(new):
        gone, came = sorted(set(old) - set(new)), sorted(set(new) - set(old))
        raise SchemaError(
            f"The function gave other columns than before: {', '.join(came) or 'none'} new, "
            f"{', '.join(gone) or 'none'} missing. Return the same fields for every row, None where unknown."
        )
    return Schema([unify(old[name], new[name], promote) for name in old])


def convert(frame: pl.DataFrame, old: Schema, new: Schema) -> pl.DataFrame:
    """Rows of `old` as rows of `new`, which came from `unify_schemas`.

    Hidden columns (the key, a ledger's) pass through.
    """
    if old == new:
        return frame
    leaves = old.leaves()
    hidden = [name for name in frame.columns if name not in leaves or name == KEY]
    return frame.with_columns(conversion(old, new)).select(*hidden, *new.leaves())


def conversion(old: Schema, new: Schema) -> list[pl.Expr]:
    """Flat columns of `new` as expressions over those of `old`, which it came from by `unify_schemas`."""
    return [
        e for name in new for e in _columns(name, old[name].type if name in old else None, new[name].type)
    ]


def _columns(path: str, before: DataType | None, after: DataType) -> Iterator[pl.Expr]:
    """Flat columns of one field; those that were not there before are null."""
    match before, after:
        case Record(), Record(_, fields):
            for f in fields:
                known = before.field(f.name)
                yield from _columns(f"{path}.{f.name}", known.type if known is not None else None, f.type)
        case ((None | Scalar("null")), Record(_, fields)):
            for f in fields:
                yield from _columns(f"{path}.{f.name}", None, f.type)
        case Array(_, shape), Ragged():
            sizes = pl.lit(list(shape), dtype=pl.List(pl.Int64))
            yield pl.col(path).alias(f"{path}.data")
            yield pl.when(pl.col(path).is_not_null()).then(sizes).alias(f"{path}.shape")
        case ((None | Scalar("null")), Ragged()):
            yield pl.lit(None, dtype=pl.Binary).alias(f"{path}.data")
            yield pl.lit(None, dtype=pl.List(pl.Int64)).alias(f"{path}.shape")
        case Ragged(), Ragged():
            yield from (pl.col(f"{path}.data"), pl.col(f"{path}.shape"))
        case None, Array():
            yield pl.lit(None, dtype=pl.Binary).alias(path)
        case None, _:
            yield pl.lit(None, dtype=nested_dtype(after)).alias(path)
        case Scalar("null"), Array():
            yield pl.col(path).cast(pl.Binary)
        case Array(), Array():
            yield pl.col(path)
        case _:
            yield _nested(pl.col(path), before, after).alias(path)


def _nested(value: pl.Expr, before: DataType, after: DataType) -> pl.Expr:
    """Value inside a list, where nothing is flattened."""
    match before, after:
        case _ if nested_dtype(before) == nested_dtype(after):
            return value
        case List(x), List(y):
            return value.list.eval(_nested(pl.element(), x, y))
        case Record(), Record(_, fields):
            inner = []
            for f in fields:
                known = before.field(f.name)
                inner.append(
                    pl.lit(None, dtype=nested_dtype(f.type)).alias(f.name)
                    if known is None
                    else _nested(value.struct.field(f.name), known.type, f.type).alias(f.name)
                )
            return pl.when(value.is_not_null()).then(pl.struct(inner))
        case _:
            return value.cast(nested_dtype(after))
