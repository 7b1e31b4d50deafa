"""LocalExecutor: on this machine; in this process while work is small, in worker processes when it is not."""

import time
from collections.abc import Generator, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from neurochain.chain.executors import Executor, inline
from neurochain.chain.executors.dry import DryExecutor
from neurochain.chain.functions.call import Call
from neurochain.chain.functions.calling import Caller, Manner
from neurochain.chain.functions.chunk import Chunk, Outcome
from neurochain.chain.functions.output import Output
from neurochain.chain.run import Run

if TYPE_CHECKING:
    from neurochain.chain.executors.pool import Pool

FIRST_SECONDS = 0.1  # of calls, which tell how long the others will take
WORTH = 1.5  # seconds of work left from which on workers are started: they take 0.5 to be there
LONG = 2.0  # seconds of work done after which more is to be expected
CHUNK_SECONDS = 0.3  # of work that goes to a worker at once
LEAST_SECONDS = 0.02


class LocalExecutor:
    """Calls in this process, timed; once more than one and a half seconds are left, in workers.

    Parameters
    ----------
    run : Run
        Whose calls.
    workers : int
        Processes, at least 2.
    """

    def __init__(self, run: Run, workers: int) -> None:
        self._run, self.workers = run, workers
        self._rate = 0.0  # seconds per call, as measured last
        self._pool: Pool | None = None
        self._stays = False  # the function cannot travel

    def calls_per_chunk(self, left: int) -> int:
        """As in `Executor`; chunks become smaller towards the end, so that all workers end together."""
        if self._pool is None:
            return left
        if not self._rate:
            return 1
        share = left // (2 * self.workers)
        least = int(LEAST_SECONDS / self._rate)
        return max(1, min(int(CHUNK_SECONDS / self._rate), max(share, least)))

    def run(
        self, call: Call, output: Output, manner: Manner, chunks: Iterator[Chunk]
    ) -> Generator[tuple[Chunk, Outcome]]:
        """As in `Executor`."""
        caller: Caller | None = None
        started = time.monotonic()
        try:
            for chunk in chunks:
                if not chunk.calls:
                    yield chunk, Outcome()
                if chunk.calls and manner.isolated and self._pool is None:
                    self._start(call, output, manner)
                while chunk.calls:
                    while manner.isolated and self._pool is not None and not self._pool.ready():
                        time.sleep(LEAST_SECONDS)
                    if self._pool is not None and self._pool.ready():
                        yield from self._handed_over(self._pool, chain([chunk], chunks))
                        return
                    caller = caller or Caller(call, call.udf.prepared(), output, manner)
                    outcome = caller.run(chunk, self._seconds())
                    piece, chunk = chunk.slice(0, outcome.done), chunk.slice(outcome.done)
                    yield piece, outcome
                    self._learn(outcome)
                    if self._worth(chunk, time.monotonic() - started):
                        self._start(call, output, manner)
        finally:
            if self._pool is not None:
                self._pool.close()

    def _handed_over(self, pool: "Pool", chunks: Iterator[Chunk]) -> Generator[tuple[Chunk, Outcome]]:
        for piece, outcome in pool.run(self._cut(chunks)):
            yield piece, outcome
            self._learn(outcome)

    def _cut(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """Chunks cut to a worker's size: one of them was made before there were workers."""
        for chunk in chunks:
            while chunk.calls > (size := self.calls_per_chunk(chunk.calls + chunk.ahead)):
                yield chunk.slice(0, size)
                chunk = chunk.slice(size)
            yield chunk

    def _seconds(self) -> float:
        """How long calls are made here before somebody looks whether others should make them."""
        short = not self._rate or self._pool is not None
        return min(FIRST_SECONDS, inline.REMEMBER_SECONDS) if short else inline.REMEMBER_SECONDS

    def _learn(self, outcome: Outcome) -> None:
        if outcome.done:
            self._rate = max(outcome.seconds / outcome.done, 1e-9)

    def _worth(self, chunk: Chunk, spent: float) -> bool:
        if self._pool is not None or self._stays:
            return False
        left = self._rate * (chunk.calls + chunk.ahead)
        return left > WORTH or (spent > LONG and left > WORTH / 4)

    def _start(self, call: Call, output: Output, manner: Manner) -> None:
        from neurochain.chain.executors.pool import (  # 60 ms, for long work alone
            CannotTravelError,
            Pool,
            pickled,
        )

        try:
            payload = pickled(call, output.name, manner)
        except CannotTravelError:
            if self._run.settings.workers is not None:
                raise
            self._stays = True
            return
        staging = self._run.project.staging
        self._pool = Pool(self.workers, staging, payload, call, manner.keep_going, output)


def executor_for(run: Run) -> Executor:
    """Executor that the run's settings ask for."""
    if run.dry:
        return DryExecutor()
    count = run.settings.processes
    return LocalExecutor(run, count) if count > 1 else inline.InlineExecutor()
