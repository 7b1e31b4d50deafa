"""Fetcher: ranges of many files, pulled together.

Threads and not tasks of an event loop: an answer of obstore that is awaited takes the interpreter four times from whoever
else works, one that is waited for once, and costs half as much. Nobody works on the bytes while they come: in one
interpreter both would take twice as long; what hides the latency is that there are hundreds of requests under way.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from neurochain.errors import StorageError
from neurochain.storage.file import File
from neurochain.storage.scheme import place_of

LEAST_AT_ONCE = 64  # requests under way at first
MOST_AT_ONCE = 256
BETTER = 1.1  # times as many answers per second, from which on still more are tried

TOGETHER = 128 * 2**20  # bytes that are fetched before somebody uses them

T = TypeVar("T")
R = TypeVar("R")
Piece = tuple[File, int, int]
Fetched = list[tuple[File, int, bytes]]


class Fetcher:
    """Pulls ranges of many files with as many requests under way as make it quicker: 64 at first, up to 256.

    Parameters
    ----------
    at_once : int, optional
        Requests under way; by default as many as prove useful.
    share : int
        Processes that fetch at the same time: each keeps so much less under way.
    tolerant : bool
        What cannot be had is left out, so that whoever asks for it meets the error.

    Examples
    --------
    >>> with Fetcher() as fetcher:                                         # doctest: +SKIP
    ...     for file, [(_, _, head)] in fetcher.fetch([(f, [(f, 0, 352)]) for f in files]): parse(head)
    """

    def __init__(self, at_once: int | None = None, share: int = 1, tolerant: bool = False) -> None:
        self.at_once = at_once or max(1, LEAST_AT_ONCE // share)
        self._most = at_once or max(1, MOST_AT_ONCE // share)
        self._pool = ThreadPoolExecutor(self._most, thread_name_prefix="neurochain-fetch")
        self._room = TOGETHER // share
        self._tolerant = tolerant
        self._best = 0.0  # answers per second

    def __enter__(self) -> "Fetcher":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def fetch(self, wanted: Sequence[tuple[T, Sequence[Piece]]]) -> Iterator[tuple[T, Fetched]]:
        """Items with what was fetched, (file, start, bytes) for each range, in their order.

        Parameters
        ----------
        wanted : sequence of (item, ranges)
            Ranges are (file, start, end), half-open. They are fetched before the first item comes, or as many of
            them as memory is meant to hold.

        Raises
        ------
        FileChangedError, StorageError
            As `File.read_range`, unless it is tolerant.
        """
        part, size = list[tuple[T, Sequence[Piece]]](), 0
        for item, pieces in wanted:
            part.append((item, pieces))
            size += sum(min(end, file.size) - start for file, start, end in pieces)
            if size > self._room:
                yield from self._fetched(part)
                part, size = [], 0
        yield from self._fetched(part)

    def _fetched(self, wanted: Sequence[tuple[T, Sequence[Piece]]]) -> Iterator[tuple[T, Fetched]]:
        pieces = [piece for _, some in wanted for piece in some]
        found = list[bytes | None]([None] * len(pieces))
        numbers = iter(range(len(pieces)))
        taking = threading.Lock()

        def one_after_the_other() -> None:
            while True:
                with taking:
                    number = next(numbers, None)
                if number is None:
                    return
                try:
                    found[number] = _read(*pieces[number])
                except StorageError:
                    if not self._tolerant:
                        raise

        started = time.monotonic()
        tasks = [self._pool.submit(one_after_the_other) for _ in range(min(self.at_once, len(pieces)))]
        try:
            for task in tasks:
                task.result()
        except BaseException:
            numbers = iter(())  # nothing more is asked for
            raise
        self._learn(len(pieces), time.monotonic() - started)
        data = iter(found)
        for item, some in wanted:
            got = [(file, start, next(data)) for file, start, _ in some]
            yield item, [(file, start, piece) for file, start, piece in got if piece is not None]

    def each(self, call: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """Results of calls that wait for files, made together."""
        return self._pool.map(call, items)

    def _learn(self, answers: int, seconds: float) -> None:
        """More at once, as long as that brings more answers per second."""
        rate = answers / max(seconds, 1e-9)
        if answers < 2 * self.at_once:  # too few to tell
            return
        if rate > BETTER * self._best:
            self.at_once = min(2 * self.at_once, self._most)
        self._best = max(self._best, rate)


def _read(file: File, start: int, end: int) -> bytes:
    store, path = place_of(file.uri)
    return store.read_range(path, start, min(end, file.size), file.etag or None)
