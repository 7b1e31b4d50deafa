"""Predicate: what a scan is asked for, as far as filters can say it."""

import datetime as dt
import io
import json
from typing import Any

import polars as pl

from neurochain.tables.filters.condition import Condition
from neurochain.tables.filters.filter import Filter

__all__ = ["condition_of"]

OPERATORS = {"Eq": "=", "NotEq": "!=", "Lt": "<", "LtEq": "<=", "Gt": ">", "GtEq": ">="}
COMPARED = (bool, int, float, str, bytes, dt.date, dt.time)  # what filters take; datetime is a date
CASES = 64  # lists of which one must hold; what branches further is asked of the rows alone
Json = dict[str, Any]


def condition_of(predicate: pl.Expr | None) -> Condition:
    """Condition that all rows meet which meet a predicate, and perhaps others; what it helps to look at less.

    Comparisons of a column with a constant, ``in``, ``is null``, and how ``and`` and ``or`` put them together are understood; of the rest
    nothing is asked.

    Examples
    --------
    >>> condition_of((pl.col("i") == 3) & (pl.col("x").abs() > 2)).cases
    ((Filter(column='i', operator='=', value=3),),)
    """
    if predicate is None:
        return Condition()
    try:
        tree = json.loads(predicate.meta.serialize(format="json"))
    except (pl.exceptions.PolarsError, ValueError):  # it holds what cannot be written down
        return Condition()
    cases = _cases(tree)
    return Condition() if any(not case for case in cases) else Condition(tuple(map(tuple, cases)))


def _cases(node: Any) -> list[list[Filter]]:
    """Lists of filters of which one holds wherever the node does; an empty list holds always."""
    match node:
        case {"BinaryExpr": {"op": "And" | "LogicalAnd", "left": left, "right": right}}:
            a, b = _cases(left), _cases(right)
            if len(a) * len(b) > CASES:
                return a if len(a) <= len(b) else b
            return [[*x, *y] for x in a for y in b]
        case {"BinaryExpr": {"op": "Or" | "LogicalOr", "left": left, "right": right}}:
            both = _cases(left) + _cases(right)
            return both if len(both) <= CASES else [[]]
        case {
            "Ternary": {
                "predicate": {"Function": {"function": {"Boolean": "IsNull"}}},
                "truthy": truthy,
                "falsy": falsy,
            }
        } if _is_null(truthy):
            return _cases(falsy)  # how DuckDB writes `in`: null where the column is
    found = _filter(node)
    return [[found]] if found is not None else [[]]


def _filter(node: Any) -> Filter | None:
    match node:
        case {
            "BinaryExpr": {
                "op": op,
                "left": {"Column": str(name)},
                "right": {"Literal": _} | {"Cast": _} as right,
            }
        } if op in OPERATORS:
            value = _value(right)
            return Filter(name, OPERATORS[op], value) if isinstance(value, COMPARED) else None
        case {"Function": {"input": [{"Column": str(name)}], "function": {"Boolean": "IsNull"}}}:
            return Filter(name, "is null")
        case {"Function": {"input": [{"Column": str(name)}], "function": {"Boolean": "IsNotNull"}}}:
            return Filter(name, "is not null")
        case {
            "Function": {
                "input": [{"Column": str(name)}, {"Literal": _} as values],
                "function": {"Boolean": {"IsIn": _}},
            }
        }:
            value = _value(values)
            listed = value.to_list() if isinstance(value, pl.Series) else value
            if isinstance(listed, list) and all(isinstance(v, COMPARED) for v in listed):
                return Filter(name, "in", listed)
    return None


def _value(node: Json) -> Any:
    """Constant of a node; None where there is none."""
    try:
        made = pl.Expr.deserialize(io.BytesIO(json.dumps(node).encode()), format="json")
        return pl.select(made).to_series()[0] if not made.meta.root_names() else None
    except (pl.exceptions.PolarsError, ValueError):
        return None


def _is_null(node: Any) -> bool:
    match node:
        case {"Cast": {"expr": inner}}:
            return _is_null(inner)
        case {"Literal": {"Scalar": {"Null": _}} | "Null" | {"Null": _}}:
            return True
    return False
