"""Contestant: one way to do a job, run in a process of its own with a project of its own."""

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

CASES = Path(__file__).resolve().parent / "cases"
LONGEST = 900  # seconds that one run may take


@dataclass(frozen=True)
class Measurement:
    """One run.

    Attributes
    ----------
    seconds, cpu : float
        Wall time, and CPU time of all processes.
    peak_mb : float
        Largest memory of the main process.
    facts : dict
        What the case says of its result.
    """

    seconds: float
    cpu: float
    peak_mb: float
    facts: dict[str, object]


@dataclass
class Contestant:
    """One way to do a job.

    Attributes
    ----------
    name : str
        As the report calls it.
    python : Path
        Interpreter of its environment.
    case : str
        File in `folder`, without its ending.
    arguments : tuple of str
    amount : int or None
        How many it does; None means as many as the comparison says, which fills it in.
    runs : list of Measurement
    folder : Path
        Of the cases.
    """

    name: str
    python: Path
    case: str
    arguments: tuple[str, ...] = ()
    amount: int | None = None
    runs: list[Measurement] = field(default_factory=list)
    folder: Path = CASES

    def run(self) -> None:
        """Run once, in a fresh folder, and remember the measurement.

        Raises
        ------
        RuntimeError
            The case failed; the message ends in what it printed.
        """
        with tempfile.TemporaryDirectory() as folder:
            environment = {
                **os.environ,
                "NEUROCHAIN_HOME": f"{folder}/.neurochain",
                "NEUROCHAIN_CACHE": f"{folder}/cache",  # what was pulled in one run is no gift to the next
                "NEUROCHAIN_PROGRESS": "0",
                "DATACHAIN_ROOT_DIR": f"{folder}/.datachain",
                "DATACHAIN_NO_ANALYTICS": "1",
            }
            ran = subprocess.run(
                [str(self.python), str(self.folder / f"{self.case}.py"), *self.arguments],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=LONGEST,
                check=False,
            )
        if ran.returncode:
            raise RuntimeError(f"{self.name} ({self.case}) failed:\n{ran.stderr[-2000:]}")
        self.runs.append(Measurement(**json.loads(ran.stdout.splitlines()[-1])))

    @property
    def seconds(self) -> float:
        """Median wall time."""
        return statistics.median(r.seconds for r in self.runs)

    @property
    def rate(self) -> float:
        """How many per second."""
        return (self.amount or 1) / self.seconds

    @property
    def cpu(self) -> float:
        """Median CPU time."""
        return statistics.median(r.cpu for r in self.runs)

    @property
    def peak_mb(self) -> float:
        """Median of the largest memory."""
        return statistics.median(r.peak_mb for r in self.runs)

    @property
    def spread(self) -> tuple[float, float]:
        """Shortest and longest wall time."""
        return min(r.seconds for r in self.runs), max(r.seconds for r in self.runs)


def run_interleaved(contestants: list[Contestant], repeats: int) -> None:
    """Run each contestant `repeats` times, in turns, forwards and backwards: drift of the machine hits all alike."""
    for number in range(repeats):
        for contestant in contestants if number % 2 == 0 else reversed(contestants):
            contestant.run()
            last = contestant.runs[-1]
            print(f"  {contestant.name}: {last.seconds:.2f} s", file=sys.stderr, flush=True)
        check_agreement(contestants)


def check_agreement(contestants: list[Contestant]) -> None:
    """Compare what the cases found: the number of rows, and the values of what several of them have looked at.

    Cases say ``rows`` (how many they did) and ``values`` (a list of values by file name, of all files or some).

    Raises
    ------
    RuntimeError
        Two found different values, or one did another number than it should.
    """
    seen: dict[str, tuple[object, str]] = {}
    for contestant in contestants:
        facts = contestant.runs[-1].facts
        values = facts.get("values")
        if not isinstance(values, dict):
            continue
        if facts.get("rows") != contestant.amount:
            raise RuntimeError(f"{contestant.name} did {facts.get('rows')} of {contestant.amount}.")
        for name, value in values.items():
            other, who = seen.setdefault(name, (value, contestant.name))
            if not _alike(value, other):
                raise RuntimeError(f"{name}: {contestant.name} found {value}, and {who} {other}.")


def _alike(one: object, other: object) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, float | int) and isinstance(other, float | int):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9)
    return one == other
