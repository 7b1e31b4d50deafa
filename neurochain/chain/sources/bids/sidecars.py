"""Sidecars: the JSON files of all levels that apply to each data file, as one object.

Files to which the same sidecars apply share the object: it is made once, and kept in the ledger under what the
sidecars are.
"""

import json
from dataclasses import dataclass
from typing import Any

import polars as pl

from neurochain.chain.expressions import catalogue as catalogues
from neurochain.chain.expressions import jsonkeys
from neurochain.chain.expressions.catalogue import catalogue
from neurochain.chain.expressions.jsonkeys import join_catalogues, readable
from neurochain.chain.keys import argument_digests
from neurochain.chain.run import Run
from neurochain.chain.sources.bids.documents import Documents, fingerprint, remembered
from neurochain.chain.sources.bids.inheritance import applicable
from neurochain.chain.sources.bids.tree import ROW, Tree
from neurochain.datasets.hidden import ARG, READS, READS_TYPE
from neurochain.datasets.ledger import Ledger
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Field, Json, Scalar
from neurochain.errors import FormatError
from neurochain.formats.bids import sidecar as bids_sidecar
from neurochain.formats.bids.sidecar import merge_sidecars, parse_sidecar

SHAPE = "shape"  # JSON text: the keys of an object, with their types
MERGED = Schema(
    [Field("text", Scalar("string")), Field("error", Scalar("string")), Field(SHAPE, Scalar("string"))]
)


@dataclass(frozen=True)
class Sidecars:
    """What applies to the data files of a tree.

    Attributes
    ----------
    texts : DataFrame
        ``text`` and ``error``, one row per data file.
    pairs : DataFrame
        As of `sidecar_pairs`.
    type : Json
        With the keys that were seen.
    """

    texts: pl.DataFrame
    pairs: pl.DataFrame
    type: Json


def sidecars(tree: Tree, documents: Documents, run: Run) -> Sidecars:
    """Find, read and merge the sidecars of all data files."""
    kept = tree.documents.filter(pl.col("extension") == ".json")
    pairs = sidecar_pairs(tree)
    twice = pl.col("depth").n_unique() < pl.len()
    applied = pairs.group_by("file", maintain_order=True).agg(
        pl.col("document"),
        twice.alias("twice"),
        pl.col("path").filter(pl.col("depth").is_duplicated()).str.join(" and ").alias("those"),
        pl.concat_str("uri", "etag", separator="\0").str.join("\0").alias("identity"),
    )
    sets = applied.filter(~pl.col("twice")).unique("identity", keep="first", maintain_order=True)
    merged, kind = _merged(sets, kept, documents, run)
    conflict = pl.concat_str(
        pl.lit("Of several sidecars in one folder one at most may apply, but "), "those", pl.lit(" do.")
    )
    found = applied.join(merged, on="identity", how="left", maintain_order="left").select(
        pl.col("file").alias(ROW),
        pl.when(~pl.col("twice")).then("text").alias("text"),
        pl.when("twice").then(conflict).otherwise("error").alias("error"),
    )
    texts = tree.data.select(ROW).join(found, on=ROW, how="left", maintain_order="left")
    return Sidecars(texts.drop(ROW), pairs, kind)


def sidecar_pairs(tree: Tree) -> pl.DataFrame:
    """Data files and the sidecars that apply to them, as of `applicable`, with the sidecars' names and etags."""
    kept = tree.documents.filter(pl.col("extension") == ".json")
    about = kept.select(pl.col(ROW).alias("document"), "name", "path", "etag", "uri")
    pairs = applicable(tree.data, kept, same_suffix=True)
    return pairs.join(about, on="document", how="left", maintain_order="left")


def _merged(
    sets: pl.DataFrame, kept: pl.DataFrame, documents: Documents, run: Run
) -> tuple[pl.DataFrame, Json]:
    """Object of each set of sidecars, and the keys of all of them."""
    code = fingerprint(__file__, catalogues.__file__, jsonkeys.__file__, bids_sidecar.__file__)
    ledger = Ledger(run.project, documents.identifiers.key_with(code))
    sets = sets.select("document", "identity").with_columns(
        argument_digests(sets.select("identity")).alias(ARG)
    )
    known = remembered(ledger, sets[ARG], MERGED, run.settings.reuse)
    used = kept.filter(pl.col(ROW).is_in(sets["document"].explode().unique().to_list()))
    texts = documents.texts(used)
    missing = sets.join(known, on=ARG, how="anti", maintain_order="left")
    if missing.height:
        sources = _Sources(used.select(ROW, "name"), texts)
        rows = [sources.merge(members) for members in missing["document"].to_list()]
        columns = [
            missing[ARG],
            pl.Series(READS, [None] * missing.height, dtype=READS_TYPE),
            pl.Series("text", readable([text for text, _, _ in rows]), dtype=pl.String),
            pl.Series("error", [error for _, error, _ in rows], dtype=pl.String),
            pl.Series(SHAPE, [shape for _, _, shape in rows], dtype=pl.String),
        ]
        ledger.append(pl.DataFrame(columns), MERGED)
        known = pl.concat([known, pl.DataFrame(columns)])
    ledger.touch()
    found = sets.join(known, on=ARG, how="left", maintain_order="left")
    shapes = found[SHAPE].drop_nulls().unique(maintain_order=True).to_list()
    return found.select("identity", "text", "error"), Json(join_catalogues([json.loads(s) for s in shapes]))


class _Sources:
    """Parsed sidecars, each once."""

    def __init__(self, files: pl.DataFrame, texts: pl.DataFrame) -> None:
        self._rows = {
            number: (name, text, error)
            for (number, name), (text, error) in zip(files.iter_rows(), texts.iter_rows(), strict=True)
        }
        self._parsed: dict[int, dict[str, Any]] = {}

    def merge(self, members: list[int]) -> tuple[str | None, str | None, str | None]:
        """Text of the object of some sidecars, what is wrong with one of them, and the object's keys."""
        try:
            value = merge_sidecars(self._parse(member) for member in members)
            text = self._rows[members[0]][1] if len(members) == 1 else json.dumps(value)
        except FormatError as error:
            return None, str(error), None
        except RecursionError:
            return None, f"The sidecar {self._rows[members[-1]][0]} nests too deeply.", None
        return text, None, json.dumps(catalogue(value), sort_keys=True)

    def _parse(self, member: int) -> dict[str, Any]:
        if member not in self._parsed:
            name, text, error = self._rows[member]
            if text is None:
                raise FormatError(f"The sidecar {error}")
            self._parsed[member] = parse_sidecar(name, text)
        return self._parsed[member]
