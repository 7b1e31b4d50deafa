"""Described: the row that participants.tsv, sessions.tsv and scans.tsv have for each data file, as JSON text."""

from dataclasses import dataclass

import polars as pl

from neurochain.chain.sources.bids.documents import Documents
from neurochain.chain.sources.bids.tables import FILE, read_tables
from neurochain.chain.sources.bids.tree import KEYS, Tree
from neurochain.datasets.types import Json, from_polars
from neurochain.formats.bids.names import TABLES

KINDS = ("participants", "sessions", "scans")
# No column of a table begins with a space: what stands beside them does.
DATASET, FOLDER, PATH, SUBJECT, WHOM = " dataset", " folder", " path", " subject", " whom"


@dataclass(frozen=True)
class Described:
    """What the tables of one kind say.

    Attributes
    ----------
    files : DataFrame
        The tables, as of `Tree.documents`.
    rows : DataFrame
        Their rows, and beside the columns of the tables the number of the file, its dataset, path, folder and
        subject, and whom the row speaks of: a subject, subject and session, or a path within the dataset.
    columns : list of str
        Those of the tables.
    problems : dict of int to str
        What is wrong with tables that cannot be read.
    """

    kind: str
    files: pl.DataFrame
    rows: pl.DataFrame
    columns: list[str]
    problems: dict[int, str]

    @classmethod
    def of(cls, kind: str, tree: Tree, documents: Documents) -> "Described":
        """Find and read the tables of one kind.

        Parameters
        ----------
        kind : str
            One of `KINDS`.
        tree : Tree
            Where they lie.
        documents : Documents
            Who reads them.
        """
        at_root = pl.col("folder") == ""
        placed = {"participants": at_root & (pl.col("prefix") == ""), "sessions": ~at_root, "scans": ~at_root}
        files = tree.documents.filter(pl.col("suffix") == kind, pl.col("extension") == ".tsv", placed[kind])
        column = str(TABLES[kind])
        rows, problems = read_tables(files["path"].to_list(), documents.texts(files), needs=column)
        columns = [c for c in rows.columns if c != FILE]
        subject = pl.col(f"{KEYS}sub") if f"{KEYS}sub" in files.columns else pl.lit(None, dtype=pl.String)
        about = files.select(
            pl.int_range(pl.len(), dtype=pl.UInt32).alias(FILE),
            pl.col("dataset").alias(DATASET),
            pl.col("path").alias(PATH),
            pl.col("folder").alias(FOLDER),
            subject.alias(SUBJECT),
        )
        rows = rows.join(about, on=FILE, how="left", maintain_order="left")
        said = pl.col(column).cast(pl.String) if column in columns else pl.lit(None, dtype=pl.String)
        whom = {
            "participants": said.str.strip_prefix("sub-"),
            "sessions": pl.concat_str(SUBJECT, said.str.strip_prefix("ses-"), separator="/"),
            "scans": pl.concat_str(FOLDER, said.str.strip_prefix("./"), separator="/"),
        }
        return cls(kind, files, rows.with_columns(whom[kind].alias(WHOM)), columns, problems)

    @property
    def type(self) -> Json:
        """Type of the rows as JSON texts."""
        named = {c: from_polars(self.rows[c].dtype) for c in self.columns if "\\" not in c}
        return Json({name.replace(".", "\\."): str(kind) for name, kind in sorted(named.items())})

    def of_data(self, tree: Tree, session: pl.Series) -> pl.DataFrame:
        """Row of each data file as JSON ``text``, and the ``error`` where there is no telling.

        Parameters
        ----------
        tree : Tree
            Whose data files.
        session : Series
            Session of each, which its folder alone may say.
        """
        told = self._told()
        subject = pl.col(f"{KEYS}sub")
        whom = {
            "participants": subject,
            "sessions": pl.concat_str(subject, session, separator="/"),
            "scans": pl.concat_str("folder", "name", separator="/"),
        }
        data = tree.data.select(pl.col("dataset").alias(DATASET), "folder", whom[self.kind].alias(WHOM))
        found = data.join(told, on=[DATASET, WHOM], how="left", maintain_order="left")
        if self.kind != "scans":  # a pipeline need not repeat what its dataset says of people
            above = data.with_columns(pl.lit("").alias(DATASET))
            above = above.join(told, on=[DATASET, WHOM], how="left", maintain_order="left")
            missing = found["text"].is_null() & found["error"].is_null()
            found = found.with_columns(
                above[c].zip_with(missing, found[c]).alias(c) for c in ("text", "error")
            )
        for number, problem in self.problems.items():
            dataset, folder = self.files.select("dataset", "folder").row(number)
            inside = (pl.col("folder") + "/").str.starts_with(f"{folder}/") | pl.lit(folder == "")
            hit = (pl.col(DATASET) == dataset) & inside
            found = found.with_columns(pl.when(hit).then(pl.lit(problem)).otherwise("error").alias("error"))
        return found.select("text", "error")

    def _told(self) -> pl.DataFrame:
        """JSON text for each of whom there is one row."""
        text = pl.struct(self.columns).struct.json_encode() if self.columns else pl.lit(None, dtype=pl.String)
        several = pl.format("{} has several rows for {}.", PATH, WHOM)
        return (
            self.rows.with_columns(text.alias(" text"))
            .group_by(DATASET, WHOM, maintain_order=True)
            .agg(
                pl.when(pl.len() == 1).then(pl.col(" text").first()).alias("text"),
                pl.when(pl.len() > 1).then(several.first()).alias("error"),
            )
        )
