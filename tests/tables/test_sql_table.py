"""SQL tables, of SQLite and of a real PostgreSQL: what is asked of the database, and that its address stays secret."""

import datetime as dt
import math
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from begun_postgres import PASSWORD, USER
from kinds_of_tables import sql

import neurochain as nc
from neurochain.tables.sqltable import rows
from neurochain.tables.sqltable.address import Address

FRAME = pl.DataFrame(
    {
        "session": [1, 1, 2, 3, None],
        "side": ["L", "R", "l", "", None],
        "start": [0.5, 1.5, 2.5, 3.5, None],
    }
)


@pytest.fixture
def lab(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/lab.db"
    sql(url, FRAME, "trials")
    return url


@pytest.fixture
def trials(lab: str) -> nc.SQLTable:
    return nc.SQLTable(name="trials", url=lab, table="trials")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Statements that databases get, with their parameters."""
    said: list[tuple[str, Any]] = []
    engine_of = Address._engine

    def heard(self: Address) -> sa.Engine:
        engine = engine_of(self)

        @sa.event.listens_for(engine, "before_cursor_execute")
        def hear(_c: Any, _u: Any, statement: str, parameters: Any, _x: Any, _many: bool) -> None:
            said.append((statement, parameters))

        return engine

    monkeypatch.setattr(Address, "_engine", heard)
    return said


def execute(url: str, *statements: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_nothing_is_read_before_it_is_collected(trials: nc.SQLTable, asked: list[Any]) -> None:
    _ = trials.schema
    asked.clear()
    found = trials([nc.Filter("session", "=", "1) or (1=1"), nc.Filter("start", ">", 1)], ["side"])
    found = trials([nc.Filter("session", "=", 1), nc.Filter("start", ">", 1)], ["side"])
    assert not asked
    assert found.collect()["side"].to_list() == ["R"]
    ((statement, parameters),) = asked
    assert "1.0" not in statement
    assert tuple(parameters) == (1, 1.0)
    assert "WHERE session = ? AND start > ?" in " ".join(statement.split())


def test_only_wanted_columns_are_selected(trials: nc.SQLTable, asked: list[Any]) -> None:
    trials(columns=["side"]).collect()
    assert asked[-1][0].split("FROM")[0].split() == ["SELECT", "side"]
    assert trials().select(pl.len()).collect().item() == 5
    assert len(asked[-1][0].split("FROM")[0].split()) == 2  # one column, which is counted
    trials().filter(pl.col("session") == 1).select("side").collect()
    assert "start" not in asked[-1][0]
    trials().head(2).collect()
    assert "LIMIT" in asked[-1][0]


def test_rows_come_in_batches(trials: nc.SQLTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "BATCH", 2)
    assert trials().collect().equals(FRAME)
    assert trials(nc.Filter("session", "is not null")).head(3).collect().height == 3


def test_a_query(lab: str) -> None:
    text = "SELECT session AS s, count(*) AS n, ':x' AS t, 'a%b' AS p FROM trials WHERE side <> 'x' GROUP BY session;"
    table = nc.SQLTable(name="counts", url=lab, query=text)
    assert table.schema == {"s": pl.Int64, "n": pl.Int64, "t": pl.String, "p": pl.String}
    assert table(nc.Filter("n", ">", 1)).collect().rows() == [(1, 2, ":x", "a%b")]
    assert table(nc.Filter("t", "=", ":x"), ["p"]).collect()["p"].to_list() == ["a%b"] * 3


def test_a_query_that_writes_is_refused(lab: str, trials: nc.SQLTable) -> None:
    for text in (
        "DELETE FROM trials",
        "DELETE FROM trials RETURNING *",
        "SELECT 1) AS q; DROP TABLE trials; --",
    ):
        with pytest.raises(nc.NeurochainError):
            _ = nc.SQLTable(name="t", url=lab, query=text).schema
    assert trials().collect().height == FRAME.height


def test_values_of_no_declared_type(tmp_path: Path) -> None:
    """SQLite holds what it is given, whatever a column was declared as."""
    url = f"sqlite:///{tmp_path}/any.db"
    execute(
        url,
        "CREATE TABLE t (n INTEGER, at DATETIME, day DATE, ok BOOLEAN, x FLOAT, s TEXT COLLATE NOCASE, k)",
        "INSERT INTO t VALUES (1, '2024-04-28T10:00:00Z', '2024-04-28', 2, 5, 'a', 'b')",
        "INSERT INTO t VALUES (2, '2024-04-28 10:00:00.5', '2024-04-29', 0, 0.5, 'A', 'B')",
    )
    table = nc.SQLTable(name="t", url=url, table="t")
    assert table().collect().rows() == [
        (1, dt.datetime(2024, 4, 28, 10), dt.date(2024, 4, 28), True, 5.0, "a", "b"),
        (2, dt.datetime(2024, 4, 28, 10, 0, 0, 500_000), dt.date(2024, 4, 29), False, 0.5, "A", "B"),
    ]
    for f, found in [
        (nc.Filter("at", "=", "2024-04-28T10:00:00"), [1]),
        (nc.Filter("at", ">", "2024-04-28T10:00:00"), [2]),
        (nc.Filter("ok", "=", True), [1]),
        (nc.Filter("s", "=", "a"), [1]),
        (nc.Filter("s", "!=", "a"), [2]),  # though the database says that they are the same
        (nc.Filter("s", "<", "a"), [2]),
        (nc.Filter("s", "contains", "A"), [2]),
    ]:
        assert table(f).collect()["n"].to_list() == found, f
    execute(url, "INSERT INTO t (n) VALUES ('many')")
    with pytest.raises(
        pl.exceptions.ComputeError, match=r"'t': Column 'n' holds 'many' \(str\), which is no Int64"
    ):
        table().collect()
    as_text = nc.SQLTable(name="t", url=url, query="SELECT CAST(n AS TEXT) AS n FROM t")
    assert as_text().collect()["n"].to_list() == ["1", "2", "many"]
    declared = nc.SQLTable(name="t", url=url, table="t", columns={"at": "string", "k": "string"})
    assert declared(nc.Filter("k", "=", "b"), ["at"]).collect().item() == "2024-04-28T10:00:00Z"


def test_what_is_not_there(lab: str, tmp_path: Path) -> None:
    with pytest.raises(nc.StorageError, match=r"no table 'trial'. Did you mean 'trials'"):
        nc.SQLTable(name="t", url=lab, table="trial")()
    with pytest.raises(nc.StorageError, match=r"there is no file .*nowhere\.db"):
        nc.SQLTable(name="t", url=f"sqlite:///{tmp_path}/nowhere.db", table="t")()
    assert not (tmp_path / "nowhere.db").exists()
    with pytest.raises(nc.StorageError, match="syntax error"):
        nc.SQLTable(name="t", url=lab, query="SELEKT 1")()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "", "table": "t"}, "url= takes an address"),
        ({"url": "not an address", "table": "t"}, "no address of a database"),
        ({"url": "sqlite:///a.db"}, "say table= or query="),
        ({"url": "sqlite:///a.db", "table": "t", "query": "SELECT 1"}, "say table= or query="),
        ({"url": "sqlite:///a.db", "query": "SELECT 1", "schema_name": "lab"}, "belongs to table="),
        ({"url": "nosql://host/lab", "table": "t"}, "knows no 'nosql'"),
    ],
)
def test_declarations_that_cannot_be(given: Any, said: str) -> None:
    with pytest.raises(nc.TableError, match=said):
        nc.SQLTable(name="t", **given)()


def test_a_variable_holds_the_address(lab: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table = nc.SQLTable(name="trials", url="env:LAB_DATABASE", table="trials")
    with pytest.raises(nc.StorageError, match="variable LAB_DATABASE of the environment is not set"):
        table()
    monkeypatch.setenv("LAB_DATABASE", lab)
    assert table().collect().height == 5
    assert table.declared()["url"] == "env:LAB_DATABASE"


def test_facts_are_those_of_the_file(trials: nc.SQLTable) -> None:
    facts = trials.facts()
    assert facts.rows is None
    assert facts.size is not None
    assert facts.size > 0
    assert facts.modified is not None


SECRET = "hunter2-and-more"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://somebody:{SECRET}@127.0.0.1:1/lab",
        f"postgresql+psycopg://127.0.0.1:1/lab?user=somebody&password={SECRET}",
        f"://{SECRET}",
    ],
)
def test_an_address_is_never_shown(url: str) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed: it speaks to PostgreSQL")
    said = []
    try:
        table = nc.SQLTable(name="t", url=url, table="t")
        said += [repr(table), str(table.declared()), str(table.reference()), str(table._address)]
        table()
    except nc.NeurochainError:
        said.append(traceback.format_exc())
    assert said
    assert not [text for text in said if SECRET in text or "somebody" in text]


# PostgreSQL


@contextmanager
def relation(url: str, *statements: str) -> Iterator[None]:
    execute(url, "DROP SCHEMA IF EXISTS lab CASCADE", "CREATE SCHEMA lab", *statements)
    try:
        yield
    finally:
        execute(url, "DROP SCHEMA lab CASCADE")


TYPES = """CREATE TABLE lab."Many Types" (
    small smallint, whole integer, great bigint, single real, exact numeric(10, 2), any_exact numeric, "name%%d" varchar(3),
    blank char(3), id uuid, doc jsonb, day date, at timestamptz, plain timestamp, clock time, lasts interval, raw bytea, ok boolean,
    words text[], numbers integer[], sides lab.side, grid integer[][])"""
VALUES = """INSERT INTO lab."Many Types" VALUES (
    7, 70000, 5000000000, 0.1, 0.10, 12345.678901, 'abc', 'x', '00000000-0000-0000-0000-000000000001', '{"a": 1}', '2024-04-28',
    '2024-04-28 12:00+02', '2024-04-28 12:00', '12:30', '90 seconds', '\\x6100', true, '{a,b}', '{1,2}', 'L', '{1}')"""


def test_types_of_postgresql(postgres: str) -> None:
    with relation(postgres, "CREATE TYPE lab.side AS ENUM ('L', 'R')", TYPES, VALUES):
        table = nc.SQLTable(name="t", url=postgres, table="Many Types", schema_name="lab")
        assert list(table.schema.values()) == [
            *(
                pl.Int16,
                pl.Int32,
                pl.Int64,
                pl.Float32,
                pl.Decimal(10, 2),
                pl.Float64,
                pl.String,
                pl.String,
                pl.String,
            ),
            *(
                pl.String,
                pl.Date,
                pl.Datetime("us", "UTC"),
                pl.Datetime("us"),
                pl.Time,
                pl.Duration("us"),
                pl.Binary,
            ),
            *(pl.Boolean, pl.List(pl.String), pl.List(pl.Int32), pl.String, pl.List(pl.Int32)),
        ]
        row = table().collect().row(0, named=True)
        assert row["exact"] == Decimal("0.10")
        assert row["any_exact"] == 12345.678901
        assert row["id"] == "00000000-0000-0000-0000-000000000001"
        assert row["at"] == dt.datetime(2024, 4, 28, 10, tzinfo=dt.UTC)
        assert row["lasts"] == dt.timedelta(seconds=90)
        assert row["raw"] == b"a\0"
        for one in [
            *(nc.Filter("small", "=", 7.0), nc.Filter("great", ">", 2**32), nc.Filter("whole", "<", 2**40)),
            *(
                nc.Filter("single", "=", 0.1),
                nc.Filter("exact", "in", [0.1]),
                nc.Filter("any_exact", ">", 12345.67),
            ),
            *(
                nc.Filter("name%d", "!=", "abcdef"),
                nc.Filter("name%d", "<", "abcd"),
                nc.Filter("blank", "=", "x  "),
            ),
            *(
                nc.Filter("id", "=", row["id"]),
                nc.Filter("day", "=", "2024-04-28"),
                nc.Filter("sides", "=", "L"),
            ),
            *(nc.Filter("at", "=", "2024-04-28T10:00:00Z"), nc.Filter("plain", ">=", "2024-04-28T12:00:00")),
            *(nc.Filter("clock", "=", "12:30"), nc.Filter("lasts", "<", dt.timedelta(minutes=2))),
            *(nc.Filter("raw", "=", b"a\0"), nc.Filter("ok", "=", True), nc.Filter("words", "includes", "b")),
            *(nc.Filter("numbers", "includes all", [1, 2]), nc.Filter("doc", "contains", '"a"')),
        ]:
            assert table(one).collect().height == 1, one
        for one in [
            *(
                nc.Filter("small", "=", 70000),
                nc.Filter("numbers", "includes", 2**40),
                nc.Filter("sides", "=", "X"),
            ),
            *(
                nc.Filter("id", "=", "no uuid"),
                nc.Filter("words", "includes", "\0"),
                nc.Filter("blank", "=", "x"),
            ),
        ]:
            assert table(one).collect().height == 0, one
        facts = table.facts()
        assert facts.size is not None
        assert facts.size > 0
        queried = nc.SQLTable(name="t", url=postgres, query='SELECT * FROM lab."Many Types"')
        assert queried.schema == table.schema
        assert queried(nc.Filter("name%d", "=", "abc")).collect().height == 1


def test_a_query_that_gives_two_columns_of_one_name(postgres: str) -> None:
    with pytest.raises(nc.SchemaError, match="two columns 'a'"):
        nc.SQLTable(name="t", url=postgres, query="SELECT 1 AS a, 2 AS a")()


def test_collations_of_postgresql(postgres: str) -> None:
    with relation(
        postgres,
        "CREATE COLLATION lab.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
        'CREATE TABLE lab.t (n int, s text COLLATE lab.any_case, u text COLLATE "und-x-icu")',
        "INSERT INTO lab.t VALUES (1, 'a', 'a'), (2, 'A', 'B'), (3, 'b', 'é'), (4, NULL, NULL)",
    ):
        table = nc.SQLTable(name="t", url=postgres, table="t", schema_name="lab")
        for f, found in [
            (nc.Filter("s", "=", "a"), [1]),
            (nc.Filter("s", "!=", "a"), [2, 3]),
            (nc.Filter("s", "contains", "a"), [1]),
            (nc.Filter("u", ">", "a"), [3]),
            (nc.Filter("u", "<", "a"), [2]),
        ]:
            assert table(f).collect()["n"].to_list() == found, f


def test_numbers_of_postgresql_that_are_none(postgres: str) -> None:
    made = "CREATE TABLE lab.f AS SELECT i, x::float8, x::real AS r, x::numeric AS n FROM (VALUES (1, 'NaN'), (2, '1.5'), (3, NULL)) v(i, x)"
    with relation(postgres, made):
        table = nc.SQLTable(name="f", url=postgres, table="f", schema_name="lab")
        for column in ("x", "r", "n"):
            for operator, value, found in [
                (">", 1, [1, 2]),
                (">", 1.5, [1]),
                ("=", math.nan, [1]),
                ("!=", math.nan, [2]),
                ("in", [math.nan, 1.5], [1, 2]),
                ("<", math.nan, [2]),
                ("between", [0, math.inf], [2]),
            ]:
                rows_found = table(nc.Filter(column, operator, value)).collect()["i"].to_list()
                assert rows_found == found, (column, operator, value)


def test_postgresql_is_asked_for_what_is_wanted(
    postgres: str, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "BATCH", 100)
    with relation(postgres, "CREATE TABLE lab.n AS SELECT i, i::text AS s FROM generate_series(1, 1000) i"):
        table = nc.SQLTable(name="n", url=postgres, table="n", schema_name="lab")
        found = table([nc.Filter("i", ">", 500), nc.Filter("s", "contains", "99")], ["i"])
        asked.clear()
        assert found.collect()["i"].to_list() == [599, 699, 799, 899, *range(990, 1000)]
        ((statement, parameters),) = [a for a in asked if "lab.n" in a[0]]
        assert "strpos" in statement
        assert set(parameters.values()) >= {500, "99"}
        assert table().select(pl.len()).collect().item() == 1000


def test_postgresql_is_only_read(postgres: str) -> None:
    with relation(
        postgres,
        "CREATE TABLE lab.t (n int)",
        "CREATE FUNCTION lab.write() RETURNS int LANGUAGE sql AS 'INSERT INTO lab.t VALUES (1) RETURNING n'",
    ):
        table = nc.SQLTable(name="t", url=postgres, query="SELECT lab.write() AS n")
        with pytest.raises(pl.exceptions.ComputeError, match="read-only transaction"):
            table().collect()


def test_a_wrong_password_is_not_shown(postgres: str) -> None:
    url = postgres.replace(PASSWORD, SECRET)
    with pytest.raises(nc.StorageError, match="password authentication failed") as raised:
        nc.SQLTable(name="t", url=url, table="t")()
    said = "".join(traceback.format_exception(raised.value))
    assert SECRET not in said
    assert USER not in said
