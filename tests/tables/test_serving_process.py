"""`neurochain serve` as a process: what it shows, and how it ends."""

import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import deltalake
import httpx
import polars as pl
import psycopg
import pyarrow as pa
import pytest
from moto.server import ThreadedMotoServer
from source_tree import REPOSITORY
from typer.testing import CliRunner

import neurochain as nc
from neurochain.cli.app import app
from neurochain.errors import NeurochainError
from neurochain.tables.reach import reach
from neurochain.tables.serving.server import Server
from neurochain.tables.table import Table

Serve = Callable[..., "subprocess.Popen[str]"]
CATALOG = """
import neurochain as nc
import polars as pl
import tally

@nc.table
def computed():
    return pl.LazyFrame({"n": [tally.next_number()]})

catalog = nc.Catalog({"lab": [computed]})
"""
TALLY = """
from itertools import count
_numbers = count(1)
def next_number():
    return next(_numbers)
"""


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)  # it is asked for anew
    (tmp_path / "catalog.py").write_text(CATALOG)
    (tmp_path / "tally.py").write_text(TALLY)
    started: list[subprocess.Popen[str]] = []

    def start(*options: str, **environment: str) -> "subprocess.Popen[str]":
        ports = ["--port", "0", "--postgres-port", "0", "--flight-port", "0"]
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "neurochain.cli", "serve", "catalog.py", *ports, *options],
            cwd=tmp_path,
            env={
                **os.environ,
                "COLUMNS": "200",
                "NO_COLOR": "1",
                "TERM": "dumb",
                "PYTHONPATH": str(REPOSITORY),
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def shown(process: "subprocess.Popen[str]", last: str) -> str:
    """What is printed, up to a line with this in it."""
    lines = []
    for line in process.stdout or ():
        lines.append(line)
        if last in line:
            return "".join(lines)
    raise AssertionError("".join(lines) + (process.stderr.read() if process.stderr else ""))


def roapis(of: int) -> list[int]:
    """Processes of ROAPI that a process began."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")
            name, parent = fields[0].partition("(")[2], int(fields[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if name == "roapi" and parent == of:
            found.append(int(entry.name))
    return found


def is_gone(pid: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


def wait_for(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


@linux
def test_lines_to_paste_and_a_quiet_end(serve: Serve, tmp_path: Path) -> None:
    process = serve("--grafana", "provisioning", NEUROCHAIN_TOKEN="a-secret-of-ours")
    text = shown(process, "Grafana")
    assert re.search(r"lab\.computed\s+lab_computed\s+a copy, written now \(function\)", text)
    curl = re.search(r"^SQL +(curl .*)$", text, re.MULTILINE)
    wire = re.search(r"^PostgreSQL +psql '(.*)'$", text, re.MULTILINE)
    assert curl is not None
    assert wire is not None
    where = re.search(r"http://\S+/api/sql", curl[1])
    assert where is not None
    answer = httpx.post(
        where[0],
        content="select n from lab.computed",
        headers={"authorization": "Bearer a-secret-of-ours"},
        trust_env=False,
    )
    assert answer.json() == [{"n": 1}]
    with psycopg.connect(wire[1]) as connection:
        assert connection.execute("select n from lab.computed").fetchone() == (1,)
    (roapi,) = roapis(process.pid)
    assert "a-secret-of-ours" not in Path(f"/proc/{roapi}/cmdline").read_text()
    assert "a-secret-of-ours" not in Path(f"/proc/{process.pid}/cmdline").read_text()
    for file in (tmp_path / "provisioning").rglob("*.*"):
        assert "a-secret-of-ours" not in file.read_text()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert is_gone(roapi)


@linux
def test_nothing_is_left_when_it_is_killed(serve: Serve) -> None:
    process = serve()
    assert "Anyone with an account on this machine" in shown(process, "Anyone")
    (roapi,) = roapis(process.pid)
    process.kill()
    process.communicate(timeout=30)
    wait_for(lambda: is_gone(roapi))
    (left,) = Path(tempfile.gettempdir()).glob("neurochain-serve-*")
    process = serve()
    shown(process, "Anyone")  # the next one deletes what was left
    assert not left.exists()
    (own,) = Path(tempfile.gettempdir()).glob("neurochain-serve-*")
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    process.send_signal(signal.SIGINT)  # Ctrl-C
    assert process.communicate(timeout=30)[1] == ""
    assert process.returncode == 0
    assert not own.exists()


def test_refresh_writes_copies_anew(serve: Serve) -> None:
    process = serve("--refresh", "1")
    where = re.search(r"http://\S+/api/sql", shown(process, "Anyone"))
    assert where is not None

    def number() -> int:
        answer = httpx.post(where[0], content="select n from lab.computed", trust_env=False, timeout=30)
        assert answer.status_code == 200, answer.text
        return int(answer.json()[0]["n"])

    assert number() == 1
    wait_for(lambda: number() >= 3)  # each question on the way is answered
    if sys.platform == "linux":
        wait_for(lambda: len(roapis(process.pid)) == 1)


def test_mistakes_are_said_before_anything_is_served(tmp_path: Path) -> None:
    (tmp_path / "catalog.py").write_text("import neurochain as nc\ncatalog = nc.Catalog({})\n")
    for options, said in (
        (("--host", "0.0.0.0", "--token", "short"), "at least 16 characters"),
        (("--token", "with space"), "without spaces"),
        (("--port", "0"), "No table can be served"),
    ):
        with pytest.raises(NeurochainError, match=said):
            CliRunner().invoke(app, ["serve", str(tmp_path / "catalog.py"), *options], catch_exceptions=False)


KEYS = {"aws_access_key_id": "someone-of-the-lab", "aws_secret_access_key": "very-secret-indeed"}


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


class Delta(Table):
    """A Delta table, as far as it is served."""

    kind = "delta"

    def __init__(self, name: str, uri: str, options: dict[str, str]) -> None:
        super().__init__(name=name)
        self.uri = uri
        reach(uri, options)

    def read_schema(self, **options: Any) -> pl.Schema:
        return pl.Schema({"k": pl.Int64})

    def _scan(self, condition: Any, columns: Any, **options: Any) -> pl.LazyFrame:
        raise AssertionError("it is read where it lies")


def test_object_storage_with_credentials(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **KEYS)
    client.create_bucket(Bucket="lab")
    for n, date in enumerate(("2024-04-28", "2024-04-29")):
        pl.DataFrame({"x": [n, n + 10]}).write_parquet(tmp_path / "part.parquet")
        client.upload_file(str(tmp_path / "part.parquet"), "lab", f"dated/date={date}/part.parquet")
    options = {
        "endpoint": endpoint,
        "key": KEYS["aws_access_key_id"],
        "secret": KEYS["aws_secret_access_key"],
    }
    spikes = nc.ParquetTable(
        name="spikes", uri="s3://lab/dated", partitioning=[nc.Partition("date")], storage_options=options
    )
    other = nc.ParquetTable(
        name="theirs",
        uri="s3://elsewhere/spikes",
        columns={"x": "int64"},
        storage_options={**options, "key": "another"},
    )
    flat = nc.ParquetTable(
        name="flat",
        uri="s3://lab/dated",
        columns={"x": "int64"},
        partitioning=[nc.Partition("date")],
        partitioning_scheme="directory",
    )
    said = {**KEYS, "aws_endpoint_url": endpoint, "aws_allow_http": "true", "aws_region": "us-east-1"}
    deltalake.write_deltalake(
        "s3://lab/delta",
        pa.table({"k": [7, 8]}),
        storage_options={**said, "aws_s3_allow_unsafe_rename": "true"},
    )
    written: list[str] = []
    make = Path.write_text
    monkeypatch.setattr(
        Path, "write_text", lambda self, text, *a: (written.append(text), make(self, text, *a))[1]
    )
    with Server(
        nc.Catalog(
            {"d": [spikes, other, flat, Delta(name="changes", uri="s3://lab/delta", options=options)]}
        ),
        port=0,
        postgres_port=0,
        flight_port=0,
    ) as server:
        answer = httpx.post(
            f"http://127.0.0.1:{server.ports['HTTP']}/api/sql",
            content="select x from d.spikes where date = '2024-04-29' order by x",
            trust_env=False,
        )
        assert answer.json() == [{"x": 1}, {"x": 11}]
        place = f"http://127.0.0.1:{server.ports['HTTP']}/api/tables/d_changes?sort=k"
        assert httpx.get(place, trust_env=False).json() == [{"k": 7}, {"k": 8}]
        reasons = {o.name: o.reason for o in server.offers.left_out}
        assert "another AWS_ACCESS_KEY_ID" in reasons["theirs"]
        assert "not date=2024-04-28/" in reasons["flat"]
        assert server.roapi_pid is not None
        held = [
            *written,
            Path(f"/proc/{server.roapi_pid}/cmdline").read_text() if sys.platform == "linux" else "",
        ]
        assert written
        assert not [text for text in held if "very-secret-indeed" in text or "someone-of-the-lab" in text]
        assert not list(server._folder.path.rglob("roapi.yaml"))
