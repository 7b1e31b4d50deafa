"""`neurochain catalog build` and `serve` as a user types them."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import polars as pl
import pytest

CATALOG = '''
"""What a lab declares."""
import polars as pl
import neurochain as nc
import lab_tables

@nc.table
def numbers():
    "Numbers."
    return pl.LazyFrame({"n": [1, 2]})

lab = nc.Catalog({"lab": lab_tables, "made": [numbers]})
'''
TABLES = '''
"""Tables of the lab."""
import neurochain as nc

spikes = nc.ParquetTable(name="spikes", uri="spikes")
'''


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    (tmp_path / "catalog.py").write_text(CATALOG)
    (tmp_path / "lab_tables.py").write_text(TABLES)
    (tmp_path / "spikes").mkdir()
    pl.DataFrame({"n": [1, 2, 3]}).write_parquet(tmp_path / "spikes" / "a.parquet")
    return tmp_path


def command(*arguments: str, cwd: Path) -> "subprocess.Popen[str]":
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "neurochain.cli", "catalog", *arguments],
        cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def run(*arguments: str, cwd: Path, code: int = 0) -> str:
    with command(*arguments, cwd=cwd) as process:
        out, error = process.communicate(timeout=120)
    assert process.returncode == code, error + out
    assert "Traceback" not in error
    return error or out


def test_build_says_what_was_written(lab: Path) -> None:
    said = json.loads(run("build", "catalog.py", "--out", "site", "--json", cwd=lab))
    assert said["folder"] == str(lab / "site")
    assert (said["databases"], said["tables"], said["problems"]) == (2, 2, [])
    assert said["files"] == len([p for p in (lab / "site").rglob("*") if p.is_file()])
    assert "from catalog import lab as catalog" in (lab / "site" / "tables" / "lab.spikes.js").read_text()
    out = run("build", "catalog.py:lab", "--out", "site", "--no-preview", cwd=lab)
    assert re.search(r"2 tables in 2 databases, \d+\.\d kB", out)


def test_what_is_not_reached_costs_an_exit_code_only_when_asked(lab: Path) -> None:
    shutil.rmtree(lab / "spikes")
    out = run("build", "catalog.py", cwd=lab)
    assert "lab.spikes: no schema: " in out
    assert run("build", "catalog.py", "--strict", "--json", cwd=lab, code=1)
    assert (lab / "site" / "index.html").is_file()


def test_errors_are_messages(lab: Path) -> None:
    assert "There is no file" in run("build", "other.py", cwd=lab, code=1)
    (lab / "site").mkdir()
    (lab / "site" / "thesis.txt").write_text("mine")
    assert "thesis.txt" in run("build", "catalog.py", "--out", "site", cwd=lab, code=1)


@pytest.fixture
def served(lab: Path) -> Iterator[str]:
    with command("serve", "catalog.py", "--port", "0", "--rebuild-seconds", "1", cwd=lab) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[0]
        try:
            yield address
        finally:
            process.send_signal(signal.SIGINT)
            _, error = process.communicate(timeout=60)
    assert process.returncode == 0, error


def status(address: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=30) as answer:
            return answer.status, answer.read().decode(), _named(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), _named(error.headers)


def _named(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def test_serving_is_for_this_machine_alone(served: str) -> None:
    code, text, headers = status(served)
    assert code == 200
    assert "Content-Security-Policy" in text
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "frame-ancestors 'none'"
    assert status(f"{served}assets/app.js")[2]["content-type"].startswith("text/javascript")
    assert status(served, Host="catalog.example.org")[0] == 421
    assert status(f"{served}tables/")[0] == 404
    assert status(f"{served}../../../../etc/passwd")[0] == 404
    assert status(f"{served}..%2f..%2f..%2f..%2fetc/passwd")[0] == 404


def test_serving_looks_again(served: str, lab: Path) -> None:
    def rows() -> int:
        return int(re.search(r'"rows":(\d+)', status(f"{served}data.js")[1].partition('"spikes"')[2])[1])  # type: ignore[index]

    assert rows() == 3
    pl.DataFrame({"n": [4]}).write_parquet(lab / "spikes" / "b.parquet")
    for _ in range(600):
        if rows() == 4:
            return
        time.sleep(0.1)
    raise AssertionError("the new row never came")
