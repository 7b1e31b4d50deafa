"""Worker: what a process does that takes batches for a loader. It imports no engine, and torch only for a transform."""

import gc
import os
import pickle
import signal
from multiprocessing.connection import Connection
from typing import Any

import cloudpickle
import numpy as np

from neurochain.loaders.buffers import Buffers
from neurochain.loaders.slots import Slot

READY = b"ready"


def serve(descriptor: int) -> None:
    """Take the batches that are asked for over a pipe, until it is closed.

    Parameters
    ----------
    descriptor : int
        Of the pipe: first the pickled function that makes a batch of row numbers, then the slots, then numbers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the business of the process that started it
    pipe = Connection(descriptor)
    try:
        take = cloudpickle.loads(pipe.recv_bytes())
        slots = [Slot(size, number) for size, number in pipe.recv()]
        pipe.send_bytes(READY)
        gc.freeze()  # what is imported is never let go, so it is not looked through again and again
        while True:
            message = pipe.recv_bytes()
            number = int.from_bytes(message[:8], "little")
            rows = np.frombuffer(message, np.int64, offset=8)
            pipe.send_bytes(_batch(take, rows, slots[number]))
    except (OSError, EOFError):
        os._exit(0)  # nobody is there any more


def _batch(take: Any, rows: Any, slot: Slot) -> bytes:
    slot.clear()
    Buffers.slot = slot
    try:
        return pickle.dumps((True, slot.pack(take(rows))), pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        return _failure(error)
    finally:
        Buffers.slot = None


def _failure(error: Exception) -> bytes:
    """The error, as far as it can be pickled, else its words."""
    try:
        said = cloudpickle.dumps((False, error))
        pickle.loads(said)
    except Exception:
        return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
    return bytes(said)
