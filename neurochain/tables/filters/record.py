"""Record: conditions and declarations as plain JSON, for lineage, and back."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from os import PathLike, fspath
from typing import Any

import polars as pl

from neurochain.chain.expressions.column import Column, column_of
from neurochain.chain.expressions.expression import literal, literal_value
from neurochain.tables.filters.condition import Condition
from neurochain.tables.filters.filter import Filter

__all__ = ["condition_json", "condition_of_json", "plain"]


def condition_json(condition: Condition) -> list[list[dict[str, Any]]]:
    """A condition as plain JSON.

    Examples
    --------
    >>> said = condition_json(Condition.of(Filter("hour", "in", [1, 2])))
    >>> said
    [[{'filter': ['hour', 'in', ['list', [['literal', 1], ['literal', 2]]]]}]]
    >>> condition_of_json(said).cases
    ((Filter(column='hour', operator='in', value=[1, 2]),),)
    """
    return [[_term(term) for term in case] for case in condition.cases]


def condition_of_json(said: Iterable[Iterable[Mapping[str, Any]]]) -> Condition:
    """Inverse of `condition_json`."""
    return Condition(
        tuple(
            tuple(
                Filter(t["filter"][0], t["filter"][1], literal_value(t["filter"][2]))
                if "filter" in t
                else column_of(t["column"])
                for t in case
            )
            for case in said
        )
    )


def plain(value: Any) -> Any:
    """A value of a declaration as plain JSON: types by their names, what is of no use there as its text."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, PathLike):
        return str(fspath(value))
    if isinstance(value, pl.Datetime) and value == pl.Datetime("us"):
        return "datetime"
    if isinstance(value, type) and issubclass(value, pl.DataType | int | float | str | bool):
        return value.__name__
    return str(value)


def _term(term: Filter | Column) -> dict[str, Any]:
    if isinstance(term, Column):
        return {"column": term.node}
    return {"filter": [term.column, term.operator, literal(_literal(term.value))]}


def _literal(value: Any) -> Any:
    """A value that a literal can be made of."""
    if isinstance(value, list | tuple | set | frozenset):
        return [
            _literal(v) for v in (sorted(value, key=repr) if isinstance(value, set | frozenset) else value)
        ]
    return str(value) if isinstance(value, Decimal) else value
