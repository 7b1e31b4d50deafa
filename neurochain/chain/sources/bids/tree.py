"""Tree: what a listing of a BIDS dataset holds, as columns: data files, and documents that speak of them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from neurochain.chain.sources.listing import Listing
from neurochain.formats.bids.entities import DATATYPES, ENTITIES, BidsRecord
from neurochain.formats.bids.ignore import IgnoreRules
from neurochain.formats.bids.names import FOLDER, METADATA, NAME, TABLES

KEYS = "key_"  # prefix of the columns that hold what a name says, by its short form: "key_sub"
BIDS = "bids."
PIPELINES = "derivatives"
ROW = "row"


@dataclass(frozen=True)
class Tree:
    """A BIDS dataset, and those of its pipelines that were asked for.

    Attributes
    ----------
    data : DataFrame
        One row per image or recording, sorted by path: ``path``, ``uri``, ``size``, ``etag``, ``mtime``, ``pipeline``
        (null for the dataset's own), ``dataset`` (its folder, empty for the root), ``folder`` and ``depth`` within it,
        ``name``, ``suffix``, ``extension``, a column per short form of an entity, and ``row``.
    documents : DataFrame
        The same of JSON files and tables.
    folders : list of str
        Paths of the data that are folders.
    strange : int
        Files below ``sub-*`` whose names do not follow BIDS.
    """

    data: pl.DataFrame
    documents: pl.DataFrame
    folders: list[str]
    strange: int

    @classmethod
    def of(
        cls, listing: Listing, belonging: Mapping[str, Sequence[str]], rules: Mapping[str, IgnoreRules]
    ) -> "Tree":
        """Look at the names.

        Parameters
        ----------
        listing : Listing
            Of the dataset's folder.
        belonging : mapping of str to sequence of str
            Endings of files that are a part of another, by that one's ending.
        rules : mapping of str to IgnoreRules
            What each dataset leaves out.
        """
        files = _kept(listing.files.with_columns(_dataset(pl.col("path"))), rules)
        files, folders = _whole(files)
        parts = listing.belonging(belonging).select(_folder(pl.col("path")) + pl.col("name"))
        named = _named(files)
        below = pl.col("folder").str.starts_with("sub-")
        extension, suffix = pl.col("extension"), pl.col("suffix")
        is_table = (extension == ".tsv") & suffix.is_in(list(TABLES))
        speaks = extension.is_in(list(METADATA)) | is_table
        ours = pl.col("name").str.starts_with("sub-")
        data = named.filter(below, ours, ~speaks).join(parts, on="path", how="anti", maintain_order="left")
        documents = named.filter(speaks)
        within = files["path"].str.contains(rf"^({PIPELINES}/[^/]+/)?sub-[^/]*/")
        strange = int(within.sum()) - named.filter(below, ours | speaks).height
        return cls(data.with_row_index(ROW), documents.with_row_index(ROW), folders, strange)

    def entities(self) -> pl.DataFrame:
        """Entities of the data files, as the flat columns of `BidsRecord`."""
        return entities(self.data)

    def misplaced(self) -> pl.Series:
        """Of each data file whether its name and its folders speak of two subjects or sessions, in words; null if not."""
        folders = {"sub": r"^(sub-[^/]*)", "ses": r"^[^/]*/(ses-[^/]*)"}
        said = []
        for short, pattern in folders.items():
            if KEYS + short in self.data.columns:
                name, folder = (
                    pl.lit(f"{short}-") + pl.col(KEYS + short),
                    pl.col("folder").str.extract(pattern),
                )
                differ = pl.format("Its name says {}, its folder {}.", name, folder)
                said.append(pl.when(name != folder).then(differ))
        return self.data.select(pl.coalesce(*said, pl.lit(None, dtype=pl.String)).alias("said"))["said"]


def entities(files: pl.DataFrame) -> pl.DataFrame:
    """Entities of files, as the flat columns of `BidsRecord`: what `neurochain.formats.bids.entities.entities` says of each."""
    parts = pl.col("folder").str.split("/")
    last, above = parts.list.get(-1, null_on_oob=True), parts.list.get(-2, null_on_oob=True)
    datatype = pl.when(last.is_in(list(DATATYPES))).then(last)
    session = pl.when(last.is_in(list(DATATYPES))).then(above).otherwise(last)
    session = session.str.extract(r"^ses-([0-9A-Za-z+]+)$")
    found = {
        long: pl.col(KEYS + short) if KEYS + short in files.columns else pl.lit(None, dtype=pl.String)
        for short, long in ENTITIES.items()
    }
    found["session"] = pl.coalesce(found["session"], session)
    found |= {"suffix": pl.col("suffix"), "extension": pl.col("extension"), "datatype": datatype}
    return files.select(found[name].alias(BIDS + name) for name in BidsRecord.model_fields)


def _dataset(path: pl.Expr) -> list[pl.Expr]:
    """Folder of the dataset that a path lies in, and the pipeline that made it."""
    pipeline = path.str.extract(rf"^{PIPELINES}/([^/]+)/")
    dataset = pl.when(pipeline.is_null()).then(pl.lit("")).otherwise(pl.lit(f"{PIPELINES}/") + pipeline)
    return [pipeline.alias("pipeline"), dataset.alias("dataset")]


def _folder(path: pl.Expr) -> pl.Expr:
    return path.str.extract(r"^(.*/)[^/]*$").fill_null("")


def _whole(files: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Folders that are one recording as one row each, in the place of the files in them."""
    inside = files.with_columns(pl.col("path").str.extract(FOLDER).alias("_whole"))
    members = inside.filter(pl.col("_whole").is_not_null())
    if not members.height:
        return files, []
    rest = pl.col("path").str.len_chars() - pl.col("_whole").str.len_chars()
    folders = (
        members.sort("path")
        .group_by("_whole", "pipeline", "dataset", maintain_order=True)
        .agg(
            pl.col("uri").first().str.head(-rest.first().cast(pl.Int64)),
            pl.col("size").sum(),
            pl.concat_str(pl.col("path"), pl.col("etag"), separator="\0").str.join("\n").alias("etag"),
            pl.col("mtime").max(),
        )
        .rename({"_whole": "path"})
        .with_columns(pl.col("etag").map_elements(_digest, return_dtype=pl.String))
    )
    kept = inside.filter(pl.col("_whole").is_null()).drop("_whole")
    return pl.concat([kept, folders.select(kept.columns)]).sort("path"), folders["path"].to_list()


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _kept(files: pl.DataFrame, rules: Mapping[str, IgnoreRules]) -> pl.DataFrame:
    """Files that their dataset does not ignore."""
    if not any(rules.values()):
        return files
    left_out = [
        (own := rules.get(dataset)) is not None and own.ignores(path[len(dataset) :].lstrip("/"))
        for path, dataset in files.select("path", "dataset").iter_rows()
    ]
    return files.filter(~pl.Series(left_out, dtype=pl.Boolean))


def _named(files: pl.DataFrame) -> pl.DataFrame:
    """Files whose names follow BIDS, with what the names say."""
    within = pl.col("path").str.tail(-(pl.col("dataset").str.len_chars().cast(pl.Int64) + 1))
    within = pl.when(pl.col("dataset") == "").then(pl.col("path")).otherwise(within)
    split = files.with_columns(within.alias("_within")).with_columns(
        pl.col("_within").str.extract(r"^(.*)/[^/]*$").fill_null("").alias("folder"),
        pl.col("_within").str.extract(r"([^/]*)$").alias("name"),
    )
    groups = pl.col("name").str.extract_groups(NAME).struct
    named = (
        split.drop("_within")
        .with_columns(
            groups.field("1").alias("prefix"),
            groups.field("2").alias("suffix"),
            groups.field("3").alias("extension"),
            pl.when(pl.col("folder") == "")
            .then(0)
            .otherwise(pl.col("folder").str.count_matches("/", literal=True) + 1)
            .cast(pl.UInt32)
            .alias("depth"),
        )
        .filter(pl.col("suffix").is_not_null())
    )
    prefixes = named.select(pl.col("prefix").unique(maintain_order=True)).filter(pl.col("prefix") != "")
    part = pl.col("part").str.split_exact("-", 1).struct
    said = (
        prefixes.with_columns(pl.col("prefix").str.strip_suffix("_").str.split("_").alias("part"))
        .explode("part")
        .select(
            "prefix",
            (KEYS + part.field("field_0")).alias("key"),
            part.field("field_1").alias("label"),
        )
    )
    wide = (
        said.pivot(on="key", index="prefix", values="label", aggregate_function="first")
        if said.height
        else pl.DataFrame(schema={"prefix": pl.String})
    )
    return named.join(wide, on="prefix", how="left", maintain_order="left")
