"""Companions: what belongs to each data file, beside it and above it, as a part of the row's identity."""

import polars as pl

from neurochain.chain.sources.bids.dataset import Looked
from neurochain.chain.sources.bids.inheritance import applicable, nearest
from neurochain.chain.sources.bids.tree import ROW

GRADIENTS = (".bval", ".bvec")  # apply by inheritance to the images of their suffix


def companion_texts(looked: Looked, pairs: pl.DataFrame | None = None) -> pl.Series:
    """Names and etags of what belongs to each file, as JSON texts: what lies beside it, and what applies to it.

    Parameters
    ----------
    looked : Looked
        Whose data files.
    pairs : DataFrame, optional
        Sidecars that apply. Without them only what a reader of the file needs is named.
    """
    data = looked.tree.data
    rows = data.select("path", ROW)
    own = looked.belonging.join(rows, on="path").sort(ROW, "name").select(ROW, "name", "etag")
    parts = [own]
    if pairs is not None:
        gradients = looked.tree.documents.filter(pl.col("extension").is_in(GRADIENTS))
        images = data.filter(pl.col("extension").is_in([".nii", ".nii.gz"]))
        about = gradients.select(pl.col(ROW).alias("document"), "name", "etag")
        near = nearest(applicable(images, gradients, same_suffix=True)).join(about, on="document")
        both = pl.concat([pairs.select(near.columns), near])
        depths = data.select(pl.col(ROW).alias("file"), pl.col("depth").alias("_own"))
        up = pl.lit("../").repeat_by(pl.col("_own") - pl.col("depth")).list.join("")
        applied = both.join(depths, on="file").sort("file", "depth", "name")
        parts.append(
            applied.select(pl.col("file").alias(ROW), pl.concat_str(up, "name").alias("name"), "etag")
        )
    texts = (
        pl.concat(parts)
        .select(ROW, pl.concat_str(_quoted("name"), pl.lit(": "), _quoted("etag")).alias("piece"))
        .group_by(ROW, maintain_order=True)
        .agg((pl.lit("{") + pl.col("piece").str.join(", ") + pl.lit("}")).first().alias("text"))
    )
    return data.select(ROW).join(texts, on=ROW, how="left", maintain_order="left")["text"]


def _quoted(name: str) -> pl.Expr:
    """Texts as JSON writes them."""
    return pl.struct(pl.col(name).alias("a")).struct.json_encode().str.slice(5).str.strip_suffix("}")
