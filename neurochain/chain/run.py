"""Run: one execution of a chain: its project, settings, progress, and what it has used so far."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Queue
from threading import Event, Thread
from typing import Literal, get_args

import polars as pl

from neurochain.chain.jobs import current_job
from neurochain.chain.progress import Progress
from neurochain.datasets import leases
from neurochain.datasets.activity import Activity, Input
from neurochain.datasets.parts import Part, write_part
from neurochain.datasets.project import Project
from neurochain.datasets.schema import Schema
from neurochain.errors import ExpressionError, VersionError
from neurochain.storage import Cost

BATCH = 65_536  # rows that go through a function step at a time
BATCH_BYTES = 32_000_000  # of them, in memory
PART_BYTES = 64_000_000  # rows of one part, in memory


OnError = Literal["raise", "skip", "keep"]


@dataclass(frozen=True)
class Settings:
    """How a chain runs. Of these only `on_error` and `seed` have a say in what it gives.

    Attributes
    ----------
    reuse : bool
        Take results from the ledger. False computes every row anew (and remembers the results).
    threads : int or None
        Headers read at once, and calls that wait for remote files; None for as many as help: 64 to 256 headers, and
        so many calls that one works while others wait (at most 64).
    io : {"time", "bytes"}
        What reads of files should save, where reading a little more takes less time than another request.
    workers : int or None
        Processes that call functions and read headers: 0 for this one alone; None for one per core, where work is
        left for long enough.
    on_error : {"raise", "skip", "keep"}
        What becomes of a row whose function fails: the run ends; the row is left out; it stays, with nulls and
        the column ``error``. A file whose header cannot be read ends the run, too, or ``header.error`` says why.
    seed : int
        Of the generators that functions get as ``rng``.
    """

    reuse: bool = field(default_factory=lambda: os.environ.get("NEUROCHAIN_REUSE", "") != "0")
    threads: int | None = None
    io: Cost = "time"
    workers: int | None = field(default_factory=lambda: _from_environment("NEUROCHAIN_WORKERS"))
    on_error: OnError = "raise"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.on_error not in get_args(OnError):
            raise ExpressionError(
                f"settings(on_error={self.on_error!r}): there is 'raise', 'skip' and 'keep'."
            )
        if self.io not in get_args(Cost):
            raise ExpressionError(f"settings(io={self.io!r}): there is 'time' and 'bytes'.")
        for name in ("threads", "workers", "seed"):
            value = getattr(self, name)
            least = 1 if name == "threads" else 0
            if not (value is None and name != "seed") and (not isinstance(value, int) or value < least):
                raise ExpressionError(f"settings({name}={value!r}): give a whole number, {least} or more.")

    @property
    def processes(self) -> int:
        """Processes that may be busy at the same time, this one among them; by default one for each core."""
        if self.workers is not None:
            return max(1, self.workers)
        affinity = getattr(os, "sched_getaffinity", None)
        return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _from_environment(name: str) -> int | None:
    text = os.environ.get(name, "")
    if text and not text.isdigit():
        raise ExpressionError(f"{name}={text!r} in the environment: give a whole number, 0 or more.")
    return int(text) if text else None


@dataclass
class State:
    """Rows on their way through the chain: flat columns and the hidden key, with their schema, and how many, where that is known."""

    frame: pl.LazyFrame
    schema: Schema
    rows: int | None = None


@dataclass
class Run:
    """One execution."""

    project: Project
    settings: Settings = field(default_factory=Settings)
    progress: Progress = field(default_factory=Progress)
    activity: Activity = field(default_factory=Activity)
    manifests: list[Part] = field(default_factory=list)
    failures: list[pl.DataFrame] = field(default_factory=list)
    spool_limit: int = 64_000_000  # bytes of rows between two steps that stay in memory
    dry: bool = False  # no function is called, and nothing is noted but headers
    looked: list[pl.DataFrame] = field(default_factory=list)  # what a dry run would have written for lineage
    kept: list[tuple[Input, pl.LazyFrame, Schema]] = field(default_factory=list)

    def __post_init__(self) -> None:
        leases.hold(self.project.folder)  # what is known stays where it is while this may read it
        job = current_job()
        if job is not None:
            job.attach(self.project, self.activity)

    def manifest(self, frame: pl.DataFrame) -> str:
        """Write a part that lineage refers to; its hash."""
        if self.dry:
            self.looked.append(frame)
            return ""
        part = write_part(self.project, frame)
        self.manifests.append(part)
        return part.hash

    def keep(self, given: Input, frame: pl.LazyFrame, schema: Schema) -> None:
        """Enter an input whose rows lie in no file, so that they are written down where the run is saved.

        Parameters
        ----------
        given : Input
            What it is.
        frame : LazyFrame
            Its flat columns, with the hidden key.
        schema : Schema
            Of the frame.
        """
        given.reference["schema"] = schema.to_json()
        self.activity.inputs.append(given)
        self.kept.append((given, frame, schema))

    def write_kept(self) -> None:
        """Write down the rows of all inputs that lie in no file."""
        for given, frame, schema in self.kept:
            parts = [write_part(self.project, batch, schema) for batch in joined(batches(frame), PART_BYTES)]
            given.parts = [part.hash for part in parts]
            self.manifests += parts


def joined(frames: Iterable[pl.DataFrame], size: int) -> Iterator[pl.DataFrame]:
    """Frames joined, until they have so many bytes in memory."""
    waiting: list[pl.DataFrame] = []
    held = 0
    for frame in frames:
        waiting.append(frame)
        held += int(frame.estimated_size())
        if held > size:
            yield pl.concat(waiting)
            waiting, held = [], 0
    if waiting:
        yield pl.concat(waiting)


def batches(frame: pl.LazyFrame, rows: int = BATCH) -> Iterator[pl.DataFrame]:
    """Rows of a lazy frame in order, some at a time, without holding all of them.

    A batch has at most `rows` rows, and fewer where they are large.

    Raises
    ------
    ExpressionError
        As `collected`.
    """
    # LazyFrame.collect_batches would end early, and in silence, where an expression fails.
    ready: Queue[pl.DataFrame | None] = Queue(maxsize=1)
    stopped = Event()
    failures: list[BaseException] = []

    def put(batch: pl.DataFrame) -> bool:
        ready.put(batch)
        return stopped.is_set()

    ended = False

    def got() -> Iterator[pl.DataFrame]:
        nonlocal ended
        while (batch := ready.get()) is not None:
            yield batch
        ended = True

    def stream() -> None:
        try:
            frame.sink_batches(put, maintain_order=True, lazy=False)
        except BaseException as error:  # raised where the rows are used
            failures.append(error)
        finally:
            ready.put(None)

    # A daemon: a failed script's traceback keeps this generator alive, and nothing must wait for it at exit.
    Thread(target=stream, daemon=True).start()
    try:
        yield from _sized(got(), rows)
    finally:
        stopped.set()
        while not ended and ready.get() is not None:
            pass
    if failures:
        with _in_words():
            raise failures[0]


def _sized(frames: Iterable[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    """Frames joined and cut, so that each has so many rows, or not too many bytes."""
    waiting: list[pl.DataFrame] = []
    held = size = 0
    for frame in frames:
        if not frame.height:
            continue
        waiting.append(frame)
        held += frame.height
        size += int(frame.estimated_size())
        if held < rows and size < BATCH_BYTES:
            continue
        joined = pl.concat(waiting, rechunk=True) if len(waiting) > 1 else frame
        step = max(1, min(rows, int(BATCH_BYTES * held / max(size, 1))))
        whole = held // step * step
        for start in range(0, whole, step):
            yield joined.slice(start, step)
        rest = joined.slice(whole)
        waiting, held = ([rest], rest.height) if rest.height else ([], 0)
        size = int(rest.estimated_size())
    if held:
        yield pl.concat(waiting, rechunk=True) if len(waiting) > 1 else waiting[0]


def even(frames: Iterable[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    """Frames of exactly so many rows each (the last may have fewer), whatever they come in."""
    waiting: list[pl.DataFrame] = []
    held = 0
    for frame in frames:
        waiting.append(frame)
        held += frame.height
        if held >= rows:
            joined = pl.concat(waiting)
            whole = held // rows * rows
            for start in range(0, whole, rows):
                yield joined.slice(start, rows)
            waiting, held = [joined.slice(whole)], held - whole
    if held:
        yield pl.concat(waiting)


def collected(frame: pl.LazyFrame) -> pl.DataFrame:
    """All rows of a lazy frame.

    Raises
    ------
    ExpressionError
        An expression fails on a value, such as a cast of ``"a"`` to a number.
    VersionError
        A part is damaged.
    """
    with _in_words():
        return frame.collect()


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except pl.exceptions.PolarsError as error:
        reason = str(error).partition("\n")[0].replace("_new.", "")
        if reason.startswith("parquet: "):  # no expression's fault
            raise VersionError(
                f"Rows cannot be read back from the project's parts: {reason.removeprefix('parquet: ')} "
                "A part is damaged: `neurochain doctor --deep` names it, and says what to do."
            ) from error
        raise ExpressionError(
            f"An expression of the chain cannot be computed for all rows: {reason}."
        ) from error
