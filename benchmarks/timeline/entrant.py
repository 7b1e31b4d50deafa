"""Entrant: a contestant whose case lies in this folder."""

from pathlib import Path

from benchmarks.contestant import Contestant

CASES = Path(__file__).resolve().parent / "cases"


def entrant(name: str, python: Path, case: str, *arguments: object, amount: int | None = None) -> Contestant:
    """Contestant of a case of this folder.

    Parameters
    ----------
    name, python, case, amount
        As of `Contestant`.
    *arguments : object
        As the command line has them.
    """
    return Contestant(name, python, case, tuple(map(str, arguments)), amount, folder=CASES)
