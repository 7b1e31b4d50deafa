"""Mutate: columns computed by expressions, which Polars runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from neurochain.chain.expressions.compiled import (
    Compiled,
    compile_column,
    compile_now,
    computed_field,
    evaluate_type,
    expression_json,
    expression_text,
    physical_columns,
    with_helpers,
)
from neurochain.chain.run import Run, State
from neurochain.datasets.schema import KEY, Schema
from neurochain.datasets.types import Field


@dataclass(frozen=True)
class Mutate:
    """Add or replace columns computed by expressions."""

    columns: Mapping[str, Any]
    keeps_count = True
    row_by_row = False

    def bind(self, schema: Schema) -> Schema:
        fields: list[Field] = []
        partial = schema.partial
        for name, value in self.columns.items():
            compiled = compile_column(value, schema)
            if compiled is None:
                partial = True
                continue
            fields.append(self._field(name, compiled, schema))
        return Schema(schema.with_fields(fields).values(), partial)

    def _field(self, name: str, compiled: Compiled, schema: Schema) -> Field:
        if compiled.source is not None:
            f = compiled.source.field
            return Field(name, f.type, f.unit, f.axes)
        text = f"mutate({name}={expression_text(self.columns[name])})"
        return computed_field(name, evaluate_type(compiled, schema, text), text)

    def apply(self, state: State, run: Run) -> State:
        schema = self.bind(state.schema)
        compiled = {
            name: compile_now(value, state.schema, compile_column) for name, value in self.columns.items()
        }
        # Under names of their own first, since a new column may have the name of a helper.
        new = {leaf: expr for n, c in compiled.items() for leaf, expr in _leaves(c, schema[n])}
        columns = [expr.alias(f"_new.{leaf}") for leaf, expr in new.items()]
        frame = with_helpers(state.frame, list(compiled.values()), lambda f: f.with_columns(columns))
        final = [pl.col(f"_new.{n}").alias(n) if n in new else pl.col(n) for n in schema.leaves()]
        return State(frame.select(KEY, *final), schema)

    def to_json(self) -> dict[str, Any]:
        return {
            "step": "mutate",
            "columns": {name: expression_json(v) for name, v in self.columns.items()},
            "text": ", ".join(f"{name} = {expression_text(v)}" for name, v in self.columns.items()),
        }


def _leaves(compiled: Compiled, field: Field) -> Iterator[tuple[str, pl.Expr]]:
    """Flat columns of an expression's values, as they lie on disk."""
    if compiled.source is not None:
        yield from compiled.source.leaves(field.name)
    else:
        yield from physical_columns(field.name, compiled.expr, field.type)
