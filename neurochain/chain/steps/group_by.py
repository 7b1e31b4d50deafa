"""GroupBy: one row per group, of what expressions say of its rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from neurochain.chain.expressions.compiled import (
    Compiled,
    add_helpers,
    compile_expression,
    compile_now,
    computed_field,
    evaluate_type,
    expression_json,
    expression_text,
    physical_columns,
)
from neurochain.chain.expressions.resolve import resolve, resolve_now
from neurochain.chain.keys import WHOLE, group_keys
from neurochain.chain.run import Run, State, collected
from neurochain.datasets.schema import KEY, Schema
from neurochain.datasets.types import Field
from neurochain.errors import ColumnExistsError, ExpressionError

_BY = "_by."  # before the names of columns that tell the groups


@dataclass(frozen=True)
class GroupBy:
    """Make one row of each group of rows: the columns that tell the groups, and what expressions say of them.

    Groups come in the order of their first rows; nulls are a group. Without columns that tell them, all rows are
    one group, also where there are none.
    """

    by: tuple[str, ...]
    columns: Mapping[str, Any]
    keeps_count = False
    row_by_row = False

    def bind(self, schema: Schema) -> Schema:
        fields: list[Field] = []
        partial = False
        for name in self.by:
            found = resolve(name, schema)
            if found is None:
                partial = True
            else:
                fields.append(found.field)
        for name, value in self.columns.items():
            compiled = compile_expression(value, schema)
            if compiled is None:
                partial = True
            else:
                fields.append(self._field(name, compiled, schema))
        names = [f.name for f in fields]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ColumnExistsError(
                f"group_by() would give two columns named {twice[0]!r}. Give what is computed another name."
            )
        return Schema(fields, partial)

    def _field(self, name: str, compiled: Compiled, schema: Schema) -> Field:
        text = f"group_by({name}={expression_text(self.columns[name])})"
        alone = evaluate_type(compiled, schema, text)
        try:
            grouped = evaluate_type(compiled, schema, text, grouped=True)
        except ExpressionError as error:
            if "window expression" not in str(error):
                raise
            grouped = pl.List(alone)
        if isinstance(grouped, pl.List) and grouped != alone:
            raise ExpressionError(
                f"{text} does not give one value per group. Say which: .mean(), .first(), .len(), .n_unique(), … or "
                ".implode() for a list of all values."
            )
        return computed_field(name, grouped, text)

    def apply(self, state: State, run: Run) -> State:
        schema = self.bind(state.schema)
        by = {
            f"{_BY}{leaf}": expr
            for name in self.by
            for leaf, expr in resolve_now(name, state.schema, "group_by").leaves()
        }
        compiled = {name: compile_now(value, state.schema) for name, value in self.columns.items()}
        used = {root for c in compiled.values() for root in c.expr.meta.root_names()}
        columns = (
            add_helpers(state.frame, compiled.values()).with_columns(**by).select(KEY, *by, *sorted(used))
        )
        found = self._grouped(collected(columns), list(by), compiled)
        keys = group_keys(found.select(list(by))) if by else pl.Series([WHOLE], dtype=pl.Binary)
        values = [
            expr.alias(leaf)
            for name in compiled
            for leaf, expr in physical_columns(name, pl.col(name), schema[name].type)
        ]
        groups = [pl.col(b).alias(b.removeprefix(_BY)) for b in by]
        frame = found.lazy().select(pl.lit(keys).alias(KEY), *groups, *values)
        return State(frame.select(KEY, *schema.leaves()), schema)

    def _grouped(self, rows: pl.DataFrame, by: list[str], compiled: Mapping[str, Compiled]) -> pl.DataFrame:
        expressions = [c.expr.alias(name) for name, c in compiled.items()]
        # In memory and group by group: the streaming engine adds floats up in another order each time, and so
        # does a selection of all rows with another number of threads.
        if by:
            groups = rows.rechunk().lazy().group_by(by, maintain_order=True).agg(expressions)
        elif rows.height:
            whole = rows.select(pl.lit(0).alias(_BY), pl.all()).rechunk().lazy()
            groups = whole.group_by(_BY, maintain_order=True).agg(expressions)
        else:
            groups = rows.lazy().select(expressions)
        try:
            return groups.collect(engine="in-memory")
        except pl.exceptions.PolarsError as error:
            reason = str(error).partition("\n")[0]
            raise ExpressionError(
                f"group_by({self.to_json()['text']}) cannot be computed: {reason}."
            ) from error

    def to_json(self) -> dict[str, Any]:
        named = [f"{name}={expression_text(v)}" for name, v in self.columns.items()]
        return {
            "step": "group_by",
            "by": list(self.by),
            "columns": {name: expression_json(v) for name, v in self.columns.items()},
            "text": ", ".join([*self.by, *named]),
        }
