"""Resumable: a loop over batches whose place can be kept, and taken up again."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from neurochain.loaders.batches import Batches

AHEAD = 4  # batches that are read while one is used

S = TypeVar("S")
T = TypeVar("T")


class Resumable:
    """Passes over batches. Each is an epoch, and the next one has a number one higher, unless told otherwise."""

    _batches: Batches
    _epoch = 0  # of the pass that is under way
    _start = 0  # position at which it began
    _done = 0  # batches that it has given

    @property
    def epoch(self) -> int:
        """Number of the pass that is under way, or else of the next one."""
        return int(self.state_dict()["epoch"])

    def set_epoch(self, epoch: int) -> None:
        """Give the next pass a number, and begin it at its first row."""
        self._batches.epoch, self._batches.start = epoch, 0
        self._stand(epoch, 0)

    def state_dict(self) -> dict[str, Any]:
        """Where the loop stands: what was given is not given again by one that takes this over.

        Plain values: order, seed, epoch, position, and what the rows are.
        """
        return self._batches.state(self._epoch, self._done, self._start)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Begin the next pass where another loop over the same rows stood, whatever its batch size, ranks and workers.

        Raises
        ------
        LoaderError
            It is of other rows or of another order.
        """
        self._batches.resume(state)
        self._stand(self._batches.epoch, self._batches.start)

    def _pass(self, begin: Callable[[], Iterator[T]]) -> Iterator[T]:
        """Batches of one pass, counted as they are given and not as they are made ready."""
        self._stand(self._batches.epoch, self._batches.start)
        for batch in begin():
            self._done += 1
            yield batch
        self._stand(self._batches.epoch, 0)

    def _stand(self, epoch: int, start: int) -> None:
        self._epoch, self._start, self._done = epoch, start, 0


def ahead(call: Callable[[S], T], items: Iterable[S], threads: int = 1) -> Iterator[T]:
    """Results of calls in their order, some of them made before they are asked for.

    Parameters
    ----------
    call : callable
        Called in other threads.
    items : iterable
        What it is called with.
    threads : int
        Calls under way: several are worth it where they wait, and take the interpreter from one another where they do not.
    """
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="neurochain-ahead") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(call, item))
                if len(waiting) > AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for left in waiting:
                left.cancel()
