"""Resume: a killed run loses at most the batch in flight."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import neurochain as nc

Script = Callable[..., subprocess.CompletedProcess[str]]
Calls = Callable[[], int]

ROWS = 60
SLOW = f"""
import time
import neurochain as nc
from neurochain.chain.executors import inline

inline.REMEMBER_SECONDS = 0.1

def slow(x):
    with open("calls", "ab") as side:
        side.write(b".")
    time.sleep(0.02)
    return x * 2

version = nc.read_values(x=range({ROWS})).map(slow).settings(workers=0).save("slow")
print(version.rows, nc.read_dataset("slow").collect()["slow"].sum())
"""


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_the_same_script_run_again_resumes(
    kind: signal.Signals, folder: Path, script: Script, calls: Calls
) -> None:
    path = folder / "script.py"
    path.write_text(SLOW)
    process = subprocess.Popen(
        [sys.executable, str(path)], cwd=folder, stderr=subprocess.PIPE, env=dict(os.environ)
    )
    until = time.monotonic() + 60
    while not (folder / "calls").exists() or (folder / "calls").stat().st_size < ROWS // 2:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < until
        time.sleep(0.005)
    process.send_signal(kind)
    process.communicate()
    assert process.returncode != 0
    before = calls()
    assert ROWS // 2 <= before < ROWS
    with pytest.raises(nc.DatasetNotFoundError):
        nc.dataset("slow")

    done = script(SLOW)
    assert done.stdout.split() == [str(ROWS), str(sum(2 * x for x in range(ROWS)))]
    lost = before + calls() - ROWS
    # 0.1 s of rows of 0.02 s, and the row that was running.
    assert lost <= 6
    assert nc.dataset("slow").lineage().activity["reused"] == before - lost
    script(SLOW)
    assert calls() == 0


def test_a_slow_function_is_remembered_row_by_row(
    folder: Path, monkeypatch: pytest.MonkeyPatch, calls: Calls
) -> None:
    monkeypatch.setattr("neurochain.chain.executors.inline.REMEMBER_SECONDS", 0.0)

    def stops(x: int) -> int:
        with open("calls", "ab") as side:
            side.write(b".")
        if x == 5 and not Path("go").exists():
            raise ValueError("stop")
        return x

    chain = nc.read_values(x=range(8)).map(stops)
    with pytest.raises(nc.UDFError, match="row 5"):
        chain.collect()
    assert calls() == 6
    (folder / "go").touch()
    assert chain.collect()["stops"].to_list() == list(range(8))
    assert calls() == 3
