"""Step: one node of a chain's plan. Here the relational ones, which Polars runs lazily."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from neurochain.chain.column import Column
from neurochain.chain.compiled import (
    Compiled,
    compile_column,
    compile_expression,
    compile_now,
    evaluate_type,
    expression_json,
    expression_text,
    with_helpers,
)
from neurochain.chain.resolve import resolve
from neurochain.chain.run import Run, State
from neurochain.datasets.schema import KEY, Schema
from neurochain.datasets.types import DataType, Field, Record, from_polars
from neurochain.errors import ColumnExistsError, ExpressionError


class Step(Protocol):
    """A node: checks itself when it is added to a chain, and is applied when the chain runs."""

    @property
    def keeps_count(self) -> bool:
        """Whether as many rows come out as go in."""
        ...

    @property
    def row_by_row(self) -> bool:
        """Whether what becomes of a row depends on that row alone, so that a limit may go before."""
        ...

    def bind(self, schema: Schema) -> Schema:
        """Schema behind the step; raises where a column cannot be found."""
        ...

    def apply(self, state: State, run: Run) -> State:
        """Rows behind the step."""
        ...

    def to_json(self) -> dict[str, Any]:
        """The step as plain JSON: its identity in lineage."""
        ...


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
        dtype = evaluate_type(compiled, schema, text)
        if isinstance(dtype, pl.Array):
            raise ExpressionError(f"{text} gives arrays, which expressions read but do not make. Use map().")
        return Field(name, from_polars(dtype))

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
        yield from _physical(field.name, compiled.expr, field.type)


def _physical(path: str, expr: pl.Expr, kind: DataType) -> Iterator[tuple[str, pl.Expr]]:
    if isinstance(kind, Record):
        for f in kind.fields:
            yield from _physical(f"{path}.{f.name}", expr.struct.field(f.name), f.type)
    else:
        yield path, expr.cast(dict(Field(path, kind).leaves())[path])


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
            found = resolve(name, state.schema)
            if found is None:
                raise ExpressionError(f"select({name!r}) names a column that no file has.")
            columns += [expr.alias(leaf) for leaf, expr in found.leaves()]
        return State(state.frame.select(columns), schema)

    def to_json(self) -> dict[str, Any]:
        return {"step": "select", "columns": list(self.names), "text": ", ".join(self.names)}


@dataclass(frozen=True)
class OrderBy:
    """Sort the rows; nulls last, ties in the order they had."""

    columns: tuple[Any, ...]
    descending: bool
    keeps_count = True
    row_by_row = False

    def bind(self, schema: Schema) -> Schema:
        for c in self.columns:
            compiled = compile_expression(_as_column(c), schema)
            if compiled is not None:
                evaluate_type(compiled, schema, f"order_by({expression_text(_as_column(c))})")
        return schema

    def apply(self, state: State, run: Run) -> State:
        self.bind(state.schema)
        compiled = [compile_now(_as_column(c), state.schema) for c in self.columns]

        def use(frame: pl.LazyFrame) -> pl.LazyFrame:
            return frame.sort(
                [c.expr for c in compiled], descending=self.descending, nulls_last=True, maintain_order=True
            )

        return State(with_helpers(state.frame, compiled, use), state.schema)

    def to_json(self) -> dict[str, Any]:
        columns = [_as_column(c) for c in self.columns]
        return {
            "step": "order_by",
            "columns": [expression_json(c) for c in columns],
            "descending": self.descending,
            "text": ", ".join(map(expression_text, columns)) + (" descending" if self.descending else ""),
        }


def _as_column(value: Any) -> Any:
    return Column(value) if isinstance(value, str) else value


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
