"""Polars expressions: written down by their content, refused where nobody could tell what they do."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import neurochain as nc
from neurochain.chain.expressions.raw import raw_json

x = pl.col("x")


def total(a: Any, b: Any) -> Any:
    return a + b


CODE = {
    "map_elements": x.map_elements(lambda v: v, return_dtype=pl.Int64),
    "map_batches": x.map_batches(lambda v: v, return_dtype=pl.Int64),
    "inside": (x + 1).map_batches(lambda v: v, return_dtype=pl.Int64).max() > 3,
    "rolling_map": x.rolling_map(lambda s: s.sum(), 2),
    "fold": pl.fold(pl.lit(0), total, [x]),
    "reduce": pl.reduce(total, [x, x]),
    "when": pl.when(x.map_batches(lambda v: v > 1, return_dtype=pl.Boolean)).then(1),
}
RANDOM = {
    "shuffle": x.shuffle(),
    "sample": x.sample(fraction=1.0, shuffle=True),
    "rank": x.rank("random"),
    "inside": pl.when(x.shuffle() > 1).then(2),
}
FINE = {
    "names": pl.col("x").alias("PythonVersion") + 0,
    "seeded": x.shuffle(seed=3),
    "ranked": x.rank("random", seed=3),
    "many values": x.is_in(list(range(5000))),
    "texts": pl.when(x > 1).then(pl.lit("Python")).otherwise(pl.lit("Random")).str.len_chars(),
    "bytes": pl.lit(bytes([128, 5, 149, 1])).bin.size() + x,
    "numbers": x.is_in([128, 5, 149]),
    "window": x.mean().over("x"),
}


@pytest.fixture
def chain(folder: Path) -> nc.Chain:
    return nc.read_values(x=[1, 2, 3])


@pytest.mark.parametrize("name", CODE)
def test_python_code_is_refused(name: str, chain: nc.Chain) -> None:
    with pytest.raises(nc.ExpressionError, match=r"Python code.*map\(\)"):
        chain.mutate(y=CODE[name])


@pytest.mark.parametrize("name", RANDOM)
def test_chance_is_refused(name: str, chain: nc.Chain) -> None:
    with pytest.raises(nc.ExpressionError, match=r"other values each time.*seed.*sample\(\)"):
        chain.mutate(y=RANDOM[name])


@pytest.mark.parametrize("name", FINE)
def test_all_else_is_computed(name: str, chain: nc.Chain) -> None:
    expected = chain.collect().select(y=FINE[name])["y"]
    given = chain.mutate(y=FINE[name]).collect()["y"]
    assert given.to_list() == expected.to_list()
    assert raw_json(FINE[name]) == raw_json(FINE[name])


def test_other_expressions_have_other_identities() -> None:
    found = [raw_json(e)[1] for e in (*FINE.values(), x, x + 1, x + 2, x + 1.0)]
    assert len(set(found)) == len(found)


def test_names_are_resolved_in_groups_too(dicom_tree: Path) -> None:
    scans = nc.read_storage("data/**/*.dcm")
    out = scans.group_by(
        "SeriesNumber", n=pl.len(), tags=pl.col("molecular_tag").n_unique(), dose=pl.col("dose").max()
    )
    assert out.collect().rows() == [(0, 3, 1, 3.0), (2, 3, 1, 3.0), (1, 3, 1, 3.0)]
    tags = nc.read_values(molecular_tag=["target_alpha"], text=["a"])
    merged = scans.merge(tags, on="molecular_tag")
    assert merged.schema.partial
    assert merged.select("file", "text").count() == 6
    assert scans.merge(tags, on="molecular_tag", how="anti").count() == 3
    with pytest.raises(nc.ExpressionError, match=r"'sidecar.molecular_tag' is a part of 'sidecar'"):
        scans.merge(tags, on="molecular_tag", how="full").collect()
