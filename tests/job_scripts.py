"""Chains in processes of their own, which go on as far as a test allows, and are watched meanwhile."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from neurochain.datasets.jobs import Job, Jobs

HEADER = """
import time
from pathlib import Path
import neurochain as nc
from neurochain.chain import jobs
from neurochain.chain.executors import inline
inline.REMEMBER_SECONDS = 0.001
jobs.EVERY = jobs.AFTER = 0.02

def wait(x):
    time.sleep(0.002)
    while int(Path("gate").read_text()) <= x:
        time.sleep(0.005)

def gated(x: int) -> float:
    wait(x)
    return 2.0 * x

def failing(x: int) -> float:
    wait(x)
    if x % 4 == 1:
        raise ValueError(f"row {x} <b>is wrong</b>")
    return 2.0 * x

"""
ROWS = 20
SAVES = f'nc.read_values(x=range({ROWS})).settings(workers=0, reuse=False).map(gated).save("features")\n'
FAILS = f'nc.read_values(x=range({ROWS})).settings(workers=0, reuse=False).map(failing).save("features")\n'
PATIENCE = 60.0  # seconds until a test gives up


class Running:
    """A chain that runs.

    Parameters
    ----------
    folder : Path
        In which it runs; its project is the one of the environment.
    body : str
        What it does, behind `HEADER`.
    """

    def __init__(self, folder: Path, body: str) -> None:
        self.folder = folder
        self._jobs = Jobs(Path(os.environ["NEUROCHAIN_HOME"]))
        self.allow(0)
        script = folder / "script.py"
        script.write_text(HEADER + body)
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", str(script)],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def allow(self, rows: int) -> None:
        """Let so many rows be computed."""
        new = self.folder / "gate.new"
        new.write_text(str(rows))
        new.rename(self.folder / "gate")

    def until(self, seen: Callable[[Job], object], pid: int | None = None) -> Job:
        """Wait until its job is seen so."""
        end = time.monotonic() + PATIENCE
        while True:
            found = [job for job in self._jobs.read() if job.pid == (pid or self.process.pid)]
            if found and seen(found[0]):
                return found[0]
            if self.process.poll() is not None and not (found and found[0].status != "running"):
                raise AssertionError(f"it has ended: {self.process.communicate()}")
            assert time.monotonic() < end, found
            time.sleep(0.01)

    def at(self, rows: int) -> Job:
        """Wait until so many rows are done."""
        return self.until(lambda job: job.step is not None and job.step["rows"] == rows)

    def end(self) -> tuple[int, str]:
        """Let it go to its end; exit code and what it wrote to stderr."""
        self.allow(10**9)
        _, said = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, said

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        self.process.send_signal(how)
        self.process.communicate(timeout=PATIENCE)


@contextmanager
def running(folder: Path, body: str) -> Iterator[Running]:
    """A chain that is gone afterwards, whatever the test did."""
    chain = Running(folder, body)
    try:
        yield chain
    finally:
        if chain.process.poll() is None:
            chain.kill()
        for pipe in (chain.process.stdout, chain.process.stderr):
            if pipe is not None:
                pipe.close()
