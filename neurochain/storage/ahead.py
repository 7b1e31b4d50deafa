"""Ahead: ranges of many files, fetched before anybody waits for them.

One thread holds many requests open; who uses the bytes never waits for one of them, as long as others are here.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from neurochain.storage.file import File
from neurochain.storage.scheme import split_uri, store_for

LEAST_AT_ONCE = 64  # requests under way at first
MOST_AT_ONCE = 256
LOOK = 0.05  # seconds between two looks at whether more at once are quicker
BETTER = 1.1  # times as many answers per second, from which on still more are tried
WAITING_BYTES = 128 * 2**20  # fetched and not yet used, from which on nothing more is asked for
PAUSE = 0.002  # seconds

T = TypeVar("T")
Piece = tuple[File, int, int]
Fetched = list[tuple[File, int, bytes]]


class Ahead(Generic[T]):
    """Fetches ranges for items, as far ahead of their use as memory allows.

    As many requests are under way as make it quicker: 64 at first, up to 256.

    Parameters
    ----------
    wanted : iterable of (item, ranges)
        Ranges are (file, start, end), half-open; taken when there is room, so what they are may be learned from what
        came before. Called in a thread of its own.
    at_once : int, optional
        Requests under way; by default as many as prove useful.

    Examples
    --------
    >>> with Ahead((f, [(f, 0, 352)]) for f in files) as ahead:            # doctest: +SKIP
    ...     for file, [(_, _, head)] in ahead: parse(head)
    """

    def __init__(self, wanted: Iterable[tuple[T, Sequence[Piece]]], at_once: int | None = None) -> None:
        self._wanted = iter(wanted)
        self._limits = (at_once or LEAST_AT_ONCE, at_once or MOST_AT_ONCE)
        self._ready: queue.SimpleQueue[tuple[T, Fetched | Exception] | BaseException | None] = (
            queue.SimpleQueue()
        )
        self._came = self._used = self._answers = (
            0  # bytes, bytes, items; each is written by one thread alone
        )
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="neurochain-ahead", daemon=True)

    def __enter__(self) -> "Ahead[T]":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped = True
        self._thread.join()

    def __iter__(self) -> Iterator[tuple[T, Fetched]]:
        """Items with what was fetched, (file, start, bytes) for each range, in the order in which they come.

        Raises
        ------
        FileChangedError, StorageError
            As `File.read_range`.
        """
        while (found := self._ready.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            item, data = found
            if isinstance(data, Exception):
                raise data
            self._used += sum(len(piece[2]) for piece in data)
            yield item, data

    def _run(self) -> None:
        try:
            asyncio.run(self._all())
            self._ready.put(None)
        except BaseException as error:  # of what is wanted; raised where the bytes are used
            self._ready.put(error)

    async def _all(self) -> None:
        least, most = self._limits
        # For stores that know only how to wait.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(most))
        tasks = [asyncio.create_task(self._one_after_the_other()) for _ in range(least)]
        best, seen, looked = 0.0, 0, time.monotonic()
        while not all(task.done() for task in tasks):
            for task in tasks:
                if task.done():
                    task.result()
            await asyncio.wait(tasks, timeout=LOOK if len(tasks) < most else None)
            now = time.monotonic()
            rate, seen, looked = (self._answers - seen) / max(now - looked, 1e-9), self._answers, now
            # Where answers wait to be used, more of them help nobody.
            if len(tasks) < most and rate > BETTER * best and self._ready.qsize() < least:
                more = min(len(tasks), most - len(tasks))
                tasks += [asyncio.create_task(self._one_after_the_other()) for _ in range(more)]
            best = max(best, rate)

    async def _one_after_the_other(self) -> None:
        while not self._stopped:
            if self._came - self._used > WAITING_BYTES:
                await asyncio.sleep(PAUSE)
                continue
            try:
                item, pieces = next(self._wanted)
            except StopIteration:
                return
            self._ready.put((item, await self._fetched(pieces)))

    async def _fetched(self, pieces: Sequence[Piece]) -> Fetched | Exception:
        try:
            if len(pieces) == 1:  # a task of its own would cost as much as the parsing
                found = [await _read(*pieces[0])]
            else:
                found = list(await asyncio.gather(*(_read(*piece) for piece in pieces)))
        except Exception as error:  # raised where the bytes are used
            return error
        self._came += sum(map(len, found))
        self._answers += 1
        return [(file, start, data) for (file, start, _), data in zip(pieces, found, strict=True)]


def _read(file: File, start: int, end: int) -> Coroutine[Any, Any, bytes]:
    scheme, path = split_uri(file.uri)
    store = store_for(scheme)
    wanted = (path, start, min(end, file.size), file.etag or None)
    at_once = getattr(store, "read_async", None)  # of stores that hold many requests open
    return at_once(*wanted) if at_once is not None else asyncio.to_thread(store.read_range, *wanted)
