"""`neurochain run` against Python itself: the same output, the same errors, the same fingerprints."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = {
    "arguments": "import sys\nprint(sys.argv, sys.path[0], __name__, __file__, __spec__)\n",
    "exit": "import atexit, sys\natexit.register(lambda: print('bye', __name__, sys.argv))\nsys.exit('no data')\n",
    "chained": "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError('outer') from error\n",
    "group": "try:\n    {}[1]\nexcept KeyError as e:\n    raise ExceptionGroup('many', [e, ValueError('v')])\n",
    "syntax": "x = (\n",
    "library": "import numpy as np\nnp.linalg.inv(np.zeros((2, 3)))\n",
    "spawn": "import multiprocessing as mp\ndef double(x):\n    return 2 * x\nif __name__ == '__main__':\n"
    "    with mp.get_context('spawn').Pool(1) as pool:\n        print(pool.map(double, [1, 2]))\n",
}
COUNTS = """
import neurochain as nc

def helper(x):
    return x + 1

def f(x):
    with open("calls", "a") as side:
        side.write(".")
    return helper(x)

nc.read_values(x=[1, 2, 3]).map(y=f).settings(workers=0).save("made")
"""


def start(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "120", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return start("-m", "neurochain.cli", "run", *arguments, cwd=cwd, **environment)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_cannot_tell_the_difference(name: str, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "script.py").write_text(SCRIPTS[name])
    arguments = ["below/script.py", "--workers", "3", "--help", "-x", "--", "last"]
    python, ours = start(*arguments, cwd=tmp_path), run(*arguments, cwd=tmp_path)
    assert (ours.returncode, ours.stdout, ours.stderr) == (python.returncode, python.stdout, python.stderr)


def test_results_are_those_of_python(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(COUNTS)
    calls = tmp_path / "calls"
    for command, expected in (start, 3), (run, 3), (start, 3):
        done = command("script.py", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert calls.stat().st_size == expected
    done = run("--no-reuse", "script.py", cwd=tmp_path)
    assert calls.stat().st_size == 6, done.stderr


def test_options_stand_before_the_script(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "import os, sys\nprint(sys.argv[1:], os.environ.get('NEUROCHAIN_WORKERS'), os.environ.get('NEUROCHAIN_REUSE'))\n"
    )
    assert run("--workers", "2", "--no-reuse", "script.py", "--workers", "9", cwd=tmp_path).stdout == (
        "['--workers', '9'] 2 0\n"
    )
    wrong = run("--worker", "2", "script.py", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "No such option" in wrong.stderr


def test_an_error_of_ours_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import neurochain as nc\nnc.read_dataset('nothing')\n")
    done = run("script.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error Dataset 'nothing' is not found")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_failed_function_shows_its_own_lines(workers: str, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "import neurochain as nc\ndef fails(x):\n    raise ValueError('two')\nnc.read_values(x=[1]).map(y=fails).collect()\n"
    )
    done = run("--workers", workers, "script.py", cwd=tmp_path)
    assert done.returncode == 1
    assert f'File "{tmp_path / "script.py"}", line 3, in fails' in done.stderr
    assert done.stderr.count("Traceback") == 1
    assert done.stderr.rstrip().endswith("error fails() failed on row 0: ValueError: two")
    assert os.sep + "neurochain" + os.sep not in done.stderr
