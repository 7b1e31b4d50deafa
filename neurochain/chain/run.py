"""Run: one execution of a chain: its project, settings, progress, and what it has used so far."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from neurochain.chain.progress import Progress
from neurochain.datasets.activity import Activity
from neurochain.datasets.parts import Part, write_part
from neurochain.datasets.project import Project
from neurochain.datasets.schema import Schema

BATCH = 65_536  # rows that go through a function step at a time


@dataclass(frozen=True)
class Settings:
    """How a chain runs; never what it gives.

    Attributes
    ----------
    reuse : bool
        Take results from the ledger. False computes every row anew (and remembers the results).
    threads : int
        Headers read at once.
    """

    reuse: bool = True
    threads: int = 8


@dataclass
class State:
    """Rows on their way through the chain: flat columns and the hidden key, with their schema."""

    frame: pl.LazyFrame
    schema: Schema


@dataclass
class Run:
    """One execution."""

    project: Project
    settings: Settings = field(default_factory=Settings)
    progress: Progress = field(default_factory=Progress)
    activity: Activity = field(default_factory=Activity)
    manifests: list[Part] = field(default_factory=list)
    spool_limit: int = 512_000_000  # bytes of rows between two steps that stay in memory

    def manifest(self, frame: pl.DataFrame) -> str:
        """Write a part that lineage refers to; its hash."""
        part = write_part(self.project, frame)
        self.manifests.append(part)
        return part.hash


def batches(frame: pl.LazyFrame, rows: int = BATCH) -> Iterator[pl.DataFrame]:
    """Rows of a lazy frame in order, some at a time, without holding all of them."""
    for batch in frame.collect_batches(chunk_size=rows, maintain_order=True):
        for start in range(0, batch.height, rows):
            yield batch.slice(start, rows)
