"""to_parquet: one file, written as rows come, that says what it is."""

import json
from pathlib import Path

import numpy as np
import polars as pl

import neurochain as nc
from neurochain.datasets.schema import Schema


def test_every_kind_of_column(everything: nc.Chain, folder: Path) -> None:
    path = everything.to_parquet("all.parquet")
    assert path == folder / "all.parquet"
    assert pl.read_parquet(path).equals(everything.collect())


def test_metadata_say_what_the_rows_are(folder: Path) -> None:
    version = nc.read_values(x=[1.0, 2.0]).map(y=lambda x: np.full(2, x)).save("numbers")
    path = nc.read_dataset("numbers").map(z=lambda x: x + 1).to_parquet("t.parquet")
    metadata = pl.read_parquet_metadata(path)
    schema = Schema.from_json(json.loads(metadata["neurochain"]))
    assert str(schema["y"].type) == "float64[2]"
    lineage = json.loads(metadata["neurochain.lineage"])
    (used,) = lineage["inputs"]
    assert (used["kind"], used["name"], used["version"]) == ("version", "numbers", "1.0.0")
    assert used["content_hash"] == version.content_hash
    assert [f["name"] for f in lineage["functions"]] == ["<lambda>"] or len(lineage["functions"]) == 1


def test_rows_keep_their_order_and_round_trip(folder: Path) -> None:
    count = 50_000
    chain = nc.read_values(i=list(range(count)), a=[np.full(4, i, np.float32) for i in range(count)])
    path = chain.filter(nc.Column("i") % 2 == 0).to_parquet("t.parquet")
    read = nc.read_table(path).collect()
    assert read["i"].to_list() == list(range(0, count, 2))
    assert read["a"].dtype == pl.Array(pl.Float32, 4)
    assert read["a"][-1].to_list() == [count - 2] * 4


def test_no_rows() -> None:
    empty = nc.read_values(x=[1], a=[np.zeros(2)]).filter(nc.Column("x") > 1)
    assert pl.read_parquet(empty.to_parquet("t.parquet")).shape == (0, 2)
