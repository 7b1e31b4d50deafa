"""Tables in files that say their columns: CSV, TSV, JSON, JSON lines and Parquet."""

import io
import re
from collections.abc import Sequence

import polars as pl

__all__ = ["FORMATS", "read_frame"]

FORMATS = ("csv", "tsv", "parquet", "json", "jsonl", "ndjson")
NULLS = ["", "n/a", "N/A", "NA", "NaN", "nan", "null"]
_INTEGER = r"^-?(0|[1-9][0-9]{0,17})$"
_NUMBER = r"^[+-]?(([1-9][0-9]*|0)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_IDENTIFIER = re.compile(r"(?i)(^|_)(id|ids|uid|subject|session|sub|ses|run|participant)$")


def read_frame(
    content: bytes, kind: str, compressed: bool, names: Sequence[str] | None = None
) -> pl.DataFrame:
    """Table of a CSV, TSV, JSON, JSON-lines or Parquet file; `names` are those of columns that no first line names.

    Raises
    ------
    ValueError, OSError, EOFError, zlib.error, PolarsError
        The content is not of this kind.
    """
    if kind == "parquet":
        return pl.read_parquet(io.BytesIO(content))
    if compressed:
        import gzip  # only where a table is compressed

        content = gzip.decompress(content)
    if kind == "json":
        return pl.read_json(io.BytesIO(content))
    if kind in ("jsonl", "ndjson"):
        return pl.read_ndjson(io.BytesIO(content))
    texts = pl.read_csv(
        io.BytesIO(content.removeprefix(b"\xef\xbb\xbf")),
        separator="\t" if kind == "tsv" else ",",
        infer_schema=False,
        null_values=NULLS,
        has_header=names is None,
    )
    if names is not None:
        if texts.width != len(names):
            raise ValueError(f"it has {texts.width} columns, and its sidecar names {len(names)}: {names}")
        texts.columns = list(names)
    return texts.with_columns(typed(texts[name]) for name in texts.columns)


def typed(texts: pl.Series) -> pl.Series:
    """Numbers where every value is written as one; ids and padded numbers (``01``) stay texts."""
    present = texts.drop_nulls().str.strip_chars()
    if not len(present) or _IDENTIFIER.search(texts.name):
        return texts
    if present.str.contains(_INTEGER).all():
        return texts.str.strip_chars().cast(pl.Int64)
    if present.str.contains(_NUMBER).all():
        return texts.str.strip_chars().cast(pl.Float64)
    if present.str.to_lowercase().is_in(["true", "false"]).all():
        return texts.str.strip_chars().str.to_lowercase() == "true"
    return texts
