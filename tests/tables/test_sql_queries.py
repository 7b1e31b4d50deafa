"""SQL over tables and datasets: what it answers, how little it reads, and what it refuses."""

import datetime as dt
import doctest
import json
import warnings
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import neurochain as nc
from neurochain.cli.app import app
from neurochain.errors import (
    ColumnNotFoundError,
    DatasetNotFoundError,
    DeprecatedTableWarning,
    ExpressionError,
    NeurochainError,
    StorageError,
    TableError,
    TableNotFoundError,
)
from neurochain.tables.filters.condition import Condition
from neurochain.tables.sql.predicate import condition_of
from neurochain.testing import ObjectServer

DATES = ("2024-04-27", "2024-04-28", "2024-04-29")
MODULES = ("query", "messages", "predicate", "statement", "scan", "names", "version")


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
            "wave": [[float(n)] * 200 for n in rows],
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
        connection.execute(f"create view {name} as from {name}_rows; create view implant.{name} as from {name}_rows")
    expected = connection.sql(query).pl()
    connection.close()
    assert catalog.sql(query).equals(expected)


def test_only_folders_that_the_filters_leave_are_listed_and_read(catalog: nc.Catalog, bucket: ObjectServer) -> None:
    catalog.sql("select count(*) from spikes")  # its columns are known from now on
    bucket.traffic.clear()
    found = catalog.sql("select ts from implant.spikes where date = '2024-04-28' and hour = $hour", {"hour": 2})
    assert found.height == 50
    assert asked(bucket) == ["/lab/spikes/date=2024-04-28/hour=2/part.parquet"]
    listed = {r.query["prefix"] for r in bucket.traffic.requests if r.is_listing}
    assert listed == {"spikes/date=2024-04-28/hour=2/"}


def test_filters_reach_a_table_through_expressions_views_of_it_and_joins(catalog: nc.Catalog, bucket: ObjectServer) -> None:
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
    assert read("select count(*) from spikes") < everything / 4  # not by the first column, which may be a wide one
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


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("copy (select 1) to 'stolen.csv'", "COPY"),
        ("attach 'other.db'", "ATTACH"),
        ("install httpfs", "INSTALL"),
        ("load httpfs", "LOAD"),
        ("create table t as select 1", "CREATE"),
        ("insert into t values (1)", "INSERT"),
        ("with a as (select 1) insert into t select * from a", "WITH"),
        ("delete from t", "DELETE"),
        ("drop table t", "DROP"),
        ("pragma database_list", "PRAGMA"),
        ("set threads = 1", "SET"),
        ("call pragma_version()", "CALL"),
        ("export database 'here'", "EXPORT"),
        ("explain analyze select 1", "EXPLAIN"),
    ],
)
def test_what_is_no_query_is_refused(catalog: nc.Catalog, statement: str, kind: str) -> None:
    with pytest.raises(ExpressionError, match=rf"Only queries are run here.*this one is {kind}\."):
        catalog.sql(statement)


@pytest.mark.parametrize("query", ["select 1; select 2", "select 1; drop table x", "pivot spikes on hour using count(*)"])
def test_one_query_at_a_time(catalog: nc.Catalog, query: str) -> None:
    with pytest.raises(ExpressionError, match="one"):
        catalog.sql(query)


def test_files_are_out_of_reach(catalog: nc.Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.csv").write_text("a\n1\n")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "secret.parquet")
    for source in ("read_csv('secret.csv')", "read_parquet('secret.parquet')", "read_text('secret.csv')", "glob('*')"):
        with pytest.raises(ExpressionError, match="no files|cannot be run"):
            catalog.sql(f"select * from {source}")
    for source in ("'secret.csv'", "'secret.parquet'", '"secret.parquet"'):
        with pytest.raises(TableNotFoundError, match="no table and no dataset"):
            catalog.sql(f"select * from {source}")
    with pytest.raises(NeurochainError):
        catalog.sql("select * from read_csv('https://example.org/a.csv')")
    frame = pl.DataFrame({"a": [1]})
    with pytest.raises(TableNotFoundError):  # a variable here is no table there
        catalog.sql("select * from frame")
    assert frame.height == 1
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith("secret")) == ["secret.csv", "secret.parquet"]


@pytest.mark.parametrize("value", ["x' or '1'='1", "'; drop table spikes; --", "$hour", "?", "it's"])
def test_parameters_are_values(catalog: nc.Catalog, value: str) -> None:
    found = catalog.sql("select count(*) from spikes where word = $word", {"word": value}).item()
    assert found == (150 if value == "it's" else 0)
    assert catalog.sql("select ? as a", [value]).item() == value


def test_names(catalog: nc.Catalog) -> None:
    for name in ("implant.electrodes", "electrodes", "Implant.Electrodes", '"implant"."electrodes"'):
        assert catalog.sql(f"select count(*) from {name}").item() == 3
    twice = nc.Catalog({"a": dict(catalog.db("implant").tables), "b": dict(catalog.db("implant").tables)})
    with pytest.raises(TableNotFoundError, match=r"Several tables are called 'electrodes': a\.electrodes, b\.electrodes"):
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
    with pytest.raises(TableNotFoundError, match="No catalog is given|no catalog is given"):
        nc.sql("select * from implant.spikes")


def test_mistakes_are_shown_where_they_are(catalog: nc.Catalog) -> None:
    with pytest.raises(ColumnNotFoundError) as error:
        catalog.sql("select chanel\nfrom spikes")
    assert str(error.value).splitlines()[0].startswith("No table of the query has a column 'chanel'. Did you mean 'channel'?")
    assert str(error.value).splitlines()[1:] == ["LINE 1: select chanel", "               ^^^^^^"]
    with pytest.raises(ExpressionError) as error:
        catalog.sql("selec 1")
    assert 'syntax error at or near "selec"\nLINE 1: selec 1' in str(error.value)
    with pytest.raises(ExpressionError, match="Could not convert string 'x' to"):
        catalog.sql("select cast('x' as int)")
    with pytest.raises(ExpressionError, match="no query"):
        catalog.sql(" -- nothing")
    with pytest.raises(ExpressionError, match="text, not a int"):
        catalog.sql(1)  # type: ignore[arg-type]
    with pytest.raises(ExpressionError, match="dict for \\$name, or a list"):
        catalog.sql("select 1", "x")


def test_what_goes_wrong_in_a_table_is_said_as_the_table_says_it(tmp_path: Path) -> None:
    gone = nc.ParquetTable(name="gone", uri=str(tmp_path / "gone"))

    def broken() -> pl.LazyFrame:
        return pl.LazyFrame({"x": [1]}).map_batches(fails, schema={"x": pl.Int64()})

    def fails(frame: pl.DataFrame) -> pl.DataFrame:
        raise StorageError("the amplifier is off")

    catalog = nc.Catalog({"d": [gone, nc.FunctionTable(name="broken", function=broken)]})
    with pytest.raises(StorageError, match="no Parquet file below"):
        catalog.sql("select * from gone")
    with pytest.raises((NeurochainError, pl.exceptions.PolarsError), match="the amplifier is off"):
        catalog.sql("select * from broken")


def diagnostics(implant_id: int, date: str, gain: float = 2.0) -> pl.LazyFrame:
    """Online diagnostics."""
    return pl.LazyFrame({"date": [date], "value": [implant_id * gain]})


def test_parameters_of_functions_come_from_the_query() -> None:
    catalog = nc.Catalog({"d": [nc.FunctionTable(name="diagnostics", function=diagnostics)]})
    query = "select implant_id, date, value from diagnostics where implant_id = 4595 and date = '2024-04-28'"
    assert catalog.sql(query).row(0) == (4595, "2024-04-28", 9190.0)
    assert catalog.sql(f"{query} and gain = 3").row(0) == (4595, "2024-04-28", 13785.0)
    two = """
        select a.value, b.value from diagnostics a, diagnostics b
        where a.implant_id = $one and b.implant_id = 2 and a.date = 'x' and b.date = 'y'
    """
    assert catalog.sql(two, {"one": 1}).row(0) == (2.0, 4.0)
    for wrong in ("select * from diagnostics", "select * from diagnostics where implant_id + 0 = 1 and date = 'x'"):
        with pytest.raises(TableError, match="is a function of implant_id, date. Say where implant_id = …"):
            catalog.sql(wrong)
    both = "select * from diagnostics where date = 'x' and implant_id = 1 or date = 'x' and implant_id = 2"
    with pytest.raises(TableError, match="one value at a time"):
        catalog.sql(both)
    assert catalog.sql("select * from diagnostics where implant_id = 1 and date = $d", {"d": "x' or 1=1"})["date"].item() == "x' or 1=1"


def test_datasets_are_tables(project: Any, catalog: nc.Catalog) -> None:
    nc.read_values(channel=[0, 1], roi=["V1", "M1"]).save("alpha_roi_tags")
    nc.read_values(channel=[0, 1], roi=["V1", "S1"]).save("alpha_roi_tags")
    nc.read_values(n=[1]).save("lab/other-one")
    assert nc.sql("select roi from alpha_roi_tags order by channel")["roi"].to_list() == ["V1", "S1"]
    assert nc.sql('select roi from "alpha_roi_tags@1.0.0" order by channel')["roi"].to_list() == ["V1", "M1"]
    assert nc.sql('select * from "alpha_roi_tags@^1"').columns == ["channel", "roi"]
    assert nc.sql('select n from "lab/other-one"').item() == 1
    joined = "select e.region, t.roi from implant.electrodes e join alpha_roi_tags t using (channel) order by 1, 2"
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
    assert catalog.sql("select ts from spikes order by ts desc limit 1").item() == spikes_frame()["ts"].max()


NAMES = st.sampled_from(["a", "b", "s"])
VALUES = {"a": st.integers(-3, 3), "b": st.sampled_from([-0.5, 0.0, 1.5]), "s": st.sampled_from(["", "x", "y'"])}


@st.composite
def predicates(draw: Any, depth: int = 3) -> pl.Expr:
    kinds = ["compare", "in", "null"] + (["and", "or", "not"] if depth else [])
    kind = draw(st.sampled_from(kinds))
    if kind in ("and", "or"):
        left, right = draw(predicates(depth - 1)), draw(predicates(depth - 1))
        return left & right if kind == "and" else left | right
    if kind == "not":
        return ~draw(predicates(depth - 1))
    name = draw(NAMES)
    column = pl.col(name)
    if kind == "null":
        return column.is_null() if draw(st.booleans()) else column.is_not_null()
    if kind == "in":
        return column.is_in(draw(st.lists(VALUES[name], min_size=1, max_size=3)))
    operator = draw(st.sampled_from(["__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"]))
    made: pl.Expr = getattr(column, operator)(draw(VALUES[name]))
    return made


@given(predicates())
def test_a_condition_keeps_all_rows_that_its_predicate_keeps(predicate: pl.Expr) -> None:
    frame = pl.DataFrame(
        {
            "a": [*range(-4, 5), None] * 5,
            "b": [-0.5, 0.0, 1.5, None, 2.0] * 10,
            "s": ["", "x", "y'", None, "z"] * 2 * 5,
        }
    ).with_row_index("row")
    condition: Condition = condition_of(predicate).bound(frame.schema)
    expression = condition.expression()
    kept = frame if expression is None else frame.filter(expression)
    assert set(frame.filter(predicate)["row"]) <= set(kept["row"])


def test_a_condition_asks_what_a_predicate_asks() -> None:
    predicate = (pl.col("date") == "x") & pl.col("hour").is_in([1, 2]) & (pl.col("x") > 0.5) & pl.col("y").is_not_null()
    assert [f[:3] for f in condition_of(predicate).cases[0]] == [
        ("date", "=", "x"),
        ("hour", "in", [1, 2]),
        ("x", ">", 0.5),
        ("y", "is not null", None),
    ]
    assert len(condition_of((pl.col("a") == 1) | (pl.col("a") == 2)).cases) == 2
    assert not condition_of((pl.col("a") == 1) | (pl.col("a").abs() == 2))


def lab(folder: Path) -> Path:
    pl.DataFrame({"ch": [1, 2, 3], "kohm": [210.5, None, 850.0], "tags": [["a"], [], None]}).write_parquet(folder / "rows.parquet")
    (folder / "catalog.py").write_text(
        "import neurochain as nc\n"
        f"catalog = nc.Catalog({{'implant': [nc.ParquetTable(name='electrodes', uri={str(folder)!r})]}})\n"
    )
    return folder


def run(*arguments: str) -> str:
    """What a command prints."""
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "120", "NO_COLOR": "1", "TERM": "dumb"}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(lab(tmp_path))
    shown = run("sql", "select ch, kohm from electrodes order by ch")
    assert [line.split() for line in shown.splitlines()] == [["ch", "kohm"], ["1", "210.5"], ["2"], ["3", "850.0"]]
    query = "select * from implant.electrodes where kohm > $least or kohm is null order by ch"
    written = run("sql", query, "--format", "json", "--param", "least=300")
    assert json.loads(written) == [{"ch": 2, "kohm": None, "tags": []}, {"ch": 3, "kohm": 850.0, "tags": None}]
    assert run("sql", query, "-f", "csv", "-p", "least=300") == "ch,kohm,tags\n2,,[]\n3,850.0,\n"
    assert "wrote found.parquet: 2 rows" in run("sql", query, "-p", "least=300", "-o", "found.parquet", "-n", "2")
    assert pl.read_parquet("found.parquet")["ch"].to_list() == [2, 3]
    for ending, begin in ((".csv", "n\n0\n"), (".json", '[{"n": 0}'), (".txt", "shape: (120, 1)")):
        run("sql", "select range as n from range(120)", "-o", f"found{ending}")
        assert Path(f"found{ending}").read_text().startswith(begin)
    cut = run("sql", "select range as n from range(120)").splitlines()
    assert (len(cut), cut[-1]) == (102, "… the first 100 rows; --limit gives more, --output all")
    assert len(run("sql", "select range as n from range(120)", "--limit", "110").splitlines()) == 111
    assert run("sql", "select 'nan'::float as a, [1.5] as b, '\\x00'::blob as c", "-f", "json") == '[{"a": null, "b": [1.5], "c": "00"}]\n'


def test_the_command_says_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(lab(tmp_path))
    for arguments, said in {
        ("drop table electrodes",): "Only queries are run here",
        ("select 1", "--catalog", "other.py"): "There is no file",
        ("select 1", "--format", "parquet"): "--output answer.parquet",
        ("select 1", "--output", "answer.doc"): "ends in none of",
        ("select 1", "--output", "nowhere/answer.csv"): "cannot be written",
        ("select $x", "--param", "x"): "NAME=VALUE",
        ("select $x", "--param", "y=1"): "x",
    }.items():
        with pytest.raises(NeurochainError, match=said):
            run("sql", *arguments)


def test_no_warnings_of_ours(catalog: nc.Catalog) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert catalog.sql("select 1 as x").item() == 1
