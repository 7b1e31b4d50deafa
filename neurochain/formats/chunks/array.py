"""ChunkedArray: an array in chunks that reads those which a selection touches, all at once."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import Any, Protocol

import numpy as np

from neurochain.formats.arrays.slicing import LARGEST, Axis
from neurochain.formats.arrays.stored import finish
from neurochain.formats.chunks.grid import Grid, Picked, Piece

__all__ = ["ChunkedArray", "Chunks"]

KEPT = 64 * 2**20  # bytes of decoded chunks, of each array
MOST = 65_536  # chunks that are pulled at once, however small they are
Values = np.ndarray[Any, Any]


class Chunks(Protocol):
    """Where the chunks of an array lie, and how they are decoded. Safe to use from several threads."""

    @property
    def grid(self) -> Grid: ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """In the machine's byte order."""
        ...

    @property
    def fill(self) -> Any:
        """Value of what was never written."""
        ...

    def pull(self, numbers: Sequence[int]) -> list[bytes | None]:
        """Bytes of some chunks, in as few round trips as can be; None where one was never written."""
        ...

    def decode(self, number: int, data: bytes) -> Values:
        """Values of a chunk, in the shape of a chunk.

        Raises
        ------
        FormatError
            It is damaged.
        """
        ...

    def bytes_needed(self, numbers: Sequence[int]) -> int:
        """Bytes that `pull` reads of files; nothing is read."""
        ...


class ChunkedArray:
    """Array in chunks. Those of which a selection took a part are kept, as the next one may want the rest.

    Parameters
    ----------
    chunks : Chunks
        That it consists of.
    """

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks
        self._kept: OrderedDict[int, Values] = OrderedDict()
        self._held = 0  # bytes of them
        self._lock = threading.Lock()
        self.shape = chunks.grid.shape
        self.dtype = chunks.dtype

    def select(self, axes: tuple[Axis, ...]) -> Values:
        """Selected entries.

        Raises
        ------
        FormatError
            The file is cut short, or damaged.
        """
        return finish(self.take(axes), axes)

    def take(self, axes: tuple[Picked, ...]) -> Values:
        """Selected entries, ascending; an axis may be given by its indices.

        Raises
        ------
        FormatError
            As `select`.
        """
        counts = tuple(axis.count if isinstance(axis, Axis) else len(axis) for axis in axes)
        out = np.empty(counts, self.dtype)
        if not out.size:
            return out
        for some in self._groups(self._chunks.grid.touched(axes)):
            self._fill(out, some)
        return out

    def bytes_needed(self, axes: tuple[Picked, ...]) -> int:
        """Bytes of the chunks that hold the selection; of chunks that are kept too."""
        if not all(axis.count if isinstance(axis, Axis) else len(axis) for axis in axes):
            return 0
        return self._chunks.bytes_needed(self._chunks.grid.numbers(axes).tolist())

    def _groups(self, pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
        """Pieces of as many chunks as memory holds at once."""
        most = LARGEST // max(1, prod(self._chunks.grid.chunks) * self.dtype.itemsize)
        most = max(1, min(most, MOST))
        some: list[Piece] = []
        for piece in pieces:
            some.append(piece)
            if len(some) == most:
                yield some
                some = []
        if some:
            yield some

    def _fill(self, out: Values, pieces: Sequence[Piece]) -> None:
        with self._lock:
            held = {p.number: self._kept[p.number] for p in pieces if p.number in self._kept}
        wanted = [p.number for p in pieces if p.number not in held]
        pulled = dict(zip(wanted, self._chunks.pull(wanted) if wanted else [], strict=True))
        for piece in pieces:
            block = held.get(piece.number)
            if block is None:
                data = pulled.pop(piece.number)
                if data is None:
                    out[piece.target] = self._chunks.fill
                    continue
                block = self._chunks.decode(piece.number, data)
            part = block[piece.inside]
            out[piece.target] = part
            self._keep(piece.number, block, part.size < block.size)

    def _keep(self, number: int, block: Values, partly: bool) -> None:
        """Keep a chunk that was used in part; forget one that was used up."""
        with self._lock:
            before = self._kept.pop(number, None)
            self._held -= 0 if before is None else before.nbytes
            if not partly or block.nbytes > KEPT // 2:
                return
            self._kept[number] = block
            self._held += block.nbytes
            while self._held > KEPT:
                self._held -= self._kept.popitem(last=False)[1].nbytes
