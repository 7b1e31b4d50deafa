"""Gathering: what the calls of a chunk give, until it becomes columns."""

import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.functions.chunk import ROW, Block, Chunk, Failure, Outcome
from neurochain.datasets.schema import Schema
from neurochain.storage import File

OUTCOME_BYTES = 32_000_000  # of results, after which the caller hears of them
OURS = str(Path(__file__).parents[1])  # frames of a traceback that are no business of the user's


class Gathering:
    """What the calls of a chunk have given so far.

    Parameters
    ----------
    chunk : Chunk
    marks : memoryview or bytearray
        As in `Caller.run`.
    staging : Path or None
        Folder for what memory should not hold.
    """

    def __init__(self, chunk: Chunk, marks: "memoryview | bytearray", staging: Path | None) -> None:
        self.chunk, self.outcome, self.marks, self._staging = chunk, Outcome(), marks, staging
        self.values: list[Any] = []
        self.rows: list[int] = []  # call of each value, or of each run of values
        self.runs: list[tuple[int, int]] = []  # values of each run, and the number of the first in its call
        self.batches: list[tuple[int, Any]] = []
        self.bytes = 0
        self.stopped = False
        self.flushing = False

    @property
    def held(self) -> int:
        """Results that are not columns yet and are to be soon, since their size is not known."""
        return len(self.batches)

    def add(self, i: int, result: Any) -> None:
        """Take the one result of a call."""
        self.values.append(result)
        self.rows.append(i)

    def add_many(self, i: int, results: list[Any], first: int) -> None:
        """Take results of a call that gives many, of which `first` came before."""
        if results:
            self.values += results
            self.rows.append(i)
            self.runs.append((len(results), first))

    def rows_of(self) -> np.ndarray[Any, Any]:
        """Call of each value."""
        rows = np.array(self.rows, np.uint32)
        return np.repeat(rows, [n for n, _ in self.runs]) if self.runs else rows

    def ordinals(self) -> np.ndarray[Any, Any]:
        """Number of each value among those of its call."""
        runs = np.array(self.runs, np.int64).reshape(-1, 2)
        ends = np.cumsum(runs[:, 0])
        before = np.repeat(ends - runs[:, 0] - runs[:, 1], runs[:, 0])
        return (np.arange(len(before)) - before).astype(np.uint32)

    def add_block(self, frame: pl.DataFrame, schema: Schema) -> None:
        """Take finished columns; of a call that gives more than memory should hold, they go to the disk."""
        block = Block(frame, schema)
        if self.bytes >= OUTCOME_BYTES and self._staging is not None:
            block.spill(self._staging)
        self.outcome.blocks.append(block)
        self.bytes += block.bytes

    def take_back(self, i: int, at: tuple[int, int]) -> None:
        """Forget the results of a call that failed in the middle."""
        values, blocks = at
        flushed = self.outcome.blocks[blocks:]
        if flushed:  # meanwhile: everything that waited before lies in blocks now
            del self.outcome.blocks[blocks:]
            for block in flushed:
                kept = block.frame().filter(pl.col(ROW) != i)
                block.drop()
                if kept.height:
                    self.outcome.blocks.append(Block(kept, block.schema))
            values = 0
        del self.values[values:]
        while self.rows and self.rows[-1] == i:
            self.rows.pop()
            if self.runs:
                self.runs.pop()

    def fail(self, i: int, error: Exception, raw: tuple[Any, ...], keep_going: bool) -> None:
        """Note a call that failed."""
        frames = error.__traceback__
        while frames is not None and frames.tb_frame.f_code.co_filename.startswith(OURS):
            frames = frames.tb_next
        error.with_traceback(frames)
        text = "".join(traceback.format_exception(type(error), error, frames))
        failure = Failure(
            i, int(self.chunk.numbers[i]), _files(raw), type(error).__name__, str(error), text, error
        )
        self.outcome.failures.append(failure)
        self.stopped = not keep_going


class Numbers(Sequence[int]):
    """Number in the chain of each result's row; made only where a message needs one."""

    def __init__(self, numbers: np.ndarray[Any, Any], rows: np.ndarray[Any, Any]) -> None:
        self._numbers, self._rows = numbers, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, at: Any) -> Any:
        return int(self._numbers[self._rows[at]])


def _files(raw: Iterable[Any]) -> tuple[str, ...]:
    """URIs of the files among arguments."""
    found: list[str] = []
    for value in raw:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, tuple):
                inner = item[:1]  # what is opened, before what is known of it
            else:
                inner = tuple(item.values()) if isinstance(item, dict) else (item,)
            found += [one.uri for one in inner if isinstance(one, File)]
    return tuple(dict.fromkeys(found))
