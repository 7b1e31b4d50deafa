"""Walk: looking into many places at once, where one place may name others."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import Full, Queue
from typing import Generic, TypeVar

AT_ONCE = 32  # places
PAGES = 64  # that wait to be used
POLL = 0.1  # seconds between two looks whether anybody still wants them

Task = TypeVar("Task", bound=tuple)  # type: ignore[type-arg]
Found = TypeVar("Found")


class Walk(Generic[Task, Found]):
    """Looking into many places at once.

    Parameters
    ----------
    look : callable
        Looks into one place: gives what it finds in lists, and further places as tuples.

    Examples
    --------
    >>> def look(task):
    ...     yield [task[0]]
    ...     if task[0] < 3:
    ...         yield (task[0] + 1,)
    >>> sorted(found for page in Walk(look).run([(0,)]) for found in page)
    [0, 1, 2, 3]
    """

    def __init__(self, look: Callable[[Task], Iterable[Task | list[Found]]]) -> None:
        self._look = look
        self._pages: Queue[list[Found] | BaseException | None] = Queue(PAGES)
        self._left = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def run(self, first: Iterable[Task]) -> Iterator[list[Found]]:
        """What is found, in no promised order. Ending early ends the looking.

        Raises
        ------
        Exception
            What `look` raised.
        """
        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="neurochain-walk")
        try:
            tasks = list(first)
            self._left = len(tasks)
            for task in tasks:
                pool.submit(self._one, task, pool)
            while tasks:
                page = self._pages.get()
                if page is None:
                    return
                if isinstance(page, BaseException):
                    raise page
                yield page
        finally:
            self._stopped.set()
            pool.shutdown(wait=True, cancel_futures=True)

    def _one(self, task: Task, pool: ThreadPoolExecutor) -> None:
        try:
            for found in self._look(task):
                if self._stopped.is_set():
                    return
                if isinstance(found, tuple):
                    with self._lock:
                        self._left += 1
                    pool.submit(self._one, found, pool)
                elif found:
                    self._put(found)
        except BaseException as error:  # raised where what is found is used
            self._put(error)
        finally:
            with self._lock:
                self._left -= 1
                last = not self._left
            if last:
                self._put(None)

    def _put(self, page: "list[Found] | BaseException | None") -> None:
        while not self._stopped.is_set():
            try:
                self._pages.put(page, timeout=POLL)
                return
            except Full:
                continue
