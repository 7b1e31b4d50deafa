"""Gate: how many pictures are made at a time, and the end of those that nobody waits for any more."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from starlette.requests import Request

__all__ = ["BusyError", "Gate", "GoneError", "Stop"]

WORKERS = 4  # at a time: each may hold some hundred megabytes
WAITING = 256  # requests; a page asks for some dozen
R = TypeVar("R")


class GoneError(Exception):
    """Nobody waits for the answer any more; never leaves the server."""


class BusyError(Exception):
    """Too many wait already."""


class Stop:
    """Whether to go on, asked from time to time by whoever makes a picture."""

    def __init__(self) -> None:
        self._told = threading.Event()

    def tell(self) -> None:
        """Whoever asks next ends."""
        self._told.set()

    def __call__(self) -> None:
        """Go on, or not.

        Raises
        ------
        GoneError
            Nobody waits any more.
        """
        if self._told.is_set():
            raise GoneError


class Gate:
    """Makes pictures in some threads, one after the other where more are asked for."""

    def __init__(self, workers: int = WORKERS, waiting: int = WAITING) -> None:
        self._pool = ThreadPoolExecutor(workers, "neurochain-media")
        self._most, self._count = workers + waiting, 0

    async def run(self, request: Request, work: Callable[[Stop], R]) -> R:
        """What a function gives that is told when the page has gone.

        Raises
        ------
        GoneError
            It has.
        BusyError
            Too many wait.
        """
        if self._count >= self._most:
            raise BusyError
        stop = Stop()
        self._count += 1
        made = asyncio.get_running_loop().run_in_executor(self._pool, partial(_begun, work, stop))
        gone = asyncio.create_task(_gone(request))
        waited: set[asyncio.Future[Any]] = {made, gone}
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if not made.done():
                stop.tell()
                made.cancel()  # where it has not begun
                raise GoneError
            return made.result()
        finally:
            stop.tell()
            gone.cancel()
            made.add_done_callback(_seen)
            self._count -= 1


def _begun(work: Callable[[Stop], R], stop: Stop) -> R:
    stop()
    return work(stop)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _seen(made: "asyncio.Future[Any]") -> None:
    """Errors of what nobody waits for are nobody's."""
    if not made.cancelled():
        made.exception()
