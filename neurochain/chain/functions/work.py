"""Work: a function on its way through the batches of one run; what the ledger knows is not computed again."""

import hashlib
import json
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.executors import Executor
from neurochain.chain.fingerprint import Fingerprint
from neurochain.chain.functions.call import Call
from neurochain.chain.functions.calling import Manner
from neurochain.chain.functions.chunk import ROW, Chunk, Failure, Outcome
from neurochain.chain.functions.failures import failed
from neurochain.chain.functions.output import LEARN, Output
from neurochain.chain.keys import WIDTH, argument_digests
from neurochain.chain.run import Run
from neurochain.chain.sources.headers import reader_fingerprint
from neurochain.chain.values.nested import nested_series
from neurochain.datasets.activity import UsedFunction
from neurochain.datasets.conversion import convert, unify_schemas
from neurochain.datasets.filetable import root_uris
from neurochain.datasets.ledger import ARG, ORDINAL, READS, READS_TYPE, Ledger
from neurochain.datasets.location import relative_uris
from neurochain.datasets.schema import Schema
from neurochain.errors import SchemaError

KNOWN_IN_MEMORY = 400_000_000  # bytes of ledger parts that are read once instead of once per batch
KILLERS = "killers"  # folder of marks: functions that have killed a process are not called in the user's
CHUNK_BYTES = 16_000_000  # of arguments that travel together


@dataclass
class Batch:
    """Rows on their way: one per call.

    Attributes
    ----------
    frame : DataFrame
        What the results are joined to; one row per call, or its rows where it gives as many as it takes.
    columns : DataFrame
        Flat columns of the arguments; of calls that take several rows, those rows one after the other.
    numbers : ndarray, shape (n_calls,), int64
        Number of each call's (first) row in the chain.
    sizes : ndarray, shape (n_calls,), int64, or None
        Rows of each call.
    left_out : ndarray, shape (n_left_out,), int64
        Calls that are not made, since their rows have failed before.
    sound : ndarray, shape (n_rows,), bool
        Rows of `frame` that the calls got, where they give as many as they take.
    """

    frame: pl.DataFrame
    columns: pl.DataFrame
    numbers: np.ndarray[Any, Any]
    sizes: np.ndarray[Any, Any] | None = None
    left_out: np.ndarray[Any, Any] = field(default_factory=lambda: np.empty(0, np.int64))
    sound: np.ndarray[Any, Any] = field(default_factory=lambda: np.empty(0, bool))

    @property
    def calls(self) -> int:
        """Number of calls."""
        return len(self.numbers)


@dataclass
class Result:
    """A batch with what its calls gave.

    Attributes
    ----------
    batch : Batch
    frame : DataFrame
        Flat columns of results with ``_row``, the number of the call (and ``_ordinal``, where a call gives
        many), in that order. Calls that failed, or gave no row, are missing.
    schema : Schema
        Of the results; without columns where nothing but None was given so far.
    failures : dict of int to Failure
        By the number of the call.
    """

    batch: Batch
    frame: pl.DataFrame
    schema: Schema
    failures: dict[int, Failure]


def reuse_key(identity: Fingerprint, call: Call, output: Output) -> str:
    """What a result depends on besides the arguments' values."""
    parts = [identity.digest, [a.describe() for a in call.arguments], output.describe()]
    if call.takes != "row" or call.gives != "one":
        parts.append([call.takes, call.gives, [a.container for a in call.arguments]])
    if any(a.opener in ("volume", "recording") for a in call.arguments):
        parts.append(reader_fingerprint())
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


class Work:
    """A function on its way through the batches of one run.

    Parameters
    ----------
    call : Call
    output : Output
    identity : Fingerprint
        Of the function.
    run : Run
    executor : Executor
    keep_going : bool
        After a call has failed.
    """

    def __init__(
        self,
        call: Call,
        output: Output,
        identity: Fingerprint,
        run: Run,
        executor: Executor,
        keep_going: bool,
    ) -> None:
        self.call, self.output, self.identity, self.run = call, output, identity, run
        self.executor = executor
        key = reuse_key(identity, call, output)
        self._killer = run.project.folder / KILLERS / key
        self.manner = Manner(keep_going, run.settings.threads, self._killer.exists())
        self._many = call.gives != "one"
        self._ledger = Ledger(run.project, key, self._many) if identity.reusable else None
        self._known_schema = Schema()
        self._known = self._load()
        self._reads: list[pl.Series] = []
        self._open: deque[_Open] = deque()
        self._rate = 0.0  # seconds per call

    def _load(self) -> pl.LazyFrame | None:
        if self._ledger is None or not self.run.settings.reuse:
            return None
        known, schema = self._ledger.known(), self._ledger.schema
        if known is None or schema is None:
            return None
        self._known_schema = schema
        return known.collect().lazy() if self._ledger.bytes < KNOWN_IN_MEMORY else known

    def results(self, batches: Iterable[Batch], progress: Any) -> Generator[Result]:
        """What each batch gave, in order.

        Raises
        ------
        UDFError
            A call failed, and the run does not go on after failures.
        SchemaError
            A result fits no column.
        """
        chunks = self._chunks(batches, progress)
        with closing(self.executor.run(self.call, self.output, self.manner, chunks)) as made:
            for chunk, outcome in made:
                self._take(chunk, outcome, progress)
                while self._open and not self._open[0].left:
                    yield self._close(self._open.popleft())
        self._finish()

    def _chunks(self, batches: Iterable[Batch], progress: Any) -> Iterator[Chunk]:
        counts = self.run.activity.counts
        for number, batch in enumerate(batches):
            opened = _Open(number, batch, self._digests(batch))
            counts.rows_in += batch.columns.height
            missing = self._look_up(opened)
            self._open.append(opened)
            reused = batch.calls - len(batch.left_out) - len(missing)
            counts.reused += reused
            progress.advance(reused + len(batch.left_out))
            opened.left = len(missing)
            everything = Chunk(batch.columns, batch.numbers, np.arange(batch.calls), batch.sizes, number)
            chunk = everything if len(missing) == batch.calls else _picked(everything, missing)
            start = 0
            while start < chunk.calls:
                piece = chunk.slice(start, self._size(chunk, start))
                start += piece.calls
                yield piece
            if not chunk.calls:
                yield chunk

    def _size(self, chunk: Chunk, start: int) -> int:
        """Calls that go together; those whose results tell the types go first, and alone."""
        size: int = max(1, int(CHUNK_BYTES / max(chunk.bytes_per_call, 1)))
        size = min(size, self.executor.calls_per_chunk(chunk.calls - start))
        if self.output.learning(int(chunk.numbers[start])):
            learning = int(np.searchsorted(chunk.numbers[start:], LEARN))
            size = min(size, max(learning, 1))
        return size

    def _digests(self, batch: Batch) -> pl.Series:
        # A function without parameters still has one call per row; every row has the same arguments.
        names = self.call.identity()
        columns = (
            batch.columns.select(names)
            if names
            else pl.DataFrame({"0": np.zeros(batch.columns.height, bool)})
        )
        digests = argument_digests(columns)
        if batch.sizes is None:
            return digests.alias(ARG)
        raw = b"".join(digests.to_list())
        ends = np.cumsum(batch.sizes) * WIDTH
        members = [
            hashlib.blake2b(raw[a:b], digest_size=WIDTH).digest()
            for a, b in zip((ends - batch.sizes * WIDTH).tolist(), ends.tolist(), strict=True)
        ]
        return pl.Series(ARG, members, dtype=pl.Binary)

    def _look_up(self, opened: "_Open") -> np.ndarray[Any, Any]:
        """Take what is known; the numbers of the calls that are to be made."""
        batch, digests = opened.batch, opened.digests
        wanted = np.ones(len(digests), bool)
        wanted[batch.left_out] = False
        if self._known is not None:
            asked = pl.DataFrame({ROW: np.arange(len(digests), dtype=np.uint32), ARG: digests}).lazy()
            if len(batch.left_out):
                asked = asked.filter(pl.Series(wanted))
            found = asked.join(self._known, on=ARG, how="inner", maintain_order="left_right").collect()
            if found.height:
                wanted[found[ROW].to_numpy()] = False
                opened.add_reads(found)
                found, schema = self.output.known(found, self._known_schema)
                if self._many:
                    found = found.filter(pl.col(ORDINAL).is_not_null())
                opened.add(found.drop(ARG, READS), schema)
        missing = np.flatnonzero(wanted)
        if len(missing) > 1 and self.identity.reusable:
            missing = opened.share(missing)
        return missing

    def _take(self, chunk: Chunk, outcome: Outcome, progress: Any) -> None:
        """Remember an outcome, and give it to its batch."""
        if not chunk.calls:
            return
        opened = next(o for o in self._open if o.number == chunk.batch)
        places = chunk.places
        failures = {int(places[f.call]): f for f in outcome.failures}
        try:
            blocks = [(self._placed(frame, places), schema) for frame, schema in outcome.blocks]
            for frame, schema in blocks:
                self.output.learn(schema, int(chunk.numbers[0]))
                opened.add(frame, schema)
        except SchemaError as error:
            raise SchemaError(f"Row {int(chunk.numbers[0])} and those that follow: {error}") from error
        self._remember(opened, places, outcome, blocks, failures)
        opened.left -= outcome.done
        counts = self.run.activity.counts
        counts.computed += outcome.done - len(failures)
        counts.failed += len(failures)
        counts.bytes += outcome.bytes
        counts.requests += outcome.requests
        progress.advance(outcome.done, outcome.bytes, len(failures))
        if any(f.lost for f in outcome.failures):
            self._killer.parent.mkdir(exist_ok=True)
            self._killer.touch()
        if failures and not self.manner.keep_going:
            raise failed(self.call, min(outcome.failures, key=lambda f: f.row))
        opened.failures.update(failures)

    def _placed(self, frame: pl.DataFrame, places: np.ndarray[Any, Any]) -> pl.DataFrame:
        """Results with the number of the call in its batch instead of in its chunk."""
        rows = frame[ROW].to_numpy()
        return frame.with_columns(pl.Series(ROW, places[rows].astype(np.uint32)))

    def _remember(
        self,
        opened: "_Open",
        places: np.ndarray[Any, Any],
        outcome: Outcome,
        blocks: Sequence[tuple[pl.DataFrame, Schema]],
        failures: dict[int, Failure],
    ) -> None:
        reads = {int(places[i]): r for i, r in outcome.reads.items()}
        if reads:
            self._reads.append(_reads_series(list(reads.values())))
        if self._ledger is None:
            return
        frames = []
        seen: set[int] = set()
        for frame, schema in blocks:
            rows = frame[ROW]
            lists = [reads.get(r) if r not in seen else None for r in rows.to_list()] if reads else None
            if self._many and reads:
                first = frame[ORDINAL].to_list()
                lists = [x if n == 0 else None for x, n in zip(lists or (), first, strict=True)]
            hidden = [opened.digests.gather(rows).alias(ARG), _reads_series(lists, len(rows))]
            frames.append((frame.drop(ROW).insert_column(0, hidden[1]).insert_column(0, hidden[0]), schema))
        if self._many:
            with_rows = {r for frame, _ in blocks for r in frame[ROW].unique().to_list()}
            nothing = [
                int(p) for p in places[: outcome.done] if int(p) not in with_rows and int(p) not in failures
            ]
            if nothing:
                frames.append((self._nothing(opened, nothing, reads), Schema()))
        self._ledger.append_all(frames)

    def _nothing(
        self, opened: "_Open", places: Sequence[int], reads: dict[int, list[dict[str, Any]]]
    ) -> pl.DataFrame:
        """Rows of the ledger for calls that gave none."""
        digests = opened.digests.gather(list(places)).alias(ARG)
        ordinals = pl.Series(ORDINAL, [None] * len(places), dtype=pl.UInt32)
        return pl.DataFrame([digests, _reads_series([reads.get(p) for p in places]), ordinals])

    def _close(self, opened: "_Open") -> Result:
        """All that a batch's calls gave, in order."""
        self._reads += opened.reads
        frame, schema = joined(opened.parts)
        if opened.shared is not None and frame.height:
            frame = opened.spread(frame, opened.shared)
        order = [ROW, ORDINAL] if self._many and frame.height else [ROW]
        if frame.height and not frame[ROW].is_sorted():
            frame = frame.sort(order)
        return Result(opened.batch, frame, schema, opened.all_failures())

    def _finish(self) -> None:
        """Enter the function, and what it read, in the activity."""
        if self._ledger is not None and self._known is not None:
            self._ledger.touch()
        reads = self._manifest()
        self.run.activity.functions.append(
            UsedFunction(
                self.identity.digest,
                self.call.udf.name,
                self.identity.source,
                self.identity.to_json(),
                tuple(self.identity.problems),
                self.run.manifest(reads) if reads is not None else None,
            )
        )

    def _manifest(self) -> pl.DataFrame | None:
        if not self._reads:
            return None
        reads = pl.concat(self._reads).to_frame().explode(READS).unnest(READS).unique(maintain_order=True)
        function = pl.lit(self.call.udf.name).alias("function")
        return relative_uris(reads, root_uris(self.run.project)).select(function, pl.all())


class _Open:
    """A batch some of whose calls are still to be made."""

    def __init__(self, number: int, batch: Batch, digests: pl.Series) -> None:
        self.number, self.batch, self.digests = number, batch, digests
        self.left = 0
        self.parts: list[tuple[pl.DataFrame, Schema]] = []
        self.reads: list[pl.Series] = []
        self.failures: dict[int, Failure] = {}
        self.shared: pl.DataFrame | None = None

    def add(self, frame: pl.DataFrame, schema: Schema) -> None:
        """Take results."""
        if frame.height:
            self.parts.append((frame, schema))

    def add_reads(self, found: pl.DataFrame) -> None:
        """Note what known results were read from."""
        if found[READS].null_count() < found.height:
            self.reads.append(found[READS].drop_nulls())

    def share(self, missing: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """First of each of the calls that have equal arguments; the others get its results."""
        asked = pl.DataFrame({"place": missing.astype(np.uint32), ARG: self.digests.gather(missing)})
        if asked[ARG].n_unique() == asked.height:
            return missing
        asked = asked.with_columns(pl.col("place").first().over(ARG).alias("first"))
        self.shared = asked.filter(pl.col("place") != pl.col("first")).select("place", "first")
        firsts: np.ndarray[Any, Any] = asked.filter(pl.col("place") == pl.col("first"))["place"].to_numpy()
        return firsts.astype(np.int64)

    def spread(self, frame: pl.DataFrame, shared: pl.DataFrame) -> pl.DataFrame:
        """Results with those of calls that have equal arguments repeated."""
        copies = shared.join(frame, left_on="first", right_on=ROW, how="inner", maintain_order="left_right")
        return pl.concat([frame, copies.rename({"place": ROW}).select(frame.columns)])

    def all_failures(self) -> dict[int, Failure]:
        """Failures, also of the calls with equal arguments."""
        if self.shared is None or not self.failures:
            return self.failures
        copies = {
            place: self.failures[first] for place, first in self.shared.rows() if first in self.failures
        }
        return {**self.failures, **copies}


def _picked(chunk: Chunk, places: np.ndarray[Any, Any]) -> Chunk:
    """Some calls of a chunk."""
    if chunk.sizes is None:
        return Chunk(chunk.rows[places], chunk.numbers[places], places, None, chunk.batch)
    starts = np.cumsum(chunk.sizes) - chunk.sizes
    rows = [np.arange(starts[p], starts[p] + chunk.sizes[p]) for p in places]
    members = np.concatenate(rows) if rows else np.empty(0, np.int64)
    return Chunk(chunk.rows[members], chunk.numbers[places], places, chunk.sizes[places], chunk.batch)


def _reads_series(reads: Sequence[list[dict[str, Any]] | None] | None, count: int = 0) -> pl.Series:
    if reads is None or not any(reads):
        return pl.Series(READS, [None] * (count if reads is None else len(reads)), dtype=READS_TYPE)
    return nested_series(READS, [r or None for r in reads], READS_TYPE)


def joined(parts: Sequence[tuple[pl.DataFrame, Schema]]) -> tuple[pl.DataFrame, Schema]:
    """Frames under the one schema that holds them all; one without columns gave None so far."""
    schema = Schema()
    for _, own in parts:
        schema = unify_schemas(schema, own, promote=True)
    if not parts:
        return pl.DataFrame({ROW: pl.Series([], dtype=pl.UInt32)}), schema
    if len(parts) == 1:
        return parts[0]
    converted = [convert(frame, own, schema) for frame, own in parts]
    order = converted[0].columns
    return pl.concat([f.select(order) for f in converted]), schema
