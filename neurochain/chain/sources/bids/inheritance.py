"""Inheritance: which documents apply to which files, by folder, suffix and entities; for all of them at once.

A document applies to a file if it lies in the file's folder or above, and its name says nothing that the file's
does not say too. https://bids-specification.readthedocs.io/en/stable/common-principles.html#the-inheritance-principle
"""

from collections.abc import Iterator, Sequence

import polars as pl

from neurochain.chain.sources.bids.tree import KEYS, ROW

PAIRS = {"file": pl.UInt32, "document": pl.UInt32, "depth": pl.UInt32}


def applicable(
    files: pl.DataFrame, documents: pl.DataFrame, same_suffix: bool, free: Sequence[str] = ()
) -> pl.DataFrame:
    """Pairs of a file and a document that applies to it: ``file``, ``document`` (their rows), ``depth``.

    Sorted by file, and from the root down.

    Parameters
    ----------
    files, documents : DataFrame
        As of a `Tree`.
    same_suffix : bool
        Whether a document must have the file's suffix, as sidecars do.
    free : sequence of str
        Short forms of entities that a document may have although the file has not.
    """
    keys = sorted(c for c in documents.columns if c.startswith(KEYS) and c[len(KEYS) :] not in free)
    found = [pl.DataFrame(schema=PAIRS)]
    on = ["dataset", "_above", "_said", *(["suffix"] if same_suffix else [])]
    for own, depth, group in _alike(documents, keys):
        if any(key not in files.columns for key in own):
            continue
        said = pl.concat_str(own, separator="_") if own else pl.lit("")
        sides = [
            frame.select(ROW, "dataset", "suffix", above, said.alias("_said"))
            for frame, above in (
                (files.filter(pl.col("depth") >= depth), _above(depth)),
                (group, pl.col("folder").alias("_above")),
            )
        ]
        pairs = sides[0].join(sides[1], on=on, how="inner", suffix="_document")
        found.append(
            pairs.select(
                pl.col(ROW).alias("file"),
                pl.col(f"{ROW}_document").alias("document"),
                pl.lit(depth, dtype=pl.UInt32).alias("depth"),
            )
        )
    return pl.concat(found).sort("file", "depth", "document")


def nearest(pairs: pl.DataFrame) -> pl.DataFrame:
    """Of the documents that apply to a file those of the lowest folder: what holds for tables."""
    return pairs.filter(pl.col("depth") == pl.col("depth").max().over("file"))


def _alike(documents: pl.DataFrame, keys: list[str]) -> Iterator[tuple[list[str], int, pl.DataFrame]]:
    """Documents whose names say the same entities and that lie equally deep."""
    said = pl.concat_str([pl.col(k).is_not_null().cast(pl.UInt8) for k in keys]) if keys else pl.lit("")
    groups = documents.with_columns(said.alias("_keys")).partition_by("_keys", "depth", as_dict=True)
    for (marks, depth), group in groups.items():
        own = [key for key, mark in zip(keys, marks, strict=True) if mark == "1"]
        yield own, int(depth), group


def _above(depth: int) -> pl.Expr:
    """Folder of a file, or the one so many folders below its dataset that it lies in."""
    return pl.col("folder").str.split("/").list.head(depth).list.join("/").alias("_above")
