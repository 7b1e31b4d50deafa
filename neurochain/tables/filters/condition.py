"""Condition: what is asked of a table's rows: filters that all hold, or several such lists of which one does."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import and_, or_
from typing import Any

import polars as pl

from neurochain.chain.expressions.column import Column
from neurochain.chain.expressions.expression import replay
from neurochain.errors import ColumnNotFoundError, ExpressionError, suggestion
from neurochain.tables.filters.binding import NOTHING, bound
from neurochain.tables.filters.expression import expression
from neurochain.tables.filters.filter import Filter

__all__ = ["Condition", "Filters", "Term"]

Term = Filter | Column
Filters = Term | Sequence[Term] | Sequence[Sequence[Term]] | None
"""What a user may give: a filter or a column expression; a list of them, which all must hold; a list of lists, of which one must."""


@dataclass(frozen=True)
class Condition:
    """What is asked of rows.

    Attributes
    ----------
    cases : tuple of tuple of Filter or Column
        One of the cases must hold, and in it all terms. Without cases nothing is asked.
    types : mapping of str to DataType
        Of the columns, where it is bound.
    """

    cases: tuple[tuple[Term, ...], ...] = ()
    types: Mapping[str, pl.DataType] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, filters: Filters) -> "Condition":
        """Condition from what a user gave.

        Raises
        ------
        ExpressionError
            Something in it is neither a filter nor a column expression, or a filter is none.

        Examples
        --------
        >>> Condition.of([Filter("a", "=", 1), Filter("b", ">", 2)]).cases
        ((Filter(column='a', operator='=', value=1), Filter(column='b', operator='>', value=2)),)
        """
        if filters is None:
            return cls()
        if _is_term(filters):
            return cls(((_term(filters),),))
        if isinstance(filters, str | Mapping) or not isinstance(filters, Iterable):
            raise _no_filter(filters)
        given: list[Any] = list(filters)
        if not given:
            return cls()
        nested = [isinstance(one, list | tuple) and not _is_term(one) for one in given]
        if not any(nested):
            return cls((tuple(_term(one) for one in given),))
        if not all(nested):
            raise ExpressionError(
                "Filters are either one list, of which all must hold, or a list of lists, of which one must; not both at once."
            )
        cases = tuple(tuple(_term(one) for one in case) for case in given)
        return cls() if any(not case for case in cases) else cls(cases)

    def names(self) -> list[str]:
        """Columns that it asks of."""
        found = [
            name
            for case in self.cases
            for term in case
            for name in ([term.column] if isinstance(term, Filter) else term.names())
        ]
        return list(dict.fromkeys(found))

    def bound(self, schema: Mapping[str, pl.DataType], where: str = "the table") -> "Condition":
        """The same with all values as those of the columns' types.

        Parameters
        ----------
        schema : mapping of str to DataType
            Of the columns.
        where : str
            What has them, for messages.

        Raises
        ------
        ColumnNotFoundError
            It asks of a column that is not there.
        ExpressionError
            A value cannot be one of the column.
        """
        for name in self.names():
            if name not in schema:
                raise ColumnNotFoundError(f"{where} has no column {name!r}. {suggestion(name, schema)}")
        return Condition(
            tuple(
                tuple(bound(term, schema[term.column]) if isinstance(term, Filter) else term for term in case)
                for case in self.cases
            ),
            {name: schema[name] for name in self.names()},
        )

    def expression(self) -> pl.Expr | None:
        """As a Polars expression, of a condition that is bound; None where nothing is asked."""
        if not self.cases:
            return None
        return reduce(or_, (reduce(and_, map(self._term, case)) for case in self.cases))

    def _term(self, term: Term) -> pl.Expr:
        if isinstance(term, Filter):
            return expression(term, self.types.get(term.column))
        found: pl.Expr = replay(term.node, pl.col)
        return found

    def within(self, names: Iterable[str]) -> "Condition":
        """What it asks of some columns alone, which is no more than it asks in all: what may be left out before the rest is looked at.

        Examples
        --------
        >>> asked = Condition.of([[Filter("a", "=", 1), Filter("b", ">", 2)], [Filter("a", "=", 2)]])
        >>> asked.within(["a"]).cases
        ((Filter(column='a', operator='=', value=1),), (Filter(column='a', operator='=', value=2),))
        >>> asked.within(["b"]).cases
        ()
        """
        known = set(names)
        cases = tuple(tuple(term for term in case if _names(term) <= known) for case in self.cases)
        return Condition() if any(not case for case in cases) else replace(self, cases=cases)

    def equal_to(self, name: str) -> list[Any] | None:
        """Values of which a column must have one, where all cases say so by ``=`` or ``in``; else None."""
        found: list[Any] = []
        for case in self.cases:
            values = [
                [term.value] if term.operator in ("=", "==") else list(term.value)
                for term in case
                if isinstance(term, Filter) and term.column == name and term.operator in ("=", "==", "in")
            ]
            if not values:
                return None
            for value in values[0]:
                if value is not NOTHING and value not in found:
                    found.append(value)
        return found if self.cases else None

    def __bool__(self) -> bool:
        return bool(self.cases)


def _names(term: Term) -> set[str]:
    return {term.column} if isinstance(term, Filter) else set(term.names())


def _is_term(given: object) -> bool:
    """Whether it is one filter or expression; a filter may be written as a plain tuple."""
    if isinstance(given, Filter | Column):
        return True
    return isinstance(given, tuple) and len(given) in (2, 3) and all(isinstance(v, str) for v in given[:2])


def _term(given: object) -> Term:
    if isinstance(given, Filter):
        return given.check()
    if isinstance(given, Column):
        return given
    if isinstance(given, tuple) and _is_term(given):
        return Filter(*given).check()
    raise _no_filter(given)


def _no_filter(given: object) -> ExpressionError:
    return ExpressionError(
        f"{given!r} is no filter. Write nc.Filter('implant_id', '==', 4595), nc.Column('hour') < 12, or a list of them."
    )
