"""Dataset versions as tables: hidden columns hidden, the latest version that is meant, filters in the scan."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from pydantic import BaseModel

import neurochain as nc


class Fit(BaseModel):
    slope: float
    side: str


def arrays(n: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.full((2, 3), n, dtype=np.float32)


def fit(n: int) -> Fit:
    return Fit(slope=n / 2, side="LR"[n % 2])


@pytest.fixture
def saved(project: object) -> nc.DatasetVersion:
    rows = nc.read_values(n=list(range(6)), word=["a", None, "b", "a", "c", "d"])
    return rows.map(block=arrays, fit=fit).save("alpha")


@pytest.fixture
def table(saved: nc.DatasetVersion) -> nc.DatasetTable:
    return nc.DatasetTable(name="alpha", dataset="alpha@^1")


def test_rows_as_a_user_sees_them(table: nc.DatasetTable) -> None:
    assert table.schema == {
        "n": pl.Int64,
        "word": pl.String,
        "block": pl.Array(pl.Float32, (2, 3)),
        "fit": pl.Struct({"slope": pl.Float64, "side": pl.String}),
    }
    assert table().collect().equals(nc.read_dataset("alpha").collect())
    found = table([nc.Filter("n", ">", 3)], ["block", "n"]).collect()
    assert found.columns == ["block", "n"]
    np.testing.assert_array_equal(found["block"].to_numpy(), [arrays(4), arrays(5)])


def test_fields_of_records_are_columns_too(table: nc.DatasetTable) -> None:
    asked = [nc.Filter("fit.side", "=", "R"), nc.Filter("fit.slope", ">", 1)]
    assert table(asked, ["n", "fit.side"]).collect().rows() == [(3, "R"), (5, "R")]
    assert table([nc.Filter("fit", "is not null"), nc.Filter("word", "is null")]).collect()[
        "n"
    ].to_list() == [1]


def test_filters_and_columns_reach_the_file(table: nc.DatasetTable) -> None:
    plan = table([nc.Filter("n", ">", 3), nc.Filter("fit.side", "=", "L")], ["word"]).explain()
    scan = plan[plan.index("Parquet SCAN") :]
    assert 'col("n")' in scan.split("SELECTION")[1]
    assert "fit.side" in scan.split("SELECTION")[1]
    assert "block" not in plan
    later = table().filter(pl.col("n") > 3).select("word").explain()
    assert "SELECTION" in later
    assert "block" not in later[later.index("Parquet SCAN") :]


def test_the_latest_that_is_meant(table: nc.DatasetTable) -> None:
    lazy = table()
    nc.read_values(n=[1]).save("alpha", version="1.5.0")
    nc.read_values(other=[1]).save("alpha", version="2.0.0")
    assert table().collect().rows() == [(1,)]
    assert lazy.collect().height == 6  # it is of the version that was there
    assert table(version="1.0.0").collect().height == 6
    assert table(version="^2").collect().columns == ["other"]
    assert table.facts().version == "alpha@1.5.0"
    assert table.reference()["version"] == "1.5.0"
    assert table.reference(version="2.0.0")["content_hash"] == nc.dataset("alpha@2.0.0").content_hash


def test_facts_are_on_record(table: nc.DatasetTable, saved: nc.DatasetVersion) -> None:
    facts = table.facts()
    assert (facts.rows, facts.size, facts.files) == (6, saved.bytes, len(saved.part_hashes()))
    assert facts.modified == saved.created


def test_a_chain_of_it_is_that_of_the_version(table: nc.DatasetTable) -> None:
    chain = table.chain([nc.Filter("n", ">=", 2), nc.Filter("word", "in", ["a", "c"])], ["n", "word"])
    version = chain.map(twice=lambda n: 2 * n).save("beta")
    assert version.scan().select("n", "twice").collect().rows() == [(3, 6), (4, 8)]
    (source,) = version.lineage().sources
    assert (source.kind, source.reference["name"], source.reference["version"]) == (
        "version",
        "alpha",
        "1.0.0",
    )
    assert version.reproduce(yes=True).outcome == "identical"
    assert not nc.stale("beta")
    nc.read_values(n=[7], word=["a"]).save("alpha", version="1.5.0")
    (stale,) = nc.stale("beta")
    assert stale.reasons == ("alpha@1.0.0 became 1.5.0",)
    pinned = table.chain(version="1.0.0").save("gamma")
    assert not nc.stale("gamma"), pinned


@pytest.mark.parametrize(
    "asked",
    [
        nc.Filter("n", "=", 3),
        nc.Filter("n", "!=", 3),
        nc.Filter("n", "in", []),
        nc.Filter("n", "not in", [1, 2]),
        nc.Filter("n", "between", [1, 3]),
        nc.Filter("n", "=", "1) or (1=1"),
        nc.Filter("word", "!=", "a"),
        nc.Filter("word", "contains", "a"),
        nc.Filter("word", "is null"),
        nc.Filter("fit.side", "=", "L"),
        [[nc.Filter("n", "<", 1)], [nc.Filter("word", "=", "d"), nc.Column("n") > 1]],
    ],
)
def test_a_chain_keeps_what_the_table_keeps(table: nc.DatasetTable, asked: object) -> None:
    wanted = table(asked, ["n"]).collect()["n"].to_list()  # type: ignore[arg-type]
    assert table.chain(asked).collect()["n"].to_list() == wanted  # type: ignore[arg-type]


def test_another_project(
    table: nc.DatasetTable, saved: nc.DatasetVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = saved.project.folder
    monkeypatch.setenv("NEUROCHAIN_HOME", str(tmp_path / "elsewhere"))
    with pytest.raises(nc.DatasetNotFoundError):
        table()
    for place in (home, home.parent, saved.project):
        there = nc.DatasetTable(name="alpha", dataset="alpha", project=place)
        assert there(columns=["n"]).collect().height == 6
    with pytest.raises(nc.ProjectError, match="no project in"):
        nc.DatasetTable(name="alpha", dataset="alpha", project=tmp_path / "nothing")()


def test_what_cannot_be(table: nc.DatasetTable) -> None:
    with pytest.raises(nc.TableError, match="names none"):
        nc.DatasetTable(name="t", dataset="@1")
    with pytest.raises(nc.DatasetNotFoundError, match="'alpha' has no version"):
        table(version="7.0.0")
    with pytest.raises(nc.TableError, match="rows of a version have their keys"):
        table.chain(key="n")
    with pytest.raises(nc.ExpressionError, match="'block'"):
        table.chain(nc.Filter("block", "includes", 1))
    with pytest.raises(nc.ColumnNotFoundError, match=r"no column 'words'. Did you mean 'word'"):
        table(columns=["words"])
    with pytest.raises(nc.TableError, match="no option 'at'"):
        table(at=1)
