"""`neurochain sql`, as a user types it."""

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from neurochain.cli.app import app
from neurochain.errors import NeurochainError


def lab(folder: Path) -> Path:
    pl.DataFrame({"ch": [1, 2, 3], "kohm": [210.5, None, 850.0], "tags": [["a"], [], None]}).write_parquet(
        folder / "rows.parquet"
    )
    (folder / "catalog.py").write_text(
        "import neurochain as nc\n"
        f"catalog = nc.Catalog({{'implant': [nc.ParquetTable(name='electrodes', uri={str(folder)!r})]}})\n"
    )
    return folder


def run(*arguments: str) -> str:
    """What a command prints."""
    done = CliRunner().invoke(
        app, arguments, env={"COLUMNS": "120", "NO_COLOR": "1", "TERM": "dumb"}, catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(lab(tmp_path))
    shown = run("sql", "select ch, kohm from electrodes order by ch")
    assert [line.split() for line in shown.splitlines()] == [
        ["ch", "kohm"],
        ["1", "210.5"],
        ["2"],
        ["3", "850.0"],
    ]
    query = "select * from implant.electrodes where kohm > $least or kohm is null order by ch"
    written = run("sql", query, "--format", "json", "--param", "least=300")
    assert json.loads(written) == [
        {"ch": 2, "kohm": None, "tags": []},
        {"ch": 3, "kohm": 850.0, "tags": None},
    ]
    assert run("sql", query, "-f", "csv", "-p", "least=300") == "ch,kohm,tags\n2,,[]\n3,850.0,\n"
    assert "wrote found.parquet: 2 rows" in run(
        "sql", query, "-p", "least=300", "-o", "found.parquet", "-n", "2"
    )
    assert pl.read_parquet("found.parquet")["ch"].to_list() == [2, 3]
    for ending, begin in ((".csv", "n\n0\n"), (".json", '[{"n": 0}'), (".txt", "shape: (120, 1)")):
        run("sql", "select range as n from range(120)", "-o", f"found{ending}")
        assert Path(f"found{ending}").read_text().startswith(begin)
    cut = run("sql", "select range as n from range(120)").splitlines()
    assert (len(cut), cut[-1]) == (102, "… the first 100 rows; --limit gives more, --output all")
    assert len(run("sql", "select range as n from range(120)", "--limit", "110").splitlines()) == 111
    assert (
        run("sql", "select 'nan'::float as a, [1.5] as b, '\\x00'::blob as c", "-f", "json")
        == '[{"a": null, "b": [1.5], "c": "00"}]\n'
    )


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
