"""OrderBy: rows sorted."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from neurochain.chain.expressions.compiled import (
    as_column,
    compile_expression,
    compile_now,
    evaluate_type,
    expression_json,
    expression_text,
    with_helpers,
)
from neurochain.chain.run import Run, State
from neurochain.datasets.schema import Schema


@dataclass(frozen=True)
class OrderBy:
    """Sort the rows; nulls last, ties in the order they had."""

    columns: tuple[Any, ...]
    descending: bool
    keeps_count = True
    row_by_row = False

    def bind(self, schema: Schema) -> Schema:
        for c in self.columns:
            compiled = compile_expression(as_column(c), schema)
            if compiled is not None:
                evaluate_type(compiled, schema, f"order_by({expression_text(as_column(c))})")
        return schema

    def apply(self, state: State, run: Run) -> State:
        self.bind(state.schema)
        compiled = [compile_now(as_column(c), state.schema) for c in self.columns]

        def use(frame: pl.LazyFrame) -> pl.LazyFrame:
            return frame.sort(
                [c.expr for c in compiled], descending=self.descending, nulls_last=True, maintain_order=True
            )

        return State(with_helpers(state.frame, compiled, use), state.schema)

    def to_json(self) -> dict[str, Any]:
        columns = [as_column(c) for c in self.columns]
        return {
            "step": "order_by",
            "columns": [expression_json(c) for c in columns],
            "descending": self.descending,
            "text": ", ".join(map(expression_text, columns)) + (" descending" if self.descending else ""),
        }
