"""Real processes for the tests: the same script several times at once, in the test's project."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

HEADER = """
import sys
import polars as pl
from neurochain.datasets.project import find_project
project = find_project()
number = int(sys.argv[1])
"""


def start(script: str, number: int = 0, **env: str) -> subprocess.Popen[str]:
    """Python on a script; `project` and `number` are there already."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", HEADER + script, str(number)],
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_all(script: str, count: int) -> list[str]:
    """What each of several processes at once printed; all must end well."""
    started = [start(script, n) for n in range(count)]
    outcomes = [p.communicate(timeout=120) for p in started]
    assert [p.returncode for p in started] == [0] * count, [err for _, err in outcomes if err]
    return [out.strip() for out, _ in outcomes]


def kill_after(process: subprocess.Popen[str], folder: Path, count: int) -> None:
    """SIGKILL once so many files lie in a folder."""
    while process.poll() is None and sum(1 for _ in folder.rglob("*.parquet")) < count:
        time.sleep(0.005)
    assert process.poll() is None, process.communicate()[1]
    process.send_signal(signal.SIGKILL)
    process.communicate()
