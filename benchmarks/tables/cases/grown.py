"""What the cases of tables share: how much memory of its own a call takes above what the process had before."""

import resource
import sys
import threading
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "cases"))

from measured import measured

KINDS = {"implant_id": int, "date": str}
WORDS = {"=": "=", "in": "in", "between": "between"}
PAGES = Path("/proc/self/statm")
EVERY = 0.0005  # seconds between two looks


class Peak(threading.Thread):
    """The most memory that the process has of its own while a call runs.

    Pages of files that it maps are left out: they are the system's, which takes them back whenever it needs them.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._ended = threading.Event()
        self.before = self.most = _own_mb()

    def run(self) -> None:
        while not self._ended.wait(EVERY):
            self.most = max(self.most, _own_mb())

    def end(self) -> float:
        """Megabytes above what it had."""
        self.most = max(self.most, _own_mb())
        self._ended.set()
        self.join()
        return max(self.most - self.before, 0.1)


def grown(call: Callable[[], dict[str, object]]) -> None:
    """Measure a call, which prints its facts, and ``grown_mb`` where the system tells it."""
    peak = Peak()
    peak.start()
    measured(call, lambda: {"grown_mb": peak.end()})


def _own_mb() -> float:
    if not PAGES.exists():
        return 0.0
    _, here, shared, *_ = map(int, PAGES.read_text("ascii").split())
    return (here - shared) * resource.getpagesize() / 2**20


def asked(filters: str, values: str) -> list[tuple[str, str, object]]:
    """Filters as the command line has them: ``implant_id in, date between`` and ``4501,4503;2024-01-02,2024-01-03``."""
    found: list[tuple[str, str, object]] = []
    for term, text in zip(filters.split(", "), values.split(";"), strict=True):
        column, operator = term.split(" ")
        each = [KINDS[column](v) for v in text.split(",")]
        found.append((column, operator, each[0] if operator == "=" else each))
    return found
