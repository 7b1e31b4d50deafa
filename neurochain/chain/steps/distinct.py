"""Distinct: rows that differ."""

from dataclasses import dataclass
from typing import Any

from neurochain.chain.expressions.resolve import resolve, resolve_now
from neurochain.chain.run import Run, State
from neurochain.datasets.schema import Schema


@dataclass(frozen=True)
class Distinct:
    """Keep the first row of each combination of values; of all columns where none is named."""

    names: tuple[str, ...]
    keeps_count = False
    row_by_row = False

    def bind(self, schema: Schema) -> Schema:
        for name in self.names:
            resolve(name, schema)
        return schema

    def apply(self, state: State, run: Run) -> State:
        columns = {
            f"_distinct{i}.{leaf}": expr
            for i, name in enumerate(self.names or state.schema)
            for leaf, expr in resolve_now(name, state.schema, "distinct").leaves()
        }
        if not columns:  # of rows without any value one is left
            return State(state.frame.head(1), state.schema)
        frame = state.frame.with_columns(**columns)
        frame = frame.unique(list(columns), keep="first", maintain_order=True)
        return State(frame.drop(list(columns)), state.schema)

    def to_json(self) -> dict[str, Any]:
        return {"step": "distinct", "columns": list(self.names), "text": ", ".join(self.names)}
