"""Job: a run that takes its time, as other processes see it: what it does, how far it is, how it ended.

A job is a small file in ``.neurochain/jobs``, written anew about once a second by its process and locked with flock until
it ends. The new file is locked before it takes the place of the old one, so whoever reads sees it whole, and a lock that
is free says that the process is gone. Where a lock says nothing (another machine, a filesystem without locks) a job
counts as running until its file has not been touched for a minute.

What ended and is told by no version stays as a file, for a while. Nothing here may stop a run: what cannot be written is
not.
"""

import fcntl
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from neurochain.datasets.leases import STALE
from neurochain.datasets.locks import boot_id, is_this_run, try_lock

FOLDER = "jobs"
SUFFIX = ".json"
NEW = ".new"
KEPT = 200  # jobs that ended, the newest
KEPT_SECONDS = 30 * 86400.0
MOST_BYTES = 4_000_000  # of a file that is read
TRIES = 5  # at a file that is replaced meanwhile
RUNNING, DONE, FAILED, INTERRUPTED, DIED = "running", "done", "failed", "interrupted", "died"
ENDS = (DONE, FAILED, INTERRUPTED)


@dataclass(frozen=True)
class Job:
    """A job as its file says.

    Attributes
    ----------
    id : str
        Of its activity too, where it saves one.
    status : {"running", "done", "failed", "interrupted", "died"}
        Died: its process is gone, and has not said why.
    verb, title : str
        ``"save"`` and ``"study/anatomy"``.
    command, user, host : str
    pid : int
    started, updated : float
        Seconds since 1970; when it began, and last said something.
    ended : float or None
        When it ended; of one that died, when it was last heard of.
    steps : list of dict
        ``name, unit, rows, total, least, bytes, stored, failures, seconds, rate, running`` of each, the last one last.
    rows_in, computed, reused, failed, bytes, requests : int
        So far.
    inputs : list of str
        Versions that it reads.
    failures : list of dict
        ``function, row, key, files, error, traceback`` of the first rows whose function failed.
    error : dict or None
        ``what, message, traceback``: why it failed.
    reference : str or None
        Of the version that it made.
    """

    id: str
    status: str
    verb: str = ""
    title: str = ""
    command: str = ""
    user: str = ""
    host: str = ""
    pid: int = 0
    started: float = 0.0
    updated: float = 0.0
    ended: float | None = None
    steps: list[dict[str, Any]] = field(default_factory=list)
    rows_in: int = 0
    computed: int = 0
    reused: int = 0
    failed: int = 0
    bytes: int = 0
    requests: int = 0
    inputs: list[str] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)
    error: dict[str, Any] | None = None
    reference: str | None = None

    @property
    def step(self) -> dict[str, Any] | None:
        """The step that runs, or the last one."""
        if not self.steps:
            return None
        return next((step for step in reversed(self.steps) if step.get("running")), self.steps[-1])

    @property
    def left(self) -> float | None:
        """Seconds that the step will take at the rate of now; None where that is not known."""
        step = self.step
        if self.status != RUNNING or step is None or not step.get("total") or not step.get("rate"):
            return None
        return max(float(step["total"] - step["rows"]), 0.0) / float(step["rate"])


_NAMES = frozenset(f.name for f in fields(Job))
_TEXTS = ("id", "status", "verb", "title", "command", "user", "host")
_NUMBERS = ("started", "updated", "rows_in", "computed", "reused", "failed", "bytes", "requests")
_LISTS = ("steps", "failures")


class JobFile:
    """File of a job that runs in this process.

    Parameters
    ----------
    project : Path
        The project's ``.neurochain``.
    name : str
        The job's id.
    """

    def __init__(self, project: Path, name: str) -> None:
        self.path = project / FOLDER / f"{name}{SUFFIX}"
        self._descriptor: int | None = None

    def write(self, says: Mapping[str, Any]) -> bool:
        """Say something; whether that could be done."""
        new = self.path.with_suffix(NEW)
        descriptor = None
        try:
            self.path.parent.mkdir(exist_ok=True)
            descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o666)
            boot = boot_id() if try_lock(descriptor) else ""
            text = json.dumps({**says, "boot": boot}, allow_nan=False).encode()
            if os.write(descriptor, text) < len(text):
                raise OSError("the disk is full")
            new.rename(self.path)
        except (OSError, ValueError):
            if descriptor is not None:
                os.close(descriptor)
            with suppress(OSError):
                new.unlink(missing_ok=True)
            return False
        self.release()
        self._descriptor = descriptor
        return True

    def touch(self) -> None:
        """Say that nothing has changed."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.utime(self._descriptor)

    def remove(self) -> None:
        """Leave nothing behind."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        self.release()

    def release(self) -> None:
        """Give back the lock: the process has nothing more to say."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class Jobs:
    """Jobs of a project, looked at again and again: the file of one that has ended is read once.

    Parameters
    ----------
    project : Path
        The project's ``.neurochain``.
    """

    def __init__(self, project: Path) -> None:
        self._folder = project / FOLDER
        self._ended: dict[str, tuple[tuple[int, int], Job]] = {}

    def read(self) -> list[Job]:
        """Jobs that run, and those that ended and are kept, the newest first."""
        found, ended = [], {}
        for path in self._folder.glob(f"*{SUFFIX}"):
            with suppress(OSError):
                seen = path.stat()
                which = seen.st_ino, seen.st_mtime_ns
                known = self._ended.get(path.name)
                job = known[1] if known is not None and known[0] == which else _read(path)
                if job is not None:
                    found.append(job)
                    if job.status != RUNNING:
                        ended[path.name] = which, job
        self._ended = ended
        return sorted(found, key=lambda job: (job.started, job.id), reverse=True)


def sweep_jobs(project: Path, dry_run: bool = False) -> list[int]:
    """Delete what is left of jobs that ended long ago, and of all but the newest; bytes of each file.

    Parameters
    ----------
    project : Path
        The project's ``.neurochain``.
    dry_run : bool
        Only say.
    """
    seen: list[tuple[float, int, Path]] = []
    now, gone = time.time(), []
    for path in (project / FOLDER).glob("*"):
        with suppress(FileNotFoundError):
            found = path.stat()
            seen.append((found.st_mtime, found.st_size, path))
    jobs = 0
    for written, size, path in sorted(seen, reverse=True):
        if path.suffix == NEW:
            old = now - written > STALE
        else:
            jobs += 1
            old = jobs > KEPT or now - written > KEPT_SECONDS
            job = _read(path) if old else None
            old = old and (job is None or job.status != RUNNING)
        if old:
            if not dry_run:
                path.unlink(missing_ok=True)
            gone.append(size)
    return gone


def forget_jobs(project: Path) -> int:
    """Delete all that jobs left behind; how many. None of them may run."""
    gone = list((project / FOLDER).glob("*"))
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def _read(path: Path) -> Job | None:
    """What a file says; None where it has gone, or says nothing."""
    for _ in range(TRIES):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return None
        try:
            with open(descriptor, "rb", closefd=False) as file:
                text = file.read(MOST_BYTES)
            seen = os.fstat(descriptor)
            says = _said(text)
            if says is None:
                return None
            job = Job(**{name: value for name, value in says.items() if name in _NAMES})
            if job.status != RUNNING or _lives(descriptor, says, seen.st_mtime):
                return job
            with suppress(FileNotFoundError):  # or its process has taken another file meanwhile
                if path.stat().st_ino == seen.st_ino:
                    return Job(**{**vars(job), "status": DIED, "ended": seen.st_mtime})
        finally:
            os.close(descriptor)
    return None


def _said(text: bytes) -> dict[str, Any] | None:
    """What stands in a file; None where it is none of a job."""
    try:
        says = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(says, dict) or not {"id", "status", "started"} <= says.keys():
        return None
    sound = (
        all(isinstance(says.get(name, ""), str) for name in _TEXTS)
        and all(isinstance(says.get(name, 0), int | float) for name in _NUMBERS)
        and all(isinstance(says.get(name, []), list) for name in (*_LISTS, "inputs"))
        and all(isinstance(one, dict) for name in _LISTS for one in says.get(name, ()))
        and isinstance(says.get("error", {}), dict | None)
    )
    return says if sound else None


def _lives(descriptor: int, says: Mapping[str, Any], touched: float) -> bool:
    """Whether the process that wrote a file is there."""
    here = is_this_run(says.get("host"), says.get("boot"))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        here = False  # no locks here: nothing is known of the process
    return not here and time.time() - touched < STALE
