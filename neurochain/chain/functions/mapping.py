"""Map: one result per row."""

from collections.abc import Generator

import numpy as np
import polars as pl

from neurochain.chain.functions.batch import Batch, Pace, Result
from neurochain.chain.functions.call import Call
from neurochain.chain.functions.chunk import ROW
from neurochain.chain.functions.step import FunctionStep, argument_columns, failed_before
from neurochain.chain.run import BATCH, Run, State, batches


class Map(FunctionStep):
    """Add the columns that a function computes from each row."""

    def _batches(self, state: State, call: Call, run: Run) -> Generator[Batch]:
        start = 0
        pace = Pace(BATCH)
        for frame in batches(state.frame):
            done = 0
            while done < frame.height:
                rows = frame.slice(done, pace.size)
                numbers = np.arange(start, start + rows.height)
                left_out = failed_before(rows, state.schema)
                start += rows.height
                done += rows.height
                columns = rows.select(argument_columns(call))
                batch = Batch(rows, columns, numbers, left_out=left_out, ahead=frame.height - done)
                yield batch
                pace.learn(batch)

    def _rows_of(self, result: Result) -> pl.DataFrame:
        return beside(result.batch.frame, result.frame, keep=self.on_error != "skip")


def beside(frame: pl.DataFrame, results: pl.DataFrame, keep: bool) -> pl.DataFrame:
    """Rows with the results of their calls; those without one have nulls, or are left out."""
    if results.height == frame.height:
        return frame.hstack(results)
    if not keep:
        return frame[results[ROW]].hstack(results)
    return frame.with_row_index(ROW).join(results, on=ROW, how="left", maintain_order="left")
