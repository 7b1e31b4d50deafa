"""The token, and who gets no answer: over HTTP, the PostgreSQL wire and FlightSQL."""

import socket
from collections.abc import Iterator
from typing import Any

import adbc_driver_flightsql.dbapi
import httpx
import polars as pl
import psycopg
import pyarrow as pa
import pytest

import neurochain as nc
from neurochain.tables.serving.gate import LARGEST, is_loopback
from neurochain.tables.serving.messages import any_message, pack
from neurochain.tables.serving.server import Server

TOKEN = "open-sesame-0123456789"


def catalog() -> nc.Catalog:
    return nc.Catalog({"d": [nc.FunctionTable(name="t", function=lambda: pl.LazyFrame({"x": [1, 2]}))]})


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(catalog(), "0.0.0.0", port=0, postgres_port=0, flight_port=0, token=TOKEN) as served:
        yield served


@pytest.fixture(scope="module")
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=f"http://127.0.0.1:{server.ports['HTTP']}", timeout=30, trust_env=False
    ) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_the_token_opens(http: httpx.Client) -> None:
    for headers, query in (
        (bearer(TOKEN), ""),
        ({}, f"?token={TOKEN}"),
        ({"authorization": f"bearer  {TOKEN}"}, ""),
    ):
        found = http.post(f"/api/sql{query}", content="select sum(x) as s from d.t", headers=headers)
        assert (found.status_code, found.json()) == (200, [{"s": 3}])
    assert http.get("/api/tables/d_t", params={"limit": "1", "token": TOKEN}).json() == [{"x": 1}]


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, ""),
        ({"authorization": "Bearer"}, ""),
        (bearer(TOKEN[:-1]), ""),
        (bearer(TOKEN + "x"), ""),
        (bearer("ö"), ""),
        ({"authorization": f"Basic {TOKEN}"}, ""),
        ({"authorization": TOKEN}, ""),
        ({"cookie": f"token={TOKEN}"}, ""),
        ({}, "?token="),
        ({}, f"?token={TOKEN}x"),
        ({}, f"?Token={TOKEN}"),
        (bearer("wrong"), f"?token={TOKEN}"),
    ],
)
def test_without_the_token_nothing_is_answered(
    http: httpx.Client, headers: dict[str, str], query: str
) -> None:
    encoded = {k: v.encode("utf-8") for k, v in headers.items()}
    for method, path in (
        ("POST", "/api/sql"),
        ("GET", "/api/schema"),
        ("GET", "/health"),
        ("GET", "/nowhere"),
        ("POST", "/api/table"),
    ):
        found = http.request(method, f"{path}{query}", headers=encoded)
        assert (found.status_code, found.json()["error"]) == (401, "token")
        assert found.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/ui",
        "/api",
        "/api/table",
        "/api/tables/drop",
        "/api/tables/",
        "/api/tables/d_t/../../table",
        "/api/tables/..%2f..%2fui",
        "/api/tables/d_t%2f..%2f..",
        "/api/tables/%2e%2e/ui",
        "//api/sql",
        "/api//sql",
        "/api/sql/",
        "/api/kv/a/b",
        "/api/schema/d_t%0d%0aX: y",
        "/health/../ui",
        "http://example.org/api/sql",
    ],
)
def test_only_what_reads_is_passed_on(server: Server, path: str) -> None:
    status, _ = raw(
        server,
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 8\r\n\r\nselect 1",
    )
    assert status in (400, 404, 405)
    status, _ = raw(server, f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n")
    assert status in (400, 404, 405)


def raw(server: Server, text: str) -> tuple[int, str]:
    """Status and answer of a request as it is written, which a client would have put in order."""
    with socket.create_connection(("127.0.0.1", server.ports["HTTP"]), 10) as opened:
        opened.sendall(text.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1).encode())
        answer = b""
        while piece := opened.recv(65536):
            answer += piece
    return int(answer.split(b" ", 2)[1]), answer.decode("latin-1")


def test_methods(http: httpx.Client) -> None:
    for method, path in (
        ("GET", "/api/sql"),
        ("POST", "/api/schema"),
        ("PUT", "/api/sql"),
        ("DELETE", "/api/tables/d_t"),
        ("OPTIONS", "/api/sql"),
    ):
        assert http.request(method, path, headers=bearer(TOKEN)).status_code == 405


def test_pages_of_other_sites_get_no_answer(http: httpx.Client) -> None:
    for headers in (
        {"origin": "https://example.org"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "null"},
    ):
        found = http.post("/api/sql", content="select 1", headers={**bearer(TOKEN), **headers})
        assert (found.status_code, found.json()["error"]) == (403, "origin")
    own = {"origin": str(http.base_url).rstrip("/"), "sec-fetch-site": "same-origin"}
    found = http.post("/api/sql", content="select 1 as a", headers={**bearer(TOKEN), **own})
    assert found.json() == [{"a": 1}]
    assert not [name for name in found.headers if name.startswith("access-control")]


def test_too_much_is_refused(http: httpx.Client) -> None:
    found = http.post("/api/sql", content=b"select 1 --" + b"x" * LARGEST, headers=bearer(TOKEN))
    assert (found.status_code, found.json()["error"]) == (413, "size")
    pieces = (b"x" * 65536 for _ in range(40))
    assert http.post("/api/sql", content=pieces, headers=bearer(TOKEN)).status_code == 413
    assert http.post("/api/sql", content=b"\xff\xfe", headers=bearer(TOKEN)).status_code == 400


def test_the_password_on_the_wire(server: Server) -> None:
    said = f"host=127.0.0.1 port={server.ports['PostgreSQL']} user=a dbname=b"
    with psycopg.connect(f"{said} password={TOKEN}", autocommit=True) as connection:
        assert connection.execute("select sum(x) from d.t").fetchone() == (3,)
    for wrong in ("", f" password={TOKEN}x", " password=ö"):
        with pytest.raises(psycopg.OperationalError, match=r"password|token"):
            psycopg.connect(said + wrong)


def test_the_wire_is_on_this_machine_alone(server: Server) -> None:
    assert server.host == "0.0.0.0"
    own = socket.gethostbyname(socket.gethostname())
    reached = {name: _reaches(own, port) for name, port in server.ports.items()}
    assert reached["PostgreSQL"] is is_loopback(own)
    assert reached["HTTP"]


def _reaches(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), 5).close()
    except OSError:
        return False
    return True


def test_the_token_of_flight(server: Server) -> None:
    def cursor(options: dict[str, str]) -> Any:
        place = f"grpc://127.0.0.1:{server.ports['FlightSQL']}"
        return adbc_driver_flightsql.dbapi.connect(place, db_kwargs=options, autocommit=True)

    with (
        cursor({"adbc.flight.sql.authorization_header": f"Bearer {TOKEN}"}) as connection,
        connection.cursor() as asked,
    ):
        asked.execute("select sum(x) from d.t")
        assert asked.fetchone() == (3,)
    for wrong in ({}, {"adbc.flight.sql.authorization_header": "Bearer wrong"}):
        with (
            pytest.raises(adbc_driver_flightsql.dbapi.Error, match="token"),
            cursor(wrong) as connection,
            connection.cursor() as asked,
        ):
            asked.execute("select 1")


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\0\0\0\x08\x04\xd2\x16\x2e" + b"\0\0\0\x05xxxxx",  # cancel
        b"\0\0\0\x09\0\x02\0\0\0",  # version 2
        b"\xff\xff\xff\xff",
        b"\0\0\0\x04",
    ],
)
def test_whatever_is_said_the_wire_goes_on(server: Server, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.ports["PostgreSQL"]), 10) as opened:
        opened.sendall(said)
        opened.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := opened.recv(65536):
            answer += piece
    assert b"AuthenticationOk" not in answer
    assert answer[:1] in (b"", b"E")
    with psycopg.connect(
        f"host=127.0.0.1 port={server.ports['PostgreSQL']} user=a password={TOKEN}"
    ) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_without_a_token_the_server_answers_to_its_names_alone() -> None:
    with Server(catalog(), port=0, postgres_port=0, flight_port=0) as served:
        port = served.ports["HTTP"]
        assert served.token == ""
        for name, status in (
            (f"127.0.0.1:{port}", 200),
            (f"localhost:{port}", 200),
            ("example.org", 421),
            (f"example.org:{port}", 421),
        ):
            found = httpx.get(f"http://127.0.0.1:{port}/api/schema", headers={"host": name}, trust_env=False)
            assert found.status_code == status, name


def test_beyond_this_machine_there_is_always_a_token() -> None:
    with Server(catalog(), "0.0.0.0", port=0, postgres_port=0, flight_port=0) as served:
        assert len(served.token) >= 32
        assert (
            httpx.get(f"http://127.0.0.1:{served.ports['HTTP']}/api/schema", trust_env=False).status_code
            == 401
        )


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("lab.example.org", False),
        ("127.0.0.1.example.org", False),
    ],
)
def test_loopback(host: str, here: bool) -> None:
    assert is_loopback(host) is here


def test_what_flight_asks_besides_is_refused(server: Server) -> None:
    from pyarrow import flight  # costs the client of gRPC

    options = flight.FlightCallOptions(headers=[(b"authorization", f"Bearer {TOKEN}".encode())])
    copy = pack(1, b"copy (select 1) to 'stolen.csv'")
    with flight.FlightClient(f"grpc://127.0.0.1:{server.ports['FlightSQL']}") as client:
        for command in (
            any_message("CommandStatementQuery", copy),
            any_message("CommandStatementUpdate", copy),
            any_message("CommandStatementSubstraitPlan", copy),
            any_message(
                "CommandStatementQuery", pack(1, b"select 1") + copy
            ),  # of two fields the last counts
            copy,
            b"\xff",
        ):
            descriptor = flight.FlightDescriptor.for_command(command)
            with pytest.raises(
                flight.FlightError, match=r"Only what reads|not answered here|no command|cut off"
            ):
                client.get_flight_info(descriptor, options)
            with pytest.raises((flight.FlightError, NotImplementedError)):
                client.do_put(descriptor, pa.schema([]), options)[0].close()
        for kind, body in (
            ("CreatePreparedStatement", any_message("ActionCreatePreparedStatementRequest", copy)),
            ("CreatePreparedStatement", any_message("ActionClosePreparedStatementRequest", copy)),
            ("BeginTransaction", any_message("ActionBeginTransactionRequest", b"")),
        ):
            with pytest.raises(flight.FlightError, match=r"Only what reads|not answered here"):
                list(client.do_action(flight.Action(kind, body), options))
        ticket = flight.Ticket(any_message("CommandStatementQuery", copy))
        with pytest.raises((flight.FlightError, NotImplementedError)):
            client.do_get(ticket, options).read_all()
