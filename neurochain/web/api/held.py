"""Held: rows of a version as the page asks for them: some of them, sorted, filtered, a page at a time.

Columns that are sorted or filtered by are kept in memory once they were read, as long as there is room; so is which rows come in which
order. What a page shows beside is read for its rows alone.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
import polars as pl

from neurochain.datasets.schema import KEY
from neurochain.datasets.types import Array, DataType, Ragged, value_types
from neurochain.datasets.versions import DatasetVersion
from neurochain.errors import ColumnNotFoundError, ExpressionError, suggestion
from neurochain.tables.filters.condition import Condition

__all__ = ["Asked", "Held", "Holder"]

ROOM = 512 * 2**20  # bytes of columns that are kept
ORDERS = 64  # orders that are kept
VERSIONS = 8

Numbers = np.ndarray[Any, np.dtype[np.uint32]]


@dataclass(frozen=True)
class Asked:
    """Which rows, in which order.

    Attributes
    ----------
    condition : Condition
        That they meet.
    sort : str
        Flat column by which they are sorted; empty where they come as they were saved.
    descending : bool
    """

    condition: Condition = field(default_factory=Condition)
    sort: str = ""
    descending: bool = False

    @property
    def name(self) -> str:
        """Two that ask for the same have one name."""
        return repr((self.condition.cases, self.sort, self.descending))


class Held:
    """Rows of one version.

    Parameters
    ----------
    version : DatasetVersion
        Whose rows they are.
    """

    def __init__(self, version: DatasetVersion) -> None:
        self.version = version
        self.types: dict[str, DataType] = {
            path: kind for f in version.schema.values() for path, kind in value_types(f)
        }
        self._lock = Lock()
        self._columns: OrderedDict[str, pl.Series] = OrderedDict()
        self._orders: OrderedDict[str, Numbers] = OrderedDict()

    @property
    def schema(self) -> pl.Schema:
        """Flat columns that can be sorted and filtered by."""
        leaves = self.version.schema.leaves()
        return pl.Schema({path: leaves[path] for path in self.types if path in leaves})

    def column(self, path: str) -> pl.Series:
        """All values of a flat column.

        Raises
        ------
        ColumnNotFoundError
            There is none.
        """
        self.check(path)
        with self._lock:
            if (found := self._columns.get(path)) is not None:
                self._columns.move_to_end(path)
                return found
        found = self.version.scan().select(path).collect().to_series()
        with self._lock:
            self._columns[path] = found
            while len(self._columns) > 1 and sum(c.estimated_size() for c in self._columns.values()) > ROOM:
                self._columns.popitem(last=False)
        return found

    def check(self, path: str) -> None:
        """Check that there is a column.

        Raises
        ------
        ColumnNotFoundError
            There is none; shows what there is.
        """
        if path not in self.types and path != KEY:
            raise ColumnNotFoundError(
                f"{self.version.reference} has no column {path!r}. {suggestion(path, self.types)}"
            )

    def numbers(self, asked: Asked) -> Numbers | None:
        """Numbers of the rows that are asked for, in their order; None for all of them as they were saved.

        Raises
        ------
        ColumnNotFoundError
            It is sorted or filtered by a column that is not there.
        ExpressionError
            The column's values have no order, or the filter is none for them.
        """
        if not asked.sort and not asked.condition:
            return None
        with self._lock:
            if (known := self._orders.get(asked.name)) is not None:
                self._orders.move_to_end(asked.name)
                return known
        for path in [*asked.condition.names(), *([asked.sort] if asked.sort else [])]:
            self.check(path)
            if isinstance(self.types.get(path), Array | Ragged):
                raise ExpressionError(f"{path!r} holds arrays, which are neither sorted nor filtered by.")
        names = dict.fromkeys([*asked.condition.names(), *([asked.sort] if asked.sort else [])])
        frame = pl.DataFrame([self.column(name) for name in names]).with_row_index("\0row")
        rows = frame.lazy()
        condition = asked.condition.bound(self.schema, self.version.reference).expression()
        if condition is not None:
            rows = rows.filter(condition)
        if asked.sort:
            rows = rows.sort(asked.sort, descending=asked.descending, nulls_last=True, maintain_order=True)
        found: Numbers = rows.select("\0row").collect().to_series().to_numpy()
        with self._lock:
            self._orders[asked.name] = found
            while len(self._orders) > ORDERS:
                self._orders.popitem(last=False)
        return found

    def page(self, asked: Asked, offset: int, limit: int, paths: Sequence[str]) -> pl.DataFrame:
        """Some of the rows, with their hidden keys: columns `KEY` and those that are named; a ragged one as a struct.

        Raises
        ------
        ColumnNotFoundError, ExpressionError
            As `numbers`.
        """
        for path in paths:
            self.check(path)
        numbers = self.numbers(asked)
        scan = self.version.scan()
        if numbers is None:
            return scan.slice(offset, limit).select(KEY, *map(self._shown, paths)).collect()
        wanted = numbers[offset : offset + limit]
        order = pl.LazyFrame({"\0row": wanted, "\0place": np.arange(len(wanted), dtype=np.uint32)})
        wide = [path for path in paths if isinstance(self.types[path], Array | Ragged)]
        small = [path for path in paths if path not in wide]
        found = scan.select(KEY, *small).with_row_index("\0row").join(order, on="\0row").sort("\0place")
        parts = [found.select(KEY, *small).collect()]
        if wide:  # of these, a row is as much as thousands of the others
            shown = scan.select(*map(self._shown, wide))
            each = [shown.slice(int(n), 1) for n in wanted] or [shown.head(0)]
            parts.append(pl.concat(pl.collect_all(each)))
        return pl.concat(parts, how="horizontal").select(KEY, *paths)

    def _shown(self, path: str) -> pl.Expr:
        if isinstance(self.types[path], Ragged):
            return pl.struct(
                pl.col(f"{path}.data").alias("data"), pl.col(f"{path}.shape").alias("shape")
            ).alias(path)
        return pl.col(path)


class Holder:
    """Versions that were looked at last."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: OrderedDict[int, Held] = OrderedDict()

    def of(self, version: DatasetVersion) -> Held:
        """Rows of a version."""
        with self._lock:
            held = self._held.pop(version.id, None) or Held(version)
            self._held[version.id] = held
            while len(self._held) > VERSIONS:
                self._held.popitem(last=False)
            return held
