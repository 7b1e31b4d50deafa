"""Check: something that must hold of a table's rows, and Verdict, what came of it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import polars as pl

from neurochain.errors import ColumnNotFoundError, TableError, suggestion

__all__ = ["Check", "Verdict"]


@dataclass(frozen=True)
class Verdict:
    """What came of a check.

    Attributes
    ----------
    holds : bool or None
        None where it could not be found out.
    rows : int or None
        That were looked at: those that have a value.
    failing : int or None
        Of these, those that do not meet it.
    example : str or None
        Of one that does not.
    error : str or None
        Why it could not be found out.
    """

    holds: bool | None
    rows: int | None = None
    failing: int | None = None
    example: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class Check(ABC):
    """Something that must hold of a table's rows.

    It asks a few numbers of all rows, which are found in one reading with those of other checks, and judges by them.
    """

    kind: ClassVar[str] = "check"

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """Those that it looks at."""

    @property
    def label(self) -> str:
        """For people: ``unique(implant_id, ts)``."""
        said = [_said(getattr(self, f.name)) for f in fields(self)]
        return f"{self.kind}({', '.join(s for s in said if s)})"

    @abstractmethod
    def numbers(self, schema: Mapping[str, pl.DataType]) -> dict[str, pl.Expr]:
        """What it asks of all rows, one value each: at least ``rows``, that were looked at, and ``failing``.

        Parameters
        ----------
        schema : mapping of str to DataType
            Of the table; all its columns are there.

        Raises
        ------
        ExpressionError, SchemaError
            It cannot be asked of columns of these types.
        """

    def judge(self, found: Mapping[str, Any]) -> Verdict:
        """Verdict by the numbers."""
        failing = int(found["failing"])
        return Verdict(failing == 0, int(found["rows"]), failing)

    def failing(self, frame: pl.LazyFrame) -> pl.LazyFrame | None:
        """Rows that do not meet it, or what is shown of them; None where there is nothing to show."""
        return None

    def require(self, schema: Mapping[str, pl.DataType]) -> None:
        """Refuse a table that lacks a column.

        Raises
        ------
        ColumnNotFoundError
            It does; shows what there is.
        """
        for name in self.columns:
            if name not in schema:
                raise ColumnNotFoundError(
                    f"{self.label}: there is no column {name!r}. {suggestion(name, schema)}"
                )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {"check": self.kind, **{f.name: _plain(getattr(self, f.name)) for f in fields(self)}}


def names_given(names: tuple[str, ...], what: str) -> None:
    """Refuse what are no names of columns.

    Raises
    ------
    TableError
        They are none.
    """
    if not names or any(not isinstance(name, str) or not name for name in names):
        raise TableError(f"{what}() takes names of columns, not {names!r}.")


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(v) for v in value)
    return "" if value is None else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
