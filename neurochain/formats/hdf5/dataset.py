"""Dataset: an array of an HDF5 file by its path; where its values lie is found once and remembered."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.arrays.memory import MemoryArray
from neurochain.formats.arrays.stored import Array, ByteArray
from neurochain.formats.chunks.array import ChunkedArray
from neurochain.formats.hdf5.chunks import Hdf5Chunks
from neurochain.formats.hdf5.layout import Growing, Layout, layout_of
from neurochain.formats.hdf5.links import Outside, follow, is_group
from neurochain.formats.hdf5.opened import look
from neurochain.formats.pairs import named_file
from neurochain.storage import File, Memo

__all__ = ["Dataset", "beyond"]

KEY = "hdf5 layout 1"
MOST_FILES = 8  # from one to the next


@dataclass(frozen=True)
class Dataset:
    """Array of an HDF5 file.

    Attributes
    ----------
    file : File
        That holds the values: where a link leads out of the file that was asked, the other one.
    layout : Layout
        How they lie in it.
    """

    file: File
    layout: Layout

    @classmethod
    def at(cls, file: File, path: str, memo: Memo) -> "Dataset":
        """Dataset at a path.

        Parameters
        ----------
        file : File
            HDF5.
        path : str
            Of the dataset, with slashes.
        memo : Memo
            Where its layout is kept.

        Raises
        ------
        ColumnNotFoundError
            There is none at this path.
        FormatError
            It is no array of numbers, or damaged, or a link leads out of the folder.
        MissingExtraError
            h5py is not installed.
        """
        for _ in range(MOST_FILES):
            found = _found(file, path, memo)
            if isinstance(found, Layout):
                return cls(file, found)
            file, path = beyond(file, found), found.path
        raise FormatError(f"{file.uri}: more than {MOST_FILES} files lead from one to the next")

    def array(self) -> Array:
        """The array, in the shape and the order of the file."""
        layout = self.layout
        if layout.start is not None:
            return ByteArray(self.file, layout.start, layout.shape, layout.dtype, "C")
        if layout.values is not None:
            values = np.frombuffer(layout.values, layout.dtype).reshape(layout.shape)
            return MemoryArray(values.astype(layout.dtype.newbyteorder("=")))
        return ChunkedArray(Hdf5Chunks(self.file, layout))


def beyond(file: File, link: Outside) -> File:
    """File to which a link leads.

    Raises
    ------
    FormatError
        There is none in the folder, or below.
    """
    other = named_file(file.below, link.name.removeprefix("./"))
    if other is None:
        raise FormatError(
            f"{file.uri} links to {link.path} in {link.name!r}, which is not in its folder, or below: bring it there"
        )
    return other


def _found(file: File, path: str, memo: Memo) -> Layout | Outside:
    key = f"{KEY}: {file.uri} {file.etag} {path}"
    kept = memo.get(key) if file.etag else None
    if kept is not None:
        return Layout.unpacked(kept[1:]) if kept[:1] == b"L" else Outside(*json.loads(kept[1:]))

    found = _looked(file, path, file.is_remote)
    if isinstance(found, Growing):
        found = found.grown(file) or _looked(file, path, False)
    assert not isinstance(found, Growing)
    if isinstance(found, Layout):
        memo.put(key, b"L" + found.packed())
    else:
        memo.put(key, b"O" + json.dumps([found.name, found.path]).encode())
    return found


def _looked(file: File, path: str, tree: bool) -> Layout | Growing | Outside:
    def into(root: Any) -> Layout | Growing | Outside:
        node = follow(root, path)
        if isinstance(node, Outside):
            return node
        if is_group(node):
            raise FormatError(f"{path} is a group, no dataset")
        return layout_of(node, file.size, tree)

    return look(file, into)
