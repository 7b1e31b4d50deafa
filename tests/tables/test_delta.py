"""DeltaTable: rows, columns, versions, partitions and facts of tables that deltalake has written."""

import datetime as dt
import doctest
import os
import pkgutil
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import deltalake
import polars as pl
import pyarrow as pa
import pytest
from delta_logs import add, column, commit, metadata, protocol
from polars.testing import assert_frame_equal
from pyarrow import parquet

import neurochain as nc
import neurochain.tables.delta
from neurochain.tables.facts import Facts

PACKAGE = "neurochain.tables.delta"
MODULES = [m.name for m in pkgutil.iter_modules(neurochain.tables.delta.__path__)]
ROWS = pl.DataFrame(
    {
        "implant_id": [4595, 4595, 4600, 4600, 4601, None],
        "ts": [dt.datetime(2024, 4, 28, hour) for hour in range(6)],
        "ohm": [210.0, 220.5, float("nan"), 180.0, None, 199.0],
        "note": ["a", "it's", "1) or (1=1", "", None, "ü"],
        "tags": [[1, 2], [2], [], None, [3], [1]],
    }
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module(name: str) -> None:
    assert doctest.testmod(import_module(f"{PACKAGE}.{name}")).failed == 0


def table(uri: str | Path, **declared: Any) -> nc.DeltaTable:
    return nc.DeltaTable(name="impedance", uri=str(uri), **declared)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Two commits of three rows each."""
    folder = tmp_path / "impedance"
    deltalake.write_deltalake(folder, ROWS[:3])
    deltalake.write_deltalake(folder, ROWS[3:], mode="append")
    return folder


def test_rows_come_with_filters_and_columns(written: Path) -> None:
    found = table(written)
    assert_frame_equal(found().collect(), ROWS, check_row_order=False)
    lazy = found((nc.Filter("implant_id", "==", 4595), nc.Filter("ts", ">=", "2024-04-28T01:00")), ["ohm"])
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect().to_dict(as_series=False) == {"ohm": [220.5]}
    assert found(nc.Column("implant_id") > 4600, ["ts"]).collect().height == 1
    assert found([[nc.Filter("note", "is null")], [nc.Filter("tags", "includes", 3)]]).collect().height == 1
    with pytest.raises(nc.ColumnNotFoundError, match=r"no column 'ohms'.*Did you mean 'ohm'"):
        found(columns=["ohms"])
    with pytest.raises(nc.ColumnNotFoundError, match="no column 'implant'"):
        found(nc.Filter("implant", "=", 1))


def test_a_value_is_no_code(written: Path) -> None:
    found = table(written)
    assert found(nc.Filter("implant_id", "=", "1) or (1=1")).collect().is_empty()
    assert found(nc.Filter("note", "=", "1) or (1=1")).collect()["implant_id"].to_list() == [4600]
    assert found(nc.Filter("note", "in", ["it's", "' or ''='"])).collect().height == 1


def test_versions_and_times(written: Path) -> None:
    for version, day in ((0, 1), (1, 3)):
        stamp = dt.datetime(2026, 1, day, tzinfo=dt.UTC).timestamp()
        os.utime(written / f"_delta_log/{version:020d}.json", (stamp, stamp))
    found = table(written)
    assert found(version=0).collect().height == 3
    assert found(timestamp="2026-01-02T00:00:00Z").collect().height == 3
    assert found(timestamp=dt.datetime(2026, 1, 1)).collect().height == 3
    assert found(timestamp="2026-01-03T01:00:00+01:00").collect().height == 6
    assert found(timestamp=dt.datetime(2030, 1, 1, tzinfo=dt.UTC)).collect().height == 6
    assert table(written, version=0)().collect().height == 3
    assert table(written, version=0)(version=1).collect().height == 6
    assert table(written, timestamp="2026-01-02")().collect().height == 3
    with pytest.raises(nc.VersionError, match=r"no version 7\. Existing: 0 to 1\."):
        found(version=7)
    with pytest.raises(nc.VersionError, match=r"as old as 2025-12-31.*0 to 1, of 2026-01-01.* to 2026-01-03"):
        found(timestamp="2025-12-31")
    with pytest.raises(nc.TableError, match="not both"):
        found(version=0, timestamp="2026-01-02")
    with pytest.raises(nc.TableError, match="numbered from 0"):
        found(version=-1)
    with pytest.raises(nc.TableError, match="'yesterday' is no time"):
        found(timestamp="yesterday")
    with pytest.raises(nc.TableError, match=r"no option 'verson'\. Did you mean 'version'"):
        found(verson=1)


def test_commits_that_are_gone_cannot_be_read(written: Path) -> None:
    deltalake.DeltaTable(written).create_checkpoint()
    (written / f"_delta_log/{0:020d}.json").unlink()
    deltalake.write_deltalake(written, ROWS[:1], mode="append")
    found = table(written)
    assert found().collect().height == 7
    assert found(version=1).collect().height == 6
    with pytest.raises(nc.VersionError, match=r"no version 0\. Existing: 1 to 2\."):
        found(version=0)


def test_times_that_commits_say_themselves(tmp_path: Path) -> None:
    for version, day in ((0, 1), (1, 3)):
        said = dt.datetime(2025, 1, day, tzinfo=dt.UTC)
        begin = [protocol(), metadata(column("i", "long"))] if version == 0 else []
        info = {"commitInfo": {"inCommitTimestamp": int(said.timestamp() * 1000), "operation": "WRITE"}}
        commit(
            tmp_path,
            version,
            info,
            *begin,
            add(tmp_path, f"{version}.parquet", pl.DataFrame({"i": [version]})),
        )
    assert table(tmp_path)(timestamp="2025-01-02").collect().height == 1
    assert table(tmp_path)(timestamp="2025-01-03").collect().height == 2


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        (pl.Boolean, [True, False]),
        (pl.Int32, [-5, 7]),
        (pl.Float64, [1.5, -0.25]),
        (pl.Date, [dt.date(2024, 4, 28), dt.date(1969, 12, 31)]),
        (pl.Datetime("us"), [dt.datetime(2024, 4, 28, 1, 2, 3, 456789), dt.datetime(2024, 4, 28)]),
        (pl.Datetime("us", "UTC"), [dt.datetime(2024, 4, 28, 1, 2, 3, tzinfo=dt.UTC)]),
        (pl.Decimal(10, 2), [Decimal("1.50"), Decimal("7.25")]),
        (pl.String, ["plain", "a b/c", "x=y%20é", "__x", "?#&+", "..", "%25"]),
    ],
)
def test_partition_values_of_every_type(tmp_path: Path, dtype: Any, values: list[Any]) -> None:
    rows = pl.DataFrame(
        {"p": pl.Series([*values, None], dtype=dtype), "i": range(len(values) + 1)},
        schema_overrides={"i": pl.Int64},
    )
    deltalake.write_deltalake(tmp_path / "t", rows, partition_by=["p"])
    found = table(tmp_path / "t")
    assert found.partition_columns == ("p",)
    assert_frame_equal(found(columns=["p", "i"]).sort("i").collect(), rows)
    assert found(nc.Filter("p", "is null"), ["i"]).collect().item() == len(values)
    if dtype != pl.Decimal(10, 2):
        for number, value in enumerate(values):
            assert found(nc.Filter("p", "=", value)).select("i").collect().item() == number
    assert found(columns=["i"]).collect()["i"].sort().to_list() == list(range(len(values) + 1))
    assert found(columns=["p"]).collect().height == rows.height
    assert found.facts().partitions == {"p": pl.Series(rows["p"]).sort().to_list()}


def test_columns_that_came_later_are_null_before(tmp_path: Path) -> None:
    deltalake.write_deltalake(tmp_path / "t", pl.DataFrame({"i": [1]}))
    later = pl.DataFrame({"i": [2], "new": ["x"], "record": [{"a": 1}]})
    deltalake.write_deltalake(tmp_path / "t", later, mode="append", schema_mode="merge")
    found = table(tmp_path / "t")
    assert found().sort("i").collect().rows() == [(1, None, None), (2, "x", {"a": 1})]
    assert found(nc.Filter("new", "is null"), ["i"]).collect().item() == 1
    assert found(nc.Filter("new", "=", "x"), ["i"]).collect().item() == 2
    assert found(version=0).collect_schema().names() == ["i"]


def test_wider_types_are_cast(tmp_path: Path) -> None:
    changes = {"delta.typeChanges": [{"fromType": "integer", "toType": "long"}]}
    columns = column("i", "long", **changes), column("f", "double")
    files = [
        add(
            tmp_path,
            "a.parquet",
            pl.DataFrame({"i": [1], "f": [0.5]}, schema={"i": pl.Int32, "f": pl.Float32}),
        ),
        add(tmp_path, "b.parquet", pl.DataFrame({"i": [2**40], "f": [0.25]})),
    ]
    commit(tmp_path, 0, protocol("typeWidening"), metadata(*columns), *files)
    found = table(tmp_path)().sort("i").collect()
    assert found.rows() == [(1, 0.5), (2**40, 0.25)]
    assert found.schema == {"i": pl.Int64, "f": pl.Float64}


def test_times_as_old_writers_have_them(tmp_path: Path) -> None:
    """INT96, as Spark wrote times for long."""
    when = [dt.datetime(2024, 4, 28, 1, 2, 3, 456789, tzinfo=dt.UTC), None]
    entry = add(tmp_path, "a.parquet", pl.DataFrame({"t": when}))
    parquet.write_table(pa.table({"t": when}), tmp_path / "a.parquet", use_deprecated_int96_timestamps=True)
    commit(tmp_path, 0, protocol(), metadata(column("t", "timestamp")), entry)
    found = table(tmp_path)()
    assert found.collect_schema() == {"t": pl.Datetime("us", "UTC")}
    assert found.collect()["t"].to_list() == when
    assert table(tmp_path)(nc.Filter("t", ">", "2024-04-28")).collect().height == 1


def test_a_declared_schema_wins(written: Path) -> None:
    found = table(written, columns={"ohm": pl.Float32, "implant_id": "string", "more": "int64"})
    assert found.schema == {"ohm": pl.Float32, "implant_id": pl.String, "more": pl.Int64}
    assert found().collect_schema() == found.schema
    rows = found(nc.Filter("implant_id", "=", "4595")).collect()
    assert rows["ohm"].to_list() == [210.0, 220.5]
    assert rows["more"].null_count() == 2
    assert found(nc.Filter("implant_id", "contains", "59")).collect().height == 2
    assert found(nc.Filter("more", "=", 1)).collect().is_empty()
    assert found(nc.Filter("more", "is null")).collect().height == 6
    nowhere = table(written.parent / "nowhere", columns={"i": "int64"})
    assert nowhere.schema == {"i": pl.Int64}
    with pytest.raises(nc.ColumnNotFoundError, match="unique_columns has 'ts', which is no column"):
        table(written, columns={"i": "int64"}, unique_columns=["ts"])


def test_a_declared_partition_column_of_another_type(tmp_path: Path) -> None:
    deltalake.write_deltalake(
        tmp_path / "t", pl.DataFrame({"p": [1, 2, 10], "i": [1, 2, 3]}), partition_by=["p"]
    )
    found = table(tmp_path / "t", columns={"i": "int64", "p": "string"})
    assert found(nc.Filter("p", "<", "2")).sort("i").collect().rows() == [(1, "1"), (3, "10")]
    assert table(tmp_path / "t", columns={"i": "int64"})().collect().width == 1


def test_facts_are_those_of_the_log(written: Path) -> None:
    size = sum(path.stat().st_size for path in written.glob("*.parquet"))
    commits = deltalake.DeltaTable(written).history()
    for path in written.glob("*.parquet"):
        path.write_bytes(b"")  # nobody looks
    modified = dt.datetime.fromtimestamp(commits[0]["timestamp"] / 1000, dt.UTC)
    assert table(written).facts() == Facts(rows=6, size=size, files=2, modified=modified, version="1")
    assert table(written).facts().partitions == {}
    assert table(written, version=0).facts().rows == 3


def test_rows_are_not_guessed(tmp_path: Path) -> None:
    file = add(tmp_path, "a.parquet", pl.DataFrame({"i": [1]}))
    del file["add"]["stats"]
    commit(tmp_path, 0, protocol(), metadata(column("i", "long")), file)
    facts = table(tmp_path).facts()
    assert (facts.rows, facts.files) == (None, 1)
    assert facts.modified == dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=dt.UTC)
    assert table(tmp_path)(nc.Filter("i", "=", 1)).collect().height == 1


def test_a_reference_says_what_is_read(written: Path) -> None:
    found = table(written)
    said = found.reference()
    deltalake.write_deltalake(written, ROWS[:1], mode="append")
    assert said["version"] == 1
    assert said["id"] == str(deltalake.DeltaTable(written).metadata().id)
    assert (said["uri"], said["kind"], said["table"]) == (str(written), "delta", "impedance")
    assert found(version=said["version"]).collect().height == 6
    assert found.reference(version=0)["version"] == 0
    assert table(written, unique_columns=["ts"]).reference()["unique_columns"] == ["ts"]


def test_an_empty_table(tmp_path: Path) -> None:
    deltalake.DeltaTable.create(tmp_path / "t", deltalake.Schema([deltalake.Field("i", "long")]))
    found = table(tmp_path / "t", unique_columns=["i"])
    assert found(nc.Filter("i", "=", 1)).collect().schema == {"i": pl.Int64}
    assert found.facts().rows == 0


@pytest.mark.parametrize(
    "write", [str, lambda p: f"file://{p}", lambda p: f"{p}/"], ids=["path", "file", "slash"]
)
def test_addresses(tmp_path: Path, write: Any) -> None:
    folder = tmp_path / "with space é"
    deltalake.write_deltalake(str(folder), ROWS.select("implant_id", "note"), partition_by=["note"])
    assert table(write(folder))().collect().height == 6


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    for name in ("nowhere", ""):
        with pytest.raises(nc.StorageError, match="there is no Delta table at"):
            table(tmp_path / name)()
    with pytest.raises(nc.StorageError, match="there is no Delta table at"):
        table(tmp_path)(timestamp="2026-01-01")
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(nc.TableError, match="is no address"):
        nc.DeltaTable(name="t", uri="")
    with pytest.raises(nc.TableError, match=r"unique_columns is a list: write \['ts'\]"):
        table(tmp_path, unique_columns="ts")
    with pytest.raises(nc.StorageError, match="tables lie on local disks"):
        table("ftp://server/t")()


def test_a_broken_log_is_no_traceback(written: Path) -> None:
    (written / f"_delta_log/{1:020d}.json").write_text("{ no json")
    with pytest.raises(nc.StorageError, match=r"Table 'impedance': .*cannot be read") as caught:
        table(written)()
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)
