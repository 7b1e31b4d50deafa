"""Commands as a user types them, in a shell of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from typer.testing import CliRunner

import neurochain as nc
from neurochain.cli.app import COMMANDS, app


def run(*arguments: str, cwd: Path, code: int = 0) -> str:
    """Output of a command; stderr for one that fails."""
    environment = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1", "TERM": "dumb"}
    environment.pop("NEUROCHAIN_HOME", None)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "neurochain.cli", *arguments],
        cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == code, done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr if code else done.stdout


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder with two scans, a text, and one saved dataset in two versions."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NEUROCHAIN_HOME")
    (tmp_path / "scans").mkdir()
    for name in ("MR_small.dcm", "CT_small.dcm"):
        (tmp_path / "scans" / name).write_bytes(Path(str(get_testdata_file(name))).read_bytes())
    (tmp_path / "scans" / "notes.txt").write_text("hello")
    chain = nc.read_storage("scans/*.dcm").select("file", "header.modality")
    chain.save("scans", description="two scans", labels=["small"])
    chain.map(kb=lambda file: file.size / 1000).save("scans")
    return tmp_path


def test_ls_shows_the_latest_and_with_a_name_all(lab: Path) -> None:
    assert "1.1.0" in (out := run("ls", cwd=lab))
    assert "1.0.0" not in out
    assert "1.0.0" in run("ls", "scans", cwd=lab)
    assert [r["version"] for r in json.loads(run("ls", "scans", "--json", cwd=lab))] == ["1.0.0", "1.1.0"]


def test_ls_in_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    assert "save" in run("ls", cwd=tmp_path)
    assert json.loads(run("ls", "--json", cwd=tmp_path)) == []


def test_index_counts_formats_and_bytes(lab: Path) -> None:
    out = run("index", "scans", cwd=lab)
    assert "dicom" in out
    assert "3 files" in out
    data = json.loads(run("index", "scans", "--json", cwd=lab))
    assert data["files"] == 3
    assert {f["format"]: f["files"] for f in data["formats"]} == {"dicom": 2, None: 1}
    assert data["bytes_pulled"] == 0  # the first call read them


def test_show_gives_columns_and_rows(lab: Path) -> None:
    out = run("show", "scans@1.1.0", cwd=lab)
    assert "MR_small.dcm" in out
    assert "float64" in out
    data = json.loads(run("show", "scans", "--json", "--rows", "1", cwd=lab))
    assert data["rows"] == 2
    assert data["requests"] == 0  # the headers were known
    assert "reads" not in run("show", "scans", cwd=lab)
    assert "in 2 reads" in run("show", "scans@1.0.0", cwd=lab)
    assert len(data["first_rows"]) == 1
    assert data["content_hash"] == nc.dataset("scans").content_hash


def test_log_is_newest_first(lab: Path) -> None:
    data = json.loads(run("log", "--json", cwd=lab))
    assert [e["version"] for e in data] == ["1.1.0", "1.0.0"]
    assert data[0]["computed"] == 2
    assert "scans@1.1.0" in run("log", "scans", "-n", "1", cwd=lab)


def test_lineage_is_a_tree_and_json(lab: Path) -> None:
    out = run("lineage", "scans", cwd=lab)
    assert "lambda file: file.size / 1000" in out
    assert "scans/*.dcm" in out
    data = json.loads(run("lineage", "scans", "--json", cwd=lab))
    assert data["sources"][0]["kind"] == "storage"
    assert data["activity"]["computed"] == 2


def test_doctor_finds_a_lost_part(lab: Path) -> None:
    checks = {c["check"]: c for c in json.loads(run("doctor", "--json", cwd=lab))}
    assert checks["database"]["status"] == checks["parts"]["status"] == "ok"
    nc.dataset("scans")
    part = nc.dataset("scans").part_hashes()[0]
    (lab / ".neurochain" / "parts" / part[:2] / f"{part}.parquet").unlink()
    run("doctor", cwd=lab, code=1)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["show", "nope"], "Existing: 'scans'"),
        (["show", "scans@9.0.0"], "has no version 9.0.0"),
        (["lineage", "scan"], "Did you mean 'scans'?"),
        (["log", "nope"], "Existing: 'scans'"),
        (["index", "nowhere/*.dcm"], "nearest folder that exists"),
        (["index", "scans/{a"], "never closed"),
    ],
)
def test_errors_are_one_message(lab: Path, arguments: list[str], text: str) -> None:
    assert text in " ".join(run(*arguments, cwd=lab, code=1).split())


def test_version_and_help(tmp_path: Path) -> None:
    assert run("--version", cwd=tmp_path).strip() == f"neurochain {nc.__version__}"
    for command in ("demo", "index", "ls", "show", "log", "lineage", "doctor"):
        assert f"Example: neurochain {command}" in run(command, "--help", cwd=tmp_path)


def test_demo_does_the_main_job(tmp_path: Path) -> None:
    (tmp_path / ".neurochain").mkdir()  # somebody's project, which has nothing to do with it
    out = run("demo", cwd=tmp_path)
    for text in (
        "dicom",
        "nifti",
        "edf",
        "Pulled",
        "demo/middle_slices@1.0.0",
        "def middle_slice",
        "torch.float32[4, 64, 64]",
    ):
        assert text in out
    again = run("demo", cwd=tmp_path)
    assert "still demo/middle_slices@1.0.0" in again
    assert (tmp_path / "neurochain-demo" / ".neurochain").is_dir()
    assert not list((tmp_path / ".neurochain").iterdir())


def test_the_help_says_a_whole_line_of_each_command() -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "80", "NO_COLOR": "1"}).output.splitlines()
    for name, line in COMMANDS.items():
        assert f"  {name:<9}  {line}" in shown


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["repor"]])
def test_what_is_no_command_waits_for_no_library(arguments: list[str]) -> None:
    script = (
        "import sys, neurochain.cli.app as cli\n"
        f"sys.argv = ['neurochain', *{arguments}]\n"
        "try:\n    cli.main()\n"
        "finally:\n    print('imported', *({'numpy', 'polars', 'sqlalchemy'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "imported"
    assert arguments != ["repor"] or "Did you mean 'report'" in done.stderr
