"""Compiled: an expression of the user's over the flat columns that are there."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from neurochain.chain.expressions.column import Column
from neurochain.chain.expressions.expression import literal, names, replay, to_text
from neurochain.chain.expressions.raw import raw_json
from neurochain.chain.expressions.resolve import Resolved, resolve
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import DataType, Field, Record, from_polars
from neurochain.errors import ExpressionError, suggestion

Compile = Callable[[object, Schema], "Compiled | None"]


@dataclass(frozen=True)
class Compiled:
    """An expression over flat columns.

    Attributes
    ----------
    expr : Expr
    helpers : dict of str to Expr
        Columns that must be there under these names while it is evaluated (for a raw Polars expression).
    source : Resolved or None
        Where it is a column and nothing else.
    """

    expr: pl.Expr
    helpers: Mapping[str, pl.Expr]
    source: Resolved | None = None


def compile_expression(value: object, schema: Schema) -> Compiled | None:
    """Compile a Column, a Polars expression or a literal; None where only the files can tell."""
    if isinstance(value, pl.Expr):
        expression_json(value)  # refuses what could not be written down when the chain is saved
        helpers: dict[str, pl.Expr] = {}
        leaves = schema.leaves()
        for name in value.meta.root_names():
            if name not in leaves:
                found = resolve(name, schema)
                if found is None:
                    return None
                helpers[name] = found.expression()
        return Compiled(value, helpers)
    node = literal(value)
    resolved: dict[str, Resolved] = {}
    for name in names(node):
        found = resolve(name, schema)
        if found is None:
            return None
        resolved[name] = found
    return Compiled(
        replay(node, lambda name: resolved[name].expression(), lambda name: resolved[name].present()), {}
    )


def compile_column(value: object, schema: Schema) -> Compiled | None:
    """As `compile_expression`; a column and nothing else may also be a record or an array, taken as it is."""
    if not isinstance(value, pl.Expr) and (node := literal(value))[0] == "column":
        found = resolve(node[1], schema)
        return None if found is None else Compiled(pl.lit(None), {}, found)
    return compile_expression(value, schema)


def expression_json(value: object) -> Any:
    """Identity of an expression.

    Raises
    ------
    ExpressionError
        A Polars expression holds Python code, or gives other values each time.
    """
    return raw_json(value) if isinstance(value, pl.Expr) else literal(value)


def expression_text(value: object) -> str:
    """Expression for people."""
    return str(value) if isinstance(value, pl.Expr) else to_text(literal(value))


def evaluate_type(compiled: Compiled, schema: Schema, text: str, grouped: bool = False) -> Any:
    """Polars dtype of an expression, found by evaluating it on no rows, or on no groups of rows.

    Raises
    ------
    ExpressionError
        Polars refuses it.
    """
    empty = pl.DataFrame(schema=schema.leaves()).lazy()
    try:
        if compiled.helpers:
            empty = empty.with_columns(**compiled.helpers)
        value = compiled.expr.alias("value")
        found = empty.group_by(pl.lit(0).alias("group")).agg(value) if grouped else empty.select(value)
        return found.collect().schema["value"]
    except pl.exceptions.PolarsError as error:
        reason = str(error).split("\n")[0]
        raise ExpressionError(
            f"{text} cannot be computed: {reason}. Columns: {suggestion('', schema)}"
        ) from error


def add_helpers(frame: pl.LazyFrame, compiled: Iterable[Compiled]) -> pl.LazyFrame:
    """Frame with the helper columns of expressions."""
    helpers = _helpers(compiled)
    return frame.with_columns(**helpers) if helpers else frame


def with_helpers(
    frame: pl.LazyFrame, compiled: Iterable[Compiled], use: Callable[[pl.LazyFrame], pl.LazyFrame]
) -> pl.LazyFrame:
    """Use expressions on a frame while their helper columns are there."""
    helpers = _helpers(compiled)
    return use(frame.with_columns(**helpers)).drop(list(helpers)) if helpers else use(frame)


def _helpers(compiled: Iterable[Compiled]) -> dict[str, pl.Expr]:
    return {name: expr for c in compiled for name, expr in c.helpers.items()}


def as_column(value: object) -> object:
    """Where a text is a column's name."""
    return Column(value) if isinstance(value, str) else value


def compile_now(value: object, schema: Schema, compile: Compile = compile_expression) -> Compiled:
    """As `compile_expression`, once the files have been looked at."""
    compiled = compile(value, schema)
    if compiled is None:
        raise ExpressionError(f"{expression_text(value)} names a column that no file has.")
    return compiled


def computed_field(name: str, dtype: Any, text: str) -> Field:
    """Field of what an expression computes.

    Raises
    ------
    ExpressionError
        They are arrays.
    SchemaError
        They are values that cannot be stored.
    """
    if isinstance(dtype, pl.Array):
        raise ExpressionError(f"{text} gives arrays, which expressions read but do not make. Use map().")
    return Field(name, from_polars(dtype))


def physical_columns(path: str, expr: pl.Expr, kind: DataType) -> Iterator[tuple[str, pl.Expr]]:
    """Flat columns, as they lie on disk, of what an expression computes."""
    if isinstance(kind, Record):
        for f in kind.fields:
            yield from physical_columns(f"{path}.{f.name}", expr.struct.field(f.name), f.type)
    else:
        yield path, expr.cast(dict(Field(path, kind).leaves())[path])
