"""Rowwise: checks that each row meets or not, whatever the others hold."""

import json
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from neurochain.chain.expressions.column import Column
from neurochain.chain.expressions.expression import replay
from neurochain.errors import TableError
from neurochain.tables.checks.check import Check, names_given
from neurochain.tables.filters.binding import bound
from neurochain.tables.filters.expression import expression
from neurochain.tables.filters.filter import Filter

__all__ = ["Holds", "InRange", "Matches", "NotNull", "OneOf"]


class Rowwise(Check):
    """A check that each row meets or not. A row without a value is not looked at."""

    @abstractmethod
    def expression(self, schema: Mapping[str, pl.DataType]) -> pl.Expr:
        """Whether a row meets it; null where it is not looked at."""

    def numbers(self, schema: Mapping[str, pl.DataType]) -> dict[str, pl.Expr]:
        """As of `Check`."""
        found = self.expression(schema).cast(pl.Boolean)
        return {"rows": found.is_not_null().sum(), "failing": (~found).sum()}

    def failing(self, frame: pl.LazyFrame) -> pl.LazyFrame | None:
        """As of `Check`: the columns that it looks at."""
        wrong = frame.filter(~self.expression(frame.collect_schema()).cast(pl.Boolean))
        return wrong.select(self.columns) if self.columns else wrong


@dataclass(frozen=True)
class NotNull(Rowwise):
    """No row lacks a value.

    Attributes
    ----------
    names : tuple of str
        Columns, each of which must have one.
    """

    kind: ClassVar[str] = "not_null"

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        names_given(self.names, "not_null")

    @property
    def columns(self) -> tuple[str, ...]:
        return self.names

    def expression(self, schema: Mapping[str, pl.DataType]) -> pl.Expr:
        """As of `Rowwise`."""
        return pl.all_horizontal(pl.col(name).is_not_null() for name in self.names)


@dataclass(frozen=True)
class InRange(Rowwise):
    """Values lie between two, which count as well.

    Attributes
    ----------
    column : str
    low, high : object or None
        As a filter takes them; None for no end.
    """

    kind: ClassVar[str] = "in_range"

    column: str
    low: Any = None
    high: Any = None

    def __post_init__(self) -> None:
        names_given((self.column,), "in_range")
        if self.low is None and self.high is None:
            raise TableError(f"in_range({self.column!r}) has no ends. Give the least or the greatest value.")

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def expression(self, schema: Mapping[str, pl.DataType]) -> pl.Expr:
        """As of `Rowwise`."""
        ends = [(">=", self.low), ("<=", self.high)]
        dtype = schema[self.column]
        asked = [bound(Filter(self.column, op, v).check(), dtype) for op, v in ends if v is not None]
        # Where all or none meet an end, nothing is asked of the value; a null is not looked at all the same.
        met = pl.all_horizontal(expression(one, dtype) for one in asked)
        return pl.when(pl.col(self.column).is_not_null()).then(met)


@dataclass(frozen=True)
class OneOf(Rowwise):
    """Values are among some.

    Attributes
    ----------
    column : str
    values : tuple
    """

    kind: ClassVar[str] = "one_of"

    column: str
    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        names_given((self.column,), "one_of")

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    @property
    def label(self) -> str:
        return f"one_of({self.column}, {list(self.values)!r})"

    def expression(self, schema: Mapping[str, pl.DataType]) -> pl.Expr:
        """As of `Rowwise`."""
        dtype = schema[self.column]
        asked = bound(Filter(self.column, "in", self.values).check(), dtype)
        return pl.when(pl.col(self.column).is_not_null()).then(expression(asked, dtype))


@dataclass(frozen=True)
class Matches(Rowwise):
    r"""Texts are of a pattern, from their first letter to their last.

    Attributes
    ----------
    column : str
        Numbers and dates are looked at as they are written.
    pattern : str
        A regular expression in the syntax of Rust: ``\d{4}-\d\d-\d\d``; it has no references back.
    """

    kind: ClassVar[str] = "matches"

    column: str
    pattern: str

    def __post_init__(self) -> None:
        names_given((self.column,), "matches")
        try:
            for pattern in (self.pattern, self._whole):
                pl.select(pl.lit("").str.contains(pattern, strict=True))
        except (pl.exceptions.PolarsError, TypeError) as error:
            raise TableError(
                f"matches({self.column!r}, {self.pattern!r}): this is no regular expression: {error}"
            ) from error

    @property
    def _whole(self) -> str:
        return rf"\A(?:{self.pattern})\z"

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def expression(self, schema: Mapping[str, pl.DataType]) -> pl.Expr:
        """As of `Rowwise`."""
        return pl.col(self.column).cast(pl.String).str.contains(self._whole)


@dataclass(frozen=True)
class Holds(Rowwise):
    """An expression is true. Where it is null, the row is not looked at.

    Attributes
    ----------
    name : str
        For people.
    condition : Column or Expr
    """

    kind: ClassVar[str] = "check"

    name: str
    condition: Column | pl.Expr

    def __post_init__(self) -> None:
        if not isinstance(self.condition, Column | pl.Expr):
            raise TableError(
                f"check({self.name!r}): {self.condition!r} is no expression. Write nc.check('name', nc.Column('a') < nc.Column('b'))."
            )

    @property
    def columns(self) -> tuple[str, ...]:
        if isinstance(self.condition, Column):
            return tuple(self.condition.names())
        return tuple(dict.fromkeys(self.condition.meta.root_names()))

    @property
    def label(self) -> str:
        return self.name

    def expression(self, schema: Mapping[str, pl.DataType]) -> pl.Expr:
        """As of `Rowwise`."""
        given = self.condition
        found: pl.Expr = replay(given.node, pl.col) if isinstance(given, Column) else given
        return found

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; the expression as the tree that it is."""
        given = self.condition
        said = given.node if isinstance(given, Column) else json.loads(given.meta.serialize(format="json"))
        return {"check": self.kind, "name": self.name, "expression": said}
