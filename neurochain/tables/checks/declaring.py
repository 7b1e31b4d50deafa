"""Declaring: the functions by which a table says what must hold of its rows."""

from collections.abc import Iterable
from typing import Any

from neurochain.errors import TableError
from neurochain.tables.checks.overall import Fresh, RowCount, Unique
from neurochain.tables.checks.rowwise import Holds, InRange, Matches, NotNull, OneOf

__all__ = ["check", "fresh", "in_range", "matches", "not_null", "one_of", "row_count", "unique"]


def not_null(*columns: str) -> NotNull:
    """Every row has a value in each of these columns.

    Examples
    --------
    >>> not_null("ts").label
    'not_null(ts)'
    """
    return NotNull(columns)


def unique(*columns: str) -> Unique:
    """No two rows have the same values in all of these columns. Rows that lack one are left out.

    Examples
    --------
    >>> unique("implant_id", "ts").label
    'unique(implant_id, ts)'
    """
    return Unique(columns)


def in_range(column: str, low: Any = None, high: Any = None) -> InRange:
    """Values lie between two, which count as well. Nulls are left out.

    Parameters
    ----------
    column : str
        Of numbers, dates, times or texts.
    low, high : object, optional
        As a filter takes them: numbers, dates or texts of dates.

    Examples
    --------
    >>> in_range("hour", 0, 23).to_json()
    {'check': 'in_range', 'column': 'hour', 'low': 0, 'high': 23}
    """
    return InRange(column, low, high)


def one_of(column: str, values: Iterable[Any]) -> OneOf:
    """Values are among some. Nulls are left out.

    Examples
    --------
    >>> one_of("side", ["L", "R"]).label
    "one_of(side, ['L', 'R'])"
    """
    if isinstance(values, str):
        raise TableError(f"one_of({column!r}, {values!r}): give a list of values.")
    return OneOf(column, tuple(values))


def matches(column: str, pattern: str) -> Matches:
    r"""Texts are of a pattern, from their first letter to their last. Nulls are left out.

    Examples
    --------
    >>> matches("date", r"\d{4}-\d\d-\d\d").kind
    'matches'
    """
    return Matches(column, pattern)


def row_count(at_least: int = 1, at_most: int | None = None) -> RowCount:
    """There are at least so many rows, and not more than so many.

    Examples
    --------
    >>> row_count(at_least=10).label
    'row_count(at least 10)'
    """
    return RowCount(at_least, at_most)


def fresh(column: str, within: str) -> Fresh:
    """The newest time in a column is no longer ago than this.

    Parameters
    ----------
    column : str
        Of times (UTC where they have no zone) or dates.
    within : str
        ``"90s"``, ``"15m"``, ``"6h"``, ``"1d"``, ``"1w"``.

    Examples
    --------
    >>> fresh("ts", within="1d12h").length
    datetime.timedelta(days=1, seconds=43200)
    """
    return Fresh(column, within)


def check(name: str, expression: Any) -> Holds:
    """An expression is true of every row. Where it is null, the row is left out.

    Parameters
    ----------
    name : str
        What it is called in the result.
    expression : Column or polars.Expr
        ``nc.Column("end") > nc.Column("start")``.

    Examples
    --------
    >>> from neurochain.chain.expressions.column import Column
    >>> check("ends after it starts", Column("end") > Column("start")).columns
    ('end', 'start')
    """
    return Holds(name, expression)
