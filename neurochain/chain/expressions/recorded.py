"""Recorded: expressions that stand in lineage, made again. What is on no white list is refused."""

import io
from typing import Any

import polars as pl

from neurochain.chain.expressions.column import Column, column_of
from neurochain.chain.expressions.expression import DTYPES, Node, literal_value
from neurochain.chain.expressions.methods import METHODS, NAMESPACES
from neurochain.chain.expressions.raw import check_raw, raw_json
from neurochain.errors import ExpressionError, ReplayError

_OPERATORS = frozenset(["==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "//", "%", "**", "&", "|", "^"])
_ALLOWED = METHODS | {f"{space}.{name}" for space, names in NAMESPACES.items() for name in names}


def expression_of(node: Node) -> Column | pl.Expr:
    """Expression of what `expression_json` gave.

    Raises
    ------
    ReplayError
        It is not of that form, asks for what no column has, or comes from a Polars that wrote another way.
    """
    if node and node[0] == "polars":
        return _raw(node)
    try:
        _check(node)
    except (ValueError, TypeError, LookupError, AttributeError, ExpressionError) as error:
        raise ReplayError(f"The recorded expression {str(node)[:120]} cannot be read: {error}") from error
    return column_of(node)


def _check(node: Any) -> None:
    match node:
        case ["column", str()]:
            return
        case ["binary", op, left, right] if op in _OPERATORS:
            children = [left, right]
        case ["unary", "~" | "-", inner]:
            children = [inner]
        case ["dtype", name] if name in DTYPES:
            return
        case ["when", branches, otherwise]:
            children = [child for condition, value in branches for child in (condition, value)] + [otherwise]
        case ["call", inner, method, arguments, options] if method in _ALLOWED and all(
            map(str.isidentifier, options)
        ):
            children = [inner, *arguments, *options.values()]
        case ["list", items]:
            children = items
        case ["binary" | "unary" | "dtype" | "when" | "call", *_]:
            raise ValueError("it asks for what a column does not have")
        case _:
            literal_value(node)
            return
    for child in children:
        _check(child)


def _raw(node: Node) -> pl.Expr:
    """A Polars expression from its own text."""
    if len(node) < 4:
        raise ReplayError(
            f"The Polars expression {node[2]} was recorded by its hash alone, by an earlier neurochain. Save the dataset again."
        )
    try:
        check_raw(node[3])
        expression = pl.Expr.deserialize(io.StringIO(node[3]), format="json")
        same = raw_json(expression)[:2] == node[:2]
    except (pl.exceptions.PolarsError, ValueError, ExpressionError) as error:
        raise ReplayError(
            f"The Polars expression {node[2]} cannot be read by Polars {pl.__version__}: {error}"
        ) from error
    if not same:
        raise ReplayError(
            f"The Polars expression {node[2]} is not what Polars {pl.__version__} makes of its text."
        )
    return expression
