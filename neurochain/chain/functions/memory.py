"""Memory: results on their way into the ledger."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.executors import inline
from neurochain.chain.functions.chunk import ROW, Outcome
from neurochain.chain.values.nested import nested_series
from neurochain.datasets.hidden import ARG, ORDINAL, READS, READS_TYPE
from neurochain.datasets.ledger import Ledger
from neurochain.datasets.schema import Schema

HELD_BYTES = 64_000_000  # of results that wait for the ledger
Frames = Iterator[tuple[pl.DataFrame, Schema]]


@dataclass
class _Waiting:
    """What some calls gave, with the hashes of their arguments."""

    digests: pl.Series
    outcome: Outcome


class Memory:
    """Results that are to be remembered.

    Parameters
    ----------
    ledger : Ledger or None
        Where; with None, they are forgotten.
    many : bool
        Results have numbers within their call.
    """

    def __init__(self, ledger: Ledger | None, many: bool) -> None:
        self._ledger, self._many = ledger, many
        self._waiting: list[_Waiting] = []
        self._held = 0
        self._saved = time.monotonic()

    def add(self, digests: pl.Series, outcome: Outcome) -> None:
        """Take an outcome, with one digest per call of its chunk."""
        self._waiting.append(_Waiting(digests, outcome))
        self._held += sum(block.held for block in outcome.blocks)

    @property
    def due(self) -> bool:
        """Whether it is time to save."""
        return self._held > HELD_BYTES or time.monotonic() - self._saved >= inline.REMEMBER_SECONDS / 3

    def save(self) -> None:
        """Enter in the ledger what has come since the last time; the results of a call go together."""
        waiting, self._waiting, self._held = self._waiting, [], 0
        if self._ledger is not None:
            self._ledger.append_all(_alike(f for w in waiting for f in self._frames(w)))
        for block in (b for w in waiting for b in w.outcome.blocks):
            block.drop()
        self._saved = time.monotonic()

    def _frames(self, waiting: _Waiting) -> Frames:
        digests, outcome = waiting.digests, waiting.outcome
        empty = np.ones(outcome.done, bool)
        empty[[f.call for f in outcome.failures]] = False
        for block in outcome.blocks:
            frame = block.frame()
            rows = frame[ROW]
            empty[rows.to_numpy()] = False
            lists = [outcome.reads.get(r) for r in rows.to_list()] if outcome.reads else None
            if self._many and lists is not None:  # the first result says what its call has read
                lists = [x if n == 0 else None for x, n in zip(lists, frame[ORDINAL].to_list(), strict=True)]
            hidden = [digests.gather(rows).alias(ARG), reads_series(lists, len(rows))]
            yield pl.DataFrame(hidden).hstack(frame.drop(ROW)), block.schema
        if self._many and empty.any():
            calls = np.flatnonzero(empty)
            nothing = pl.repeat(None, len(calls), dtype=pl.UInt32, eager=True).alias(ORDINAL)
            reads = reads_series([outcome.reads.get(c) for c in calls.tolist()], len(calls))
            yield pl.DataFrame([digests.gather(calls).alias(ARG), reads, nothing]), Schema()


def _alike(frames: Iterable[tuple[pl.DataFrame, Schema]]) -> Frames:
    """Neighbours of one schema joined, as long as they are small."""
    waiting: list[pl.DataFrame] = []
    schema, held = Schema(), 0
    for frame, own in frames:
        if waiting and (own != schema or held > HELD_BYTES):
            yield pl.concat(waiting), schema
            waiting, held = [], 0
        schema = own
        waiting.append(frame)
        held += int(frame.estimated_size())
    if waiting:
        yield pl.concat(waiting), schema


def reads_series(reads: Sequence[list[dict[str, Any]] | None] | None, count: int) -> pl.Series:
    """What was read for each of some rows."""
    if reads is None or not any(reads):
        return pl.repeat(None, count, dtype=READS_TYPE, eager=True).alias(READS)
    return nested_series(READS, [r or None for r in reads], READS_TYPE)
