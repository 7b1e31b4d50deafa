"""Hdf5Chunks: the chunks of one dataset, by a table of where they lie."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.chunks.grid import Grid
from neurochain.formats.hdf5.filters import decoded
from neurochain.formats.hdf5.layout import Layout
from neurochain.storage import File

__all__ = ["Hdf5Chunks"]


class Hdf5Chunks:
    """Chunks of a dataset.

    Parameters
    ----------
    file : File
        HDF5.
    layout : Layout
        Of the dataset, with chunks.
    """

    def __init__(self, file: File, layout: Layout) -> None:
        assert layout.chunks is not None
        self._file, self._layout = file, layout
        self._chunks = layout.chunks
        self.grid = Grid(layout.shape, layout.chunks)
        self.dtype = layout.dtype.newbyteorder("=")
        self.fill = np.frombuffer(layout.fill, layout.dtype)[0]

    def pull(self, numbers: Sequence[int]) -> list[bytes | None]:
        """Bytes of some chunks, in one round trip."""
        rows, there = self._rows(numbers)
        ranges = [(int(row["start"]), int(row["start"]) + int(row["size"])) for row in rows]
        pulled = iter(self._file.read_ranges(ranges))
        return [next(pulled) if found else None for found in there.tolist()]

    def decode(self, number: int, data: bytes) -> np.ndarray[Any, Any]:
        """Values of a chunk.

        Raises
        ------
        FormatError
            It is damaged.
        """
        (row,), _ = self._rows([number])
        try:
            if len(data) != row["size"]:
                raise FormatError(f"a chunk of it is cut short at byte {int(row['start']) + len(data):,}")
            return decoded(data, self._layout.filters, int(row["skipped"]), self._chunks, self._layout.dtype)
        except FormatError as error:
            raise FormatError(f"{self._file.uri}: {error}. Fetch or write it again.") from None

    def bytes_needed(self, numbers: Sequence[int]) -> int:
        """Bytes of some chunks in the file."""
        return int(self._rows(numbers)[0]["size"].sum())

    def _rows(
        self, numbers: Sequence[int]
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, np.dtype[np.bool_]]]:
        """Rows of the table of those that were written, and which these are."""
        table, wanted = self._layout.table, np.asarray(numbers, np.int64)
        if not len(table):
            return table, np.zeros(len(wanted), bool)
        at = np.minimum(np.searchsorted(table["number"], wanted), len(table) - 1)
        there = table["number"][at] == wanted
        return table[at[there]], there
