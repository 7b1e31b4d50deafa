"""Statistics: which files can hold wanted rows, by the least and greatest values that the log knows of their columns.

https://github.com/delta-io/delta/blob/master/PROTOCOL.md, section "Per-file Statistics". They are bounds, and not always sharp: long texts
are cut, times are cut to milliseconds, files of which rows were deleted keep those that they had, and any of them may be missing.
"""

import datetime as dt
import math
from collections.abc import Mapping
from functools import reduce
from operator import and_, or_
from typing import Any

import polars as pl

from neurochain.errors import ExpressionError
from neurochain.tables.delta.snapshot import MAXIMA, MINIMA, NULLS, PATH, ROWS, Snapshot
from neurochain.tables.filters.binding import NOTHING, bound
from neurochain.tables.filters.condition import Condition, Term
from neurochain.tables.filters.filter import Filter

__all__ = ["files_of"]

CUT = 32  # characters of a text from which on it may be the beginning of a longer one
MILLISECOND = dt.timedelta(milliseconds=1)
BOUNDED = (pl.String, pl.Date, pl.Datetime, pl.Float64)
MOST = 1000  # values of a list that are compared one by one
MIRRORED = {"=": "=", "==": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def files_of(snapshot: Snapshot, condition: Condition, types: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Rows of `Snapshot.files` whose files can hold rows of a condition.

    Parameters
    ----------
    snapshot : Snapshot
        Of which.
    condition : Condition
        Bound to `types`.
    types : mapping of str to DataType
        Of the columns as the table gives them, which may be others than it stores.
    """
    partitions = [name for name in snapshot.partition_columns if name in types]
    cast = snapshot.files.select(PATH, *(pl.col(name).cast(types[name]) for name in partitions))
    exact = condition.within(partitions).expression()
    found = snapshot.files if exact is None else snapshot.files.filter(cast.select(exact).to_series())
    known = _Known(snapshot, types)
    cases = [[known.may_hold(term) for term in case] for case in condition.cases]
    said = [[e for e in case if e is not None] for case in cases]
    if not said or not all(said):
        return found
    return found.filter(reduce(or_, (reduce(and_, case) for case in said)))


class _Known:
    """Expressions over `Snapshot.files`; null-free, and true where the log does not tell."""

    def __init__(self, snapshot: Snapshot, types: Mapping[str, pl.DataType]) -> None:
        self.snapshot, self.types = snapshot, types

    def may_hold(self, term: Term) -> pl.Expr | None:
        """Whether a file can hold rows of a term; None where nothing is known for any of them."""
        if not isinstance(term, Filter):
            return self._compared(term.node)
        if term.value is NOTHING or (term.operator == "in" and not term.value):
            return None if term.operator == "!=" else pl.lit(False)
        stored, name = self.snapshot.schema.get(term.column), term.column
        if stored is None:  # a declared column that the table does not have: nulls
            return None if term.operator == "is null" else pl.lit(False)
        if term.operator == "is null":
            nulls = self._of(NULLS, name)
            return None if nulls is None else (nulls > 0).fill_null(True)
        any_ = self._any(name)
        if term.operator == "is not null":
            return any_
        said = self._within(term, stored) if _alike(stored, self.types.get(name)) else None
        found = [e for e in (any_, said) if e is not None]
        return reduce(and_, found) if found else None

    def _of(self, what: str, name: str) -> pl.Expr | None:
        dtype, field = self.snapshot.files.schema.get(what), self.snapshot.physical[name]
        fields = {f.name: f.dtype for f in dtype.fields} if isinstance(dtype, pl.Struct) else {}
        if field not in fields or fields[field].is_nested():
            return None
        found: pl.Expr = pl.col(what).struct.field(field)
        return found

    def _any(self, name: str) -> pl.Expr | None:
        """Whether not all of a column is null."""
        nulls = self._of(NULLS, name)
        return None if nulls is None else (nulls < pl.col(ROWS)).fill_null(True)

    def _within(self, term: Filter, stored: pl.DataType) -> pl.Expr | None:
        least, most = self._of(MINIMA, term.column), self._of(MAXIMA, term.column)
        if least is None or most is None or not (stored.is_integer() or isinstance(stored, BOUNDED)):
            return None
        column = _Bounds(least, most, stored)
        value = term.value
        match term.operator:
            case "=" | "==":
                found = column.holds(value)
            case "in" if len(value) <= MOST:
                each = [column.holds(v) for v in value]
                found = (
                    None if any(e is None for e in each) else reduce(or_, [e for e in each if e is not None])
                )
            case "<" | "<=" | ">" | ">=":
                found = column.compared(term.operator, value)
            case "between":
                parts = [column.compared(">=", value[0], value[1]), column.compared("<=", value[1])]
                found = reduce(and_, said) if (said := [p for p in parts if p is not None]) else None
            case _:
                found = None
        return None if found is None else found.fill_null(True)

    def _compared(self, node: list[Any]) -> pl.Expr | None:
        """Of a `Column` expression: of comparisons with values and what `&` joins, the rest is not known."""
        match node:
            case ["binary", "&", left, right]:
                found = [e for e in (self._compared(left), self._compared(right)) if e is not None]
                return reduce(and_, found) if found else None
            case ["binary", op, ["column", name], ["literal", value]] if op in MIRRORED:
                return self._plain(name, op, value)
            case _:
                return None

    def _plain(self, name: str, op: str, value: Any) -> pl.Expr | None:
        dtype = self.types.get(name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if dtype is None or not (
            (is_number and dtype.is_numeric()) or (isinstance(value, str) and dtype == pl.String)
        ):
            return None
        try:
            return self.may_hold(bound(Filter(name, op, value), dtype))
        except ExpressionError:
            return None


class _Bounds:
    """Between what a file's values of a column lie."""

    def __init__(self, least: pl.Expr, most: pl.Expr, dtype: pl.DataType) -> None:
        self.least, self.most, self.dtype = least, most, dtype
        if isinstance(dtype, pl.Datetime):
            self.least, self.most = least - MILLISECOND, most + MILLISECOND

    def holds(self, value: Any) -> pl.Expr | None:
        parts = self.compared(">=", value, value), self.compared("<=", value)
        return None if parts[0] is None or parts[1] is None else parts[0] & parts[1]

    def compared(self, op: str, value: Any, until: Any = None) -> pl.Expr | None:
        """Whether one can be less or greater than a value.

        Parameters
        ----------
        op : {"<", "<=", ">", ">="}
            Which of it.
        value : object
            Than which.
        until : object, optional
            Than which it is not greater besides: a NaN, which statistics leave out, is greater than all that is none.
        """
        if isinstance(value, float) and math.isnan(value):
            return None
        found: pl.Expr
        if op in ("<", "<="):
            found = self.least < value if op == "<" else self.least <= value
            return found
        if self.dtype.is_float() and (until is None or math.isnan(until)):
            return None
        found = self.most > value if op == ">" else self.most >= value
        if isinstance(self.dtype, pl.String):
            is_cut = self.most.str.len_chars() >= CUT
            found = found | (is_cut & pl.lit(value).str.starts_with(self.most))
        return found


def _alike(stored: pl.DataType, given: pl.DataType | None) -> bool:
    """Whether values of a declared column are compared as those that are stored."""
    return stored == given or (given is not None and stored.is_integer() and given.is_integer())
