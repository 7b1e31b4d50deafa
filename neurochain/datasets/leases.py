"""Lease: a sign that a process writes parts, so that nothing it needs is taken for garbage.

What a process has written is referred to by nothing until it is published. So each process that writes holds a file in
``.neurochain/leases``, locked with flock and touched every few seconds, and nothing younger than the oldest live
lease is ever deleted. A process that was killed holds no lock any more. Where a lock says nothing (another machine,
a filesystem without locks), a lease counts until it has not been touched for a minute.

All times are those of the filesystem: clocks of several machines do not agree.
"""

import fcntl
import json
import os
import platform
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from neurochain.datasets.locks import boot_id, is_this_run, try_lock

BEAT = 15.0  # seconds between two touches
STALE = 60.0  # seconds without one after which a lease without a lock counts no more
SUFFIX = ".lease"


@dataclass(frozen=True)
class Lease:
    """A lease that another process, or this one, holds.

    Attributes
    ----------
    pid : int
    host : str
    started : float
        Seconds since 1970, by the filesystem's clock; nothing that its process wrote is older.
    """

    pid: int
    host: str
    started: float


@dataclass(frozen=True)
class _Held:
    path: Path
    descriptor: int


_held: dict[Path, _Held] = {}
_lock = threading.Lock()
_stop: threading.Event | None = None


def hold(folder: Path) -> None:
    """Hold a lease on a project for as long as this process lives; once is enough.

    Parameters
    ----------
    folder : Path
        The project's ``.neurochain``.
    """
    with _lock:
        held = _held.get(folder)
        if held is not None and held.path.exists():  # not where the whole project was deleted and made anew
            return
        if held is not None:
            os.close(_held.pop(folder).descriptor)
        with suppress(OSError):  # who cannot write this can write no part either, and says so there
            _held[folder] = _take(folder / "leases")
        _start_beating()


def release(folder: Path | None = None) -> None:
    """Give back the lease on a project, or all leases of this process."""
    global _stop
    with _lock:
        for place in list(_held) if folder is None else [folder]:
            if (held := _held.pop(place, None)) is not None:
                held.path.unlink(missing_ok=True)
                os.close(held.descriptor)
        if _stop is not None and not _held:
            _stop.set()
            _stop = None


def live(folder: Path) -> list[Lease]:
    """Leases that count, the oldest first; those of processes that are gone are removed."""
    here, now, found = folder / "leases", clock(folder), []
    for path in sorted(here.glob(f"*{SUFFIX}")):
        with suppress(FileNotFoundError):  # given back at this moment
            lease = _examine(path, now)
            if lease is not None:
                found.append(lease)
    for left in [*here.glob("*.new"), *here.glob("*.clock")]:
        with suppress(FileNotFoundError):
            if now - left.stat().st_mtime > STALE:
                left.unlink()
    return sorted(found, key=lambda lease: lease.started)


def clock(folder: Path) -> float:
    """Time as the project's filesystem has it, seconds since 1970."""
    probe = folder / "leases" / f"{uuid.uuid4().hex}.clock"
    probe.parent.mkdir(exist_ok=True)
    probe.touch()
    try:
        return probe.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)


@contextmanager
def gate(folder: Path, name: str, alone: bool) -> Iterator[None]:
    """Keep what may not happen at once apart; where there are no locks, publishing still sees that a part is gone.

    Parameters
    ----------
    folder : Path
        The project's ``.neurochain``.
    name : str
        Of the gate: ``"parts"`` for making old parts young and for deleting them, ``"gc"`` for a collection.
    alone : bool
        Nobody else passes; else many do at once.
    """
    path = folder / "leases" / f"{name}.gate"
    path.parent.mkdir(exist_ok=True)
    descriptor = _open(path, os.O_CREAT)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def _take(folder: Path) -> _Held:
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{platform.node()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    new = folder / f"{name}.new"
    descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        locked = try_lock(descriptor)
        started = os.fstat(descriptor).st_mtime
        boot = boot_id() if locked else ""
        says = {"pid": os.getpid(), "host": platform.node(), "boot": boot, "started": started}
        os.write(descriptor, json.dumps(says).encode())
        path = new.with_suffix(SUFFIX)
        new.rename(path)  # whoever sees it sees it whole and locked
    except OSError:
        os.close(descriptor)
        new.unlink(missing_ok=True)
        raise
    return _Held(path, descriptor)


def _open(path: Path, flags: int = 0) -> int:
    try:
        return os.open(path, os.O_RDWR | flags, 0o666)
    except PermissionError:  # another user's
        return os.open(path, os.O_RDONLY)


def _examine(path: Path, now: float) -> Lease | None:
    """What a file says, or None, and the file is removed, where its process is gone."""
    descriptor = _open(path)
    try:
        text = os.read(descriptor, 4096)
        try:
            says = json.loads(text)
            lease = Lease(int(says["pid"]), str(says["host"]), float(says["started"]))
            same = is_this_run(lease.host, says["boot"])
        except (ValueError, KeyError, TypeError):
            lease, same = Lease(0, "?", 0.0), False  # cannot be read: it protects everything
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return lease
        except OSError:
            same = False  # no locks here: nothing is known of the process
        if same or now - os.fstat(descriptor).st_mtime > STALE:
            path.unlink(missing_ok=True)
            return None
        return lease
    finally:
        os.close(descriptor)


def _start_beating() -> None:
    global _stop
    if _stop is None and _held:
        _stop = threading.Event()
        threading.Thread(target=_beat, args=(_stop,), name="neurochain-leases", daemon=True).start()


def _beat(stop: threading.Event) -> None:
    while not stop.wait(BEAT):
        with _lock:
            for held in _held.values():
                with suppress(OSError):
                    os.utime(held.descriptor)


def _forget() -> None:
    """In a child of fork: the leases are the parent's."""
    global _lock, _stop
    _lock = threading.Lock()
    _stop = None
    for held in _held.values():
        os.close(held.descriptor)  # which does not unlock: the parent still holds it
    _held.clear()


os.register_at_fork(after_in_child=_forget)
