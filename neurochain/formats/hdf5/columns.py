"""Columns: a table in an HDF5 file, in any of the ways in which tables are written there.

A group with ``colnames`` (the dynamic tables of NWB), a group with ``column-order`` (the data frames of AnnData), a dataset
of records, or a group of datasets of one length.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from neurochain.errors import ColumnNotFoundError, FormatError, suggestion
from neurochain.formats.arrays.slicing import Axis
from neurochain.formats.columns import Columns
from neurochain.formats.hdf5.attributes import plain, text, texts
from neurochain.formats.hdf5.dataset import Dataset, beyond
from neurochain.formats.hdf5.layout import Growing, Layout, layout_of
from neurochain.formats.hdf5.links import Outside, children, follow, is_group
from neurochain.formats.hdf5.opened import look
from neurochain.formats.hdf5.whole import whole
from neurochain.storage import File

__all__ = ["read_columns"]

AT_ONCE = 64 * 1024  # bytes of numbers that are read with what describes them
MOST_ROWS = 100_000_000
MOST_FILES = 8


@dataclass(frozen=True)
class _Found:
    """A column as it is found: values, or where they lie; and where the values of each row end."""

    values: Any
    ends: tuple[Any, ...] = ()
    categories: Any = None


def read_columns(file: File, path: str, wanted: Sequence[str] | None = None, what: str = "HDF5") -> Columns:
    """Columns of a table.

    Parameters
    ----------
    file : File
        HDF5.
    path : str
        Of the group or the dataset.
    wanted : sequence of str, optional
        Columns; only theirs are read. All by default, but those that refer to other places in the file.
    what : str
        That the file is, for messages.

    Raises
    ------
    ColumnNotFoundError
        There is no such place, or no such column.
    FormatError
        It is no table, or damaged.
    """
    for _ in range(MOST_FILES):
        found = look(file, partial(_found, path=path, wanted=wanted, file=file), what)
        if not isinstance(found, Outside):
            return {name: _read(file, name, column) for name, column in found.items()}
        file, path = beyond(file, found), found.path
    raise FormatError(f"more than {MOST_FILES} files lead from one to the next")


def _found(root: Any, path: str, wanted: Sequence[str] | None, file: File) -> dict[str, _Found] | Outside:
    node = follow(root, path)
    if isinstance(node, Outside):
        return node
    if not is_group(node):
        return _of_dataset(node, path, wanted, file)
    order = texts(node, "colnames") or texts(node, "column-order")
    index = text(node, "_index")
    if not order:
        members = [(n, child) for n, child in children(node) if not is_group(child) and child.shape]
        lengths = {child.shape[0] for _, child in members}
        if len(lengths) != 1:
            listed = ", ".join(f"{n}: {c.shape[0]}" for n, c in members[:12])
            raise FormatError(
                f"{path} is no table: it has {f'datasets of {listed}' if members else 'no datasets'}"
            )
        order = [n for n, _ in members]
    names = list(dict.fromkeys([*(["id"] if "colnames" in node.attrs else [index] if index else []), *order]))
    columns = {}
    for name in _chosen(names, wanted, path):
        column = _column(root, node, name, file)
        if column is not None:
            columns[name] = column
        elif wanted is not None:
            raise FormatError(
                f"column {name!r} of {path} holds references to other places, which are no values"
            )
    return columns


def _chosen(names: Sequence[str], wanted: Sequence[str] | None, path: str) -> Sequence[str]:
    for name in wanted or ():
        if name not in names:
            raise ColumnNotFoundError(f"{path} has no column {name!r}. {suggestion(name, names)}")
    return names if wanted is None else wanted


def _of_dataset(node: Any, path: str, wanted: Sequence[str] | None, file: File) -> dict[str, _Found]:
    if not node.shape:
        raise FormatError(f"{path} is a single value, no table")
    if node.dtype.names is None:
        name = path.rstrip("/").rpartition("/")[2]
        _chosen([name], wanted, path)
        found = _values(node, file)
        if found is None:
            raise FormatError(f"{path} holds references to other places, which are no values")
        return {name: _Found(found)}
    held = whole(node)
    return {
        name: _Found(_plain_values(held[name]))
        for name in _chosen(node.dtype.names, wanted, path)
        if held[name].dtype.names is None
    }


def _column(root: Any, group: Any, name: str, file: File) -> _Found | None:
    """Column of a group; None where it holds references."""
    node = follow(root, f"{group.name}/{name}")
    if isinstance(node, Outside):
        raise FormatError(f"column {name!r} lies in another file, {node.name!r}")
    if is_group(node):  # a categorical of AnnData
        if "codes" not in node or "categories" not in node:
            raise FormatError(f"column {name!r} is a group without codes and categories")
        codes, categories = (follow(root, f"{node.name}/{part}") for part in ("codes", "categories"))
        return _Found(_values(codes, file), (), _values(categories, file))
    values = _values(node, file)
    if values is None:
        return None
    ends, index = list[Any](), f"{group.name}/{name}_index"
    while f"{name}{'_index' * (len(ends) + 1)}" in group and len(ends) < 2:
        ends.append(_values(follow(root, index), file))
        index += "_index"
    elements = node.attrs.get("elements")
    categories = None
    if elements is not None:
        try:
            categories = _values(root[elements], file)
        except (KeyError, ValueError, TypeError):
            categories = None
    return _Found(values, tuple(ends), categories)


def _values(node: Any, file: File) -> Any:
    """Numbers as an array, or their layout where they are many; texts as a list; None for references."""
    if isinstance(node, Outside) or is_group(node) or not node.shape:
        raise FormatError("a column of it is no dataset with rows")
    dtype = node.dtype
    if dtype.names is not None or (dtype.metadata and "ref" in dtype.metadata):
        return None
    if node.size > MOST_ROWS * 100 or node.shape[0] > MOST_ROWS:
        raise FormatError(f"{node.name} has {node.shape[0]:,} rows")
    if dtype.kind in "biuf" and dtype.itemsize <= 8:
        few = prod(node.shape) * dtype.itemsize <= AT_ONCE
        layout = layout_of(node, file.size, file.is_remote and not few)
        return whole(node) if few else layout
    if dtype.kind not in "OSU":
        raise FormatError(f"{node.name} holds values that are neither numbers nor texts: {dtype}")
    return _plain_values(whole(node))


def _plain_values(held: np.ndarray[Any, Any]) -> Any:
    """Numbers as they are; texts, and lists of numbers, as a list."""
    if held.dtype.kind in "biuf":
        return np.ascontiguousarray(held, held.dtype.newbyteorder("="))
    rows = held.tolist()
    return [
        v if isinstance(v, np.ndarray) else plain(v) if not isinstance(v, list) else list(map(plain, v))
        for v in rows
    ]


def _read(file: File, name: str, column: _Found) -> Any:
    """Values of the rows of a column."""
    values = _whole(file, column.values)
    if column.categories is not None:
        known = _whole(file, column.categories)
        codes = np.asarray(values)
        if codes.dtype.kind not in "iu" or (codes >= len(known)).any():
            raise FormatError(f"column {name!r} has codes that are none of its {len(known)} categories")
        listed = known if isinstance(known, list) else known.tolist()
        values = [None if code < 0 else listed[code] for code in codes.tolist()]
    for ends in column.ends:
        values = list(_ragged(name, values, _whole(file, ends)))
    return values


def _ragged(name: str, values: Any, ends: Any) -> Iterator[Any]:
    places = np.asarray(ends)
    if places.dtype.kind not in "iu" or places.ndim != 1:
        raise FormatError(f"the index of column {name!r} holds no numbers of rows")
    bounds = [0, *places.astype(np.int64).tolist()]
    if bounds != sorted(bounds) or bounds[-1] > len(values):
        raise FormatError(f"the index of column {name!r} does not ascend up to its {len(values):,} values")
    for start, end in pairwise(bounds):
        yield values[start:end]


def _whole(file: File, held: Any) -> Any:
    if isinstance(held, Growing):
        held = held.grown(file) or look(file, lambda root: layout_of(follow(root, held.name), file.size))
    if not isinstance(held, Layout):
        return held
    array = Dataset(file, held).array()
    return array.select(tuple(Axis(0, 1, n) for n in array.shape))
