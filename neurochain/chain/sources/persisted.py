"""FrameSource: rows of a chain that has run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from neurochain.chain.run import Run, State
from neurochain.datasets.activity import Activity, Input
from neurochain.datasets.schema import Schema


@dataclass(frozen=True)
class FrameSource:
    """Rows of a chain that has run (`persist`), with what it used."""

    frame: pl.LazyFrame
    schema: Schema
    plan: dict[str, Any]
    activity: Activity
    manifests: Sequence[Any]
    failures: Sequence[pl.DataFrame] = ()
    kept: Sequence[tuple[Input, pl.LazyFrame, Schema]] = ()

    def open(self, run: Run) -> State:
        run.activity.inputs += self.activity.inputs
        run.activity.functions += self.activity.functions
        run.activity.steps += self.activity.steps
        run.manifests += self.manifests
        run.failures += self.failures
        run.kept += self.kept
        counts, mine = self.activity.counts, run.activity.counts
        for name in ("rows_in", "computed", "reused", "failed", "bytes", "requests"):
            setattr(mine, name, getattr(mine, name) + getattr(counts, name))
        return State(self.frame, self.schema)

    def to_json(self) -> dict[str, Any]:
        return {"source": "chain", "plan": self.plan}
