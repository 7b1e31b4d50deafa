"""diff, env, run and the shell's completion."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_cli import run

import neurochain as nc


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder with a dataset in two versions."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NEUROCHAIN_HOME", raising=False)
    nc.read_values(id=["a", "b"], x=[1, 2], key="id").save("features")
    nc.read_values(id=["b", "c"], x=[3, 4], key="id").save("features")
    nc.read_values(x=[1]).save("other")
    return tmp_path


def test_diff(lab: Path) -> None:
    out = run("diff", "features", cwd=lab)
    assert "features@1.0.0 -> features@1.0.1" in out
    assert "rows: 1 added, 1 removed, 1 changed, 0 same" in out
    data = json.loads(run("diff", "features@1.0.0", "features@1.0.1", "--rows", "5", "--json", cwd=lab))
    assert data["rows"] == {"added": 1, "removed": 1, "changed": 1, "same": 0}
    assert data["rows_added"] == [{"id": "c", "x": 4}]
    shown = run("diff", "features", "--rows", "5", cwd=lab)
    assert "x (old)" in shown
    assert run("diff", "features", "--key", "id", cwd=lab)
    run("diff", "features", "features", "--exit-code", cwd=lab)
    run("diff", "features", "--exit-code", cwd=lab, code=1)
    assert "first version" in run("diff", "other", cwd=lab, code=1)


def test_env(lab: Path) -> None:
    lines = run("env", "features", cwd=lab).splitlines()
    assert lines[0].startswith("# features@1.0.1 was made with Python 3.")
    assert any(line.startswith("polars==") for line in lines)
    assert json.loads(run("env", "features", "--json", cwd=lab))["packages"]["polars"]


SCRIPT = """
import os, sys
import neurochain as nc
import helper

def fails(x):
    return helper.check(x)

print(sys.argv, __name__, os.environ.get("NEUROCHAIN_WORKERS"))
if "fail" in sys.argv:
    nc.read_values(x=[1, 2]).map(fails).collect()
if "plain" in sys.argv:
    helper.check(2)
if "leave" in sys.argv:
    sys.exit(7)
nc.read_values(x=[1]).map(fails).save("made")
"""


@pytest.fixture
def script(lab: Path) -> Path:
    (lab / "below").mkdir()
    (lab / "below" / "helper.py").write_text(
        "def check(x):\n    if x == 2:\n        raise ValueError('two')\n    return x\n"
    )
    (lab / "below" / "script.py").write_text(SCRIPT)
    return lab


def test_run_is_what_python_would_do(script: Path) -> None:
    out = run("run", "below/script.py", "one", "--two", cwd=script)
    assert "['below/script.py', 'one', '--two'] __main__ None" in out
    lineage = json.loads(run("lineage", "made", "--json", cwd=script))
    assert lineage["activity"]["command"].endswith("below/script.py one --two")
    assert "__main__ 0" in run("run", "--workers", "0", "--no-reuse", "below/script.py", cwd=script)
    again = json.loads(run("log", "made", "--json", cwd=script))
    assert again[0]["computed"] == 1


def shell(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "neurochain.cli", *arguments],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_failure_shows_the_scripts_own_lines(script: Path) -> None:
    done = shell("run", "below/script.py", "fail", cwd=script)
    assert done.returncode == 1
    assert "raise ValueError('two')" in done.stderr
    assert "return helper.check(x)" in done.stderr
    assert "error fails() failed on row 1: ValueError: two" in done.stderr
    assert os.sep + "neurochain" + os.sep not in done.stderr
    plain = shell("run", "below/script.py", "plain", cwd=script)
    assert plain.returncode == 1
    assert plain.stderr.startswith("Traceback (most recent call last):")
    assert "runpy" not in plain.stderr
    assert shell("run", "below/script.py", "leave", cwd=script).returncode == 7
    missing = shell("run", "scrpt.py", cwd=script / "below")
    assert missing.returncode == 2
    assert "There is no script scrpt.py. Existing here: helper.py, script.py." in missing.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("neurochain show fea", {"features"}),
        ("neurochain diff features@1.0", {"features@1.0.0", "features@1.0.1"}),
        ("neurochain ls ", {"features", "other"}),
        ("neurochain en", {"env"}),
        ("neurochain export ", {"dataset", "lineage"}),
        ("neurochain verify features --se", {"--seed"}),
    ],
)
def test_the_shell_completes(words: str, expected: set[str], lab: Path) -> None:
    environment = {
        "_NEUROCHAIN_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    done = subprocess.run(
        [str(Path(sys.executable).parent / "neurochain")],
        cwd=lab,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert set(done.stdout.split()) == expected, done.stderr


def test_explain(lab: Path) -> None:
    def twice(x: int) -> int:
        return 2 * x

    nc.read_values(x=[1, 2]).map(y=twice).save("doubled")
    nc.read_values(x=[1, 2, 3]).map(y=twice).save("doubled")
    out = run("explain", "doubled", cwd=lab)
    assert "doubled@1.0.1, compared with doubled@1.0.0" in out
    assert "input: values has changed" in out
    assert "map(y = twice()): 2 reused, 1 computed" in out
    data = json.loads(run("explain", "doubled", "--json", cwd=lab))
    assert data["steps"][0]["computed"] == 1
