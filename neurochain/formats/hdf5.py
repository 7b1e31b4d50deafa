"""HDF5 files of MATLAB 7.3, by way of h5py, which is an extra: opened over ranges, and no further than the file."""

import io
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any

import numpy as np

from neurochain.errors import FormatError, StorageError, require
from neurochain.formats.inflate import RATIO
from neurochain.formats.slicing import Axis
from neurochain.formats.stored import Array, ByteArray
from neurochain.storage import File, RangeIO

__all__ = ["MatHdf5", "opened"]

BLOCK = 128 * 1024  # bytes; HDF5 goes to and fro between small pieces of its own
KEPT = 64  # blocks
MOST_VALUES = 10**6  # of one small value
EXTRA = "hdf5"


class MatHdf5:
    """An open MAT-file of version 7.3. Axes are turned round against those of HDF5, as MATLAB shows them.

    Made by `opened`. Links out of the file, and samples in other files, are not followed.
    """

    def __init__(self, file: File, root: Any) -> None:
        self._file, self._root = file, root

    def names(self, group: Any = None) -> list[str]:
        """Names of the variables, or of a struct's fields."""
        return [n for n in (self._root if group is None else group) if not n.startswith("#")]

    def member(self, name: str, group: Any = None) -> Any:
        """Variable or field; None where there is none, or it is a link."""
        holder = self._root if group is None else group
        link = holder.get(name, getlink=True)
        return holder.get(name) if type(link).__name__ == "HardLink" else None

    def kind(self, node: Any) -> str:
        """MATLAB's class of a node; empty where the file does not say."""
        value = node.attrs.get("MATLAB_class", b"")
        return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)

    def is_struct(self, node: Any) -> bool:
        """Whether a node has fields."""
        return node is not None and not hasattr(node, "dtype")

    def shape(self, node: Any) -> tuple[int, ...]:
        """Shape as MATLAB shows it."""
        if "MATLAB_empty" in node.attrs:
            return 0, 0
        return tuple(int(n) for n in node.shape[::-1])

    def value(self, node: Any) -> Any:
        """Numbers as an array, or characters as a text; None for anything else, and where there are too many."""
        if (
            node is None
            or self.is_struct(node)
            or prod(self.shape(node)) > MOST_VALUES
            or node.dtype.kind not in "buif"
        ):
            return None
        if self.kind(node) == "char":
            return "" if not prod(self.shape(node)) else _text(node[()])
        if not prod(self.shape(node)):
            return np.zeros((0, 0))
        self.check(node)
        return np.asarray(node[()]).T

    def rows(self, group: Any, wanted: tuple[str, ...]) -> list[dict[str, Any]]:
        """Some fields of an array of structs: each a list of references, or one value where there is one struct."""
        found: dict[str, list[Any]] = {}
        for name in wanted:
            node = self.member(name, group)
            if node is None or self.is_struct(node):
                continue
            found[name] = self._referred(node) if node.dtype.kind == "O" else [self.value(node)]
        count = max(map(len, found.values()), default=0)
        return [{n: v[i] for n, v in found.items() if i < len(v)} for i in range(count)]

    def count(self, group: Any) -> int:
        """Structs in an array of them."""
        names = self.names(group)
        node = self.member(names[0], group) if names else None
        if node is None or self.is_struct(node):
            return 0
        return prod(self.shape(node)) if node.dtype.kind == "O" else 1

    def compressed(self, node: Any) -> bool:
        """Whether values go through a filter."""
        return bool(node.id.get_create_plist().get_nfilters())

    def lazy(self, node: Any, path: str, shape: tuple[int, int]) -> Array:
        """Numbers as an array read by range, of another shape in the same order.

        Raises
        ------
        FormatError
            They are not all in the file.
        """
        self.check(node)
        offset = node.id.get_offset()
        if offset is not None and node.chunks is None:
            return ByteArray(self._file, int(offset), shape, node.dtype, "F")
        return ChunkedArray(self._file, path, shape, node.dtype.newbyteorder("="))

    def _referred(self, node: Any) -> list[Any]:
        self.check(node)
        if prod(node.shape) > MOST_VALUES:
            raise FormatError(f"{node.name} has {prod(node.shape):,} entries")
        return [self.value(self._root[r]) if r else None for r in node[()].reshape(-1)]

    def check(self, node: Any) -> None:
        """Look whether values lie in the file itself, and take as many bytes as their shape says.

        Raises
        ------
        FormatError
            They do not.
        """
        if node.external or node.is_virtual:
            raise FormatError(f"{node.name} lies in another file, which is not followed")
        needed, held = prod(node.shape) * node.dtype.itemsize, int(node.id.get_storage_size())
        if needed > (held * RATIO if self.compressed(node) else held) or held > self._file.size:
            raise FormatError(
                f"{node.name} should have {needed:,} bytes, and {held:,} are said to be in a file of {self._file.size:,}"
            )


class ChunkedArray:
    """Samples in chunks, shape (n_channels, n_samples): trials, where there are some, follow each other.

    Parameters
    ----------
    file : File
        MAT-file of version 7.3.
    path : str
        Of the samples in it.
    shape : (int, int)
        Channels and samples.
    dtype : dtype
        As read.
    """

    def __init__(self, file: File, path: str, shape: tuple[int, int], dtype: np.dtype[Any]) -> None:
        self._file, self._path = file, path
        self.shape: tuple[int, ...] = shape
        self.dtype = dtype

    def select(self, axes: tuple[Axis, ...]) -> np.ndarray[Any, Any]:
        """Selected entries; both axes must go forward one by one.

        Raises
        ------
        FormatError
            The file cannot be read.
        """
        rows, columns = axes
        channels = slice(rows.start, rows.start + rows.count)
        start, end = columns.start, columns.start + columns.count
        with opened(self._file) as mat:
            node = mat._root[self._path]
            if node.ndim == 2:
                block = node[start:end, channels]
            else:
                length = node.shape[1]
                first, last = start // length, -(-end // length)
                block = node[first:last, :, channels].reshape(-1, rows.count)
                block = block[start - first * length : end - first * length]
        return np.ascontiguousarray(block.T, self.dtype)


@contextmanager
def opened(file: File) -> Iterator[MatHdf5]:
    """Open a MAT-file of version 7.3.

    Raises
    ------
    MissingExtraError
        h5py is not installed.
    FormatError
        It is damaged; also where that is seen while it is open.
    StorageError
        The bytes cannot be had.
    """
    h5py = require("h5py", EXTRA, f"MAT 7.3 (HDF5) of {file.name}")
    faults: list[StorageError] = []
    raw = RangeIO(file.size, _Blocks(file, faults).read, file.uri)
    try:
        with h5py.File(io.BufferedReader(raw, 4096), "r") as root:
            yield MatHdf5(file, root)
    except (FormatError, StorageError):
        raise
    except (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError, MemoryError) as error:
        # h5py makes an error of its own of one that came out of the storage.
        if faults:
            raise faults[0] from None
        raise FormatError(f"it is MAT 7.3 (HDF5) and cannot be read: {error}") from error


class _Blocks:
    """Bytes of a file in blocks, the last ones kept."""

    def __init__(self, file: File, faults: list[StorageError]) -> None:
        self._file, self._faults = file, faults
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def read(self, start: int, end: int) -> bytes:
        first = start // BLOCK
        parts = b"".join(self._block(i) for i in range(first, -(-min(end, self._file.size) // BLOCK)))
        return parts[start - first * BLOCK : end - first * BLOCK]

    def _block(self, index: int) -> bytes:
        if index in self._kept:
            self._kept.move_to_end(index)
            return self._kept[index]
        try:
            data = self._file.read_range(index * BLOCK, (index + 1) * BLOCK)
        except StorageError as error:
            self._faults.append(error)
            raise
        self._kept[index] = data
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return data


def _text(codes: Any) -> str:
    """Text of UTF-16 codes; rows stand one behind the other."""
    return np.asarray(codes).T.reshape(-1).astype("<u2").tobytes().decode("utf-16-le", "replace")
