"""What the cases of tables share: how much memory a call takes above what the process had before."""

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "cases"))

from measured import measured

KINDS = {"implant_id": int, "date": str}
WORDS = {"=": "=", "in": "in", "between": "between"}
STATUS = Path("/proc/self/status")


def grown(call: Callable[[], dict[str, object]]) -> None:
    """Measure a call, which prints its facts, and ``grown_mb`` where the system tells it."""
    before = _mb("VmRSS")
    measured(call, lambda: {"grown_mb": max(_mb("VmHWM") - before, 0.1)})


def _mb(name: str) -> float:
    if not STATUS.exists():
        return 0.0
    lines = STATUS.read_text("utf-8").splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024


def asked(filters: str, values: str) -> list[tuple[str, str, object]]:
    """Filters as the command line has them: ``implant_id in, date between`` and ``4501,4503;2024-01-02,2024-01-03``."""
    found: list[tuple[str, str, object]] = []
    for term, text in zip(filters.split(", "), values.split(";"), strict=True):
        column, operator = term.split(" ")
        each = [KINDS[column](v) for v in text.split(",")]
        found.append((column, operator, each[0] if operator == "=" else each))
    return found
