"""What SQL refuses, and how it says what is wrong; and functions, which are asked by what a query says."""

from pathlib import Path

import polars as pl
import pytest

import neurochain as nc
from neurochain.errors import (
    ColumnNotFoundError,
    ExpressionError,
    NeurochainError,
    StorageError,
    TableError,
    TableNotFoundError,
)


@pytest.fixture
def catalog() -> nc.Catalog:
    spikes = nc.FunctionTable(
        name="spikes", function=lambda: pl.LazyFrame({"channel": [1, 2], "hour": [3, 4]})
    )
    return nc.Catalog({"implant": [spikes]})


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


@pytest.mark.parametrize(
    "query", ["select 1; select 2", "select 1; drop table x", "pivot spikes on hour using count(*)"]
)
def test_one_query_at_a_time(catalog: nc.Catalog, query: str) -> None:
    with pytest.raises(ExpressionError, match="one"):
        catalog.sql(query)


def test_files_are_out_of_reach(catalog: nc.Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.csv").write_text("a\n1\n")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "secret.parquet")
    for source in (
        "read_csv('secret.csv')",
        "read_parquet('secret.parquet')",
        "read_text('secret.csv')",
        "glob('*')",
    ):
        with pytest.raises(ExpressionError, match=r"no files|cannot be run"):
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
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith("secret")) == [
        "secret.csv",
        "secret.parquet",
    ]


def test_mistakes_are_shown_where_they_are(catalog: nc.Catalog) -> None:
    with pytest.raises(ColumnNotFoundError) as error:
        catalog.sql("select chanel\nfrom spikes")
    assert (
        str(error.value)
        .splitlines()[0]
        .startswith("No table of the query has a column 'chanel'. Did you mean 'channel'?")
    )
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
    with pytest.raises(ExpressionError, match=r"dict for \$name, or a list"):
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
    for wrong in (
        "select * from diagnostics",
        "select * from diagnostics where implant_id + 0 = 1 and date = 'x'",
    ):
        with pytest.raises(TableError, match=r"is a function of implant_id, date. Say where implant_id = …"):
            catalog.sql(wrong)
    both = "select * from diagnostics where date = 'x' and implant_id = 1 or date = 'x' and implant_id = 2"
    with pytest.raises(TableError, match="one value at a time"):
        catalog.sql(both)
    assert (
        catalog.sql("select * from diagnostics where implant_id = 1 and date = $d", {"d": "x' or 1=1"})[
            "date"
        ].item()
        == "x' or 1=1"
    )
