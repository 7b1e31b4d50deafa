"""Ahead: results in order, of work that several threads do ahead of whoever takes them."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

__all__ = ["THREADS", "ahead"]

T = TypeVar("T")
R = TypeVar("R")

THREADS = min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
"""More would wait for memory, and for the interpreter between two calls of numpy."""


def ahead(
    work: Callable[[T], R], items: Iterable[T], together: int = 1, threads: int = THREADS
) -> Iterator[R]:
    """What a function gives for each item, in their order; numpy and the system work in several threads meanwhile.

    Parameters
    ----------
    work : callable
        Safe to be called from several threads at once.
    items : iterable
        Of what it is called with. Few more are taken than are worked on.
    together : int
        How many items a thread takes at a time: some milliseconds of work.
    threads : int
        How many.

    Examples
    --------
    >>> list(ahead(abs, [-1, 2, -3]))
    [1, 2, 3]
    """
    if threads < 2:
        yield from map(work, items)
        return

    def all_of(some: list[T]) -> list[R]:
        return [work(item) for item in some]

    rest, pending = iter(items), deque[Future[list[R]]]()
    with ThreadPoolExecutor(threads, thread_name_prefix="neurochain-filter") as pool:
        try:
            while some := list(islice(rest, together)):
                pending.append(pool.submit(all_of, some))
                if len(pending) > threads:
                    yield from pending.popleft().result()
            while pending:
                yield from pending.popleft().result()
        finally:  # nobody takes the rest, or one has failed
            for future in pending:
                future.cancel()
