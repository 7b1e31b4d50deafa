"""BidsTableSource: the rows of a kind of table of a BIDS dataset, all its files together."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from neurochain.chain.keys import child_keys, text_keys
from neurochain.chain.run import Run, State
from neurochain.chain.sources.bids.companions import companion_texts
from neurochain.chain.sources.bids.dataset import Dataset, Looked
from neurochain.chain.sources.bids.described import DATASET, KINDS, WHOM, Described
from neurochain.chain.sources.bids.inheritance import applicable, nearest
from neurochain.chain.sources.bids.sidecars import sidecar_pairs
from neurochain.chain.sources.bids.source import PROBLEM, reference
from neurochain.chain.sources.bids.tables import FILE, read_tables
from neurochain.chain.sources.bids.tree import ROW
from neurochain.chain.sources.headers import header_schema
from neurochain.datasets.activity import Input
from neurochain.datasets.location import FILE as FILE_TYPE
from neurochain.datasets.schema import KEY, Schema
from neurochain.datasets.types import Field, Scalar, from_polars
from neurochain.errors import PatternError, suggestion
from neurochain.formats.bids.names import RECORDINGS

TABLE = "table"
FREE = {
    "electrodes": ("space",),
    "optodes": ("space",),
}  # entities that their names have and a recording's have not
WHOSE = {"participants": ("subject",), "sessions": ("subject", "session"), "scans": ("path",)}


@dataclass(frozen=True)
class BidsTableSource:
    """Rows of the tables of one kind."""

    dataset: Dataset
    kind: str

    @classmethod
    def of(cls, dataset: Dataset, kind: str) -> "BidsTableSource":
        """Rows of all tables with a suffix.

        Raises
        ------
        PatternError
            There is no such kind.
        """
        kinds = [*KINDS, *RECORDINGS]
        if kind not in kinds:
            raise PatternError(f"read_bids(table={kind!r}): there is no such kind. {suggestion(kind, kinds)}")
        return cls(dataset, kind)

    @property
    def schema(self) -> Schema:
        return Schema([*self._fields(), Field(PROBLEM, Scalar("string"))], partial=True)

    def open(self, run: Run) -> State:
        looked = self.dataset.look(run)
        frame, columns = self._of_whom(looked) if self.kind in KINDS else self._of_recordings(looked)
        given = [*self._fields(), Field(PROBLEM, Scalar("string"))]
        names = self._named(columns, given)
        fields = [Field(name, from_polars(frame[c].dtype)) for c, name in names.items()]
        schema = Schema([*given[:-1], *fields, given[-1]])
        beside = [pl.col(f" {leaf}").alias(leaf) for f in given for leaf, _ in f.leaves()]
        rows = frame.select(
            _keys(looked.root, frame).alias(KEY), *beside, *(pl.col(c).alias(n) for c, n in names.items())
        )
        manifest = looked.documents_manifest()
        files = manifest.select(pl.col("size").alias("file.size"))
        said = {**self.to_json(), **reference(looked, files), "schema": schema.to_json()}
        run.activity.inputs.append(Input("storage", said, manifest=run.manifest(manifest)))
        return State(rows.select(KEY, *schema.leaves()).lazy(), schema)

    def to_json(self) -> dict[str, Any]:
        return {**self.dataset.to_json(), TABLE: self.kind}

    def _fields(self) -> list[Field]:
        """Columns before those of the tables."""
        text = Scalar("string")
        if self.kind in KINDS:
            first = [Field(name, text) for name in WHOSE[self.kind]]
        else:
            first = [Field("file", FILE_TYPE), header_schema()["bids"]]
        return [*first, Field("pipeline", text), Field(TABLE, text)]

    def _named(self, columns: list[str], given: list[Field]) -> dict[str, str]:
        """Columns of the tables by the names that are left for them."""
        taken = {KEY, *(f.name for f in given), *Schema(given).leaves()}
        names: dict[str, str] = {}
        for column in columns:
            name = column
            while name in taken:
                name = f"{name}_{self.kind}"
            taken.add(name)
            names[column] = name
        return names

    def _of_whom(self, looked: Looked) -> tuple[pl.DataFrame, list[str]]:
        """Rows of tables that say themselves whom they speak of."""
        found = Described.of(self.kind, looked.tree, looked.documents)
        about = found.files.with_row_index(FILE).select(
            FILE,
            pl.col("path").alias(f" {TABLE}"),
            pl.col("pipeline").alias(" pipeline"),
            pl.when(pl.col("dataset") != "")
            .then(pl.col("dataset") + "/")
            .otherwise(pl.lit(""))
            .alias(" dataset"),
        )
        rows = pl.concat([found.rows.drop(DATASET), _wrong(found.problems)], how="diagonal")
        rows = rows.sort(FILE, maintain_order=True).join(about, on=FILE, how="left", maintain_order="left")
        parts = pl.col(WHOM).str.split("/").list
        said = {
            "participants": {"subject": pl.col(WHOM)},
            "sessions": {"subject": parts.first(), "session": parts.last()},
            "scans": {"path": pl.concat_str(" dataset", WHOM)},
        }
        whom = [said[self.kind][name].alias(f" {name}") for name in WHOSE[self.kind]]
        return rows.with_columns(whom), found.columns

    def _of_recordings(self, looked: Looked) -> tuple[pl.DataFrame, list[str]]:
        """Rows of tables by the recordings that they apply to: one that applies to several comes several times."""
        tree = looked.tree
        data = tree.data.filter(pl.col("suffix").is_in(list(RECORDINGS[self.kind])))
        tables = tree.documents.filter(pl.col("suffix") == self.kind, pl.col("extension") == ".tsv")
        free = FREE.get(self.kind, ())
        pairs = nearest(applicable(data, tables, same_suffix=False, free=free))
        used = tables.join(pairs, left_on=ROW, right_on="document", how="semi", maintain_order="left")
        rows, problems = read_tables(used["path"].to_list(), looked.documents.texts(used))
        columns = [c for c in rows.columns if c != FILE]
        about = used.select(pl.col(ROW).alias("document"), pl.col("path").alias(f" {TABLE}")).with_row_index(
            FILE
        )
        pairs = pairs.join(about, on="document", how="left", maintain_order="left").rename(
            {"file": " number"}
        )
        several = pairs.clear()
        if not free:
            twice = pl.len().over(" number") > 1
            several, pairs = pairs.filter(twice), pairs.filter(~twice)
        those = pl.col(f" {TABLE}").str.join(" and ")
        said = pl.format("Of several tables in one folder one at most may apply, but {} do.", those)
        conflicts = several.group_by(" number", maintain_order=True).agg(said.alias(f" {PROBLEM}"))
        rows = pl.concat([rows, _wrong(problems)], how="diagonal")
        told = pairs.select(" number", FILE, f" {TABLE}").join(rows, on=FILE, maintain_order="left_right")
        told = pl.concat([told, conflicts], how="diagonal").sort(" number", maintain_order=True)
        beside = tree.data.with_columns(companion_texts(looked, sidecar_pairs(tree)).alias("file.companions"))
        beside = beside.select(ROW, *looked.file_columns, "file.companions", "pipeline").hstack(
            tree.entities()
        )
        beside = beside.rename(lambda name: " number" if name == ROW else f" {name}")
        return told.join(beside, on=" number", how="left", maintain_order="left"), columns


def _wrong(problems: dict[int, str]) -> pl.DataFrame:
    """A row for each table that cannot be read."""
    schema = {FILE: pl.UInt32, f" {PROBLEM}": pl.String}
    return pl.DataFrame({FILE: list(problems), f" {PROBLEM}": list(problems.values())}, schema=schema)


def _keys(root: str, rows: pl.DataFrame) -> pl.Series:
    """Keys of rows: of their table and recording, and their place in it."""
    names = [f" {TABLE}", *([" file.path"] if " file.path" in rows.columns else [])]
    whole = rows.select(names).unique(maintain_order=True)
    keyed = whole.with_columns(
        text_keys(pl.Series([root] * whole.height), *whole.get_columns()).alias(" key")
    )
    placed = rows.select(*names, pl.int_range(pl.len()).over(names).alias(" place"))
    placed = placed.join(keyed, on=names, how="left", maintain_order="left", nulls_equal=True)
    return child_keys(placed[" key"], placed[" place"])
