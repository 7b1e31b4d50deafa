"""Progress: what a long run shows: rows/s, bytes pulled of bytes stored, failures, time left.

Written to stderr, only where that is a terminal, and not with ``NEUROCHAIN_PROGRESS=0``. Other processes see it as a job, in
any case.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from neurochain.chain.jobs import current_job
from neurochain.pictures.words import human_bytes

REFRESH = 0.1  # seconds between two looks


def shown() -> bool:
    """Whether progress is shown in this process."""
    return os.environ.get("NEUROCHAIN_PROGRESS", "") != "0" and sys.stderr.isatty()


class Progress:
    """Lines of progress, one per step that takes time."""

    @property
    def visible(self) -> bool:
        """Whether anybody sees it."""
        return shown()

    def say(self, line: str) -> None:
        """Show a line that stays."""
        if shown():
            _stderr().print(line, highlight=False)

    @contextmanager
    def step(
        self, name: str, total: int | None = None, stored: int | None = None, unit: str = "rows"
    ) -> Iterator["StepProgress"]:
        """Show a step while the block runs.

        Parameters
        ----------
        name : str
            What is done.
        total : int, optional
            Rows to come.
        stored : int, optional
            Bytes that the rows' files hold.
        unit : str
            What is counted.
        """
        step = StepProgress(name, total, stored, unit)
        with step:
            yield step


class StepProgress:
    """One line; silent where nothing is shown."""

    def __init__(self, name: str, total: int | None, stored: int | None, unit: str = "rows") -> None:
        self.name, self.total, self.stored, self.unit = name, total, stored, unit
        self.rows = self.bytes = self.failures = 0
        self.least = 0  # rows that are known to come, with those that are done
        self._started = time.monotonic()
        self._took: float | None = None
        self._looked = 0.0
        self._live: Any = None

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._took is None

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return time.monotonic() - self._started if self._took is None else self._took

    def __enter__(self) -> "StepProgress":
        job = current_job()
        if job is not None:
            job.add(self)
        if shown():
            from rich.live import Live  # 50 ms, and only where somebody looks
            from rich.text import Text  # as above

            self._text = Text
            self._live = Live(Text(""), refresh_per_second=10, transient=False, console=_stderr())
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._took = self.seconds
        if self._live is not None:
            self._live.update(self._text(self.line(done=kind is None)))
            self._live.__exit__(kind, error, trace)
            self._live = None

    def advance(self, rows: int = 1, pulled: int = 0, failures: int = 0) -> None:
        """Count rows that are done and bytes that were pulled for them."""
        self.rows += rows
        self.bytes += pulled
        self.failures += failures
        if self._live is not None:
            now = time.monotonic()
            if now - self._looked >= REFRESH:
                self._looked = now
                self._live.update(self._text(self.line()))

    def line(self, done: bool = False) -> str:
        """The line as it stands."""
        seconds = max(self.seconds, 1e-9)
        of = f" of {self.total:,}" if self.total is not None else ""
        parts = [f"{self.name}: {self.rows:,}{of} {self.unit}", f"{self.rows / seconds:,.0f} {self.unit}/s"]
        if self.bytes:
            stored = f" of {human_bytes(self.stored)} stored" if self.stored else ""
            parts.append(f"{human_bytes(self.bytes)} pulled{stored}")
        if self.failures:
            parts.append(f"{self.failures:,} failed")
        if done:
            parts.append(f"{seconds:.1f} s")
        elif self.total and self.rows:
            parts.append(f"{seconds / self.rows * (self.total - self.rows):.0f} s left")
        return ", ".join(parts)


def _stderr() -> Any:
    from rich.console import Console  # 50 ms, and only where somebody looks

    return Console(stderr=True)
