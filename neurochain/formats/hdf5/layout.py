"""Layout: all that is needed to read any part of an HDF5 dataset without HDF5, small enough to be remembered."""

import json
import zlib
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.arrays.inflate import RATIO
from neurochain.formats.arrays.slicing import check_shape
from neurochain.formats.chunks.grid import Grid
from neurochain.formats.hdf5.chunktree import ChunkTree, Rows
from neurochain.formats.hdf5.filters import DEFLATE, Filter, check_filters
from neurochain.formats.hdf5.whole import whole
from neurochain.storage import File

__all__ = ["Growing", "Layout", "layout_of"]

COMPACT = 64 * 1024  # bytes of values that stand with their description
LARGEST_CHUNK = 4 * 2**30 - 1  # bytes, https://docs.hdfgroup.org/hdf5/latest/_l_b_dset_layout.html
FIELDS = np.dtype([("number", "<i8"), ("start", "<i8"), ("size", "<u4"), ("skipped", "<u4")])
Table = np.ndarray[Any, Any]


def _no_chunks() -> Table:
    return np.empty(0, FIELDS)


@dataclass(frozen=True)
class Layout:
    """Where the values of a dataset lie, and how.

    Attributes
    ----------
    shape : tuple of int
        Of the dataset.
    dtype : dtype
        As stored, byte order included.
    fill : bytes
        Value of what was never written.
    start : int or None
        First byte of the values, where they lie together.
    values : bytes or None
        They themselves, where they are few and stand with their description.
    chunks : tuple of int or None
        Shape of the chunks, where the values lie in such.
    filters : tuple of Filter
        Through which chunks go.
    table : ndarray of FIELDS, shape (n_chunks,)
        Chunks that were written, by their number in C order of the grid.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fill: bytes
    start: int | None = None
    values: bytes | None = None
    chunks: tuple[int, ...] | None = None
    filters: tuple[Filter, ...] = ()
    table: Table = field(default_factory=_no_chunks)

    def packed(self) -> bytes:
        """As bytes."""
        said = {
            "shape": self.shape,
            "dtype": self.dtype.str,
            "fill": self.fill.hex(),
            "start": self.start,
            "values": None if self.values is None else self.values.hex(),
            "chunks": self.chunks,
            "filters": [(f.code, f.values) for f in self.filters],
        }
        table = b"".join(
            np.diff(self.table[n], prepend=self.table[n].dtype.type(0)).tobytes() for n in FIELDS.names or ()
        )
        return json.dumps(said).encode() + b"\n" + zlib.compress(table, 1)

    @classmethod
    def unpacked(cls, data: bytes) -> "Layout":
        """From what `packed` gave."""
        head, _, rest = data.partition(b"\n")
        said, columns = json.loads(head), zlib.decompress(rest)
        n = len(columns) // FIELDS.itemsize
        table, at = np.empty(n, FIELDS), 0
        for name in FIELDS.names or ():
            kind = FIELDS[name]
            table[name] = np.cumsum(np.frombuffer(columns, kind, n, at), dtype=kind)
            at += n * kind.itemsize
        return cls(
            tuple(said["shape"]),
            np.dtype(said["dtype"]),
            bytes.fromhex(said["fill"]),
            said["start"],
            None if said["values"] is None else bytes.fromhex(said["values"]),
            None if said["chunks"] is None else tuple(said["chunks"]),
            tuple(Filter(code, tuple(values)) for code, values in said["filters"]),
            table,
        )


def layout_of(node: Any, size: int, tree: bool = False) -> "Layout | Growing":
    """Layout of a dataset of an open file.

    Parameters
    ----------
    node : h5py.Dataset
        Of numbers.
    size : int
        Bytes of the file, which say what may be in it.
    tree : bool
        Whether the table of chunks is better found when the file is closed, by `Growing.grown`.

    Raises
    ------
    FormatError
        It has no numbers, or they are not in the file.
    """
    name = node.name
    dtype = np.dtype(node.dtype.str)
    if dtype.kind not in "biuf" or dtype.itemsize > 8 or node.shape is None:
        raise FormatError(f"{name} holds no numbers: {node.dtype}")
    if node.external or node.is_virtual:
        raise FormatError(f"{name} has its values in another file, which is not followed")
    shape = tuple(int(n) for n in node.shape)
    check_shape(shape, dtype.itemsize)
    needed = prod(shape) * dtype.itemsize
    fill = np.zeros((), dtype)
    plist = node.id.get_create_plist()
    plist.get_fill_value(fill)
    if node.chunks is None:
        return _together(node, Layout(shape, dtype, fill.tobytes()), needed, size)
    chunks = tuple(int(n) for n in node.chunks)
    filters = tuple(
        Filter(code, values) for code, _, values, _ in map(plist.get_filter, range(plist.get_nfilters()))
    )
    check_filters(name, [f.code for f in filters])
    chunk = prod(chunks) * dtype.itemsize
    if not 0 < chunk <= LARGEST_CHUNK:
        raise FormatError(f"{name} has chunks of {chunk:,} bytes, which HDF5 does not know")
    found = Layout(shape, dtype, fill.tobytes(), chunks=chunks, filters=filters)
    if tree and (there := ChunkTree.of(node)) is not None:
        return Growing(name, found, there)
    return with_table(name, found, _rows(node), size)


@dataclass(frozen=True)
class Growing:
    """Layout of which the table of chunks is not known yet.

    Attributes
    ----------
    name : str
        Of the dataset.
    layout : Layout
        Without its table.
    tree : ChunkTree
        Where that can be found.
    """

    name: str
    layout: Layout
    tree: ChunkTree

    def grown(self, file: File) -> Layout | None:
        """The layout with its table; None where it can only be had from HDF5.

        Raises
        ------
        FormatError
            It is damaged.
        """
        rows = self.tree.rows(file)
        return None if rows is None else with_table(self.name, self.layout, rows, file.size)


def with_table(name: str, found: Layout, rows: Rows, size: int) -> Layout:
    """Layout with the table of its chunks, as far as these can be.

    Raises
    ------
    FormatError
        A chunk is not in the file, or cannot hold what it should.
    """
    assert found.chunks is not None
    table = _table(name, Grid(found.shape, found.chunks), rows, size)
    chunk, filters = prod(found.chunks) * found.dtype.itemsize, found.filters
    most = table["size"].astype(np.int64) * (RATIO if any(f.code == DEFLATE for f in filters) else 1)
    plain = all(f.code in (1, 2, 3) for f in filters)
    if plain and len(table) and int(most.max()) + 4 < chunk:
        raise FormatError(
            f"chunks of {name} should have {chunk:,} bytes, which {int(table['size'].max()):,} cannot hold"
        )
    return replace(found, table=table)


def _together(node: Any, found: Layout, needed: int, size: int) -> Layout:
    """Layout of values that lie together, or with their description, or nowhere."""
    start = node.id.get_offset()
    held = int(node.id.get_storage_size())
    if start is not None:
        if held < needed or start + needed > size:
            raise FormatError(
                f"{node.name} should have {needed:,} bytes from byte {start:,} on, and the file has {size:,}"
            )
        return Layout(found.shape, found.dtype, found.fill, start=int(start))
    if 0 < held <= COMPACT and held == needed:
        return Layout(found.shape, found.dtype, found.fill, values=whole(node).astype(found.dtype).tobytes())
    if held:
        raise FormatError(f"{node.name} should have {needed:,} bytes, and {held:,} are said to be there")
    chunks = tuple(max(n, 1) for n in found.shape)  # never written: one chunk that is not there
    return Layout(found.shape, found.dtype, found.fill, chunks=chunks)


def _rows(node: Any) -> Rows:
    """Chunks that were written, by HDF5 itself."""
    found: list[tuple[Any, ...]] = []
    node.id.chunk_iter(lambda c: found.append((c.chunk_offset, c.byte_offset, c.size, c.filter_mask)))
    offsets = np.array([row[0] for row in found], np.uint64).reshape(len(found), node.ndim)
    starts, sizes, skipped = (np.array([row[i] for row in found], np.uint64) for i in (1, 2, 3))
    return offsets, starts, sizes, skipped


def _table(name: str, grid: Grid, rows: Rows, size: int) -> Table:
    """Rows as a table, in the order of the grid."""
    offsets, starts, sizes, skipped = rows
    table = np.empty(len(offsets), FIELDS)
    if not len(offsets):
        return table
    chunks, counts = np.array(grid.chunks, np.uint64), np.array(grid.counts, np.uint64)
    places = offsets // chunks
    outside = (offsets % chunks).any(axis=1) | (places >= counts).any(axis=1)
    beyond = (starts > size) | (sizes > size) | (starts + sizes > size)
    if outside.any() or beyond.any():
        at = int(np.argmax(outside | beyond))
        raise FormatError(
            f"{name} says that its chunk at {tuple(offsets[at].tolist())} lies at bytes {int(starts[at]):,} to "
            f"{int(starts[at]) + int(sizes[at]):,}; it has the shape {grid.shape}, and the file {size:,} bytes"
        )
    number = np.zeros(len(offsets), np.int64)
    for i, count in enumerate(grid.counts):
        number = number * count + places[:, i].astype(np.int64)
    order = np.argsort(number, kind="stable")
    for column, values in zip(FIELDS.names or (), (number, starts, sizes, skipped), strict=True):
        table[column] = values[order]
    if (np.diff(table["number"]) == 0).any():
        raise FormatError(f"{name} has a chunk twice")
    return table
