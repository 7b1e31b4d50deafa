"""Worker: what runs in a worker process. It never opens the project's database."""

import gc
import mmap
import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle

from neurochain.chain.functions.call import Call
from neurochain.chain.functions.calling import Caller, Manner
from neurochain.chain.functions.chunk import Chunk, Outcome
from neurochain.chain.functions.output import Output
from neurochain.errors import UDFError

_callers: dict[str, Caller] = {}


@dataclass(frozen=True)
class Task:
    """A chunk on its way to a worker.

    Attributes
    ----------
    payload : str
        File that holds the pickled `Payload`.
    chunk : Chunk
        The calls.
    learned : object
        State of the client's `Output`.
    marks : str
        File with one byte per call, as in `Caller.run`.
    seconds : float
        As in `Caller.run`.
    """

    payload: str
    chunk: Chunk
    learned: Any
    marks: str
    seconds: float


@dataclass(frozen=True)
class Payload:
    """A function with all that a worker needs to call it."""

    call: Call
    name: str | None
    manner: Manner
    fingerprint: str | None = None  # to be proved, where a module was imported anew


def begin(parent: int) -> None:
    """Prepare a worker: Ctrl-C is the parent's business, and without a parent there is nothing left to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # what is imported is never let go, so it is not looked through again and again
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def load(payload: str) -> int:
    """Unpickle a function and set it up; the worker's process number."""
    if payload not in _callers:
        _callers.clear()  # what the last function held is not needed any more
        given: Payload = cloudpickle.loads(Path(payload).read_bytes())
        call = given.call
        if given.fingerprint is not None and call.udf.fingerprint().digest != given.fingerprint:
            raise UDFError(
                f"{call.udf.name}() is another in a worker process than in yours: a module of yours was changed on disk "
                "since it was imported. Start again, or settings(workers=0)."
            )
        output = Output(call.udf, given.name, call.gives == "many")
        _callers[payload] = Caller(call, call.udf.prepared(), output, given.manner)
    return os.getpid()


def work(task: Task) -> Outcome:
    """Make the first calls of a chunk."""
    load(task.payload)
    caller = _callers[task.payload]
    caller.output.restore(task.learned)
    with open(task.marks, "r+b") as file, mmap.mmap(file.fileno(), 0) as shared, memoryview(shared) as marks:
        outcome = caller.run(task.chunk, task.seconds, marks)
    for i, failure in enumerate(outcome.failures):
        outcome.failures[i] = failure.portable()
    return outcome
