"""HDF5 files of MATLAB 7.3, by way of h5py, which is an extra: opened over ranges, and no further than the file."""

from collections.abc import Callable
from math import prod
from typing import IO, Any, TypeVar

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.arrays.inflate import RATIO
from neurochain.formats.arrays.memory import MemoryArray
from neurochain.formats.arrays.slicing import Axis
from neurochain.formats.arrays.stored import Array, ByteArray
from neurochain.formats.chunks.array import ChunkedArray
from neurochain.formats.hdf5 import opened
from neurochain.formats.hdf5.dataset import Dataset
from neurochain.formats.hdf5.whole import whole
from neurochain.formats.matlab.mat5_values import Unread
from neurochain.storage import File, cache_memo

__all__ = ["MatHdf5", "look", "samples"]

T = TypeVar("T")
MOST_NODES = 4_000_000  # values of one file
SHARED = 64  # values of what may be referred to more than once, as MATLAB does with what is empty
DEEPEST = 32
MOST_VALUES = 10**6  # of one small value


class MatHdf5:
    """An open MAT-file of version 7.3. Axes are turned round against those of HDF5, as MATLAB shows them.

    Made by `look`. Links out of the file, and samples in other files, are not followed.
    """

    def __init__(self, file: File, root: Any) -> None:
        self._file, self._root = file, root
        self._left = MOST_NODES
        self._seen: set[int] = set()

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
        """Shape as MATLAB shows it; of an array of structs that of its fields."""
        if self.is_struct(node):
            fields = self._fields(node)
            return self.shape(fields[0][1]) if self.is_array(node) else (1, 1)
        if "MATLAB_empty" in node.attrs:
            return 0, 0
        return tuple(int(n) for n in node.shape[::-1])

    def is_array(self, group: Any) -> bool:
        """Whether a struct is an array of structs: its fields are then references, and no cells."""
        fields = self._fields(group)
        return bool(fields) and all(
            not self.is_struct(n) and n.dtype.kind == "O" and self.kind(n) != "cell" for _, n in fields
        )

    def value(self, node: Any, most: int = MOST_VALUES) -> Any:
        """Numbers as an array, or characters as text; None for anything else, and where there are too many."""
        if node is None or self.is_struct(node) or prod(self.shape(node)) > most:
            return None
        self._spend(node)
        kind = self.kind(node)
        if kind == "char":
            return "" if not prod(self.shape(node)) else _text(whole(node))
        parts = node.dtype.names == ("real", "imag")
        if node.dtype.kind not in "buif" and not parts:
            return None
        if not prod(self.shape(node)):
            return np.zeros((0, 0))
        found = whole(node).T
        if parts:
            return found["real"] + 1j * found["imag"]
        return found.astype(bool) if kind == "logical" else found

    def plain(self, node: Any, depth: int = 0) -> Any:
        """Value of a variable, in the form of `mat5_values.read`.

        Raises
        ------
        FormatError
            It is nested too deep, or there is too much of it.
        """
        if depth > DEEPEST:
            raise FormatError(f"{node.name} is nested more than {DEEPEST} deep")
        self._count()
        if self.is_struct(node):
            if not self.is_array(node):
                return {name: self.plain(n, depth + 1) for name, n in self._fields(node)}
            columns = {name: self._cells(n, depth) for name, n in self._fields(node)}
            found = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
            return found[0] if len(found) == 1 else found
        if self.kind(node) == "cell":
            return self._cells(node, depth) if prod(self.shape(node)) else []
        value = self.value(node, self._file.size * RATIO)
        return Unread(self.kind(node)) if value is None else value

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

    def _fields(self, group: Any) -> list[tuple[str, Any]]:
        return [(n, node) for n in self.names(group) if (node := self.member(n, group)) is not None]

    def _cells(self, node: Any, depth: int) -> list[Any]:
        return [np.zeros((0, 0)) if n is None else self.plain(n, depth + 1) for n in self._nodes(node)]

    def _referred(self, node: Any) -> list[Any]:
        return [None if n is None else self.value(n) for n in self._nodes(node)]

    def _spend(self, node: Any) -> None:
        """Count a value that is read: references make much of little.

        Raises
        ------
        FormatError
            There are too many, or a large one is read again.
        """
        self._count()
        if prod(node.shape) > SHARED:
            if hash(node.id) in self._seen:
                raise FormatError(f"{node.name} is referred to more than once, which MATLAB never writes")
            self._seen.add(hash(node.id))

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise FormatError(f"it refers to more than {MOST_NODES:,} values")

    def _nodes(self, node: Any) -> list[Any]:
        """What an array of references points at, in Fortran order."""
        if prod(node.shape) > MOST_VALUES:
            raise FormatError(f"{node.name} has {prod(node.shape):,} entries")
        return [self._root[r] if r else None for r in whole(node).reshape(-1)]


class Turned:
    """Samples in chunks as MATLAB shows them, shape (n_channels, n_samples): trials, where there are some, follow each other.

    Parameters
    ----------
    array : ChunkedArray
        As HDF5 has it: shape (n_samples, n_channels), or (n_trials, n_samples, n_channels).
    """

    def __init__(self, array: ChunkedArray) -> None:
        self._array = array
        self.shape: tuple[int, ...] = array.shape[-1], prod(array.shape[:-1])
        self.dtype = array.dtype

    def select(self, axes: tuple[Axis, ...]) -> np.ndarray[Any, Any]:
        """Selected entries; both axes must go forward one by one.

        Raises
        ------
        FormatError
            The file cannot be read.
        """
        channels, times = axes
        block = self._array.select(self._stored(axes)).reshape(-1, channels.count)
        first = self._before(times)
        return np.ascontiguousarray(block[times.start - first : times.start - first + times.count].T)

    def bytes_needed(self, axes: tuple[Axis, ...]) -> int:
        """Bytes of the chunks that hold them."""
        return self._array.bytes_needed(self._stored(axes))

    def _stored(self, axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
        channels, times = axes
        if len(self._array.shape) == 2:
            return times, channels
        length = self._array.shape[1]
        first, last = times.start // length, -(-(times.start + times.count) // length)
        return Axis(first, 1, last - first), Axis(0, 1, length), channels

    def _before(self, times: Axis) -> int:
        """Sample with which what is read begins."""
        return (
            times.start
            if len(self._array.shape) == 2
            else times.start // self._array.shape[1] * self._array.shape[1]
        )


def look(file: File, into: Callable[[MatHdf5], T], content: IO[bytes] | None = None) -> T:
    """What a function finds in an open MAT-file of version 7.3.

    Parameters
    ----------
    file : File
        MAT-file.
    into : callable
        As of `neurochain.formats.hdf5.opened.look`.
    content : file object, optional
        What is in it, where it has been read already.

    Raises
    ------
    MissingExtraError
        h5py is not installed.
    FormatError
        It is damaged.
    StorageError
        The bytes cannot be had.
    """
    return opened.look(file, lambda root: into(MatHdf5(file, root)), "MAT 7.3 (HDF5)", content)


def samples(file: File, path: str, shape: tuple[int, int]) -> Array:
    """Numbers as an array read by range.

    Parameters
    ----------
    file : File
        MAT-file.
    path : str
        Of the numbers in it.
    shape : (int, int)
        Channels and samples: of more axes, the further ones are joined.

    Raises
    ------
    FormatError
        They are not all in the file.
    """
    dataset = Dataset.at(file, path, cache_memo())
    if dataset.layout.start is not None:
        return ByteArray(dataset.file, dataset.layout.start, shape, dataset.layout.dtype, "F")
    array = dataset.array()
    if isinstance(array, ChunkedArray):
        return Turned(array)
    values = array.select(tuple(Axis(0, 1, n) for n in array.shape))
    return MemoryArray(values.reshape(-1, shape[0]).T)


def _text(codes: Any) -> str | list[str]:
    """Text of UTF-16 codes; a list where there are several rows, as in `mat5_values.read`."""
    rows = np.asarray(codes).T
    texts = [r.astype("<u2").tobytes().decode("utf-16-le", "replace") for r in rows.reshape(len(rows), -1)]
    return texts[0] if len(texts) == 1 else [text.rstrip(" ") for text in texts]
