"""Select: some of the columns."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from neurochain.chain.expressions.resolve import resolve, resolve_now
from neurochain.chain.run import Run, State
from neurochain.datasets.schema import KEY, Schema
from neurochain.datasets.types import Field
from neurochain.errors import ColumnExistsError


@dataclass(frozen=True)
class Select:
    """Keep some columns, each under the last part of its name."""

    names: tuple[str, ...]
    keeps_count = True
    row_by_row = True

    def bind(self, schema: Schema) -> Schema:
        fields: dict[str, Field] = {}
        partial = False
        for name in self.names:
            found = resolve(name, schema)
            if found is None:
                partial = True
                continue
            if found.field.name in fields:
                raise ColumnExistsError(
                    f"select() would give two columns named {found.field.name!r}. "
                    f"Rename one first: mutate(other=nc.Column({name!r}))."
                )
            fields[found.field.name] = found.field
        return Schema(fields.values(), partial)

    def apply(self, state: State, run: Run) -> State:
        schema = self.bind(state.schema)
        columns: list[pl.Expr] = [pl.col(KEY)]
        for name in self.names:
            found = resolve_now(name, state.schema, "select")
            columns += [expr.alias(leaf) for leaf, expr in found.leaves()]
        return State(state.frame.select(columns), schema)

    def to_json(self) -> dict[str, Any]:
        return {"step": "select", "columns": list(self.names), "text": ", ".join(self.names)}
