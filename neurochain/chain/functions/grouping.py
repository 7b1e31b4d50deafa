"""Grouping: rows of one group brought together, in memory or, beyond that, by way of the disk."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.functions.batch import Pace
from neurochain.chain.keys import WHOLE, argument_digests, group_keys
from neurochain.chain.run import BATCH, Run, batches
from neurochain.chain.spool import RawSpool
from neurochain.datasets.schema import KEY

NUMBER = "_number"  # of a row in the chain
PARTITIONS = 16  # into which rows are sorted on disk
PARTITION_BYTES = 4_000_000  # of each, in memory
GROUP_BYTES = 64_000_000  # of members that are put in order at once


class Groups:
    """Rows by group.

    Parameters
    ----------
    run : Run
        Its limit says how much stays in memory.
    by : sequence of str
        Columns of the frame that tell the groups.
    """

    def __init__(self, run: Run, by: Sequence[str]) -> None:
        self.run, self.by = run, list(by)
        self.on_disk = False

    def of(
        self, frame: pl.LazyFrame, pace: Pace
    ) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, np.ndarray[Any, Any], int]]:
        """Groups of a frame, as many at a time as the pace says and memory has room for.

        Yields
        ------
        tuple of DataFrame, DataFrame, ndarray and int
            One row per group: the key, the columns of `by`, and ``_number`` of its first row; the members, group
            after group, in the order that they had; the groups' sizes; and how many groups are known to follow.
            Groups come in the order of their first rows, unless they had to go by way of the disk.
        """
        held: list[pl.DataFrame] = []
        size = 0
        spools: list[RawSpool] | None = None
        number = 0
        for batch in batches(frame):
            numbers = pl.Series(NUMBER, np.arange(number, number + batch.height))
            number += batch.height
            held.append(batch.insert_column(0, numbers))
            size += int(batch.estimated_size())
            if size > self.run.spool_limit:
                spools = spools or [RawSpool(self.run.project, PARTITION_BYTES) for _ in range(PARTITIONS)]
                self._sort_out(pl.concat(held), spools)
                held, size = [], 0
        if spools is None:
            if held:
                yield from self._grouped(pl.concat(held), pace)
            return
        self.on_disk = True
        if held:
            self._sort_out(pl.concat(held), spools)
        for spool in spools:
            if spool.rows:
                yield from self._grouped(spool.read().collect(), pace)

    def _sort_out(self, frame: pl.DataFrame, spools: Sequence[RawSpool]) -> None:
        """Spread rows over partitions, those of one group into the same."""
        if self.by:
            digests = argument_digests(frame.select(self.by))
            numbers = (digests.hash(0) % len(spools)).cast(pl.UInt32)
        else:
            numbers = pl.Series(np.zeros(frame.height, np.uint32))
        for number, spool in enumerate(spools):
            part = frame.filter(numbers == number)
            if part.height:
                spool.add(part)

    def _grouped(
        self, frame: pl.DataFrame, pace: Pace
    ) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, np.ndarray[Any, Any], int]]:
        at = pl.int_range(pl.len(), dtype=pl.UInt32).alias("_at")
        if self.by:
            groups = frame.select(*self.by, NUMBER, at).group_by(self.by, maintain_order=True)
        else:
            groups = frame.select(NUMBER, at).group_by(pl.lit(0).alias("_all"), maintain_order=True)
        found = groups.agg(pl.col(NUMBER).first(), pl.col("_at"))
        keys = group_keys(found.select(self.by)) if self.by else pl.Series([WHOLE], dtype=pl.Binary)
        members = found["_at"]
        found = found.select(NUMBER, *self.by).insert_column(0, keys.alias(KEY))
        sizes = members.list.len().to_numpy().astype(np.int64)
        per_row = frame.estimated_size() / max(frame.height, 1)
        rows = max(1, min(BATCH, int(GROUP_BYTES / max(per_row, 1))))
        start = 0
        ends = np.cumsum(sizes)
        while start < len(sizes):
            before = int(ends[start - 1]) if start else 0
            end = max(start + 1, int(np.searchsorted(ends, before + rows, side="right")))
            end = min(end, start + pace.size)
            picked = frame[members.slice(start, end - start).explode()]
            yield found.slice(start, end - start), picked, sizes[start:end], len(sizes) - end
            start = end
