"""Overall: checks of all rows together."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from neurochain.errors import SchemaError, TableError
from neurochain.tables.checks.check import Check, Verdict, names_given

__all__ = ["Fresh", "RowCount", "Unique"]

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
WITHIN = re.compile(r"(?:\d+[wdhms])+")


@dataclass(frozen=True)
class Unique(Check):
    """No two rows have the same values. Rows that lack one are not looked at; of equal rows all but the first fail.

    Attributes
    ----------
    names : tuple of str
        Columns that together tell the rows apart.
    """

    kind: ClassVar[str] = "unique"

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        names_given(self.names, "unique")

    @property
    def columns(self) -> tuple[str, ...]:
        return self.names

    def numbers(self, schema: Mapping[str, pl.DataType]) -> dict[str, pl.Expr]:
        """As of `Check`."""
        known = self._known()
        values = pl.col(self.names[0]) if len(self.names) == 1 else pl.struct(self.names)
        return {"rows": known.sum(), "failing": known.sum() - values.filter(known).n_unique()}

    def failing(self, frame: pl.LazyFrame) -> pl.LazyFrame | None:
        """As of `Check`: values that stand more than once, with their number."""
        counted = frame.filter(self._known()).group_by(self.names).agg(pl.len().alias("rows"))
        return counted.filter(pl.col("rows") > 1)

    def _known(self) -> pl.Expr:
        return pl.all_horizontal(pl.col(name).is_not_null() for name in self.names)


@dataclass(frozen=True)
class RowCount(Check):
    """There are as many rows as there should be.

    Attributes
    ----------
    at_least : int
    at_most : int or None
    """

    kind: ClassVar[str] = "row_count"

    at_least: int = 1
    at_most: int | None = None

    def __post_init__(self) -> None:
        for number in (self.at_least, self.at_most):
            if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < 0):
                raise TableError(f"row_count(): {number!r} is no number of rows.")

    @property
    def columns(self) -> tuple[str, ...]:
        return ()

    @property
    def label(self) -> str:
        most = "" if self.at_most is None else f", at most {self.at_most}"
        return f"row_count(at least {self.at_least}{most})"

    def numbers(self, schema: Mapping[str, pl.DataType]) -> dict[str, pl.Expr]:
        """As of `Check`."""
        return {"rows": pl.len(), "failing": pl.lit(0)}

    def judge(self, found: Mapping[str, Any]) -> Verdict:
        """As of `Check`; no row fails: rows are missing, or too many."""
        rows = int(found["rows"])
        if rows < self.at_least:
            return Verdict(False, rows, 0, f"{self.at_least - rows:,} rows too few")
        if self.at_most is not None and rows > self.at_most:
            return Verdict(False, rows, 0, f"{rows - self.at_most:,} rows too many")
        return Verdict(True, rows, 0)


@dataclass(frozen=True)
class Fresh(Check):
    """The newest row is young.

    Attributes
    ----------
    column : str
        Of times, or of dates, which mean the end of the day. Times without a zone are UTC.
    within : str
        ``"90s"``, ``"15m"``, ``"6h"``, ``"1d"``, ``"1w"``, ``"1d12h"``.
    """

    kind: ClassVar[str] = "fresh"

    column: str
    within: str

    def __post_init__(self) -> None:
        names_given((self.column,), "fresh")
        if not isinstance(self.within, str) or not WITHIN.fullmatch(self.within):
            raise TableError(
                f"fresh({self.column!r}, within={self.within!r}): write a time as 90s, 15m, 6h, 1d, 1w or 1d12h."
            )

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    @property
    def length(self) -> dt.timedelta:
        """How old the newest row may be."""
        parts = re.findall(r"(\d+)([wdhms])", self.within)
        return dt.timedelta(seconds=sum(int(number) * UNITS[unit] for number, unit in parts))

    def numbers(self, schema: Mapping[str, pl.DataType]) -> dict[str, pl.Expr]:
        """As of `Check`."""
        dtype = schema[self.column]
        if not isinstance(dtype, pl.Date | pl.Datetime):
            raise SchemaError(
                f"{self.label}: the column holds values of type {dtype}, which are neither times nor dates."
            )
        times = pl.col(self.column)
        if isinstance(dtype, pl.Date):
            times = times.cast(pl.Datetime("us")) + pl.duration(days=1)
        elif dtype.time_zone is not None:
            times = times.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        newest = times.max().cast(pl.Datetime("us"))
        return {"rows": times.is_not_null().sum(), "failing": pl.lit(0), "newest": newest}

    def judge(self, found: Mapping[str, Any]) -> Verdict:
        """As of `Check`: by the clock of this machine."""
        newest = found["newest"]
        if newest is None:
            return Verdict(False, 0, 0, "no row has a time")
        age = dt.datetime.now(dt.UTC).replace(tzinfo=None) - newest
        shown = f"the newest is of {newest:%Y-%m-%d %H:%M:%S} UTC"
        return Verdict(age <= self.length, int(found["rows"]), 0, None if age <= self.length else shown)
