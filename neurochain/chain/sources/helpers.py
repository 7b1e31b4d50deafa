"""Helpers: processes that read headers beside this one, as soon as there is work for them.

A helper imports the readers and nothing else, gets places over a pipe, and sends rows back. It writes nothing, so it
may die at any moment: what it had not sent is read here, and what is wrong with a file is found and said here too.
"""

import gc
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection, Pipe, wait
from queue import SimpleQueue
from threading import Thread

from neurochain.chain.sources.heads import Manner, Place, read_heads
from neurochain.chain.sources.rows import Block, HeaderRow, block_of
from neurochain.formats.registry import readers
from neurochain.storage import said
from neurochain.storage.access import ENVIRONMENT

ELSEWHERE = 0.0004  # seconds that a header takes that lies elsewhere, at least: 0.2 to pull, 0.2 to parse
WORTH = 0.5  # seconds of work left from which on helpers are started: the start takes 0.4 of another core
TOGETHER = 32  # rows that go over a pipe at once
FIRST = 4 * TOGETHER  # headers that tell how long the others will take
BURST = {False: 32, True: 512}  # places that are taken at once: of local files, of files elsewhere
QUEUE = 256  # places that a helper has before it, so that it has work while this process stores what was read


class Places:
    """Places that are still to be read. Whoever has time takes a burst of them.

    Parameters
    ----------
    places : iterator of Place
        All of them.
    count : int
        How many.
    burst : int
        At most.
    """

    def __init__(self, places: Iterator[Place], count: int, burst: int) -> None:
        self._places, self.left, self._burst = places, count, burst
        self.takers = 1

    def __iter__(self) -> Iterator[list[Place]]:
        while burst := self.take():
            yield burst

    def take(self) -> list[Place]:
        """The next; fewer towards the end, so that all are done at the same time; none at the end."""
        fair = -(-self.left // (2 * self.takers))
        burst = [*itertools.islice(self._places, min(self._burst, max(fair, TOGETHER)))]
        self.left -= len(burst)
        return burst

    def give_back(self, places: list[Place]) -> None:
        """They were not read after all."""
        self._places = itertools.chain(places, self._places)
        self.left += len(places)


class Process:
    """A process that imports the readers, and is then told what to do over a pipe."""

    def __init__(self) -> None:
        ours, theirs = Pipe()
        self.pipe = ours
        code = (
            "import gc, sys; gc.disable(); "  # until all is imported: none of it is ever let go
            f"sys.path[:] = {sys.path!r}; from neurochain.chain.sources.helpers import serve; "
            f"serve({theirs.fileno()})"
        )
        with theirs:
            self.started = subprocess.Popen(
                [sys.executable, "-c", code],
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", ENVIRONMENT: said()},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def end(self) -> None:
        """End it, whatever it does."""
        self.pipe.close()
        self.started.kill()
        self.started.wait()


class Spare:
    """A process that is started while files are still being listed, where there are so many that it will be needed.

    Parameters
    ----------
    wanted : callable
        Whether there may be one at all.
    """

    def __init__(self, wanted: Callable[[], bool]) -> None:
        self._wanted = wanted
        self._process: Process | None = None

    def __enter__(self) -> "Spare":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.end()

    def start(self) -> None:
        """Start it, unless there is one."""
        if self._process is None and self._wanted():
            with suppress(OSError):  # no more processes are to be had
                self._process = Process()

    def take(self) -> Process | None:
        """The process; whoever takes it ends it."""
        process, self._process = self._process, None
        return process


class Helper:
    """A process that reads headers.

    Parameters
    ----------
    manner : Manner
    process : Process, optional
        That runs already.
    """

    def __init__(self, manner: Manner, process: Process | None = None) -> None:
        self._under_way: dict[int, Place] = {}
        self._ended = False
        self._process = process or Process()
        self.pipe = self._process.pipe
        self.pipe.send(manner)

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.started.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.started.poll() is None

    @property
    def busy(self) -> bool:
        """Whether rows are to come."""
        return bool(self._under_way)

    def feed(self, places: Places) -> None:
        """Give it more, if it will soon have nothing to do; say so when there is no more."""
        while not self._ended and len(self._under_way) <= min(QUEUE, places.left // places.takers):
            taken = places.take()
            self._under_way |= {place[0]: place for place in taken}
            self._ended = not taken
            self.pipe.send(taken)

    def block(self) -> Block:
        """What it has read; waits for it."""
        block: Block = self.pipe.recv()
        for number in block["number"]:
            del self._under_way[number]
        return block

    def close(self) -> list[Place]:
        """End it; the places that it has not read."""
        self._process.end()
        return list(self._under_way.values())


def read_all(
    places: Iterator[Place], count: int, manner: Manner, helpers: int, spare: Spare | None = None
) -> Iterator[Block]:
    """Read headers in this process and, where that takes long, in others.

    Parameters
    ----------
    places : iterator of Place
        Neighbours next to each other.
    count : int
        How many.
    manner : Manner
        How.
    helpers : int
        Processes beside this one, at most.
    spare : Spare, optional
        One that is there already.

    Yields
    ------
    Block
        Rows in no promised order.

    Raises
    ------
    StorageError
        The bytes of a file cannot be had.
    """
    work, team, rows = Places(places, count, BURST[manner.remote]), list[Helper](), list[HeaderRow]()
    read, started = 0, time.process_time()
    try:
        process = spare.take() if spare is not None else None
        if manner.remote:
            _start(team, work, manner, _worth(ELSEWHERE * count, helpers), process)
        elif process is not None:
            _start(team, work, manner, 1, process)
        yield from _exchange(team, work, 0)
        while True:
            for row in read_heads(work, manner):
                rows.append(row)
                if len(rows) < TOGETHER:
                    continue
                yield block_of(rows)
                read, rows = read + len(rows), []
                if read == FIRST and not manner.remote:
                    seconds = (time.process_time() - started) / read * work.left
                    _start(team, work, manner, _worth(seconds, helpers))
                yield from _exchange(team, work, 0)
            while not work.left and any(helper.busy for helper in team):
                yield from _exchange(team, work, None)
            if not work.left:
                break
        if rows:
            yield block_of(rows)
    finally:
        for helper in team:
            helper.close()


def _worth(seconds: float, most: int) -> int:
    """How many helpers are worth it for so many seconds of work."""
    return min(most, int(seconds / WORTH))


def _start(
    team: list[Helper], work: Places, manner: Manner, needed: int, process: Process | None = None
) -> None:
    """Start as many helpers as are missing, the first of them in a process that is there."""
    with suppress(OSError):  # no more processes are to be had: they help, and are not needed
        while len(team) < needed:
            team.append(Helper(_shared(manner, needed + 1), process))
            process = None
            work.takers += 1
    if process is not None:
        process.end()


def _shared(manner: Manner, share: int) -> Manner:
    """How a helper reads: with its share of the threads."""
    return replace(manner, threads=manner.threads and max(1, manner.threads // share), share=share)


def _exchange(team: list[Helper], work: Places, seconds: float | None) -> Iterator[Block]:
    """What helpers have read, and more work for them; waits for the first so long."""
    ready = wait([helper.pipe for helper in team if helper.busy], seconds)
    for helper in list(team):
        try:
            if helper.pipe in ready:
                yield helper.block()
                while helper.busy and helper.pipe.poll():  # its pipe holds few
                    yield helper.block()
            helper.feed(work)
        except (OSError, EOFError):  # it died
            team.remove(helper)
            work.give_back(helper.close())


def serve(descriptor: int) -> None:
    """What a helper does: read what it is told to, until there is no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the business of the process that started it
    readers()
    gc.freeze()  # what is imported is not looked through again and again
    gc.enable()
    pipe = Connection(descriptor)
    manner: Manner = pipe.recv()
    coming: SimpleQueue[list[Place]] = SimpleQueue()
    Thread(target=_receive, args=(pipe, coming), daemon=True).start()
    rows: list[HeaderRow] = []

    def send() -> None:
        if rows:
            pipe.send(block_of(rows))
            rows.clear()

    def bursts() -> Iterator[list[Place]]:
        while burst := coming.get():
            yield burst
            send()  # what is held back is not waited for

    for row in read_heads(bursts(), manner):
        rows.append(row)
        if len(rows) == TOGETHER:
            send()
    with suppress(OSError, EOFError):
        pipe.recv()  # until it is closed


def _receive(pipe: Connection, coming: "SimpleQueue[list[Place]]") -> None:
    """Take what comes, so that nobody waits to send it."""
    with suppress(OSError, EOFError):
        while taken := pipe.recv():
            coming.put(taken)
        coming.put([])
        return
    os._exit(1)  # nobody is there any more
