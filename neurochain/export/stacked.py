"""Stacked: columns as arrays whose first axis is the row, as HDF5 and Zarr hold them.

A column of one shape is one array, shape (rows, *shape). One of several shapes, or of bytes, is a group of three:

``data``
    Values of all rows, one after the other, each in C order.
``offsets``
    shape (rows + 1,), int64. Row i has ``data[offsets[i]:offsets[i + 1]]``.
``shapes``
    shape (rows, ndim), int64, of each row's array.

Where a column is null somewhere, the array ``{column}.null`` (bool) says where.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import numpy as np
import polars as pl

from neurochain.errors import SchemaError
from neurochain.export import columns as cols
from neurochain.export.columns import NULL, Column

CHUNK_ROWS = 16_384  # at most, as in a batch: HDF5 writes whole chunks, and small exports have many columns


class Store(Protocol):
    """A file of named arrays that grow along their first axis."""

    def group(self, name: str, attributes: dict[str, Any]) -> None:
        """Begin a group."""

    def create(
        self,
        name: str,
        dtype: np.dtype[Any] | None,
        shape: tuple[int, ...],
        axes: tuple[str | None, ...],
        attributes: dict[str, Any],
        rows: int = 0,
    ) -> None:
        """Begin an array.

        Parameters
        ----------
        name : str
            Of the array, after that of its group and a slash.
        dtype : dtype or None
            None for texts.
        shape : tuple of int
            Of a row.
        axes : tuple of str or None
            Names of its axes, where they are known.
        attributes : dict
            Plain JSON, for the array.
        rows : int
            How many rows of zeros it has already.
        """

    def append(self, name: str, block: np.ndarray[Any, Any]) -> None:
        """Add rows to an array; texts come as objects."""


def stack(
    store: Store, frames: Iterable[pl.DataFrame], found: list[Column], advance: Callable[[int], None]
) -> int:
    """Write rows of flat columns into a store; how many there were.

    Parameters
    ----------
    store : Store
        Empty.
    frames : iterable of DataFrame
        Batches of flat columns.
    found : list of Column
        Of the frames.
    advance : callable
        Told how many rows were written, batch by batch.

    Raises
    ------
    SchemaError
        A column has a name that no array can have.
    """
    for column in found:
        _begin(store, column)
    rows = 0
    ends = {c.name: 0 for c in found if c.ragged}
    partly: set[str] = set()
    for batch in frames:
        for column in found:
            missing = cols.nulls(batch, column)
            if missing is not None and column.name not in partly:
                partly.add(column.name)
                about = {"description": f"where {column.name} is null"}
                store.create(column.name + NULL, np.dtype(bool), (), ("row",), about, rows)
            if column.name in partly:
                store.append(column.name + NULL, np.zeros(batch.height, bool) if missing is None else missing)
            if column.ragged:
                ends[column.name] = _append_ragged(store, batch, column, ends[column.name])
            elif column.dtype is None:
                store.append(column.name, cols.texts(batch, column).fill_null("").to_numpy())
            else:
                store.append(column.name, cols.block(batch, column))
        rows += batch.height
        advance(batch.height)
    return rows


def _begin(store: Store, column: Column) -> None:
    if not column.name or "/" in column.name or set(column.name) == {"."}:
        raise SchemaError(
            f"Column {column.name!r} has a name that no array in a file can have: it would be a path. Give it "
            "another name with mutate(), and select() without it."
        )
    about: dict[str, Any] = {"type": str(column.type)}
    if column.field.unit:
        about["unit"] = column.field.unit
    axes = column.field.axes
    if column.ragged:
        store.group(column.name, {**about, **({"axes": list(axes)} if axes else {})})
        store.create(f"{column.name}/data", column.dtype, (), (None,), {})
        store.create(f"{column.name}/offsets", np.dtype(np.int64), (), (None,), {}, rows=1)
        store.create(f"{column.name}/shapes", np.dtype(np.int64), (column.ragged,), ("row", None), {})
        return
    if axes:
        about["axes"] = list(axes)
    named = axes if len(axes) == len(column.shape) else (None,) * len(column.shape)
    store.create(column.name, column.dtype, column.shape, ("row", *named), about)


def _append_ragged(store: Store, batch: pl.DataFrame, column: Column, end: int) -> int:
    data, lengths, shapes = cols.flat(batch, column)
    ends = end + np.cumsum(lengths)
    store.append(f"{column.name}/data", data)
    store.append(f"{column.name}/offsets", ends)
    store.append(f"{column.name}/shapes", shapes)
    return int(ends[-1])


def chunk_shape(
    shape: tuple[int, ...], axes: tuple[str | None, ...], itemsize: int, most: int
) -> tuple[int, ...]:
    """Shape of what is read at once: some rows or, of a row that is larger, what lies together in it.

    Parameters
    ----------
    shape : tuple of int
        Of a row.
    axes : tuple of str or None
        Of the array; an unnamed first one is that of values, of which a row has many.
    itemsize, most : int
        Bytes, of a value and of a chunk.
    """
    sizes = [max(1, n) for n in shape]
    for axis in range(len(sizes)):
        width = itemsize * math.prod(sizes)
        if width <= most:
            break
        sizes[axis] = max(1, sizes[axis] * most // width)
    rows = max(1, most // (itemsize * math.prod(sizes)))
    return (min(rows, CHUNK_ROWS) if axes[0] else rows, *sizes)
