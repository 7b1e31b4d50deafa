"""Parquet tables in S3, as moto speaks it: how much is listed, and how much is read."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import polars as pl
import pytest
from counting_s3 import CountingS3
from kinds_of_tables import write_partitions

import neurochain as nc
from neurochain.storage import objects

PREFIX = "s3://lab/spikes"
PARTITIONS = [nc.Partition("implant_id", int), nc.Partition("date"), nc.Partition("hour", "int32")]
WHOLE = {"noise": "float64", "n": "int64"}


@pytest.fixture(scope="module")
def stored(s3: CountingS3, tmp_path_factory: pytest.TempPathFactory) -> CountingS3:
    """3 implants x 4 days x 5 hours; 400 rows each, most of their bytes in one column."""
    rng = np.random.default_rng(0)
    rows = [(i, f"2024-04-{d:02d}", h) for i in (1, 2, 3) for d in range(1, 5) for h in range(5)]
    keys = pl.DataFrame(rows, schema=["implant_id", "date", "hour"], orient="row")
    frame = keys.select(pl.all().repeat_by(400).explode()).with_columns(
        n=pl.int_range(pl.len()), noise=pl.Series(rng.normal(size=400 * len(rows)))
    )
    folder = tmp_path_factory.mktemp("spikes")
    write_partitions(frame, folder, ["implant_id", "date", "hour"])
    s3.put(folder, "spikes")
    return s3


@pytest.fixture
def table(stored: CountingS3) -> nc.ParquetTable:
    made = nc.ParquetTable(
        name="spikes", uri=PREFIX, partitioning=PARTITIONS, columns=WHOLE, storage_options=stored.options
    )
    stored.clear()
    return made


def listed(server: CountingS3) -> int:
    return len(server.asked.listings)


def below(folder: str, names: list[str]) -> set[str]:
    """Listings of a folder: its own level, then all below each folder in it at once."""
    return {f"{folder} /", *(f"{folder}{name}/" for name in names)}


HOURS = [f"hour={h}" for h in range(5)]


def test_equal_partitions_are_one_listing(table: nc.ParquetTable, stored: CountingS3) -> None:
    found = table(
        [nc.Filter("implant_id", "=", 2), nc.Filter("date", "=", "2024-04-03"), nc.Filter("hour", "=", 4)]
    )
    assert stored.asked.listings == ["spikes/implant_id=2/date=2024-04-03/hour=4/ /"]
    assert not stored.asked.got  # and nothing is read
    assert found.collect().height == 400


def test_a_list_is_a_listing_for_each(table: nc.ParquetTable, stored: CountingS3) -> None:
    equal = [nc.Filter("date", "=", "2024-04-03"), nc.Filter("hour", "in", [0, 4, 4.5])]
    table([nc.Filter("implant_id", "in", ["1", "3", "x"]), *equal])
    day = "date=2024-04-03"
    wanted = [f"spikes/implant_id={i}/{day}/hour={h}/ /" for i in (1, 3) for h in (0, 4)]
    assert sorted(stored.asked.listings) == wanted


def test_a_range_below_few_files_is_one_page(table: nc.ParquetTable, stored: CountingS3) -> None:
    asked = nc.Filter("implant_id", "=", 1), nc.Filter("date", ">=", "2024-04-03")
    found = table(asked)
    # All files and, where they should be more than a page, the names of one level: nothing waits for the other.
    assert sorted(stored.asked.listings) == ["spikes/implant_id=1/", "spikes/implant_id=1/ /"]
    days = found.select("date").unique().collect()["date"].sort().to_list()
    assert days == ["2024-04-03", "2024-04-04"]


def test_a_range_among_many_files_lists_names(
    table: nc.ParquetTable, stored: CountingS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = nc.Filter("implant_id", "=", 1), nc.Filter("date", ">=", "2024-04-03")
    few = table(asked).collect()
    stored.clear()
    monkeypatch.setattr(objects, "PAGE", 3)  # files of which all are told at once
    many = table(asked)
    wanted = [below(f"spikes/implant_id=1/date=2024-04-0{d}/", HOURS) for d in (3, 4)]
    assert {one for one in stored.asked.listings if "date" in one} == wanted[0] | wanted[1]
    assert many.collect().equals(few)


def test_nothing_asked_is_listed_as_storage_lists(table: nc.ParquetTable, stored: CountingS3) -> None:
    table(nc.Filter("n", "<", 3))
    assert set(stored.asked.listings) == below("spikes/", [f"implant_id={i}" for i in (1, 2, 3)])


def test_a_value_that_is_none_lists_nothing(table: nc.ParquetTable, stored: CountingS3) -> None:
    assert table(nc.Filter("implant_id", "=", "1) or (1=1")).collect().height == 0
    assert listed(stored) == 0


def test_the_inner_partition_alone(table: nc.ParquetTable, stored: CountingS3) -> None:
    assert table(nc.Filter("hour", "=", 4)).collect().height == 400 * 12
    assert listed(stored) == 4  # as of all


def test_only_wanted_columns_are_read(s3: CountingS3, tmp_path: Path) -> None:
    noise = np.random.default_rng(2).normal(size=100_000)
    frame = pl.DataFrame({"p": [1, 2] * 50_000, "n": range(100_000), "noise": noise})
    write_partitions(frame, tmp_path, ["p"])
    s3.put(tmp_path, "wide")
    table = nc.ParquetTable(
        name="t", uri="s3://lab/wide", partitioning=[nc.Partition("p", int)], storage_options=s3.options
    )
    asked = nc.Filter("p", "=", 1)
    table(asked)
    s3.clear()
    table(asked).collect()
    whole = s3.asked.bytes
    s3.clear()
    assert table(asked, columns=["n"]).collect().height == 50_000
    assert 0 < s3.asked.bytes < whole * 0.6
    narrow = s3.asked.bytes
    s3.clear()
    table(asked).select("n").collect()  # said later, it is as good
    assert s3.asked.bytes == narrow


def test_files_of_other_partitions_are_not_touched(table: nc.ParquetTable, stored: CountingS3) -> None:
    table(nc.Filter("implant_id", "=", 3), ["n"]).collect()
    assert stored.asked.got
    assert all("/implant_id=3/" in path or "implant_id%3D3" in path for path, _ in stored.asked.got)


def test_row_groups_are_left_out(s3: CountingS3, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(size=100_000)
    frame = pl.DataFrame({"t": range(100_000), "noise": noise})
    (tmp_path / "t").mkdir()
    frame.write_parquet(tmp_path / "t/a.parquet", row_group_size=5_000)
    s3.put(tmp_path / "t", "sorted")
    table = nc.ParquetTable(name="t", uri="s3://lab/sorted", storage_options=s3.options)
    _ = table.schema
    s3.clear()
    assert table(nc.Filter("t", "between", [50_010, 50_020])).collect().height == 11
    assert s3.asked.bytes < (tmp_path / "t/a.parquet").stat().st_size / 5


def test_undeclared_columns_cost_one_footer(stored: CountingS3) -> None:
    table = nc.ParquetTable(
        name="spikes", uri=f"{PREFIX}/", partitioning=PARTITIONS, storage_options=stored.options
    )
    stored.clear()
    found = table(
        [nc.Filter("implant_id", "=", 2), nc.Filter("date", "=", "2024-04-03"), nc.Filter("hour", "=", 4)]
    )
    assert listed(stored) == 1
    assert found.collect_schema().names() == ["n", "noise", "implant_id", "date", "hour"]
    assert found.collect().height == 400
    stored.clear()
    assert table.schema == table().collect_schema()
    assert listed(stored) == 9  # one of each level and of the last folder; and for the call, all


def test_an_object_that_vanishes_is_named(s3: CountingS3, tmp_path: Path) -> None:
    (tmp_path / "g").mkdir()
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "g/a.parquet")
    s3.put(tmp_path / "g", "gone")
    found = nc.ParquetTable(name="t", uri="s3://lab/gone", columns={"a": int}, storage_options=s3.options)()
    s3.client.delete_object(Bucket="lab", Key="gone/a.parquet")
    with pytest.raises((OSError, pl.exceptions.PolarsError), match=r"gone/a\.parquet"):
        found.collect()


def test_a_store_that_tables_do_not_lie_on() -> None:
    with pytest.raises(nc.StorageError, match="not on ftp://"):
        nc.ParquetTable(name="t", uri="ftp://host/data", columns={"a": int})


@pytest.mark.parametrize("written", [str, lambda v: quote(str(v))], ids=["plain", "quoted"])
@pytest.mark.parametrize("scheme", ["hive", "directory"])
def test_names_that_addresses_quote(s3: CountingS3, tmp_path: Path, written: Any, scheme: str) -> None:
    values = ["a b", "a=b", "é", "x'y", "a+b", "50", None]
    frame = pl.DataFrame({"id": range(len(values)), "s": values})
    write_partitions(frame, tmp_path, ["s"], scheme, written)
    prefix = f"names-{scheme}-{'quoted' if written is not str else 'plain'}"
    s3.put(tmp_path, prefix)
    table = nc.ParquetTable(
        name="t",
        uri=f"s3://lab/{prefix}",
        partitioning=[nc.Partition("s")],
        partitioning_scheme=scheme,
        storage_options=s3.options,
    )
    assert table().collect().sort("id").equals(frame)
    for number, value in enumerate(values):
        asked = nc.Filter("s", "is null") if value is None else nc.Filter("s", "=", value)
        assert table(asked).collect()["id"].to_list() == [number], value
    assert table(nc.Filter("s", ">", "a b")).collect().height == 4
