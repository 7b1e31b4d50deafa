"""Target: whose rows are withdrawn, as columns, paths and texts say it."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from neurochain.datasets.location import file_columns
from neurochain.datasets.pseudonyms import pseudonym
from neurochain.datasets.schema import Schema

SHOWN = 12  # digits of a pseudonym in texts


@dataclass(frozen=True)
class Target:
    """Rows where a column holds a value, and files whose paths name it.

    Attributes
    ----------
    columns : tuple of str
        Dotted names, or last parts of them.
    values : tuple of str
        That any of these columns holds; numbers as they are written.
    marks : tuple of str
        Words that name it in texts.
    paths : bool
        They name it in paths of files too.
    """

    columns: tuple[str, ...]
    values: tuple[str, ...]
    marks: tuple[str, ...] = ()
    paths: bool = False

    @cached_property
    def pseudonym(self) -> str:
        """What stands for it in records that are kept."""
        return pseudonym(f"{self.columns[0]}={self.values[0]}")

    def identified(self, schema: Schema) -> bool:
        """Whether columns of a schema say whose a row is."""
        return bool(self._columns(schema)) or (self.paths and any(file_columns(schema)))

    def rows(self, schema: Schema) -> pl.Expr:
        """Which rows are its own, over the flat columns of a schema."""
        leaves = schema.leaves()
        own = [self._equal(pl.col(name), leaves[name]) for name in self._columns(schema)]
        places = [f"{name}.{part}" for name in file_columns(schema) for part in ("uri", "path")]
        return pl.any_horizontal(pl.lit(False), *own, *(self.names(pl.col(p)) for p in places))

    def names(self, text: pl.Expr) -> pl.Expr:
        """Which texts name it, of paths and of what stands beside them."""
        if not self.paths:
            return pl.lit(False)
        marks = "|".join(map(re.escape, self.marks))
        return text.str.contains(rf"(?:^|[^A-Za-z0-9])(?:{marks})(?:[^A-Za-z0-9]|$)").fill_null(False)

    def mentioned(self, leaves: dict[str, Any]) -> pl.Expr:
        """Which rows hold a text that names it."""
        texts = [name for name, dtype in leaves.items() if dtype == pl.String]
        return pl.any_horizontal(pl.lit(False), *(self.names(pl.col(name)) for name in texts))

    def masked(self, text: str) -> str:
        """A text with something else in its place."""
        if text in self.values:
            return self._instead
        for pattern in self._patterns:
            text = pattern.sub(rf"\g<before>{self._instead}", text)
        return text

    def masked_words(self, text: str) -> str:
        """A text of a person, masked wherever the value stands alone, be it a number."""
        text = self.masked(text)
        for value in self.values:
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", self._instead, text)
        return text

    def screened(self, value: Any) -> Any:
        """Plain JSON, all its texts masked."""
        if isinstance(value, str):
            return self.masked(value)
        if isinstance(value, dict):
            return {self.masked(k): self.screened(v) for k, v in value.items()}
        return [self.screened(v) for v in value] if isinstance(value, list) else value

    @property
    def _instead(self) -> str:
        return f"withdrawn-{self.pseudonym[:SHOWN]}"

    @cached_property
    def _patterns(self) -> list[re.Pattern[str]]:
        found = [rf"(?P<before>(?<![A-Za-z0-9])){re.escape(mark)}(?![A-Za-z0-9])" for mark in self.marks]
        for value in self.values:
            # A number alone may be any number, but not in quotes, nor behind the name of an option.
            before = r"['\"]|--[\w-]+[= ]" if value.isdigit() else r"(?<![\w.-])"
            found.append(rf"(?P<before>{before}){re.escape(value)}(?![\w-])(?!\.\w)")
        return [re.compile(pattern) for pattern in found]

    def _columns(self, schema: Schema) -> list[str]:
        return [
            leaf
            for leaf in schema.leaves()
            if any(leaf == column or leaf.endswith(f".{column}") for column in self.columns)
        ]

    def _equal(self, column: pl.Expr, dtype: Any) -> pl.Expr:
        if dtype.is_integer():
            numbers = [int(v) for v in self.values if re.fullmatch(r"[+-]?\d+", v)]
            return column.cast(pl.Int128).is_in(pl.Series(numbers, dtype=pl.Int128)).fill_null(False)
        if dtype.is_nested() or dtype == pl.Binary:
            return pl.lit(False)
        return column.cast(pl.String).is_in(list(self.values)).fill_null(False)
