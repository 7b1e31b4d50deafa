"""Calling: make the calls of a chunk, one after the other, and build flat columns of what they give.

It runs in the process that was started by the user and in workers alike. It ends early when time or memory is
up, so that what is done can be remembered.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count, islice, repeat
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.functions.arguments import RNG
from neurochain.chain.functions.call import Call
from neurochain.chain.functions.chunk import ROW, Chunk, Outcome
from neurochain.chain.functions.gathering import OUTCOME_BYTES, Gathering, Numbers
from neurochain.chain.functions.output import LEARN, Output
from neurochain.chain.functions.window import Window
from neurochain.chain.garbage import young_garbage
from neurochain.chain.values.given import all_settled, settled
from neurochain.chain.values.reads import reads_of
from neurochain.datasets.hidden import ORDINAL
from neurochain.errors import UDFError
from neurochain.storage import Cost, ReadLog, recording_reads

SLICE = 1024  # calls whose arguments are made at once
SLICE_BYTES = 8_000_000  # of arguments, at once
BLOCK = 16_384  # results that become columns at once
BLOCK_BYTES = 8_000_000


@dataclass(frozen=True)
class Manner:
    """How calls are made.

    Attributes
    ----------
    keep_going : bool
        After a call has failed.
    threads : int or None
        Calls at once, where they wait for remote files; None for as many as hide the waiting.
    isolated : bool
        In worker processes from the first call on: the function has killed a process before.
    staging : Path or None
        Folder for results that memory should not hold.
    io : {"time", "bytes"}
        What reads of files should save.
    """

    keep_going: bool = False
    threads: int | None = None
    isolated: bool = False
    staging: Path | None = None
    io: Cost = "time"


@dataclass
class _Made:
    """What a call in a thread of its own gave."""

    log: ReadLog
    raw: tuple[Any, ...]
    result: Any = None
    reads: list[dict[str, Any]] = field(default_factory=list)
    error: Exception | None = None
    seconds: float = 0.0
    computed: float = 0.0


class Caller:
    """A call on its way through a chunk.

    Parameters
    ----------
    call : Call
        What is called.
    function : callable
        The function of `call`, set up.
    output : Output
        Which columns its results become; learns.
    manner : Manner
        How.
    """

    def __init__(self, call: Call, function: Callable[..., Any], output: Output, manner: Manner) -> None:
        self.call, self.function, self.output, self.manner = call, function, output, manner
        self._names = [a.param if a.keyword else None for a in call.arguments]
        self._finish = [a.finish for a in call.arguments]
        self._single = [a.opener == RNG for a in call.arguments]
        self._plain = not any(self._names) and not any(self._finish) and call.gives == "one"
        self._block = 1
        self._window = Window(manner.threads)

    def run(self, chunk: Chunk, seconds: float, marks: "memoryview | bytearray | None" = None) -> Outcome:
        """Make the first calls of a chunk: as many as take about `seconds`, at least one.

        Parameters
        ----------
        chunk : Chunk
            The calls.
        seconds : float
            After which the outcome is to be stored.
        marks : memoryview, optional
            One byte per call, set to 1 while it runs and to 2 behind it: who watches from outside sees which
            call was running when the process died.
        """
        work = Gathering(chunk, marks if marks is not None else bytearray(chunk.calls), self.manner.staging)
        started = time.monotonic()
        until = started + seconds
        waits = self.call.gives != "batch" and self.manner.threads != 1 and self._remote(chunk)
        with young_garbage(), recording_reads(ReadLog(self.manner.io)) as log:
            while work.outcome.done < chunk.calls and not work.stopped:
                part = self._next(chunk, work.outcome.done)
                if waits:
                    self._threaded(part, work, until)
                else:
                    self._slice(part, work, until, log)
                if work.held or self.output.learning(int(part.numbers[0])):
                    self._flush(work)
                if time.monotonic() >= until or work.bytes >= OUTCOME_BYTES:
                    break
            self._flush(work)
        outcome = work.outcome
        outcome.bytes += log.bytes
        outcome.requests += log.requests
        if not waits:
            outcome.seconds = time.monotonic() - started
        return outcome

    def _next(self, chunk: Chunk, start: int) -> Chunk:
        """The next calls whose arguments are made together."""
        size = max(1, min(SLICE, int(SLICE_BYTES / max(chunk.bytes_per_call, 1))))
        if self.output.learning(int(chunk.numbers[start])):
            size = min(size, int(np.searchsorted(chunk.numbers[start:], LEARN)) or 1)
        return chunk.slice(start, size)

    def _remote(self, chunk: Chunk) -> bool:
        """Whether calls wait for files that lie elsewhere."""
        for i, argument in enumerate(self.call.arguments):
            column = argument.uri(str(i))
            if column is not None and chunk.calls > 1:
                uri = chunk.rows[column].drop_nulls()
                if len(uri) and "://" in uri[0] and not uri[0].startswith(("file://", "memory://")):
                    return True
        return False

    def _slice(self, part: Chunk, work: Gathering, until: float, log: ReadLog) -> None:
        columns = self.call.values(part.rows, part.sizes, log)
        given: Iterable[tuple[Any, ...]] = zip(*columns, strict=True) if columns else [()] * part.calls
        function, clock, marks = self.function, time.monotonic, work.marks
        first = work.outcome.done
        fast = self._plain and self.call.takes == "row"
        for i, raw in enumerate(given, first):
            marks[i] = 1
            try:
                if fast:
                    work.values.append(settled(function(*raw)))
                    work.rows.append(i)
                else:
                    self._one(raw, i, work)
            except Exception as error:
                if work.flushing:  # no failure of the call: its results fit no column
                    raise
                work.fail(i, error, raw, self.manner.keep_going)
                log.take()
            if log:
                work.outcome.reads[i] = reads_of(log)
            marks[i] = 2
            work.outcome.done = i + 1
            if work.stopped or clock() >= until:
                return
            if len(work.values) >= self._block:
                self._flush(work)
                if work.bytes >= OUTCOME_BYTES:
                    return

    def _one(self, raw: tuple[Any, ...], i: int, work: Gathering) -> None:
        """Call the function for one row, and take what it gives."""
        result = self._called(raw)
        if self.call.gives == "one":
            work.add(i, result)
            return
        if self.call.gives == "batch":
            work.batches.append((i, result))
            return
        if result is None:
            return
        at = len(work.values), len(work.outcome.blocks)
        try:
            given, ordinal = self._many(result), 0
            while some := list(islice(given, max(self._block - len(work.values), 1))):
                work.add_many(i, all_settled(some), ordinal)
                ordinal += len(some)
                if len(work.values) >= self._block:
                    self._flush(work)
        except Exception:
            work.take_back(i, at)
            raise

    def _many(self, result: Any) -> Iterator[Any]:
        if isinstance(result, str | bytes | dict) or not hasattr(result, "__iter__"):
            raise UDFError(
                f"{self.call.udf.name}() gives a {type(result).__name__}, and gen() takes functions that give many rows: "
                "write yield, or return a list. For one result per row use map()."
            )
        return iter(result)

    def _called(self, raw: tuple[Any, ...]) -> Any:
        if self.call.takes == "row":
            done = [f(v) if f is not None else v for f, v in zip(self._finish, raw, strict=True)]
        else:
            done = [
                v if f is None else f(v[0]) if one else [f(x) for x in v]
                for f, one, v in zip(self._finish, self._single, raw, strict=True)
            ]
        positional = [v for n, v in zip(self._names, done, strict=True) if n is None]
        options = {n: v for n, v in zip(self._names, done, strict=True) if n is not None}
        result = self.function(*positional, **options)
        return result if self.call.gives == "many" else settled(result)

    def _threaded(self, part: Chunk, work: Gathering, until: float) -> None:
        """As `_slice`, several calls at once; each with a log of its own, taken in the order of the rows."""
        logs = [ReadLog(self.manner.io) for _ in range(part.calls)]
        columns = self.call.values(part.rows, part.sizes, logs)
        given: Iterable[tuple[Any, ...]] = zip(*columns, strict=True) if columns else repeat((), part.calls)
        coming = iter(zip(count(work.outcome.done), given, logs, strict=False))
        under_way: deque[tuple[int, Future[_Made]]] = deque()
        with ThreadPoolExecutor(self._window.most) as pool:
            while True:
                goes_on = not work.stopped and time.monotonic() < until
                for i, raw, log in islice(
                    coming, max(self._window.size - len(under_way), 0) if goes_on else 0
                ):
                    under_way.append((i, pool.submit(self._apart, raw, log, work.marks, i)))
                if not under_way:
                    return
                i, future = under_way.popleft()
                made = future.result()
                self._window.learn(made.seconds, made.log.waited, made.log.bytes)
                # What they compute alone: waiting is hidden here, and other processes would only wait as well.
                work.outcome.seconds += made.computed
                work.outcome.bytes += made.log.bytes
                work.outcome.requests += made.log.requests
                work.marks[i] = 2
                if work.stopped:
                    continue
                if made.error is not None:
                    work.fail(i, made.error, made.raw, self.manner.keep_going)
                elif self.call.gives == "one":
                    work.add(i, made.result)
                elif made.result is not None:
                    work.add_many(i, made.result, 0)
                if made.reads:
                    work.outcome.reads[i] = made.reads
                work.outcome.done = i + 1

    def _apart(self, raw: tuple[Any, ...], log: ReadLog, marks: "memoryview | bytearray", i: int) -> "_Made":
        """One call, in a thread of its own."""
        started, computed = time.monotonic(), time.thread_time()
        made = _Made(log, raw)
        with recording_reads(log):
            marks[i] = 1
            try:
                result = self._called(raw)
                many = self.call.gives == "many" and result is not None
                made.result = all_settled(list(self._many(result))) if many else result
                made.reads = reads_of(log) if log else []
            except Exception as error:
                made.error = error
        made.seconds, made.computed = time.monotonic() - started, time.thread_time() - computed
        return made

    def _flush(self, work: Gathering) -> None:
        """Results so far as flat columns."""
        work.flushing = True
        numbers = work.chunk.numbers
        for i, result in work.batches:
            sizes = work.chunk.sizes
            count = int(sizes[i]) if sizes is not None else 1
            frame, schema = self.output.build_batch(result, count, int(numbers[i]))
            rows = pl.Series(ROW, np.full(frame.height, i, np.uint32))
            ordinals = pl.Series(ORDINAL, np.arange(frame.height, dtype=np.uint32))
            work.add_block(frame.insert_column(0, ordinals).insert_column(0, rows), schema)
        work.batches = []
        if work.values:
            self._flush_values(work)
        work.flushing = False

    def _flush_values(self, work: Gathering) -> None:
        numbers = work.chunk.numbers
        rows_of = work.rows_of()
        frame, schema = self.output.build(work.values, Numbers(numbers, rows_of))
        hidden = [pl.Series(ROW, rows_of)]
        if self.call.gives == "many":
            hidden.append(pl.Series(ORDINAL, work.ordinals()))
        work.add_block(pl.DataFrame(hidden).hstack(frame), schema)
        size = max(frame.estimated_size() / len(work.values), 1)
        self._block = max(1, min(BLOCK, 4 * len(work.values), int(BLOCK_BYTES / size)))
        work.values, work.rows, work.runs = [], [], []
