"""Pool: calls in worker processes, and what is done when one of them dies."""

import os
import re
import sys
import uuid
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import cloudpickle
from loky.process_executor import TerminatedWorkerError

from neurochain.chain.executors import processes, worker
from neurochain.chain.fingerprint import Fingerprint
from neurochain.chain.functions.call import Call
from neurochain.chain.functions.calling import Manner
from neurochain.chain.functions.chunk import Chunk, Failure, Outcome
from neurochain.chain.functions.output import Output
from neurochain.errors import UDFError

WINDOW = 3  # chunks under way per worker: one runs, one waits in its place, one is on the way
SECONDS = 2.0  # that a chunk may take before it comes back with what is done
RUNNING = 1  # mark of a call
LIVES = 3  # deaths of workers, in a row, that no call can be blamed for


@dataclass
class _Flight:
    """A chunk under way."""

    chunk: Chunk
    marks: Path | None = None
    future: "Future[Outcome] | None" = None
    landed: deque[tuple[Chunk, Outcome]] = field(default_factory=deque)


class Pool:
    """Worker processes for one function.

    Parameters
    ----------
    workers : int
        How many.
    staging : Path
        Folder for what goes to the workers by way of files.
    payload : bytes
        The function, from `pickled`.
    call : Call
    keep_going : bool
        After a call has failed.
    output : Output
        The client's.
    """

    def __init__(
        self, workers: int, staging: Path, payload: bytes, call: Call, keep_going: bool, output: Output
    ) -> None:
        self.workers, self.output = workers, output
        self.name, self._keep_going = call.udf.name, keep_going
        self._staging = staging
        self._id = uuid.uuid4().hex
        staging.mkdir(parents=True, exist_ok=True)
        self._payload = staging / f"call-{self._id}"
        self._payload.write_bytes(payload)
        self._flying: deque[_Flight] = deque()
        self._count = 0
        self._blameless = 0
        self._executor = processes.take(workers)
        self._warm = [self._executor.submit(worker.load, str(self._payload)) for _ in range(workers)]

    def ready(self) -> bool:
        """Whether the workers have started and hold the function.

        Raises
        ------
        Exception
            What its unpickling or its ``setup()`` raised.
        """
        if not all(f.done() for f in self._warm):
            return False
        for future in self._warm:
            with suppress(TerminatedWorkerError):  # seen again, and dealt with, when there is a call to blame
                future.result()
        return True

    def run(self, chunks: Iterator[Chunk]) -> Generator[tuple[Chunk, Outcome]]:
        """As `Executor.run`."""
        flights = self._flying
        waiting: Chunk | None = next(chunks, None)
        while waiting is not None or flights:
            while (
                waiting is not None
                and len(flights) < WINDOW * self.workers
                and self._may_go(waiting, flights)
            ):
                flights.append(self._submit(waiting))
                waiting = next(chunks, None)
            head = flights[0]
            if head.future is not None:
                try:
                    outcome = head.future.result()
                except TerminatedWorkerError as error:
                    self._recover(flights, error)
                    continue
                self._land(head, outcome)
            if head.landed:
                yield head.landed.popleft()
            if head.future is None and not head.landed:
                flights.popleft()

    def _may_go(self, chunk: Chunk, flights: deque[_Flight]) -> bool:
        """Not before those whose results tell the types have come back."""
        if not chunk.calls or self.output.learning(int(chunk.numbers[0])):
            return True
        return not any(f.chunk.calls and self.output.learning(int(f.chunk.numbers[0])) for f in flights)

    def _submit(self, chunk: Chunk) -> _Flight:
        if not chunk.calls:
            return _Flight(chunk, landed=deque([(chunk, Outcome())]))
        flight = _Flight(chunk)
        self._send(flight)
        return flight

    def _send(self, flight: _Flight) -> None:
        self._count += 1
        flight.marks = self._staging / f"marks-{self._id}-{self._count}"
        flight.marks.write_bytes(bytes(flight.chunk.calls))
        task = worker.Task(str(self._payload), flight.chunk, self.output.state(), str(flight.marks), SECONDS)
        try:
            flight.future = self._executor.submit(worker.work, task)
        except TerminatedWorkerError as error:  # found out by another flight at this moment
            flight.future = Future()
            flight.future.set_exception(error)

    def _land(self, flight: _Flight, outcome: Outcome) -> None:
        """Take an outcome; what of the chunk is still to be done goes off again."""
        if flight.marks is not None:
            flight.marks.unlink(missing_ok=True)
        flight.landed.append((flight.chunk.slice(0, outcome.done), outcome))
        flight.chunk = flight.chunk.slice(outcome.done)
        flight.future = None
        if flight.chunk.calls and (self._keep_going or not outcome.failures):
            self._send(flight)

    def _recover(self, flights: deque[_Flight], error: TerminatedWorkerError) -> None:
        """Start anew after a worker's death: what was running goes alone, so that the guilty one is known."""
        lost = [f for f in flights if f.future is not None and not _has_result(f.future)]
        suspects = {id(f): _running(f) for f in lost}
        self._restart(error, blamed=any(suspects.values()))
        for flight in lost:
            running = suspects[id(flight)]
            if running:
                pieces = _cut(flight.chunk, running)
                flight.future = None
                flight.chunk = flight.chunk.slice(flight.chunk.calls)
                for piece in pieces:
                    flight.landed += self._alone(piece, error)
            else:
                self._send(flight)

    def _restart(self, error: TerminatedWorkerError, blamed: bool) -> None:
        self._blameless = 0 if blamed else self._blameless + 1
        if self._blameless >= LIVES:
            raise UDFError(
                f"The worker processes die before they call {self.name}() ({_reason(error)}). "
                "See why with settings(workers=0), which calls it in this process."
            ) from error
        processes.drop()
        self._executor = processes.take(self.workers)

    def _alone(self, chunk: Chunk, error: TerminatedWorkerError) -> list[tuple[Chunk, Outcome]]:
        """Calls one chunk at a time, with nothing else running."""
        made: list[tuple[Chunk, Outcome]] = []
        while chunk.calls:
            flight = _Flight(chunk)
            self._send(flight)
            try:
                outcome = flight.future.result() if flight.future is not None else Outcome()
            except TerminatedWorkerError as again:
                running = _running(flight)
                self._restart(again, blamed=bool(running))
                if running and chunk.calls == 1:
                    return [*made, (chunk, _given_up(chunk, again))]
                for piece in _cut(chunk, running):
                    made += self._alone(piece, again)
                return made
            if flight.marks is not None:
                flight.marks.unlink(missing_ok=True)
            made.append((chunk.slice(0, outcome.done), outcome))
            if outcome.failures and not self._keep_going:
                break
            chunk = chunk.slice(outcome.done)
        return made

    def close(self) -> None:
        """Give the processes back; one that is still in the middle of a call is ended."""
        if self._flying or not all(f.done() for f in self._warm):
            processes.drop(wait=bool(self._flying))  # nobody waits for workers that were not needed after all
        for left in self._staging.glob(f"*-{self._id}*"):
            left.unlink(missing_ok=True)


def _given_up(chunk: Chunk, error: TerminatedWorkerError) -> Outcome:
    """Outcome of a call that killed its worker twice."""
    files = tuple(
        str(uri)
        for name in chunk.rows.columns
        if name.endswith(".uri")
        for uri in chunk.rows[name].drop_nulls().unique(maintain_order=True).to_list()
    )
    message = f"the process that computed it died, twice ({_reason(error)})."
    failure = Failure(0, int(chunk.numbers[0]), files, "WorkerLostError", message, "", lost=True)
    return Outcome(done=1, failures=[failure])


def _reason(error: TerminatedWorkerError) -> str:
    found = re.search(r"exit codes? of the workers? (?:are|is) \{?([^}\n]*)\}?", str(error))
    codes = found[1] if found else "no exit code"
    return f"{codes}; SIGKILL is often the system's, which is out of memory" if "SIGKILL" in codes else codes


def _has_result(future: "Future[Outcome]") -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _running(flight: _Flight) -> list[int]:
    """Calls of a chunk that were running when its worker died."""
    if flight.marks is None or not flight.marks.exists():
        return []
    marks = flight.marks.read_bytes()
    flight.marks.unlink()
    return [i for i, mark in enumerate(marks) if mark == RUNNING]


def _cut(chunk: Chunk, singles: list[int]) -> list[Chunk]:
    """A chunk in pieces, some of its calls alone."""
    pieces: list[Chunk] = []
    at = 0
    for i in singles:
        pieces += [chunk.slice(at, i - at), chunk.slice(i, 1)]
        at = i + 1
    return [p for p in [*pieces, chunk.slice(at)] if p.calls]


def pickled(call: Call, name: str | None, manner: Manner) -> bytes:
    """A function by value, with all that it reaches in modules of the user's.

    Raises
    ------
    UDFError
        It cannot travel.
    """
    identity = call.udf.fingerprint()
    modules = _modules(identity)
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    try:
        return bytes(cloudpickle.dumps(worker.Payload(call, name, manner)))
    except Exception:
        # By reference instead: the worker imports the module, and makes sure that it is the same.
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)
        modules = []
        return _by_reference(worker.Payload(call, name, manner, identity.digest))
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)


def _by_reference(payload: worker.Payload) -> bytes:
    try:
        return bytes(cloudpickle.dumps(payload))
    except Exception as error:
        name = payload.call.udf.name
        raise CannotTravelError(
            f"{name}() cannot be sent to worker processes ({type(error).__name__}: {error}). "
            "Open what it holds in a setup() of its class, or keep it in this process: settings(workers=0)."
        ) from error


class CannotTravelError(UDFError):
    """A function that cannot be pickled."""


def _modules(identity: Fingerprint) -> list[ModuleType]:
    """Modules of the user's that the function's code stands in."""
    places = {os.path.realpath(str(part.where or "").rpartition(":")[0]) for part in identity.parts}
    names = {os.path.basename(place) for place in places}
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is None or name in ("__main__", "__mp_main__"):
            continue
        # There are thousands of modules, and to follow a link costs more than to compare names; a link has its own.
        linked = os.path.basename(file) not in names and os.path.islink(file)
        if (linked or os.path.basename(file) in names) and os.path.realpath(file) in places:
            found.append(module)
    return [m for m in found if not m.__name__.startswith("neurochain.")]
