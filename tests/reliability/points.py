"""Points: the moments between two changes of a project, counted, and one at which the process ends.

Counted are files opened for writing, renamed, deleted or made younger, folders made, what is brought to disk, parts that
Polars writes, and every statement of SQL. A process ends at a point or, by a timer whose signal nobody handles, a
little later: in the midst of what follows.
"""

import itertools
import os
import signal
import sys
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Engine, event

CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.utime"})
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Points:
    """Counts the points of this process from now on.

    Parameters
    ----------
    folder : Path
        Files elsewhere do not count.
    last : int, optional
        Number of the point at which the process ends.
    delay : float, seconds
        It ends so much later.
    """

    def __init__(self, folder: Path, last: int | None = None, delay: float = 0.0) -> None:
        self.names: list[str] = []
        self._folder, self._last, self._delay = str(folder), last, delay
        self._numbers = itertools.count()
        sys.addaudithook(self._audit)
        event.listen(Engine, "connect", lambda raw, _: raw.set_trace_callback(self._sql))
        self._wrap_polars()
        self._wrap_fsync()

    def pass_one(self, name: str) -> None:
        """A point is passed, unless it is the last."""
        number = next(self._numbers)
        self.names.append(name)
        if number == self._last:
            if self._delay:
                signal.setitimer(signal.ITIMER_REAL, self._delay)
            else:
                os.kill(os.getpid(), signal.SIGKILL)

    def _audit(self, what: str, arguments: tuple[Any, ...]) -> None:
        if what == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & WRITING and self._inside(path):
                self.pass_one("open")
        elif what in CHANGES and self._inside(arguments[0]):
            self.pass_one(what.removeprefix("os."))

    def _inside(self, path: Any) -> bool:
        return isinstance(path, int) or os.fspath(path).startswith(self._folder)

    def _sql(self, statement: str) -> None:
        self.pass_one(" ".join(statement.split()[:3]))

    def _wrap_polars(self) -> None:
        write = pl.DataFrame.write_parquet

        def counted(frame: pl.DataFrame, *given: Any, **named: Any) -> None:
            self.pass_one("write part")
            write(frame, *given, **named)
            self.pass_one("part written")

        pl.DataFrame.write_parquet = counted  # type: ignore[method-assign,assignment]

    def _wrap_fsync(self) -> None:
        fsync = os.fsync

        def counted(descriptor: Any) -> None:
            self.pass_one("fsync")
            fsync(descriptor)

        os.fsync = counted
