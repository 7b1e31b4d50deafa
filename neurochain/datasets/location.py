"""Location: files are stored relative to a named root, and get their uris when they are read.

So data may move: only the root's entry changes, no part is written again.
"""

from collections.abc import Iterator, Mapping

import polars as pl

from neurochain.datasets.schema import Schema
from neurochain.datasets.types import DataType, Field, Record, Scalar

FILE = Record(
    "File",
    (
        Field("uri", Scalar("string")),
        Field("size", Scalar("int64"), unit="bytes"),
        Field("etag", Scalar("string")),
        Field("mtime", Scalar("datetime[UTC]")),
        Field("root", Scalar("string")),
        Field("path", Scalar("string")),
        Field("companions", Scalar("string")),
    ),
)


def file_columns(schema: Schema) -> Iterator[str]:
    """Dotted names of the columns that hold a File."""
    for f in schema.values():
        yield from _file_columns(f.name, f.type)


def _file_columns(path: str, kind: DataType) -> Iterator[str]:
    if isinstance(kind, Record):
        if kind.name == FILE.name:
            yield path
            return
        for f in kind.fields:
            yield from _file_columns(f"{path}.{f.name}", f.type)


def strip_uris(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Leave out the uris that root and path can restore."""
    return frame.with_columns(
        pl.when(pl.col(f"{name}.root").is_null()).then(pl.col(f"{name}.uri")).alias(f"{name}.uri")
        for name in file_columns(schema)
    )


def restore_uris(frame: pl.LazyFrame, schema: Schema, roots: Mapping[str, str]) -> pl.LazyFrame:
    """Inverse of `strip_uris`, with the roots as they lie today."""
    names = list(file_columns(schema))
    if not names:
        return frame
    bases = {name: uri.rstrip("/") for name, uri in roots.items()}
    return frame.with_columns(
        pl.coalesce(
            pl.col(f"{name}.uri"),
            pl.concat_str(
                pl.col(f"{name}.root").replace_strict(bases, default=None, return_dtype=pl.String),
                pl.lit("/"),
                pl.col(f"{name}.path"),
            ),
        ).alias(f"{name}.uri")
        for name in names
    )


def relative_uris(frame: pl.DataFrame, roots: Mapping[str, str]) -> pl.DataFrame:
    """Replace the column ``uri`` by ``root`` and ``path``, the innermost root that holds it; null and the uri elsewhere."""
    uri = pl.col("uri")
    root, path = pl.lit(None, dtype=pl.String), uri
    for name, place in sorted(roots.items(), key=lambda item: len(item[1])):
        prefix = place.rstrip("/") + "/"
        inside = uri.str.starts_with(prefix)
        root = pl.when(inside).then(pl.lit(name)).otherwise(root)
        path = pl.when(inside).then(uri.str.strip_prefix(prefix)).otherwise(path)
    return frame.select(root.alias("root"), path.alias("path"), pl.exclude("uri"))
