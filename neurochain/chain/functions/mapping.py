"""Map: the step that runs a user's function once per row, and reuses what is known.

Rows go through in batches. What the ledger knows is taken from it; the rest is computed, remembered a few
seconds' worth at a time, and joined to the batch. So a killed run resumes where it was.
"""

import hashlib
import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from neurochain.chain.executors import Call, Executor
from neurochain.chain.executors.inline import InlineExecutor
from neurochain.chain.fingerprint import Fingerprint
from neurochain.chain.functions.arguments import Argument, bind_arguments
from neurochain.chain.functions.output import Output
from neurochain.chain.functions.udf import UDF
from neurochain.chain.keys import argument_digests
from neurochain.chain.run import Run, State, batches, collected
from neurochain.chain.sources.headers import reader_fingerprint
from neurochain.chain.spool import Spool
from neurochain.chain.values.nested import nested_series
from neurochain.datasets.activity import UsedFunction
from neurochain.datasets.conversion import convert, unify_schemas
from neurochain.datasets.filetable import root_uris
from neurochain.datasets.ledger import ARG, READS, READS_TYPE, Ledger
from neurochain.datasets.location import file_columns, relative_uris
from neurochain.datasets.schema import KEY, Schema
from neurochain.errors import ColumnExistsError, NotReproducibleWarning, UDFError

REMEMBER_SECONDS = 3.0  # of work that a kill may lose
KNOWN_IN_MEMORY = 400_000_000  # bytes of ledger parts that are read once instead of once per batch


@dataclass(frozen=True)
class Map:
    """Add the columns that a function computes from each row."""

    udf: UDF
    name: str | None
    keeps_count = True
    row_by_row = True

    def bind(self, schema: Schema) -> Schema:
        arguments = bind_arguments(self.udf, schema)
        output = Output(self.udf, self.name)
        declared = output.declared()
        if declared is None or arguments is None:
            return Schema(schema.values(), partial=True)
        self._check(schema, declared)
        return Schema([*schema.values(), *declared.values()], schema.partial)

    def _check(self, schema: Schema, new: Schema) -> None:
        for name in new:
            if name in schema:
                raise ColumnExistsError(
                    f"{self.udf.name}() gives a column {name!r}, which exists already. Name the result: "
                    f"map(other={self.udf.name}), or drop the column with select() first."
                )

    def apply(self, state: State, run: Run) -> State:
        arguments = bind_arguments(self.udf, state.schema)
        if arguments is None:
            raise UDFError(f"A parameter of {self.udf.name}() names a column that no file has.")
        seeds = tuple(a.model for a in arguments if a.model is not None)
        identity = self.udf.fingerprint(seeds)
        output = Output(self.udf, self.name)
        work = _Work(Call(self.udf, arguments), output, identity, run)
        declared = output.declared()
        if declared is not None:
            self._check(state.schema, declared)
        total, stored = _amount(state) if run.progress.visible else (None, None)
        if not identity.reusable:
            warnings.warn(
                f"{self.udf.name}() cannot be fingerprinted: {'; '.join(identity.problems)}. It is computed anew each "
                "time, and a saved version is marked not reproducible. If you can vouch for what it does, name it: "
                f"nc.udf({self.udf.name}, version='1').",
                NotReproducibleWarning,
                stacklevel=2,
            )
        spool = Spool(run.project, run.spool_limit)
        waiting: list[pl.DataFrame] = []  # batches from before the columns were known: None in every row

        def add(batch: pl.DataFrame, schema: Schema) -> None:
            spool.add(batch, Schema([*state.schema.values(), *schema.values()]))

        with run.progress.step(self.udf.name, total, stored) as progress:
            for batch in batches(state.frame):
                results, schema = work.batch(batch, progress)
                if not schema:
                    waiting.append(batch)
                    continue
                self._check(state.schema, schema)
                while waiting:
                    add(without_results(waiting.pop(0), schema), schema)
                add(batch.hstack(results), schema)
        if spool.schema is None:
            self._check(state.schema, output.empty())
            for batch in waiting or [state.frame.head(0).collect()]:
                add(without_results(batch, output.empty()), output.empty())
        work.finish()
        frame, joined = spool.read()
        return State(frame, joined)

    def to_json(self) -> dict[str, Any]:
        identity = self.udf.fingerprint()
        return {
            "step": "map",
            "function": self.udf.name,
            "column": self.name,
            "fingerprint": identity.digest,
            "params": dict(self.udf.params),
            "returns": Output(self.udf, self.name).describe(),
            "text": f"{self.name} = {self.udf.name}()" if self.name else f"{self.udf.name}()",
        }


def _amount(state: State) -> tuple[int, int | None]:
    """Rows to come, and bytes that their files hold."""
    files = next(file_columns(state.schema), None)
    size = pl.col(f"{files}.size").sum() if files is not None else pl.lit(None)
    found = collected(state.frame.select(pl.len().alias("rows"), size.alias("stored")))
    return int(found["rows"][0]), found["stored"][0]


def reuse_key(identity: Fingerprint, arguments: Sequence[Argument], output: Output) -> str:
    """What a result depends on besides the arguments' values."""
    parts = [identity.digest, [a.describe() for a in arguments], output.describe()]
    if any(a.opener is not None for a in arguments):
        parts.append(reader_fingerprint())
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


class _Work:
    """A function on its way through the batches of one run."""

    def __init__(self, call: Call, output: Output, identity: Fingerprint, run: Run) -> None:
        self.call, self.output, self.identity, self.run = call, output, identity, run
        self.executor: Executor = InlineExecutor()
        self.ledger = (
            Ledger(run.project, reuse_key(identity, call.arguments, output)) if identity.reusable else None
        )
        self.known_schema = Schema()
        self.known = self._known()
        self.rows = 0
        self.reads: list[pl.Series] = []

    def _known(self) -> pl.LazyFrame | None:
        if self.ledger is None or not self.run.settings.reuse:
            return None
        known, schema = self.ledger.known(), self.ledger.schema
        if known is None or schema is None:
            return None
        self.known_schema = schema
        return known.collect().lazy() if self.ledger.bytes < KNOWN_IN_MEMORY else known

    def batch(self, batch: pl.DataFrame, progress: Any) -> tuple[pl.DataFrame, Schema]:
        """Result columns of a batch, in its order."""
        # A function without parameters still has one call per row; every row has the same arguments.
        columns = batch.select(self.call.expressions() or [pl.col(KEY).is_null().alias("0")])
        digests = argument_digests(columns.select(self.call.identity() or ["0"])).alias(ARG)
        counts = self.run.activity.counts
        counts.rows_in += batch.height
        found, missing = self._look_up(digests)
        parts: list[tuple[pl.DataFrame, Schema]] = []
        if found is not None:
            progress.advance(batch.height - len(missing))
            counts.reused += batch.height - len(missing)
            kept = found.with_row_index("_number").filter(~pl.col("_number").is_in(missing.implode()))
            parts.append(self.output.known(kept, self.known_schema))
        if len(missing):
            rows = columns if found is None else columns[missing]
            computed, schema = self._compute(rows, digests.gather(missing), missing, progress)
            parts.append((computed.with_columns(missing.cast(pl.UInt32).alias("_number")), schema))
        result, joined = _concat(parts)
        if len(parts) > 1:
            result = result.sort("_number")
        self.rows += batch.height
        if result[READS].dtype == READS_TYPE and result[READS].null_count() < result.height:
            self.reads.append(result[READS].drop_nulls())
        return result.select(list(joined.leaves())), joined

    def _look_up(self, digests: pl.Series) -> tuple[pl.DataFrame | None, pl.Series]:
        """Known results in the order of the rows (null where unknown), and the numbers of the others."""
        everything = pl.arange(0, len(digests), eager=True)
        if self.known is None:
            return None, everything
        wanted = pl.DataFrame({ARG: digests}).lazy()
        found = wanted.join(
            self.known.with_columns(pl.lit(True).alias("_hit")), on=ARG, how="left", maintain_order="left"
        ).collect()
        missing = everything.filter(found["_hit"].is_null())
        if len(missing) == len(digests):
            return None, everything
        return found.drop("_hit"), missing

    def _compute(
        self, rows: pl.DataFrame, digests: pl.Series, numbers: pl.Series, progress: Any
    ) -> tuple[pl.DataFrame, Schema]:
        frames: list[tuple[pl.DataFrame, Schema]] = []
        counts = self.run.activity.counts
        of_chain = (numbers + self.rows).to_list()
        done = 0
        while done < rows.height:
            outcome = self.executor.run(self.call, rows.slice(done), of_chain[done:], REMEMBER_SECONDS)
            size = len(outcome.values)
            frame, schema = self.output.build(outcome.values, of_chain[done : done + size])
            hidden = [
                digests.slice(done, size),
                _reads_series(outcome.reads),
            ]
            frame = pl.DataFrame(hidden).hstack(frame)
            if self.ledger is not None and schema:
                self.ledger.append(frame.unique(subset=[ARG], keep="first", maintain_order=True), schema)
            frames.append((frame, schema))
            counts.computed += size
            counts.bytes += outcome.bytes
            counts.requests += outcome.requests
            progress.advance(size, outcome.bytes)
            done += size
        return _concat(frames)

    def finish(self) -> None:
        """Enter the function, and what it read, in the activity."""
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
        if not self.reads:
            return None
        reads = pl.concat(self.reads).to_frame().explode(READS).unnest(READS).unique(maintain_order=True)
        function = pl.lit(self.call.udf.name).alias("function")
        return relative_uris(reads, root_uris(self.run.project)).select(function, pl.all())


def _reads_series(reads: list[list[dict[str, Any]]]) -> pl.Series:
    if not any(reads):
        return pl.Series(READS, [None] * len(reads), dtype=READS_TYPE)
    return nested_series(READS, [r or None for r in reads], READS_TYPE)


def without_results(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Frame with null columns of a schema: rows whose function gave None before anything told its columns."""
    return frame.with_columns(
        pl.lit(None, dtype=dtype).alias(leaf) for leaf, dtype in schema.leaves().items()
    )


def _concat(frames: Sequence[tuple[pl.DataFrame, Schema]]) -> tuple[pl.DataFrame, Schema]:
    """Frames under the one schema that holds them all; one without columns gave None so far."""
    joined = Schema()
    for _, schema in frames:
        joined = unify_schemas(joined, schema) if joined and schema else joined or schema
    if len(frames) == 1:
        return frames[0]
    converted = [
        without_results(f, joined) if not s else convert(f, s, joined) if s != joined else f
        for f, s in frames
    ]
    order = converted[0].columns
    return pl.concat([f.select(order) for f in converted]), joined
