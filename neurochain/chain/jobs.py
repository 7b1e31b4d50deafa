"""Job: what a verb that runs a chain tells other processes, from its beginning to its end.

The outermost verb is the job; what it calls belongs to it. Rows are counted as ever: a thread looks at the counts once a
second, and writes down what has changed.
"""

import os
import platform
import sys
import threading
import time
import traceback
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar

from neurochain.datasets.activity import Activity
from neurochain.datasets.environment import user_name
from neurochain.datasets.jobs import DONE, FAILED, INTERRUPTED, RUNNING, JobFile, sweep_jobs
from neurochain.datasets.project import Project
from neurochain.datasets.secrets import command_line, masked
from neurochain.errors import UDFError

EVERY = 1.0  # seconds between two looks
AFTER = 1.0  # seconds; who is done earlier is not seen, but for what is told at once
TOUCH = 15.0  # seconds without news after which a job is seen to live
STEPS = 40  # that are told, the last ones
FAILURES = 20  # rows that are told, the first ones
TRACEBACK = 20_000  # characters of an error that are told, the last ones
WINDOW = 15  # looks over which the rate is taken
P = ParamSpec("P")
R = TypeVar("R")


class Counted(Protocol):
    """A step that counts what is done; see `StepProgress`."""

    name: str
    total: int | None
    least: int
    stored: int | None
    unit: str
    rows: int
    bytes: int
    failures: int

    @property
    def seconds(self) -> float: ...

    @property
    def running(self) -> bool: ...


class RunningJob:
    """A job of this process.

    Parameters
    ----------
    verb, title : str
        As in `Job`.
    project : Project, optional
        In which it is told; by default that of its first run.
    at_once : bool
        Tell of it from the beginning, not only once it takes its time.
    """

    def __init__(self, verb: str, title: str, project: Project | None, at_once: bool) -> None:
        self.verb, self.title, self.project, self.at_once = verb, title, project, at_once
        self.id = uuid.uuid4().hex
        self.steps: list[Counted] = []
        self.failures: list[dict[str, Any]] = []
        self.reference: str | None = None
        self.recorded = False  # the database tells of it
        self._activities: list[Activity] = []
        self._started, self._began = time.time(), time.monotonic()
        self._looks: dict[int, deque[tuple[float, int]]] = {}
        self._file: JobFile | None = None
        self._said: dict[str, Any] = {}
        self._origin: dict[str, Any] = {}
        self._heard = 0.0
        self._over = False
        self._lock = threading.Lock()

    def attach(self, project: Project, activity: Activity) -> None:
        """A run belongs to it; the first one has its id."""
        if not self._activities:
            activity.id = self.id
        self._activities.append(activity)
        if self.project is None:
            self.project = project
        if self.at_once:
            self.tell()

    def add(self, step: Counted) -> None:
        """A step begins."""
        if len(self.steps) > 2 * STEPS:
            gone = [one for one in self.steps[:-STEPS] if not one.running]
            self.steps = [one for one in self.steps if one not in gone]
        self.steps.append(step)

    def note(self, failures: Sequence[dict[str, Any]]) -> None:
        """Rows whose function failed."""
        self.failures += failures[: self.room]

    @property
    def room(self) -> int:
        """How many more failures are told."""
        return FAILURES - len(self.failures)

    def made(self, reference: str, recorded: bool) -> None:
        """What it has made; whether the database tells of it."""
        self.reference, self.recorded = reference, recorded

    def tell(self) -> None:
        """Write down what has changed."""
        with self._lock:
            now = time.monotonic()
            if self._over or self.project is None or not (self.at_once or now - self._began >= AFTER):
                return
            says = self._says(RUNNING)
            if self._file is not None and says == self._said:
                if now - self._heard >= TOUCH:
                    self._file.touch()
                    self._heard = now
                return
            self._write(says)
            self._said, self._heard = says, now

    def end(self, error: BaseException | None) -> None:
        """It is over: say how, or leave nothing, where nobody saw it or the database tells of it."""
        with self._lock:
            self._over = True
            if self.project is None:
                return
            seen = self._file is not None
            if (error is None and (self.recorded or not seen or self._short)) or (
                error is not None and not (seen or isinstance(error, UDFError))
            ):
                if self._file is not None:
                    self._file.remove()
                return
            status = DONE if error is None else FAILED if isinstance(error, Exception) else INTERRUPTED
            self._write({**self._says(status), "ended": time.time(), "error": _told(error)})
            if self._file is not None:
                self._file.release()
        with suppress(OSError):
            sweep_jobs(self.project.folder)

    def leave_to_parent(self) -> None:
        """In a child of fork: it is not this process that tells of it."""
        self._lock = threading.Lock()
        if self._file is not None:
            self._file.release()
        self.project, self._file, self._over = None, None, True

    @property
    def _short(self) -> bool:
        return time.monotonic() - self._began < AFTER

    def _write(self, says: dict[str, Any]) -> None:
        if self.project is None:
            return
        if self._file is None:
            self._file = JobFile(self.project.folder, self.id)
            self._origin = {
                "command": command_line(sys.argv),
                "user": user_name(),
                "host": platform.node(),
                "pid": os.getpid(),
            }
        self._file.write({**says, **self._origin, "updated": time.time()})

    def _says(self, status: str) -> dict[str, Any]:
        counts = [activity.counts for activity in self._activities]
        sums = {
            name: sum(getattr(one, name) for one in counts)
            for name in ("rows_in", "computed", "reused", "failed", "bytes", "requests")
        }
        read = [i.reference for a in self._activities for i in a.inputs if i.kind == "version"]
        return {
            "id": self.id,
            "status": status,
            "verb": self.verb,
            "title": self.title,
            "started": self._started,
            "steps": [self._step(step) for step in self.steps[-STEPS:]],
            **sums,
            "inputs": list(dict.fromkeys(f"{r['name']}@{r['version']}" for r in read)),
            "failures": list(self.failures),
            "reference": self.reference,
        }

    def _step(self, step: Counted) -> dict[str, Any]:
        return {
            "name": step.name,
            "unit": step.unit,
            "rows": step.rows,
            "total": step.total,
            "least": step.least,
            "bytes": step.bytes,
            "stored": step.stored,
            "failures": step.failures,
            "seconds": round(step.seconds, 1) if not step.running else None,
            "rate": self._rate(step),
            "running": step.running,
        }

    def _rate(self, step: Counted) -> float | None:
        """Rows per second: of late, while it runs; None where nothing can be said."""
        if not step.running:
            self._looks.pop(id(step), None)
            return step.rows / step.seconds if step.seconds > 0 else None
        looks = self._looks.setdefault(id(step), deque(maxlen=WINDOW))
        now, rows = step.seconds, step.rows
        looks.append((now, rows))
        since, before = looks[0]
        if now - since < EVERY / 2:  # the first look
            since, before = 0.0, 0
        if rows > before and now > since:
            return (rows - before) / (now - since)
        return rows / now if rows and now else None  # a row takes longer than all these looks


_current: ContextVar[RunningJob | None] = ContextVar("job", default=None)
_running: set[RunningJob] = set()
_some = threading.Event()
_thread: threading.Thread | None = None


def current_job() -> RunningJob | None:
    """The job that what runs here belongs to."""
    return _current.get()


@contextmanager
def job(
    verb: str, title: str = "", project: Project | None = None, at_once: bool = False
) -> Iterator[RunningJob]:
    """Tell other processes of what the block runs; within another job it belongs to that.

    Parameters
    ----------
    verb, title, project, at_once
        As in `RunningJob`.
    """
    outer = _current.get()
    if outer is not None:
        yield outer
        return
    made = RunningJob(verb, title, project, at_once)
    token = _current.set(made)
    _running.add(made)
    _begin_looking()
    try:
        yield made
    except BaseException as error:
        _running.discard(made)
        made.end(error)
        raise
    else:
        _running.discard(made)
        made.end(None)
    finally:
        _current.reset(token)


def as_job(verb: str, function: Callable[P, R]) -> Callable[P, R]:
    """A function that is a job; its title is the path or name that it is given, behind what it belongs to."""

    @wraps(function)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        title = next((Path(a).name for a in args[1:2] if isinstance(a, str | os.PathLike)), "")
        with job(verb, title):
            return function(*args, **kwargs)

    return told


def _told(error: BaseException | None) -> dict[str, str] | None:
    if error is None:
        return None
    text = "".join(traceback.format_exception(error))
    return {
        "what": type(error).__name__,
        "message": masked(str(error)[:TRACEBACK]),
        "traceback": masked(text if len(text) <= TRACEBACK else f"…{text[-TRACEBACK:]}"),
    }


def _begin_looking() -> None:
    global _thread
    _some.set()
    if _thread is None:
        _thread = threading.Thread(target=_look, name="neurochain-jobs", daemon=True)
        _thread.start()


def _look() -> None:
    while _some.wait():
        time.sleep(EVERY)
        for one in list(_running):
            with suppress(Exception):  # whatever it is, the run goes on
                one.tell()
        if not _running:
            _some.clear()
            if _running:  # begun just now
                _some.set()


def _forget() -> None:
    """In a child of fork: the jobs are the parent's."""
    global _some, _thread
    for one in _running:
        one.leave_to_parent()
    _running.clear()
    _some, _thread = threading.Event(), None
    _current.set(None)


os.register_at_fork(after_in_child=_forget)
