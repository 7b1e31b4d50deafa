"""Filter: the rows for which an expression is true."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from neurochain.chain.expressions.compiled import (
    compile_expression,
    compile_now,
    evaluate_type,
    expression_json,
    expression_text,
    with_helpers,
)
from neurochain.chain.run import Run, State
from neurochain.datasets.schema import Schema
from neurochain.errors import ExpressionError


@dataclass(frozen=True)
class Filter:
    """Keep the rows for which an expression is true."""

    condition: Any
    keeps_count = False
    row_by_row = False

    def bind(self, schema: Schema) -> Schema:
        compiled = compile_expression(self.condition, schema)
        if compiled is not None:
            dtype = evaluate_type(compiled, schema, f"filter({expression_text(self.condition)})")
            if not isinstance(dtype, pl.Boolean | pl.Null):
                raise ExpressionError(
                    f"filter({expression_text(self.condition)}) gives {dtype}, not true or false. Compare it with something."
                )
        return schema

    def apply(self, state: State, run: Run) -> State:
        self.bind(state.schema)
        compiled = compile_now(self.condition, state.schema)
        return State(with_helpers(state.frame, [compiled], lambda f: f.filter(compiled.expr)), state.schema)

    def to_json(self) -> dict[str, Any]:
        return {
            "step": "filter",
            "condition": expression_json(self.condition),
            "text": expression_text(self.condition),
        }
