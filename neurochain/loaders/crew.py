"""Crew: processes that take batches beside this one, and hand them over in memory that both see.

They are started as programs of their own, as those of the executors are: what is forked from a process with threads may wait
for one that it does not have. Until the first is ready, batches are taken here.
"""

import functools
import os
import subprocess
import sys
import warnings
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe
from typing import Any

import cloudpickle

from neurochain.loaders.order import Indices
from neurochain.loaders.slots import Slot, size_of
from neurochain.storage import said
from neurochain.storage.access import ENVIRONMENT

PREFETCH = 2  # batches that each process is asked for before they are wanted
HELD = 2  # batches that a loop has in its hands: this one, and the one before
ROOM = 1.25  # times the first batch's size


@dataclass
class _Worker:
    """One process."""

    process: "subprocess.Popen[bytes]"
    pipe: Connection
    waiting: int = 0  # batches that it was asked for
    stale: deque[int] = field(default_factory=deque)  # slots of those that nobody wants any more
    ready: bool = False
    alive: bool = True


@dataclass
class _Flight:
    """A batch that a process was asked for."""

    worker: _Worker
    rows: Indices
    slot: int


class Crew:
    """Some processes for one loader.

    Parameters
    ----------
    take : callable
        Makes the batch of some row numbers, here and there.
    count : int
        Processes.
    """

    def __init__(self, take: Callable[[Indices], Any], count: int) -> None:
        self._take, self._count = take, count
        self._workers: list[_Worker] = []
        self._slots: list[Slot] = []
        self._free: deque[int] = deque()
        self._flights: deque[_Flight] = deque()  # of the pass that is under way

    def batches(self, items: Iterable[Indices]) -> Iterator[Any]:
        """Batches in the order of their row numbers.

        Raises
        ------
        Exception
            Whatever making one raised, there as here.
        """
        self._leave()
        left = iter(items)
        flights = self._flights
        try:
            while True:
                mine = self._flights is flights  # else another pass has begun since, and has the processes
                if mine:
                    self._send(left, flights)
                if flights:
                    flight = flights.popleft()
                    yield self._landed(flight) if mine else self._take(flight.rows)
                    continue
                rows = next(left, None)
                if rows is None:
                    return
                batch = self._take(rows)
                if not self._workers:
                    self._start(int(ROOM * size_of(batch)))
                yield batch
                del batch
        finally:
            if self._flights is flights:
                self._leave()

    def close(self) -> None:
        """End the processes; batches that somebody holds stay."""
        _end([worker.process for worker in self._workers], [worker.pipe for worker in self._workers])
        self._workers.clear()

    def _leave(self) -> None:
        """What the last pass was waiting for is not wanted any more."""
        for flight in self._flights:
            (flight.worker.stale if flight.worker.alive else self._free).append(flight.slot)
        self._flights = deque()

    def _drain(self, worker: _Worker) -> None:
        """Take one answer that nobody wants any more."""
        if self._receive(worker) is not None:
            self._free.append(worker.stale.popleft())

    def _start(self, size: int) -> None:
        self._slots = [Slot(max(size, 1)) for _ in range(self._count * PREFETCH + HELD)]
        self._free.extend(range(len(self._slots)))
        payload = cloudpickle.dumps(self._take)
        known = [(slot.size, slot.descriptor) for slot in self._slots]
        for _ in range(self._count):
            ours, theirs = Pipe()
            code = (
                f"import sys; sys.path[:] = {sys.path!r}; from neurochain.loaders.worker import serve; "
                f"serve({theirs.fileno()})"
            )
            with theirs:
                process = subprocess.Popen(
                    [sys.executable, "-c", code],
                    env={
                        **os.environ,
                        "OPENBLAS_NUM_THREADS": "1",
                        "OMP_NUM_THREADS": "1",
                        ENVIRONMENT: said(),
                    },
                    pass_fds=[theirs.fileno(), *(slot.descriptor for slot in self._slots)],
                    stdin=subprocess.DEVNULL,
                )
            ours.send_bytes(payload)
            ours.send(known)
            self._workers.append(_Worker(process, ours))
        for slot in self._slots:
            slot.close()  # all who need it have it
        weakref.finalize(self, _end, [w.process for w in self._workers], [w.pipe for w in self._workers])

    def _send(self, left: Iterator[Indices], flights: deque[_Flight]) -> None:
        """Ask for batches, as many as there is room for."""
        while self._free and (worker := self._idle()) is not None:
            rows = next(left, None)
            if rows is None:
                return
            slot = self._free.popleft()
            flights.append(_Flight(worker, rows, slot))
            worker.waiting += 1
            try:
                worker.pipe.send_bytes(slot.to_bytes(8, "little") + rows.astype("<i8", copy=False).tobytes())
            except OSError:
                self._lost(worker)

    def _idle(self) -> _Worker | None:
        """The process that is asked for least, of those that may be asked."""
        for worker in self._workers:
            while worker.alive and worker.stale and (worker.pipe.poll() or worker.waiting >= PREFETCH):
                self._drain(worker)
            if not worker.ready and worker.alive and worker.pipe.poll():
                worker.ready = self._receive(worker) is not None
        able = [w for w in self._workers if w.alive and w.ready and w.waiting < PREFETCH]
        return min(able, key=lambda worker: worker.waiting, default=None)

    def _landed(self, flight: _Flight) -> Any:
        """The batch that was asked for; made here, where the process has died."""
        worker = flight.worker
        while worker.alive and worker.stale:
            self._drain(worker)
        message = self._receive(worker) if worker.alive else None
        if message is None:
            self._free.append(flight.slot)
            return self._take(flight.rows)
        good, packed = cloudpickle.loads(message)
        if not good:
            self._free.append(flight.slot)
            raise packed
        slot = self._slots[flight.slot]
        if len(self._free) >= 1:
            return slot.unpack(packed, functools.partial(self._free.append, flight.slot))
        batch = slot.unpack(packed, None)  # so many are held that others would wait: this one is copied
        self._free.append(flight.slot)
        return batch

    def _receive(self, worker: _Worker) -> bytes | None:
        """What a process says next; None where it has died."""
        try:
            message = worker.pipe.recv_bytes()
        except (OSError, EOFError):
            self._lost(worker)
            return None
        worker.waiting -= worker.ready  # the first message only says that it is there
        return message

    def _lost(self, worker: _Worker) -> None:
        if not worker.alive:
            return
        worker.alive = False
        self._free.extend(worker.stale)
        worker.stale.clear()
        code = worker.process.poll()
        warnings.warn(
            f"A process of the loader died{'' if code is None else f' (exit {code})'}: what it was asked for is made here. It "
            "may have run out of memory.",
            stacklevel=4,
        )


def _end(processes: "list[subprocess.Popen[bytes]]", pipes: list[Connection]) -> None:
    for pipe in pipes:
        pipe.close()
    for process in processes:
        process.kill()
        process.wait()
