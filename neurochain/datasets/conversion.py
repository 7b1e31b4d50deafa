"""Conversion: rows written under one schema, read under another that unifies it."""

import polars as pl

from neurochain.datasets.schema import KEY, Schema, unify
from neurochain.datasets.types import Array, Ragged
from neurochain.errors import SchemaError


def unify_schemas(old: Schema, new: Schema) -> Schema:
    """Schema that holds the rows of both; columns in the order of the first.

    Raises
    ------
    SchemaError
        A column changed its type, or is in one of them only.
    """
    if set(old) != set(new):
        gone, came = sorted(set(old) - set(new)), sorted(set(new) - set(old))
        raise SchemaError(
            f"The function gave other columns than before: {', '.join(came) or 'none'} new, "
            f"{', '.join(gone) or 'none'} missing. Return the same fields for every row, None where unknown."
        )
    return Schema([unify(old[name], new[name]) for name in old])


def convert(frame: pl.DataFrame, old: Schema, new: Schema) -> pl.DataFrame:
    """Rows of `old` as rows of `new`, which came from `unify_schemas`.

    Hidden columns (the key, a ledger's) pass through.
    """
    columns: list[pl.Series] = [s for s in frame.get_columns() if s.name not in old.leaves() or s.name == KEY]
    for name in new:
        before, after = old[name].type, new[name].type
        if isinstance(before, Array) and isinstance(after, Ragged):
            columns.append(frame[name].alias(f"{name}.data"))
            shape = pl.lit(list(before.shape), dtype=pl.List(pl.Int64))
            present = frame[name].is_not_null()
            shapes = pl.select(pl.when(pl.lit(present)).then(shape).otherwise(None)).to_series()
            columns.append(shapes.alias(f"{name}.shape"))
            continue
        for leaf, dtype in new[name].leaves():
            if leaf in frame.columns:
                columns.append(frame[leaf].cast(dtype))
            else:
                columns.append(pl.Series(leaf, [None] * frame.height, dtype=dtype))
    return pl.DataFrame(columns)
