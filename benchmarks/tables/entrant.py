"""Entrant: a contestant whose case lies in this folder, and what it takes of memory."""

from pathlib import Path

from benchmarks.contestant import Contestant
from benchmarks.goal import Contestants, Goal

CASES = Path(__file__).resolve().parent / "cases"


def entrant(name: str, python: Path, case: str, *arguments: object, amount: int | None = None) -> Contestant:
    """Contestant of a case of this folder; parameters as of `Contestant`."""
    return Contestant(name, python, case, tuple(map(str, arguments)), amount, folder=CASES)


def lighter(times: float, than: str, who: str = "neurochain", why: str = "") -> Goal:
    """So many times less memory of its own than another one, each above what its process had before; the cases say ``grown_mb``."""

    def measure(all_: Contestants) -> tuple[str, bool]:
        mine, other = (_grown(all_[name]) for name in (who, than))
        return f"{mine:.0f} MB of {other:.0f} MB", mine * times <= other

    return Goal(
        f"{who}: at most 1/{times:g} of the memory of {than}, of its own above what the process had",
        measure,
        why,
    )


def _grown(contestant: Contestant) -> float:
    found = sorted(float(str(run.facts["grown_mb"])) for run in contestant.runs)
    return found[len(found) // 2]
