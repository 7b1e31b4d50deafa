"""Serving to real clients: SQL, REST and GraphQL by HTTP, the PostgreSQL wire, FlightSQL."""

import datetime as dt
import decimal
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import adbc_driver_flightsql.dbapi
import deltalake
import httpx
import polars as pl
import psycopg
import pyarrow as pa
import pyarrow.ipc
import pytest

import neurochain as nc
from neurochain.tables.serving.server import Server
from neurochain.tables.table import Table

MOMENT = dt.datetime(1969, 12, 31, 23, 59, 59, 5)
BIG = 300_000


def events() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "n": [1, 2, 3],
            "word": ["it's", "a;b", None],
            "ts": [MOMENT, dt.datetime(2024, 4, 28, 12), None],
            "tz": pl.Series([MOMENT, None, None]).dt.replace_time_zone("UTC"),
            "day": [dt.date(1969, 1, 1), dt.date(2024, 4, 28), None],
            "time": [dt.time(1, 2, 3, 4), None, None],
            "x": [1.5, float("inf"), None],
            "yes": [True, False, None],
            "raw": [b"\0\xff", b"", None],
            "big": pl.Series([2**64 - 1, 0, None], dtype=pl.UInt64),
            "money": pl.Series(["1.50", "-2.25", None]).cast(pl.Decimal(10, 2)),
            "many": [[1, None], [], None],
            "texts": [['a "b" \\c', None], [], None],
            "pair": pl.Series([[0.5, 1.5], [2.5, 3.5], None], dtype=pl.Array(pl.Float64, 2)),
            "rec": [{"a": 1, "b": "x"}, {"a": None, "b": None}, None],
            "EchoTime": [1.0, 2.0, None],
            "header.modality": ["MR", "CT", None],
            "lasts": [dt.timedelta(hours=26, microseconds=5), dt.timedelta(seconds=-1), None],
        },
        schema_overrides={"n": pl.Int32},
    )


class Delta(Table):
    """A Delta table, as far as it is served."""

    kind = "delta"

    def __init__(self, name: str, uri: str) -> None:
        super().__init__(name=name)
        self.uri = uri

    def read_schema(self, **options: Any) -> pl.Schema:
        return pl.scan_delta(self.uri).collect_schema()

    def _scan(self, condition: Any, columns: Any, **options: Any) -> pl.LazyFrame:
        return pl.scan_delta(self.uri)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> nc.Catalog:
    folder = tmp_path_factory.mktemp("with spaces")
    spikes = pl.DataFrame({"channel": [1, 2, 3, 4], "rate": [0.5, 1.5, 2.5, 3.5]})
    for n, (date, hour) in enumerate([("2024-04-28", 5), ("2024-04-29", 6)]):
        for layout, names in (("hive", (f"date={date}", f"hour={hour}")), ("plain", (date, str(hour)))):
            place = folder.joinpath(layout, *names)
            place.mkdir(parents=True)
            spikes[2 * n : 2 * n + 2].write_parquet(place / "a.parquet")
    partitioning = [nc.Partition("date", "string"), nc.Partition("hour", "int32")]
    (folder / "events").mkdir()
    events().write_parquet(folder / "events" / "rows.parquet")
    deltalake.write_deltalake(
        folder / "delta", pa.table({"k": [1, 2, 2], "day": ["a", "b", "b"]}), partition_by=["day"]
    )

    def computed() -> pl.LazyFrame:
        return pl.LazyFrame({"n": range(BIG)}).with_columns(text=pl.format("row {}", "n"))

    return nc.Catalog(
        {
            "implant": [
                nc.ParquetTable(
                    name="spikes",
                    uri=str(folder / "hive"),
                    partitioning=partitioning,
                    description="Binned spikes",
                ),
                nc.ParquetTable(
                    name="plain",
                    uri=str(folder / "plain"),
                    partitioning=partitioning,
                    partitioning_scheme="directory",
                ),
                nc.ParquetTable(name="Events", uri=str(folder / "events")),
                Delta("impedance", str(folder / "delta")),
            ],
            "lab": [
                nc.FunctionTable(name="computed", function=computed),
                nc.FunctionTable(
                    name="diagnostics", function=lambda implant_id: pl.LazyFrame({"x": [implant_id]})
                ),
                nc.ParquetTable(name="gone", uri=str(folder / "gone")),
            ],
        }
    )


@pytest.fixture(scope="module")
def server(catalog: nc.Catalog) -> Iterator[Server]:
    with Server(catalog, port=0, postgres_port=0, flight_port=0) as served:
        yield served


@pytest.fixture(scope="module")
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=f"http://127.0.0.1:{server.ports['HTTP']}", timeout=60, trust_env=False
    ) as client:
        yield client


@pytest.fixture(scope="module")
def wire(server: Server) -> Iterator[psycopg.Connection[Any]]:
    said = f"host=127.0.0.1 port={server.ports['PostgreSQL']} user=neurochain dbname=neurochain"
    with psycopg.connect(said, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def flight(server: Server) -> Iterator[Any]:
    with (
        adbc_driver_flightsql.dbapi.connect(
            f"grpc://127.0.0.1:{server.ports['FlightSQL']}", autocommit=True
        ) as connection,
        connection.cursor() as cursor,
    ):
        yield cursor


def ask(http: httpx.Client, query: str) -> Any:
    found = http.post("/api/sql", content=query)
    assert found.status_code == 200, found.text
    return found.json()


def test_what_is_served_and_what_is_not(server: Server) -> None:
    offers = {f"{o.database}.{o.name}": o for o in server.offers.tables}
    assert sorted(offers) == [
        "implant.events",
        "implant.impedance",
        "implant.plain",
        "implant.spikes",
        "lab.computed",
    ]
    assert [name for name, o in offers.items() if o.copied] == ["lab.computed"]
    reasons = {f"{o.database}.{o.name}": o.reason for o in server.offers.left_out}
    assert "it is a function of implant_id" in reasons["lab.diagnostics"]
    assert "no Parquet file below" in reasons["lab.gone"]


def test_sql_by_http(http: httpx.Client) -> None:
    assert ask(http, "select date, hour, sum(rate) as r from implant.spikes group by 1, 2 order by 1") == [
        {"date": "2024-04-28", "hour": 5, "r": 2.0},
        {"date": "2024-04-29", "hour": 6, "r": 6.0},
    ]
    assert ask(http, "select count(*) as n from implant_plain where date = '2024-04-29' and hour = 6") == [
        {"n": 2}
    ]
    joined = "select i.k from implant.impedance i join lab.computed c on i.k = c.n where i.day = 'b'"
    assert ask(http, joined) == [{"k": 2}, {"k": 2}]
    assert ask(http, 'select "EchoTime", "header.modality" from implant.Events where n = 2') == [
        {"EchoTime": 2.0, "header.modality": "CT"}
    ]


def test_formats_by_http(http: httpx.Client) -> None:
    def rows(accept: str) -> bytes:
        found = http.post(
            "/api/sql",
            content="select channel, rate from implant.spikes order by 1",
            headers={"accept": accept},
        )
        assert found.headers["content-type"] == accept
        return found.content

    expected = [(1, 0.5), (2, 1.5), (3, 2.5), (4, 3.5)]
    assert pl.read_csv(rows("application/csv")).rows() == expected
    assert pl.read_parquet(io.BytesIO(rows("application/parquet"))).rows() == expected
    stream = pyarrow.ipc.open_stream(rows("application/vnd.apache.arrow.stream")).read_all()
    assert stream.to_pydict() == {"channel": [1, 2, 3, 4], "rate": [0.5, 1.5, 2.5, 3.5]}


def test_rest(http: httpx.Client) -> None:
    asked = {
        "columns": "channel,date",
        "filter[rate]gte": "1.5",
        "filter[date]": "'2024-04-28'",
        "limit": "10",
    }
    assert http.get("/api/tables/implant_spikes", params=asked).json() == [
        {"channel": 2, "date": "2024-04-28"}
    ]
    assert (
        http.get("/api/tables/implant.spikes", params={"limit": "1", "sort": "-rate"}).json()[0]["rate"]
        == 3.5
    )
    assert {"implant_spikes", "implant_events"} <= http.get("/api/schema").json().keys()
    fields = http.get("/api/schema/implant_spikes").json()["fields"]
    assert [(f["name"], f["data_type"]) for f in fields] == [
        ("channel", "Int64"), ("rate", "Float64"), ("date", "Utf8"), ("hour", "Int32")
    ]  # fmt: skip


def test_graphql(http: httpx.Client) -> None:
    query = '{ implant_spikes(filter: {rate: {gt: 1.0}, date: "2024-04-28"}, limit: 5) { channel rate } }'
    assert http.post("/api/graphql", content=query).json() == [{"channel": 2, "rate": 1.5}]


def test_values_on_the_postgresql_wire(wire: psycopg.Connection[Any]) -> None:
    columns = [n for n in events().columns if n not in ("rec", "pair")]
    listed = ", ".join(f'"{n}"' for n in columns)
    found = wire.execute(f"select {listed} from implant.events order by n").fetchall()
    expected = events().select(columns).rows()
    expected = [
        tuple(
            decimal.Decimal(v) if n == "big" and v is not None else v
            for n, v in zip(columns, row, strict=True)
        )
        for row in expected
    ]
    assert found == expected
    assert wire.execute("select pair, rec from implant.events where n = 1").fetchone() == (
        [0.5, 1.5],
        {"a": 1, "b": "x"},
    )
    (value,) = wire.execute("select 'nan'::double").fetchone() or (0,)
    assert value != value


def test_the_extended_protocol(wire: psycopg.Connection[Any]) -> None:
    cursor = wire.execute("select n, word from implant.events order by n", prepare=True)
    assert cursor.fetchall() == [(1, "it's"), (2, "a;b"), (3, None)]
    assert [c.type_code for c in cursor.description or ()] == [23, 25]
    empty = wire.execute("select n, ts from implant.events where n = 99", prepare=True)
    assert (empty.fetchall(), [c.name for c in empty.description or ()]) == ([], ["n", "ts"])
    assert wire.execute("select channel from implant.spikes order by 1", binary=True).fetchall() == [
        (1,),
        (2,),
        (3,),
        (4,),
    ]
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="ClientCursor"):
        wire.execute("select n from implant.events where n = %s", [1])
    client = psycopg.ClientCursor(wire)
    assert client.execute("select n from implant.events where word = %s", ["it's"]).fetchall() == [(1,)]
    assert client.execute("select n from implant.events where word = %s", ["x' or '1'='1"]).fetchall() == []


def test_what_clients_say_on_their_way(server: Server, wire: psycopg.Connection[Any]) -> None:
    said = f"host=127.0.0.1 port={server.ports['PostgreSQL']} user=a dbname=b"
    with psycopg.connect(said) as connection, connection.transaction():  # begin … commit
        assert connection.execute("show transaction_isolation").fetchone() == ("read committed",)
        assert connection.execute("select current_database()").fetchone() == ("neurochain",)
        connection.execute("set application_name = 'x'")
        assert connection.execute("select 1; select 2").fetchone() == (1,)
    assert wire.info.server_version == 160000
    named = wire.execute(
        "select table_schema, table_name from information_schema.tables where table_schema in ('implant', 'lab') order by 1, 2"
    )
    assert named.fetchall() == [
        ("implant", "events"),
        ("implant", "impedance"),
        ("implant", "plain"),
        ("implant", "spikes"),
        ("lab", "computed"),
    ]


def test_errors_on_the_wire_leave_it_open(wire: psycopg.Connection[Any]) -> None:
    for query in ("select nope from implant.events", "selec 1", "select * from nowhere"):
        with pytest.raises(psycopg.Error, match=r"nope|selec|nowhere|Only what reads"):
            wire.execute(query)
        with pytest.raises(psycopg.Error):
            wire.execute(query, prepare=True)
    assert wire.execute("select 1").fetchone() == (1,)


def test_flight_sql(flight: Any) -> None:
    flight.execute('select n, ts, "day", word from implant.events order by n')
    assert flight.fetch_arrow_table().to_pydict() == {
        name: events()[name].to_list() for name in ("n", "ts", "day", "word")
    }
    flight.execute("select count(*) from lab.computed")
    assert flight.fetchall() == [(BIG,)]


WRITING = [
    "copy (select 1 as a) to '{file}'",
    "explain analyze copy (select 1 as a) to '{file}'",
    "insert into implant_spikes values (1, 1.0, 'x', 1)",
    "with a as (select 1) insert into implant_spikes select 1, 1.0, 'x', 1",
    "select * from (insert into implant_spikes values (1, 1.0, 'x', 1))",
    "create external table stolen stored as csv location '/etc/passwd'",
    "create table stolen as select 1 as a",
    "create view stolen as select 1 as a",
    "select 1 as a into stolen",
    "drop view implant.spikes",
    "drop table implant_spikes",
    "set datafusion.execution.batch_size = 1; select 1",
]


@pytest.mark.parametrize("statement", WRITING)
def test_nothing_can_be_written(
    statement: str, http: httpx.Client, server: Server, flight: Any, tmp_path: Path
) -> None:
    text = statement.format(file=tmp_path / "stolen.csv")
    answer = http.post("/api/sql", content=text)
    assert answer.status_code == 400, answer.text
    said = f"host=127.0.0.1 port={server.ports['PostgreSQL']} user=a dbname=b"
    with psycopg.connect(said, autocommit=True) as connection:
        for prepare in (False, True):
            if not (
                text.startswith("set ") and not prepare
            ):  # the first of the two is answered, and does nothing
                with pytest.raises(psycopg.Error):
                    connection.execute(text, prepare=prepare)
    with pytest.raises(adbc_driver_flightsql.dbapi.Error):
        flight.execute(text)
    assert ask(http, "select count(*) as n from implant.spikes") == [{"n": 4}]
    assert "stolen" not in str(ask(http, "select table_name from information_schema.tables"))
    assert not list(tmp_path.iterdir())


def test_roapi_itself_can_write_no_file(server: Server, tmp_path: Path) -> None:
    from neurochain.tables.serving.upstream import (
        prepared,
    )  # past the doors, as others on this machine might come

    roapi = server._roapi
    assert roapi is not None
    with (
        pytest.raises(nc.NeurochainError),
        prepared(roapi, f"copy (select 1 as a) to '{tmp_path}/stolen.csv'") as answer,
    ):
        list(answer)
    assert all(p.stat().st_size == 0 for p in tmp_path.rglob("*") if p.is_file())


@pytest.mark.parametrize("value", ["'", "''", "' or 1=1 --", "\\", "a;b", "$1", "%s", "x' union select 1 --"])
def test_texts_stay_texts(value: str, wire: psycopg.Connection[Any], http: httpx.Client) -> None:
    client = psycopg.ClientCursor(wire)
    assert client.execute("select %s as a", [value]).fetchone() == (value,)
    quoted = value.replace("'", "''")
    assert ask(http, f"select '{quoted}' as a") == [{"a": value}]


def test_big_answers(http: httpx.Client, wire: psycopg.Connection[Any]) -> None:
    with http.stream(
        "POST", "/api/sql", content="select n, text from lab.computed", headers={"accept": "application/csv"}
    ) as found:
        sizes = [len(piece) for piece in found.iter_raw()]
    assert len(sizes) > 10  # it comes in pieces
    assert sum(sizes) > 15 * BIG
    with wire.cursor() as cursor:
        total = sum(n for n, _ in cursor.execute("select n, text from lab.computed"))
    assert total == BIG * (BIG - 1) // 2
