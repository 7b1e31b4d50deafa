"""Rows: what a loader gives batches of."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from neurochain.loaders.batches import Batches
from neurochain.loaders.buckets import Buckets
from neurochain.loaders.columns import Announced, Column, Files, Numbers, Varying
from neurochain.loaders.order import Indices
from neurochain.loaders.shapes import Ways, stacked

Values = dict[str, Any]
LARGE = 1024  # bytes of a row
MOST = 0.75  # of the rows of a file


@dataclass
class Rows:
    """Rows of a chain, by columns.

    Attributes
    ----------
    columns : dict of str to Column
    count : int
    chosen : ndarray of int or None
        Those rows of the columns that are meant, in their order; None for all of them.
    identity : str
        The same for the same rows only.
    ragged : mapping of str to str
        What becomes of arrays of several shapes, by column: see `stacked`.
    drawn : bool
        Some are drawn anew in each epoch: row r of epoch e has the number ``e * count + r``.
    """

    columns: dict[str, Column]
    count: int
    chosen: Indices | None
    identity: str
    ragged: Ways = field(default_factory=dict)
    drawn: bool = False

    @property
    def at_once(self) -> int:
        """Batches that are worth being read at once; 0 where no files of the user's are read."""
        return max((column.at_once for column in self.columns.values()), default=0)

    def name(self, row: int) -> str:
        """Of a row, for messages: with its file, where it has one."""
        row %= max(self.count, 1)
        files = next((c for c in self.columns.values() if isinstance(c, Files)), None)
        if files is None:
            return f"row {row}"
        place = row if self.chosen is None else int(self.chosen[row])
        return f"row {row} ({files.uri.take(np.array([place]))[0]})"

    def numbers(self, rows: Indices, epoch: int) -> Indices:
        """Numbers of some rows in an epoch."""
        return rows + epoch * self.count if self.drawn else rows

    def take(self, rows: Indices) -> Values:
        """Values of some rows by column: an array where all have one shape in the whole column, else a list."""
        places = self._places(rows)
        return {name: column.take(places) for name, column in self.columns.items()}

    def batch(self, rows: Indices) -> Values:
        """Values of some rows by column, arrays put together as `ragged` says.

        Raises
        ------
        ShapeError
            Arrays have different shapes, and nothing is said of it; the message names two rows.
        """
        found: Values = {}
        for name, values in self.take(rows).items():
            found |= self._together(name, values, rows)
        return found

    @cached_property
    def announced(self) -> list[Announced]:
        """Columns whose rows are worth being announced.

        Not small ones, of which the kernel reads several at once by itself; and not where most of a file is wanted that is
        mapped: it reads megabytes around each row that is waited for, and soon has it all.
        """
        found: list[Announced] = []
        for column in self.columns.values():
            if isinstance(column, Numbers | Varying):
                left_alone = self.count > MOST * column.count and not column.values.is_large
                if column.values.values.nbytes >= LARGE * column.count and not left_alone:
                    found.append(column)
        return found

    def announce(self, rows: Indices) -> None:
        """Ask the kernel to read some rows that will be taken soon."""
        places = self._places(rows)
        for column in self.announced:
            column.announce(places)

    def batches(self, batch_size: int, **options: Any) -> Batches:
        """Row numbers in batches, see `Batches`: of rows of one shape, where a column is put into buckets.

        Raises
        ------
        LoaderError
            A size or rank that cannot be.
        """
        ragged = [name for name, way in self.ragged.items() if way == "bucket"]
        if not ragged:
            return Batches(self.count, batch_size, identity=self.identity, onward=self.drawn, **options)
        places = self._places(np.arange(self.count))
        shapes = [c.shapes_of(places) for c in map(self.columns.get, ragged) if isinstance(c, Varying)]
        buckets = np.zeros(self.count, np.int64)
        if shapes:
            buckets = np.unique(np.concatenate(shapes, axis=1), axis=0, return_inverse=True)[1].reshape(-1)
        return Buckets(buckets, batch_size, identity=self.identity, **options)

    def _places(self, rows: Indices) -> Indices:
        return rows if self.chosen is None else self.chosen[rows]

    def _together(self, name: str, values: Any, rows: Indices) -> Values:
        if isinstance(values, dict):
            inner: Values = {}
            for key, one in values.items():
                found = self._together(f"{name}.{key}", one, rows)
                inner |= {path.removeprefix(f"{name}."): array for path, array in found.items()}
            return {name: inner}
        if isinstance(values, np.ndarray) and self.ragged.get(name) == "pad" and self.at_once:
            values = list(values)  # which have one shape in this batch, and perhaps not in the next
        if not isinstance(values, list) or not values or isinstance(values[0], str):
            return {name: values}
        return dict(stacked(name, values, self.ragged.get(name), lambda i: self.name(int(rows[i]))))
