"""MapBatches: a function that computes many rows at once."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.functions.batch import Batch, Pace, Result
from neurochain.chain.functions.call import Call
from neurochain.chain.functions.chunk import ROW
from neurochain.chain.functions.mapping import beside
from neurochain.chain.functions.step import FunctionStep, argument_columns, failed_before
from neurochain.chain.run import BATCH, Run, State, batches, even
from neurochain.datasets.hidden import ORDINAL


@dataclass(frozen=True)
class MapBatches(FunctionStep):
    """Add the columns that a function computes from many rows at once.

    Attributes
    ----------
    size : int
        Rows that a call gets; the last may get fewer.
    """

    size: int = 1024
    verb = "map_batches"
    takes = "batch"
    gives = "batch"

    def _batches(self, state: State, call: Call, run: Run) -> Generator[Batch]:
        start = 0
        rows = max(BATCH // self.size, 1) * self.size
        pace = Pace(max(BATCH // self.size, 1), first=1)
        whole = even(batches(state.frame, rows), rows)
        for frame, ahead in _cut(whole, pace, self.size):
            sound = np.ones(frame.height, bool)
            sound[failed_before(frame, state.schema)] = False
            firsts = np.arange(0, frame.height, self.size)
            sizes = np.add.reduceat(sound.astype(np.int64), firsts)
            columns = frame.select(argument_columns(call))
            if not sound.all():
                columns = columns.filter(pl.Series(sound))
            left_out = np.flatnonzero(sizes == 0)
            batch = Batch(frame, columns, start + firsts, sizes, left_out, sound, ahead)
            yield batch
            pace.learn(batch)
            start += frame.height

    def _rows_of(self, result: Result) -> pl.DataFrame:
        frame, results, batch = result.batch.frame, result.frame, result.batch
        sizes = batch.sizes if batch.sizes is not None else np.ones(batch.calls, np.int64)
        members = np.flatnonzero(batch.sound)
        if results.height:
            starts = np.cumsum(sizes) - sizes
            at = members[starts[results[ROW].to_numpy()] + results[ORDINAL].to_numpy()]
            results = results.with_columns(pl.Series(ROW, at.astype(np.uint32))).drop(ORDINAL)
        elif ORDINAL in results.columns:
            results = results.drop(ORDINAL)
        ends = np.cumsum(sizes)
        result.failures = {
            int(row): failure
            for place, failure in result.failures.items()
            for row in members[ends[place] - sizes[place] : ends[place]]
        }
        return beside(frame, results, keep=self.on_error != "skip")

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "batch_size": self.size}


def _cut(frames: Iterable[pl.DataFrame], pace: Pace, size: int) -> Iterator[tuple[pl.DataFrame, int]]:
    """Frames cut to so many calls as the pace says, with the number of those that follow in the same frame."""
    for frame in frames:
        done = 0
        while done < frame.height:
            rows = pace.size * size
            part = frame.slice(done, rows)
            done += part.height
            yield part, -(-(frame.height - done) // size)
