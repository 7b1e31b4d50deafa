"""Work: a function on its way through the batches of one run; what the ledger knows is not computed again."""

import hashlib
import json
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.executors import Executor
from neurochain.chain.fingerprint import Fingerprint
from neurochain.chain.functions.batch import Batch, OpenBatch, Result, picked
from neurochain.chain.functions.call import Call
from neurochain.chain.functions.calling import Manner
from neurochain.chain.functions.chunk import ROW, Chunk, Failure, Outcome
from neurochain.chain.functions.failures import failed, told
from neurochain.chain.functions.memory import Memory, reads_series
from neurochain.chain.functions.output import LEARN, Output
from neurochain.chain.functions.record import record_of
from neurochain.chain.jobs import current_job
from neurochain.chain.keys import WIDTH, argument_digests
from neurochain.chain.run import Run
from neurochain.chain.sources.headers import reader_fingerprint
from neurochain.datasets.filetable import root_uris
from neurochain.datasets.hidden import ARG, ORDINAL, READS
from neurochain.datasets.ledger import Ledger
from neurochain.datasets.location import relative_uris
from neurochain.datasets.lookup import Lookup
from neurochain.datasets.schema import KEY
from neurochain.errors import SchemaError

KILLERS = "killers"  # folder of marks: functions that have killed a process are not called in the user's
CHUNK_BYTES = 16_000_000  # of arguments that travel together


def reuse_key(identity: Fingerprint, call: Call, output: Output) -> str:
    """What a result depends on besides the arguments' values."""
    parts = [identity.digest, [a.describe() for a in call.arguments], output.describe()]
    if call.takes != "row" or call.gives != "one":
        parts.append([call.takes, call.gives, [a.container for a in call.arguments]])
    if any(a.opener in ("volume", "recording", "video") for a in call.arguments):
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
        asked = run.settings
        self.manner = Manner(keep_going, asked.threads, self._killer.exists(), run.project.staging, asked.io)
        self._many = call.gives != "one"
        self._ledger = Ledger(run.project, key, self._many) if identity.reusable else None
        self._known = self._load()
        self._reads: list[pl.Series] = []
        self._open: deque[OpenBatch] = deque()
        self._memory = Memory(self._ledger, self._many)
        self._asked = self._missing = 0  # calls looked up, and those that were not known
        self._used = record_of(call.udf, identity, run.dry)
        self._used.arguments = list(dict.fromkeys(name for a in call.arguments for name in a.columns))

    def _load(self) -> Lookup | None:
        return self._ledger.lookup() if self._ledger is not None and self.run.settings.reuse else None

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
        try:
            with closing(self.executor.run(self.call, self.output, self.manner, chunks)) as made:
                for chunk, outcome in made:
                    yield from self._take(chunk, outcome, progress)
                    while self._open and not self._open[0].left:
                        yield self._close(self._open.popleft())
        finally:
            self._memory.save()
        self._finish()

    def _chunks(self, batches: Iterable[Batch], progress: Any) -> Iterator[Chunk]:
        counts = self.run.activity.counts
        for number, batch in enumerate(batches):
            opened = OpenBatch(number, batch, self._digests(batch))
            counts.rows_in += batch.columns.height
            missing = self._look_up(opened)
            self._open.append(opened)
            reused = batch.calls - len(batch.left_out) - len(missing)
            counts.reused += reused
            self._used.reused += reused
            progress.advance(reused + len(batch.left_out))
            opened.left = len(missing)
            ahead = self._expected(batch, len(missing))
            progress.least = self._asked + batch.ahead
            everything = Chunk(
                batch.columns, batch.numbers, np.arange(batch.calls), batch.sizes, number, ahead
            )
            chunk = everything if len(missing) == batch.calls else picked(everything, missing)
            start = 0
            while start < chunk.calls:
                piece = chunk.slice(start, self._size(chunk, start))
                start += piece.calls
                yield piece
            if not chunk.calls:
                yield chunk

    def _expected(self, batch: Batch, missing: int) -> int:
        """Calls after a batch, if as many of them are known as of those so far."""
        self._asked += batch.calls
        self._missing += missing
        return batch.ahead * self._missing // max(self._asked, 1)

    def _size(self, chunk: Chunk, start: int) -> int:
        """Calls that go together; those whose results tell the types go first, and alone."""
        size: int = max(1, int(CHUNK_BYTES / max(chunk.bytes_per_call, 1)))
        size = min(size, self.executor.calls_per_chunk(chunk.calls - start + chunk.ahead))
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

    def _look_up(self, opened: "OpenBatch") -> np.ndarray[Any, Any]:
        """Take what is known; the numbers of the calls that are to be made."""
        batch, digests = opened.batch, opened.digests
        wanted = np.ones(len(digests), bool)
        wanted[batch.left_out] = False
        if self._known is not None:
            asked = np.flatnonzero(wanted)
            which, found = self._known.find(digests if wanted.all() else digests.gather(asked))
            if found.height:
                places = asked[which]
                wanted[places] = False
                opened.add_reads(found)
                found = found.insert_column(0, pl.Series(ROW, places.astype(np.uint32)))
                found, schema = self.output.known(found, self._known.schema)
                if self._many:
                    found = found.filter(pl.col(ORDINAL).is_not_null())
                opened.add(found.drop(ARG, READS), schema)
        missing = np.flatnonzero(wanted)
        if len(missing) > 1 and self.identity.reusable:
            missing = opened.share(missing)
        return missing

    def _take(self, chunk: Chunk, outcome: Outcome, progress: Any) -> Iterator[Result]:
        """Remember an outcome and give it to its batch; results that are ready, where much has gathered."""
        if not chunk.calls:
            return
        opened = next(o for o in self._open if o.number == chunk.batch)
        places = chunk.places
        failures = {int(places[f.call]): f for f in outcome.failures}
        try:
            for block in outcome.blocks:
                self.output.learn(block.schema, int(chunk.numbers[0]))
        except SchemaError as error:
            raise SchemaError(f"Row {int(chunk.numbers[0])} and those that follow: {error}") from error
        if outcome.reads:
            self._reads.append(reads_series(list(outcome.reads.values()), len(outcome.reads)))
        self._memory.add(opened.digests.gather(places), outcome)
        self._count(outcome, progress)
        self._tell(opened.batch, outcome.failures, places)
        if failures and not self.manner.keep_going:
            raise failed(self.call, min(outcome.failures, key=lambda f: f.row))
        opened.failures.update(failures)
        for block in outcome.blocks:
            frame = block.frame()
            rows = places[frame[ROW].to_numpy()].astype(np.uint32)
            opened.add(frame.with_columns(pl.Series(ROW, rows)), block.schema)
            if len(rows) and self.call.gives != "batch":
                yield from opened.surplus(int(rows[-1]), more=self._many)
        opened.left -= outcome.done
        if opened.left and self.call.gives != "batch":
            yield from opened.surplus(int(places[outcome.done - 1]) + 1)
        if self._memory.due:
            self._memory.save()

    def _tell(self, batch: Batch, failures: Sequence[Failure], places: np.ndarray[Any, Any]) -> None:
        """Show failures to whoever looks at the job from elsewhere."""
        job = current_job()
        if job is None or not failures or not job.room:
            return
        keyed = self.call.takes == "row" and KEY in batch.frame.columns
        job.note(
            [
                told(self.call.udf.name, f, batch.frame[KEY][int(places[f.call])] if keyed else None)
                for f in failures[: job.room]
            ]
        )

    def _count(self, outcome: Outcome, progress: Any) -> None:
        counts, failed_calls = self.run.activity.counts, len(outcome.failures)
        counts.computed += outcome.done - failed_calls
        counts.failed += failed_calls
        counts.bytes += outcome.bytes
        counts.requests += outcome.requests
        self._used.computed += outcome.done - failed_calls
        self._used.failed += failed_calls
        self._used.bytes += outcome.bytes
        self._used.requests += outcome.requests
        progress.advance(outcome.done, outcome.bytes, failed_calls)
        if any(f.lost for f in outcome.failures):
            self._killer.parent.mkdir(exist_ok=True)
            self._killer.touch()

    def _close(self, opened: OpenBatch) -> Result:
        """What a batch's calls gave, as far as it was not given on."""
        self._reads += opened.reads
        return opened.take_out(opened.batch.calls)

    def _finish(self) -> None:
        """Enter the function, and what it read, in the activity."""
        if self._ledger is not None and self._known is not None:
            self._ledger.touch()
        reads = self._manifest()
        self._used.reads = self.run.manifest(reads) if reads is not None else None
        self._used.columns = list(self.output.schema or self.output.declared() or ())
        self.run.activity.functions.append(self._used)

    def _manifest(self) -> pl.DataFrame | None:
        if not self._reads:
            return None
        reads = pl.concat(self._reads).to_frame().explode(READS).unnest(READS).unique(maintain_order=True)
        function = pl.lit(self.call.udf.name).alias("function")
        return relative_uris(reads, root_uris(self.run.project)).select(function, pl.all())
