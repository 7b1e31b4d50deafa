"""What cannot be served, ports that are taken, and a ROAPI that dies."""

import os
import signal
from pathlib import Path

import httpx
import polars as pl
import psycopg
import pytest

import neurochain as nc
from neurochain.errors import StorageError, TableError
from neurochain.tables.serving.server import Server


@pytest.fixture
def catalog() -> nc.Catalog:
    return nc.Catalog({"d": [nc.FunctionTable(name="t", function=lambda: pl.LazyFrame({"x": [1, 2]}))]})


def test_names_that_meet_are_refused(tmp_path: Path) -> None:
    one = nc.FunctionTable(name="b_c", function=lambda: pl.LazyFrame({"x": [1]}))
    two = nc.FunctionTable(name="c", function=lambda: pl.LazyFrame({"x": [1]}))
    with pytest.raises(TableError, match=r"a\.b_c and a_b\.c would both be served as 'a_b_c'"):
        Server(nc.Catalog({"a": [one], "a_b": [two]}), port=0, postgres_port=0, flight_port=0)
    lost = nc.ParquetTable(name="gone", uri=str(tmp_path / "gone"))
    with pytest.raises(TableError, match=r"No table can be served. d\.gone: .*no Parquet file"):
        Server(nc.Catalog({"d": [lost]}), port=0, postgres_port=0, flight_port=0)


def test_a_port_in_use_is_named(catalog: nc.Catalog) -> None:
    with Server(catalog, port=0, postgres_port=0, flight_port=0) as server:
        taken(server, catalog)
    with pytest.raises(StorageError, match=r"--host nowhere.invalid"):
        Server(catalog, "nowhere.invalid", port=0)


def taken(server: Server, catalog: nc.Catalog) -> None:
    for option, name in (
        ("--port", "HTTP"),
        ("--postgres-port", "PostgreSQL"),
        ("--flight-port", "FlightSQL"),
    ):
        ports = {
            "port": 0,
            "postgres_port": 0,
            "flight_port": 0,
            option[2:].replace("-", "_"): server.ports[name],
        }
        with pytest.raises(
            StorageError, match=rf"port {server.ports[name]}: address already in use. Say {option} with"
        ):
            Server(catalog, **ports)


def test_it_ends_and_says_so_when_roapi_is_killed(catalog: nc.Catalog) -> None:
    with Server(catalog, port=0, postgres_port=0, flight_port=0) as server:
        pid = server.roapi_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(
            StorageError, match=r"ROAPI has ended, and nothing is served any more:[\s\S]*exit code -9"
        ):
            server.wait()
        found = httpx.post(
            f"http://127.0.0.1:{server.ports['HTTP']}/api/sql", content="select 1", trust_env=False
        )
        assert (found.status_code, found.json()["error"]) == (503, "roapi")
        with (
            psycopg.connect(
                f"host=127.0.0.1 port={server.ports['PostgreSQL']} user=a dbname=b", autocommit=True
            ) as connection,
            pytest.raises(psycopg.errors.CannotConnectNow, match="ROAPI has ended"),
        ):
            connection.execute("select 1")
