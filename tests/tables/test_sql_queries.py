"""SQL over tables and datasets: what it answers, how little it reads, and what it refuses."""

import datetime as dt
import doctest
import warnings
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurochain as nc
from neurochain.errors import (
    DatasetNotFoundError,
    DeprecatedTableWarning,
    TableNotFoundError,
)
from neurochain.testing import ObjectServer

DATES = ("2024-04-27", "2024-04-28", "2024-04-29")
MODULES = ("query", "messages", "predicate", "statement", "scan", "names")


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module(name: str) -> None:
    module = import_module(f"neurochain.tables.sql.{name}")
    known = {"Catalog": nc.Catalog, "FunctionTable": nc.FunctionTable, "pl": pl}
    assert doctest.testmod(module, extraglobs=known).failed == 0


def spikes_frame() -> pl.DataFrame:
    rows = range(600)
    return pl.DataFrame(
        {
            "channel": [n % 7 if n % 50 else None for n in rows],
            "rate": [n / 4 if n % 9 else None for n in rows],
            "word": [("it's", "b", "Ä", None)[n % 4] for n in rows],
            "ts": [dt.datetime(2024, 4, 27) + dt.timedelta(minutes=7 * n) for n in rows],
            "wave": np.random.default_rng(0).random((600, 1_000)).tolist(),
            "date": [DATES[n // 200] for n in rows],
            "hour": [n % 200 // 50 for n in rows],
        },
        schema_overrides={"channel": pl.Int32, "hour": pl.Int32},
    )


def write_hive(folder: Path, frame: pl.DataFrame, columns: tuple[str, ...]) -> None:
    for key, part in frame.group_by(columns, maintain_order=True):
        place = folder.joinpath(*(f"{c}={v}" for c, v in zip(columns, key, strict=True)))
        place.mkdir(parents=True)
        part.drop(columns).write_parquet(place / "part.parquet", row_group_size=10)


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    folder = tmp_path_factory.mktemp("store")
    write_hive(folder / "lab" / "spikes", spikes_frame(), ("date", "hour"))
    with ObjectServer(folder) as server:
        yield server


@pytest.fixture(scope="module")
def catalog(bucket: ObjectServer) -> nc.Catalog:
    spikes = nc.ParquetTable(
        name="spikes",
        uri="s3://lab/spikes",
        partitioning=[nc.Partition("date", "string"), nc.Partition("hour", "int32")],
        storage_options={"endpoint": bucket.url, "anon": True, "region": "us-east-1"},
    )
    electrodes = nc.FunctionTable(
        name="electrodes", function=lambda: pl.LazyFrame({"channel": [0, 1, 2], "region": ["M1", "S1", "M1"]})
    )
    return nc.Catalog({"implant": [spikes, electrodes]})


def asked(bucket: ObjectServer) -> list[str]:
    """Files that were read."""
    return sorted({r.path for r in bucket.traffic.requests if r.path.endswith(".parquet")})


@pytest.mark.parametrize(
    "query",
    [
        "select count(*) as n from implant.spikes",
        "select channel, rate from implant.spikes where rate > 100 order by ts",
        "select word, count(*) as n, sum(rate) as s from implant.spikes group by word order by word nulls last",
        "select s.ts, e.region from implant.spikes s join implant.electrodes e using (channel) where e.region = 'S1' order by ts",
        "with s as (select * from spikes where hour = 1) select a.ts from s a join s b on a.ts = b.ts where b.word = 'it''s' order by 1",
        "select date, hour, avg(rate) as r from spikes where date between '2024-04-28' and '2024-04-29' and hour in (0, 3) group by all order by all",
        "select ts from spikes where word is null and channel not in (1, 2) order by ts",
        "select max(ts) as last from spikes where ts < timestamp '2024-04-28 12:00:00' and date <> '2024-04-29'",
        "select wave[1] as w from spikes where date = '2024-04-29' and (hour = 0 or rate is null) order by w",
        "select channel from spikes where date like '2024-04-2%' and channel = (select max(channel) from electrodes) order by ts",
        "select * exclude (wave) from spikes order by ts limit 4 offset 3",
        "from spikes select hour, count(distinct channel) as n group by hour having n > 1 order by hour",
        "select unnest(wave) as x from spikes where date = '2024-04-27' and hour = 0 order by x limit 3",
        "select date from spikes where hour = 0 union all select region from electrodes order by 1",
    ],
)
def test_answers_are_those_of_duckdb_over_the_rows_in_memory(catalog: nc.Catalog, query: str) -> None:
    connection = duckdb.connect()
    connection.execute("create schema implant")
    for name, frame in {
        "spikes": spikes_frame(),
        "electrodes": catalog.db("implant").table("electrodes").collect(),
    }.items():
        connection.register(f"{name}_rows", frame)
        connection.execute(
            f"create view {name} as from {name}_rows; create view implant.{name} as from {name}_rows"
        )
    expected = connection.sql(query).pl()
    connection.close()
    assert catalog.sql(query).equals(expected)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> nc.Catalog:
    folder = tmp_path_factory.mktemp("local")
    write_hive(folder, spikes_frame().drop("wave"), ("date", "hour"))
    partitioning = [nc.Partition("date", "string"), nc.Partition("hour", "int32")]
    return nc.Catalog({"d": [nc.ParquetTable(name="spikes", uri=str(folder), partitioning=partitioning)]})


CONSTANTS = {
    "channel": ["0", "3", "6", "2.5", "'4'", "null"],
    "rate": ["0", "12.25", "149.75", "1e9", "null"],
    "word": ["'it''s'", "'b'", "'Ä'", "''", "null"],
    "ts": ["timestamp '2024-04-28 09:00:00'", "'2024-04-27'", "date '2024-04-29'"],
    "date": ["'2024-04-28'", "'2024-04-30'", "''", "null"],
    "hour": ["0", "3", "7", "-1", "2.0"],
}


@st.composite
def conditions(draw: Any, depth: int = 2) -> str:
    kind = draw(
        st.sampled_from(["compare", "in", "between", "null", "and", "or", "not"][: 7 if depth else 4])
    )
    if kind in ("and", "or"):
        return f"({draw(conditions(depth - 1))} {kind} {draw(conditions(depth - 1))})"
    if kind == "not":
        return f"not {draw(conditions(depth - 1))}"
    name = draw(st.sampled_from(sorted(CONSTANTS)))
    value = st.sampled_from(CONSTANTS[name])
    if kind == "null":
        return f"{name} is {draw(st.sampled_from(['', 'not ']))}null"
    if kind == "in":
        listed = draw(st.lists(value, min_size=1, max_size=3))
        return f"{name} {draw(st.sampled_from(['', 'not ']))}in ({', '.join(listed)})"
    if kind == "between":
        return f"{name} between {draw(value)} and {draw(value)}"
    operator = draw(
        st.sampled_from(["=", "<>", "<", "<=", ">", ">=", "is distinct from", "is not distinct from"])
    )
    return f"{name} {operator} {draw(value)}"


@settings(max_examples=25)
@given(conditions())
def test_what_is_left_out_meets_no_condition(local: nc.Catalog, condition: str) -> None:
    meets_the_law(local, condition)


@pytest.mark.long
@settings(max_examples=1_000)
@given(conditions(depth=3))
def test_what_is_left_out_meets_no_condition_at_length(local: nc.Catalog, condition: str) -> None:
    meets_the_law(local, condition)


def meets_the_law(local: nc.Catalog, condition: str) -> None:
    connection = duckdb.connect()
    connection.register("spikes", spikes_frame().drop("wave"))
    query = f"select ts, hour from spikes where {condition} order by ts"
    expected = connection.sql(query).pl()
    connection.close()
    assert local.sql(query).equals(expected)


def test_only_folders_that_the_filters_leave_are_listed_and_read(
    catalog: nc.Catalog, bucket: ObjectServer
) -> None:
    bucket.traffic.clear()
    found = catalog.sql(
        "select ts from implant.spikes where date = '2024-04-28' and hour = $hour", {"hour": 2}
    )
    assert found.height == 50
    newest = "spikes/date=2024-04-29/hour=3/"  # whose file says which columns there are
    wanted = "spikes/date=2024-04-28/hour=2/"
    assert set(asked(bucket)) - {f"/lab/{newest}part.parquet"} == {f"/lab/{wanted}part.parquet"}
    listed = {r.query["prefix"] for r in bucket.traffic.requests if r.is_listing}
    assert listed - {"spikes/", "spikes/date=2024-04-29/", newest} == {wanted}


def test_filters_reach_a_table_through_expressions_views_of_it_and_joins(
    catalog: nc.Catalog, bucket: ObjectServer
) -> None:
    bucket.traffic.clear()
    query = """
        with here as (select * from spikes where hour = 3), named as (select ts, date, hour from here)
        select count(*) from named join electrodes on electrodes.channel = named.hour - 3 where date = '2024-04-29'
    """
    assert catalog.sql(query).item() == 50
    assert asked(bucket) == ["/lab/spikes/date=2024-04-29/hour=3/part.parquet"]


def test_only_columns_that_are_used_are_read(catalog: nc.Catalog, bucket: ObjectServer) -> None:
    def read(query: str) -> int:
        bucket.traffic.clear()
        catalog.sql(query)
        return bucket.traffic.bytes

    everything = read("select * from spikes")
    assert read("select sum(rate) from spikes") < everything / 4
    assert (
        read("select count(*) from spikes") < everything / 4
    )  # not by the first column, which may be a wide one
    assert read("select * from spikes limit 3") < everything / 4
    assert read("select channel, wave from spikes limit 2 offset 1") < everything / 4


def test_only_tables_that_a_query_names_are_opened() -> None:
    opened: list[str] = []

    def table(name: str) -> nc.FunctionTable:
        def rows() -> pl.LazyFrame:
            opened.append(name)
            return pl.LazyFrame({"x": [1]})

        return nc.FunctionTable(name=name, function=rows)

    catalog = nc.Catalog({"a": [table("one"), table("two")], "b": [table("three")]})
    assert catalog.sql("with two as (select 7 as x) select one.x, two.x as y from one, two").row(0) == (1, 7)
    assert set(opened) == {"one"}
    opened.clear()
    assert catalog.sql("with one as (select x + 1 as x from one) select x from one").item() == 2
    assert set(opened) == {"one"}
    opened.clear()
    assert catalog.sql("select (select max(x) from b.three) as x, 'one' as \"two\"").row(0) == (1, "one")
    assert set(opened) == {"three"}


@pytest.mark.parametrize("value", ["x' or '1'='1", "'; drop table spikes; --", "$hour", "?", "it's"])
def test_parameters_are_values(catalog: nc.Catalog, value: str) -> None:
    found = catalog.sql("select count(*) from spikes where word = $word", {"word": value}).item()
    assert found == (150 if value == "it's" else 0)
    assert catalog.sql("select ? as a", [value]).item() == value


def test_names(catalog: nc.Catalog) -> None:
    for name in ("implant.electrodes", "electrodes", "Implant.Electrodes", '"implant"."electrodes"'):
        assert catalog.sql(f"select count(*) from {name}").item() == 3
    twice = nc.Catalog({"a": dict(catalog.db("implant").tables), "b": dict(catalog.db("implant").tables)})
    with pytest.raises(
        TableNotFoundError, match=r"Several tables are called 'electrodes': a\.electrodes, b\.electrodes"
    ):
        twice.sql("select * from electrodes")
    assert twice.sql("select count(*) from a.electrodes, b.electrodes").item() == 9
    with pytest.raises(TableNotFoundError, match=r"no table 'spices'. Did you mean 'spikes'"):
        catalog.sql("select * from implant.spices")
    with pytest.raises(TableNotFoundError, match=r"no database 'implants'. Did you mean 'implant'"):
        catalog.sql("select * from implants.spikes")
    with pytest.raises(TableNotFoundError, match=r"no table and no dataset 'nothing'.*'implant\.electrodes'"):
        catalog.sql("select * from nothing")
    with pytest.raises(TableNotFoundError, match="too many parts"):
        catalog.sql("select * from a.b.c")
    with pytest.raises(TableNotFoundError, match=r"No catalog is given|no catalog is given"):
        nc.sql("select * from implant.spikes")


def test_datasets_are_tables(project: Any, catalog: nc.Catalog) -> None:
    nc.read_values(channel=[0, 1], roi=["V1", "M1"]).save("alpha_roi_tags")
    nc.read_values(channel=[0, 1], roi=["V1", "S1"]).save("alpha_roi_tags")
    nc.read_values(n=[1]).save("lab/other-one")
    assert nc.sql("select roi from alpha_roi_tags order by channel")["roi"].to_list() == ["V1", "S1"]
    assert nc.sql('select roi from "alpha_roi_tags@1.0.0" order by channel')["roi"].to_list() == ["V1", "M1"]
    assert nc.sql('select * from "alpha_roi_tags@^1"').columns == ["channel", "roi"]
    assert nc.sql('select n from "lab/other-one"').item() == 1
    joined = (
        "select e.region, t.roi from implant.electrodes e join alpha_roi_tags t using (channel) order by 1, 2"
    )
    assert catalog.sql(joined).rows() == [("M1", "V1"), ("S1", "S1")]
    with pytest.raises(TableNotFoundError, match="Did you mean 'alpha_roi_tags'"):
        catalog.sql("select * from alpha_roi_tag")
    with pytest.raises(DatasetNotFoundError, match=r"no version 7.*1\.0\.1"):
        nc.sql('select * from "alpha_roi_tags@7"')


def test_deprecated_tables_say_so() -> None:
    old = nc.FunctionTable(name="old", function=lambda: pl.LazyFrame({"x": [1]}), deprecated="use new")
    with pytest.warns(DeprecatedTableWarning, match="'old' is deprecated: use new"):
        nc.Catalog({"d": [old]}).sql("select * from old")


def test_types_come_back_as_they_are() -> None:
    moment = dt.datetime(2024, 4, 28, 12, 30, 0, 5)
    frame = pl.DataFrame(
        {
            "i8": pl.Series([1, None], dtype=pl.Int8),
            "u64": pl.Series([2**64 - 1, None], dtype=pl.UInt64),
            "f": [float("nan"), None],
            "b": [True, None],
            "s": ["ä'\"", None],
            "raw": [b"\0\xff", None],
            "day": [dt.date(1969, 1, 1), None],
            "ts": [moment, None],
            "tz": pl.Series([moment, None]).dt.replace_time_zone("UTC"),
            "t": [dt.time(1, 2, 3, 4), None],
            "l": [[1, None], None],
            "r": [{"a": 1, "b": "x"}, None],
        }
    )
    catalog = nc.Catalog({"d": [nc.FunctionTable(name="every", function=lambda: frame)]})
    found = catalog.sql("select * from every")
    assert found.schema == frame.schema
    assert found.equals(frame)
    assert catalog.sql("select now() as t").schema["t"] == pl.Datetime("us", "UTC")


def test_limits(catalog: nc.Catalog) -> None:
    assert catalog.sql("select * from spikes", limit=5).height == 5
    assert catalog.sql("select * from spikes limit 2", limit=5).height == 2
    assert catalog.sql("select count(*) from spikes", limit=5).item() == 600
    assert catalog.sql("select ts from spikes where hour = 3", limit=5)["ts"].n_unique() == 5
    total = catalog.sql(
        "select * replace (sum(rate) over () as rate) from electrodes, (select 1.5 as rate) limit 1"
    )
    assert total["rate"].item() == 4.5
    assert (
        catalog.sql("select * replace (count(*) over () as channel) from electrodes limit 1")[
            "channel"
        ].item()
        == 3
    )
    assert catalog.sql("select ts from spikes order by ts desc limit 1").item() == spikes_frame()["ts"].max()


def test_no_warnings_of_ours(catalog: nc.Catalog) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert catalog.sql("select 1 as x").item() == 1
