"""Pages: where the arrays of a column lie in a part, to be copied from there without being decoded.

Parts that are mostly arrays are not compressed, and Polars writes each array behind its length (PLAIN): then the bytes of a
part are those of its arrays. Whatever is otherwise is left to Polars.

Source: https://github.com/apache/parquet-format
"""

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from neurochain.datasets.compact import MalformedError, Struct, struct_at

__all__ = ["ArrayPages"]

MAGIC = b"PAR1"
LENGTH = 4  # bytes in front of an array that say how long it is
_BYTE_ARRAY = 6  # parquet.thrift: Type
_PLAIN, _RLE = 0, 3  # Encoding
_DATA_PAGE = 0  # PageType
_UNCOMPRESSED = 0  # CompressionCodec


class ArrayPages:
    """Arrays of one length, one for each row of a part, as they lie there.

    Parameters
    ----------
    held : mmap
        The part.
    stretches : list of (int, int)
        Of each page: where its first array begins, and how many it has.
    width : int
        Bytes of an array.
    """

    def __init__(self, held: mmap.mmap, stretches: list[tuple[int, int]], width: int) -> None:
        self.held, self.stretches, self.width = held, stretches, width

    @classmethod
    def of(cls, path: Path, column: str, width: int) -> "ArrayPages | None":
        """None where they lie otherwise: compressed, some of them null, or of another length.

        Parameters
        ----------
        path : Path
            Of the part.
        column : str
            Flat column.
        width : int
            Bytes that each array has.

        Raises
        ------
        OSError
            It cannot be opened.
        """
        with path.open("rb") as file:
            try:
                held = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError:  # it is empty
                return None
        if hasattr(held, "madvise"):
            held.madvise(mmap.MADV_WILLNEED)
        try:
            stretches = [s for chunk in _chunks(held, column) for s in _stretches(held, *chunk, width)]
        except (MalformedError, KeyError, TypeError, ValueError):
            return None
        return cls(held, stretches, width)

    @property
    def rows(self) -> int:
        """How many arrays there are."""
        return sum(count for _, count in self.stretches)

    def __iter__(self) -> Iterator[list[memoryview]]:
        """The arrays' bytes, page by page."""
        view = memoryview(self.held)
        step = self.width + LENGTH
        for first, count in self.stretches:
            yield [view[at : at + self.width] for at in range(first, first + count * step, step)]


def _chunks(held: mmap.mmap, column: str) -> Iterator[tuple[int, int]]:
    """First byte of the column's first page, and how many values it has, in each row group."""
    size = len(held)
    if size < 12 or held[:4] != MAGIC or held[-4:] != MAGIC:
        raise MalformedError("no Parquet file")
    footer = size - 8 - int.from_bytes(held[-8:-4], "little")
    if footer < 4:
        raise MalformedError("no footer")
    for group in struct_at(held, footer)[0][4]:
        told: Struct = {}
        for chunk in group[1]:
            if chunk[3][3] == [column.encode()]:
                told = chunk[3]
        if (
            told[9] < len(MAGIC)
            or told[1] != _BYTE_ARRAY
            or told[4] != _UNCOMPRESSED
            or told.get(11)
            or told[5] != group[3]
        ):
            raise MalformedError("not plain")
        yield told[9], told[5]


def _stretches(held: mmap.mmap, at: int, rows: int, width: int) -> Iterator[tuple[int, int]]:
    """Where the arrays of each page begin, and how many there are; each length in front of one is looked at."""
    while rows > 0:
        head, body = struct_at(held, at)
        at = body + head[3]
        count, encoding, levels_encoding = (head[5][i] for i in (1, 2, 3))
        first = at - count * (width + LENGTH)
        plain = head[1] == _DATA_PAGE and (encoding, levels_encoding) == (_PLAIN, _RLE) and head[2] == head[3]
        if not plain or not 0 < count <= rows or at > len(held):
            raise MalformedError("not plain")
        # In front of the arrays stands which of them are null: with some null, there would be fewer bytes behind it.
        if first - body - LENGTH != int.from_bytes(held[body : body + LENGTH], "little"):
            raise MalformedError("some are null, or of another length")
        lengths: np.ndarray[Any, Any] = np.ndarray((count,), "<u4", held, first, (width + LENGTH,))
        if not (lengths == width).all():
            raise MalformedError("of another length")
        yield first + LENGTH, count
        rows -= count
