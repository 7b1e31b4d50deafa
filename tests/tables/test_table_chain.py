"""Chains that begin with tables: what lineage says, what is kept, read again, stale, refreshed and exported."""

import importlib.util
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from begun_postgres import PASSWORD, USER
from kinds_of_tables import sql, write_partitions

import neurochain as nc
from neurochain.datasets.uses import reach

FRAME = pl.DataFrame(
    {"side": ["L", "L", "R", "R", "R"], "hour": [1, 2, 1, 2, 3], "x": [0.5, 1.5, 2.5, None, 4.5]}
)


def double(x: float | None) -> float | None:
    return None if x is None else 2 * x


@pytest.fixture
def parquet(tmp_path: Path, project: object) -> nc.ParquetTable:
    write_partitions(FRAME, tmp_path / "spikes", ["side", "hour"])
    by = [nc.Partition("side"), nc.Partition("hour", "int64")]
    return nc.ParquetTable(name="spikes", uri="spikes", partitioning=by)


@pytest.fixture
def lab(tmp_path: Path, project: object) -> str:
    sql(f"sqlite:///{tmp_path}/lab.db", FRAME, "spikes")
    return "sqlite:///lab.db"


@pytest.fixture
def of_sql(lab: str) -> nc.SQLTable:
    return nc.SQLTable(name="spikes", url=lab, table="spikes")


def of_function() -> nc.Table:
    return nc.FunctionTable(name="spikes", function=lambda side: FRAME.filter(pl.col("side") == side))


def source_of(version: nc.DatasetVersion) -> Any:
    (source,) = version.lineage().sources
    return source


def more(folder: Path) -> None:
    write_partitions(
        pl.DataFrame({"side": ["R"], "hour": [9], "x": [9.5]}), folder / "spikes", ["side", "hour"]
    )


def test_rows_and_keys(parquet: nc.ParquetTable) -> None:
    chain = parquet.chain(nc.Filter("side", "=", "R"), ["hour", "x"])
    assert chain.collect().rows() == [(1, 2.5), (2, None), (3, 4.5)]
    by_position = chain.save("a").scan().collect()["_key"].to_list()
    chain = parquet.chain(nc.Filter("side", "=", "R"), ["x", "hour"], key="hour")
    by_hour = chain.save("b").scan().collect()["_key"].to_list()
    assert not set(by_position) & set(by_hour)
    both = parquet.chain(key=["side", "hour"]).save("c").scan()
    assert len(set(both.collect()["_key"])) == 5
    with pytest.raises(nc.SchemaError, match="key='side' does not tell the rows apart"):
        parquet.chain(key="side")
    with pytest.raises(nc.ColumnNotFoundError, match=r"'sides' is not found. Did you mean 'side'"):
        parquet.chain(key="sides")


def test_what_lineage_says(parquet: nc.ParquetTable, of_sql: nc.SQLTable) -> None:
    version = (
        parquet.chain([nc.Filter("side", "=", "R"), nc.Filter("hour", "in", [1, 2])]).map(y=double).save("a")
    )
    said = source_of(version).reference
    assert (said["table"], said["kind"], said["rows"], said["files"]) == ("spikes", "parquet", 2, 2)
    assert Path(said["uri"]) == Path("spikes").absolute()
    assert "table spikes (parquet): 2 rows" in str(version.lineage())
    assert "scan spikes" in str(version.column_lineage("y"))
    assert not version.problems
    plain = of_sql.chain().save("b")
    assert "table spikes (sql): 5 rows" in str(plain.lineage())
    called = of_function().chain(nc.Filter("side", "=", "L")).save("c")
    assert source_of(called).reference["parameters"] == {"side": "L"}
    assert called.rows == 2


def test_the_same_rows_are_the_same_version(parquet: nc.ParquetTable, tmp_path: Path) -> None:
    first = parquet.chain(nc.Filter("side", "=", "L")).save("a")
    os.utime(next((tmp_path / "spikes").rglob("*.parquet")), ns=(1, 1))
    assert parquet.chain(nc.Filter("side", "=", "L")).save("a") == first
    more(tmp_path)
    assert parquet.chain(nc.Filter("side", "=", "L")).save("a") == first
    second = parquet.chain().save("a")
    assert second.version != first.version
    assert "spikes" in str(second.explain())


def test_reproduced_from_kept_rows(parquet: nc.ParquetTable, of_sql: nc.SQLTable, tmp_path: Path) -> None:
    made = [t.chain(nc.Filter("side", "=", "R")).map(y=double) for t in (parquet, of_sql, of_function())]
    versions = [chain.save(f"v{i}") for i, chain in enumerate(made)]
    for path in (tmp_path / "spikes").rglob("*.parquet"):
        path.unlink()
    (tmp_path / "lab.db").unlink()
    for version in versions:
        assert version.reproduce(yes=True).outcome == "identical"
        assert version.verify(3, yes=True).outcome == "identical"


def test_staleness_of_files(parquet: nc.ParquetTable, tmp_path: Path) -> None:
    parquet.chain(nc.Filter("side", "=", "L")).save("left")
    parquet.chain(nc.Filter("side", "=", "R")).save("right")
    assert not nc.stale()
    more(tmp_path)
    (stale,) = nc.stale()  # the left side is as it was
    assert str(stale) == "right@1.0.0: table spikes has changed"
    (refreshed,) = stale.version.refresh(yes=True)
    assert refreshed.after.rows == 4
    assert not nc.stale()
    for path in (tmp_path / "spikes").rglob("*.parquet"):
        path.unlink()
    assert {s.version.name for s in nc.stale()} == {"left", "right"}


def test_staleness_of_a_database(of_sql: nc.SQLTable, lab: str, tmp_path: Path) -> None:
    of_sql.chain(nc.Filter("x", ">", 1), ["x"]).save("a")
    assert not nc.stale()
    sql(lab, FRAME.filter(pl.col("hour") != 3), "spikes")
    (stale,) = nc.stale()
    assert stale.reasons == ("table spikes has changed",)
    (refreshed,) = stale.version.refresh(yes=True)
    assert refreshed.after.scan().select("x").collect()["x"].to_list() == [1.5, 2.5]
    (tmp_path / "lab.db").unlink()
    (stale,) = nc.stale()
    assert "there is no file" in stale.reasons[0]


def test_rows_of_a_database_in_another_order_are_the_same(tmp_path: Path, project: object) -> None:
    with sqlite3.connect("k.db") as database:
        database.execute("CREATE TABLE t (k TEXT PRIMARY KEY, x INTEGER)")
        database.executemany("INSERT INTO t VALUES (?, ?)", [("a", 2), ("b", 1)])
    table = nc.SQLTable(name="t", url="sqlite:///k.db", table="t")
    table.chain().save("by_primary_key")
    nc.SQLTable(name="t", url="sqlite:///k.db", query="SELECT x FROM t").chain(key="x").save("by_key")
    with database:
        database.execute("DELETE FROM t WHERE k = 'a'")
        database.execute("INSERT INTO t VALUES ('a', 2)")
    assert table(columns=["k"]).collect()["k"].to_list() in (["a", "b"], ["b", "a"])
    assert not nc.stale()
    with database:
        database.execute("UPDATE t SET x = 3 WHERE k = 'a'")
    database.close()
    assert {s.version.name for s in nc.stale()} == {"by_key", "by_primary_key"}


def test_staleness_of_a_function_is_not_known(project: object) -> None:
    version = of_function().chain(side="R").save("a")
    assert not nc.stale()
    assert version.refresh(yes=True) == []


@pytest.mark.skipif(
    importlib.util.find_spec("neurochain.tables.delta") is None, reason="neurochain.tables.delta is not there"
)
def test_delta_is_read_again(project: object) -> None:
    deltalake = pytest.importorskip("deltalake", reason="deltalake is not installed: it writes Delta tables")
    deltalake.write_deltalake("delta", FRAME.to_arrow())
    table = reach("neurochain.tables.delta.table:DeltaTable")(
        name="spikes", uri="delta", unique_columns=["side", "hour"]
    )
    version = table.chain(nc.Filter("side", "=", "R"), ["hour", "x"]).map(y=double).save("a")
    assert (source_of(version).reference["version"], source_of(version).parts) == (0, ())
    table.chain(version=0).save("pinned")
    assert not nc.stale()
    deltalake.write_deltalake("delta", FRAME.with_columns(x=9.0).to_arrow(), mode="append")
    (stale,) = nc.stale()
    assert str(stale) == "a@1.0.0: table spikes: version 0 became 1"
    assert version.reproduce(yes=True).outcome == "identical"
    assert version.verify(2, yes=True).outcome == "identical"
    (again,) = version.refresh(yes=True)
    assert again.after.scan().select("y").collect()["y"].to_list() == [18.0] * 3
    assert "table spikes (delta, version 1): 3 rows" in str(again.after.lineage())
    for path in Path("delta").glob("*.parquet"):
        path.unlink()
    assert version.reproduce(yes=True).outcome == "impossible"


def test_an_address_with_a_password_is_not_kept(
    postgres: str, project: object, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql(postgres, FRAME, "kept_spikes")
    table = nc.SQLTable(name="spikes", url=postgres, table="kept_spikes")
    version = table.chain(nc.Filter("side", "=", "L")).save("a")
    (stale,) = nc.stale()
    assert "its address was not kept, since it holds credentials" in stale.reasons[0]
    assert version.reproduce(yes=True).outcome == "identical"
    monkeypatch.setenv("LAB_DATABASE", postgres)
    named = nc.SQLTable(name="spikes", url="env:LAB_DATABASE", table="kept_spikes")
    named.chain(nc.Filter("side", "=", "L")).save("a")
    assert not nc.stale()
    held = [p for p in home.rglob("*") if p.is_file()]
    assert held
    for secret in (PASSWORD, USER):
        assert not [p for p in held if secret.encode() in p.read_bytes()]


@pytest.mark.parametrize("who", [False, True])
def test_exports(parquet: nc.ParquetTable, of_sql: nc.SQLTable, tmp_path: Path, who: bool) -> None:
    versions = [
        parquet.chain(nc.Filter("side", "=", "R")).map(y=double).save("files"),
        of_sql.chain().map(y=double).save("database"),
        of_function().chain(side="L").save("function"),
    ]
    for version in versions:
        lineage = version.lineage()
        prov = json.loads(lineage.export("prov", who=who))  # type: ignore[arg-type]
        assert "nc:TableScan" in json.dumps(prov)
        lineage.export("openlineage", tmp_path / f"{who}{version.name}.jsonl", who=who)
        lineage.export("bids", tmp_path / f"{who}{version.name}.json", who=who)
        lineage.export("rocrate", tmp_path / f"{who}{version.name}", who=who)
        said = json.dumps(prov) + "".join(
            p.read_text("utf-8", "replace") for p in tmp_path.glob(f"{who}*/**/*") if p.is_file()
        )
        said += (tmp_path / f"{who}{version.name}.jsonl").read_text()
        assert "table spikes" in said
        if version.name != "function":
            assert (str(tmp_path) in said) == who, version.name


def test_a_bundle_is_made_again_elsewhere(
    parquet: nc.ParquetTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet.chain(nc.Filter("side", "=", "R")).map(y=double).save("a").export(tmp_path / "bundle")
    monkeypatch.setenv("NEUROCHAIN_HOME", str(tmp_path / "other"))
    (version,) = nc.import_versions(tmp_path / "bundle")
    assert version.reproduce(yes=True).outcome == "identical"


def test_types_that_a_chain_holds_otherwise(project: object) -> None:
    frame = pl.DataFrame(
        {
            "e": pl.Series(["a", None], dtype=pl.Enum(["a"])),
            "d": pl.Series([1.5, 2.0]).cast(pl.Decimal(4, 2)),
            "block": pl.Series([[1, 2], [3, 4]], dtype=pl.Array(pl.Int32, 2)),
            "words": [["a"], None],
            "fit": [{"slope": 1.0}, {"slope": 2.0}],
        }
    )
    table = nc.FunctionTable(name="t", function=lambda: frame)
    version = table.chain().save("t")
    assert version.scan().select("e", "d").collect().rows() == [("a", 1.5), (None, 2.0)]
    assert version.reproduce(yes=True).outcome == "identical"
    empty = nc.FunctionTable(name="t", function=lambda: frame.clear()).chain()
    assert empty.collect().schema == table.chain().collect().schema
    odd = nc.FunctionTable(name="odd", function=lambda: pl.DataFrame({"o": [object()]}))
    with pytest.raises(nc.SchemaError, match="Table 'odd': Column 'o'"):
        odd.chain()


def test_a_table_that_breaks_off_says_which(of_sql: nc.SQLTable, lab: str) -> None:
    sql(lab, pl.DataFrame({"n": [1, 2]}), "numbers")
    table = nc.SQLTable(
        name="numbers",
        url=lab,
        query="SELECT CASE n WHEN 1 THEN 1 ELSE 'two' END AS n FROM numbers",
        columns={"n": int},
    )
    with pytest.raises(nc.StorageError, match=r"Table 'numbers' cannot be read to its end: .*holds 'two'"):
        table.chain()


MEMORY = """
import resource, sys
import polars as pl
import neurochain as nc
table = nc.ParquetTable(name="t", uri="t")
nc.read_values(a=[1]).save("warm")
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
version = table.chain().save("t")
print(version.rows, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) // 1024)
"""


@pytest.mark.long
def test_memory_does_not_grow_with_the_table(tmp_path: Path, project: object) -> None:
    """Two gigabytes of rows and keys through less than half of that."""
    (tmp_path / "t").mkdir()
    for part in range(16):
        frame = pl.select(a=pl.int_range(part * 4_000_000, (part + 1) * 4_000_000), b=pl.int_range(4_000_000))
        frame.write_parquet(tmp_path / f"t/{part:02d}.parquet")
    ran = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    rows, megabytes = map(int, ran.stdout.split())
    assert rows == 64_000_000
    assert megabytes < 1000
