"""Batch: rows on their way through a function step, and what their calls gave."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.functions.chunk import ROW, Chunk, Failure
from neurochain.datasets.conversion import convert, unify_schemas
from neurochain.datasets.hidden import ARG, READS
from neurochain.datasets.schema import Schema

RESULT_BYTES = 32_000_000  # of a batch, in memory


class Pace:
    """How many calls go into the next batch, by how much those before them gave."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = min(1024, most)

    def learn(self, batch: "Batch") -> None:
        """Look at a batch that may have come back."""
        if batch.result_bytes is not None and batch.calls:
            fits = int(RESULT_BYTES * batch.calls / max(batch.result_bytes, 1))
            self.size = max(1, min(4 * self.size, fits, self.most))


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
    result_bytes : int or None
        Size of what the calls gave, once they are made.
    """

    frame: pl.DataFrame
    columns: pl.DataFrame
    numbers: np.ndarray[Any, Any]
    sizes: np.ndarray[Any, Any] | None = None
    left_out: np.ndarray[Any, Any] = field(default_factory=lambda: np.empty(0, np.int64))
    sound: np.ndarray[Any, Any] = field(default_factory=lambda: np.empty(0, bool))
    result_bytes: int | None = None

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


class OpenBatch:
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


def picked(chunk: Chunk, places: np.ndarray[Any, Any]) -> Chunk:
    """Some calls of a chunk."""
    if chunk.sizes is None:
        return Chunk(chunk.rows[places], chunk.numbers[places], places, None, chunk.batch)
    starts = np.cumsum(chunk.sizes) - chunk.sizes
    rows = [np.arange(starts[p], starts[p] + chunk.sizes[p]) for p in places]
    members = np.concatenate(rows) if rows else np.empty(0, np.int64)
    return Chunk(chunk.rows[members], chunk.numbers[places], places, chunk.sizes[places], chunk.batch)


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
