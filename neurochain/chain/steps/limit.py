"""Limit: the first rows."""

from dataclasses import dataclass
from typing import Any

from neurochain.chain.run import Run, State
from neurochain.datasets.schema import Schema


@dataclass(frozen=True)
class Limit:
    """Keep the first rows."""

    count: int
    keeps_count = False
    row_by_row = False

    def bind(self, schema: Schema) -> Schema:
        return schema

    def apply(self, state: State, run: Run) -> State:
        return State(state.frame.head(self.count), state.schema)

    def to_json(self) -> dict[str, Any]:
        return {"step": "limit", "count": self.count, "text": f"{self.count:,} rows"}
