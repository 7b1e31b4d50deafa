"""Batch: rows on their way through a function step, and what their calls gave."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.functions.chunk import ROW, Chunk, Failure
from neurochain.datasets.conversion import convert, unify_schemas
from neurochain.datasets.hidden import ARG, ORDINAL, READS
from neurochain.datasets.schema import Schema

RESULT_BYTES = 32_000_000  # of a batch, in memory


class Pace:
    """How many calls go into the next batch, by how much those before them gave.

    Attributes
    ----------
    size : int
        Calls of the next batch; few at first, since each may give a volume.
    """

    def __init__(self, most: int, first: int = 64) -> None:
        self.most = most
        self.size = min(first, most)
        self._under_way: deque[Batch] = deque()

    def learn(self, batch: "Batch") -> None:
        """Note a batch that goes out, and look at those that have come back since."""
        self._under_way.append(batch)
        while self._under_way and (size := self._under_way[0].result_bytes) is not None:
            back = self._under_way.popleft()
            if back.calls:
                fits = int(RESULT_BYTES * back.calls / max(size, 1))
                self.size = max(1, min(max(self.size, 4 * back.calls), fits, self.most))


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
    ahead : int
        Calls that are known to come after this batch.
    result_bytes : int or None
        Size of what the calls gave, once they are all made.
    """

    frame: pl.DataFrame
    columns: pl.DataFrame
    numbers: np.ndarray[Any, Any]
    sizes: np.ndarray[Any, Any] | None = None
    left_out: np.ndarray[Any, Any] = field(default_factory=lambda: np.empty(0, np.int64))
    sound: np.ndarray[Any, Any] = field(default_factory=lambda: np.empty(0, bool))
    ahead: int = 0
    result_bytes: int | None = None

    @property
    def calls(self) -> int:
        """Number of calls."""
        return len(self.numbers)

    def slice(self, start: int, end: int) -> "Batch":
        """Some of the calls, once they are made; where each gives one result, or many."""
        if start == 0 and end == self.calls:
            return self
        left_out = self.left_out[(self.left_out >= start) & (self.left_out < end)] - start
        sizes = self.sizes[start:end] if self.sizes is not None else None
        rows = self.frame.slice(start, end - start)
        return Batch(rows, self.columns.head(0), self.numbers[start:end], sizes, left_out)


@dataclass
class Result:
    """A batch, or some of its calls, with what they gave.

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
    """A batch some of whose calls are still to be made.

    Attributes
    ----------
    left : int
        Calls to be made.
    held : int
        Bytes of results that wait here.
    """

    def __init__(self, number: int, batch: Batch, digests: pl.Series) -> None:
        self.number, self.batch, self.digests = number, batch, digests
        self.left = self.held = 0
        self.reads: list[pl.Series] = []
        self.failures: dict[int, Failure] = {}
        self.shared: pl.DataFrame | None = None
        self._parts: list[tuple[pl.DataFrame, Schema]] = []
        self._firsts: list[tuple[pl.DataFrame, Schema]] = []  # results that others will have, too
        self._given = 0  # calls whose results were taken out
        self._bytes = 0

    def add(self, frame: pl.DataFrame, schema: Schema) -> None:
        """Take results."""
        if frame.height:
            self._parts.append((frame, schema))
            self.held += int(frame.estimated_size())

    def take_out(self, end: int) -> Result:
        """Results of the calls before `end` that have not been taken out; they are all there."""
        start, self._given = self._given, end
        out = self._taken(start, end)
        failures = {p - start: f for p, f in self._all_failures().items() if start <= p < end}
        if end == self.batch.calls:
            self.batch.result_bytes = self._bytes
        return Result(self.batch.slice(start, end), *out, failures)

    def surplus(self, end: int, more: bool = False) -> Iterator[Result]:
        """Results taken out, where more of them wait than memory should hold.

        Parameters
        ----------
        end : int
            The results of all calls before this one are there.
        more : bool
            Those that the call `end` has given so far may go, too, though others may come.
        """
        if self.held > RESULT_BYTES and end > self._given:
            yield self.take_out(end)
        if self.held > RESULT_BYTES and more:
            yield Result(self.batch.slice(end, end + 1), *self._taken(end, end + 1), {})

    def _taken(self, start: int, end: int) -> tuple[pl.DataFrame, Schema]:
        parts, self._parts, self.held = self._parts, [], 0
        mine = []
        for frame, schema in parts:
            if end < self.batch.calls:
                before = frame[ROW] < end
                self.add(frame.filter(~before), schema)
                frame = frame.filter(before)
            mine.append((frame, schema))
        if self.shared is not None:
            mine += self._copies(mine, start, end)
        frame, schema = joined([m for m in mine if m[0].height])
        self._bytes += int(frame.estimated_size())
        if frame.height and not frame[ROW].is_sorted():
            frame = frame.sort([ROW, ORDINAL] if ORDINAL in frame.columns else [ROW])
        return frame.with_columns(pl.col(ROW) - start), schema

    def _copies(
        self, parts: Sequence[tuple[pl.DataFrame, Schema]], start: int, end: int
    ) -> list[tuple[pl.DataFrame, Schema]]:
        """Results of the calls from `start` to `end` that have the arguments of an earlier one."""
        if self.shared is None:
            return []
        self._firsts += parts
        now = self.shared.filter(pl.col("place").is_between(start, end, closed="left"))
        later = self.shared.filter(pl.col("place") >= end)["first"].unique()
        copies = [
            (
                now.join(frame, left_on="first", right_on=ROW, how="inner", maintain_order="left_right")
                .rename({"place": ROW})
                .select(frame.columns),
                schema,
            )
            for frame, schema in self._firsts
        ]
        kept = [(f.filter(f[ROW].is_in(later.implode())), s) for f, s in self._firsts]
        self._firsts = [k for k in kept if k[0].height]
        return copies

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

    def _all_failures(self) -> dict[int, Failure]:
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
        return Chunk(chunk.rows[places], chunk.numbers[places], places, None, chunk.batch, chunk.ahead)
    starts = np.cumsum(chunk.sizes) - chunk.sizes
    rows = [np.arange(starts[p], starts[p] + chunk.sizes[p]) for p in places]
    members = np.concatenate(rows) if rows else np.empty(0, np.int64)
    sizes = chunk.sizes[places]
    return Chunk(chunk.rows[members], chunk.numbers[places], places, sizes, chunk.batch, chunk.ahead)


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
