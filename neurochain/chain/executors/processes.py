"""Processes: worker processes, kept for a while after a run, since the next one may need them again."""

import os
import sys
from threading import Thread
from typing import Any

from loky import ProcessPoolExecutor

from neurochain.chain.executors import worker
from neurochain.storage import said
from neurochain.storage.access import ENVIRONMENT

IDLE_SECONDS = 60  # after which a worker that has nothing to do ends

_kept: dict[str, Any] = {}


def take(workers: int) -> ProcessPoolExecutor:
    """Executor of so many processes: the one of the run before, where nothing about it would be different."""
    state = (workers, os.getpid(), os.getcwd(), tuple(sys.path), frozenset(os.environ.items()), said())
    if _kept.get("state") != state:
        drop()
        _kept["state"] = state
        _kept["executor"] = ProcessPoolExecutor(
            workers,
            timeout=IDLE_SECONDS,
            initializer=worker.begin,
            initargs=(os.getpid(),),
            env=_environment(workers),
        )
    return _kept["executor"]


def drop(wait: bool = True) -> None:
    """End the processes, also those that are in the middle of a call; without `wait` while this one goes on."""
    executor = _kept.pop("executor", None)
    state = _kept.pop("state", None)
    if executor is None or state is None or state[1] != os.getpid():
        return
    ending = Thread(target=executor.shutdown, kwargs={"wait": True, "kill_workers": True})
    ending.start()
    if wait:
        ending.join()


def _environment(workers: int) -> dict[str, str]:
    """Each worker takes its share of the cores, and starts no workers of its own."""
    share = str(max(1, (os.cpu_count() or 1) // workers))
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
    return {name: os.environ.get(name, share) for name in names} | {
        "NEUROCHAIN_WORKERS": "0",
        "NEUROCHAIN_PROGRESS": "0",
        ENVIRONMENT: said(),
    }
