"""Interleaved: samples that stand channel after channel, in one or in many blocks of a file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.arrays.lent import lent
from neurochain.formats.arrays.recycled import recycled
from neurochain.formats.arrays.slicing import LARGEST, Filling, Ranged
from neurochain.storage import File

__all__ = ["Interleaved", "in_samples"]

AT_ONCE = 256 * 2**20  # bytes that are read to where they stay
NOTHING = memoryview(bytearray())
Integers = np.ndarray[Any, np.dtype[np.int64]]


def in_samples(size: int, n_channels: int, dtype: np.dtype[Any]) -> tuple[int, int, str]:
    """How many samples of each channel so many bytes are, how many bytes are left, and both in words.

    Examples
    --------
    >>> in_samples(480, 7, np.dtype("int16"))
    (34, 4, '34 samples of 7 channels x 2 bytes (int16) and 4 bytes more')
    """
    n_samples, rest = divmod(max(size, 0), n_channels * dtype.itemsize)
    more = f" and {rest:,} bytes more" if rest else ""
    said = f"{n_samples:,} samples of {n_channels:,} channels x {dtype.itemsize} bytes ({dtype.name}){more}"
    return n_samples, rest, said


class Interleaved:
    """Stored samples, all channels of one sampling time together. A window pulls the bytes of its times and no others.

    Parameters
    ----------
    source : Ranged
        File that holds them.
    starts : ndarray, shape (n_blocks,), int64
        Byte at which each block begins.
    counts : ndarray, shape (n_blocks,), int64
        Sampling times in each block; blocks follow each other without gap.
    n_channels : int
        Of the file.
    dtype : dtype
        As stored, byte order included.
    """

    def __init__(
        self, source: Ranged, starts: Integers, counts: Integers, n_channels: int, dtype: np.dtype[Any]
    ) -> None:
        self._source = source
        self._filling = source if isinstance(source, Filling) else None
        self._starts = starts
        self._bounds = np.concatenate([[0], np.cumsum(counts)])
        self._n_channels = n_channels
        self._stored = dtype
        self.dtype = dtype.newbyteorder("=")

    def read(self, channels: list[int], start: int, end: int) -> np.ndarray[Any, Any]:
        """Samples [start, end) of channels, shape (n_channels, end - start).

        Raises
        ------
        FormatError
            The file ends before they do.
        """
        if (found := self._filled(channels, start, end)) is not None:
            return found
        out = np.empty((len(channels), max(end - start, 0)), self.dtype)
        if out.size:
            held: list[tuple[int, int, int]] = []
            for piece in self._pieces(start, end):
                if held and sum(last - first for first, last, _ in held) + piece[1] - piece[0] > LARGEST:
                    self._fill(out, channels, held, start)
                    held = []
                held.append(piece)
            self._fill(out, channels, held, start)
        return out

    def _filled(self, channels: list[int], start: int, end: int) -> np.ndarray[Any, Any] | None:
        """Samples of one block of a file that lies here: read to where they stay, and shown from there; else None."""
        if not channels or (held := self.rows(start, end)) is None:
            return None
        low, high = channels[0], channels[-1] + 1
        if channels == list(range(low, high)) and 2 * len(channels) > self._n_channels:
            picked = held[:, low:high]  # no copy: they are most of what was read
        else:
            picked = held[:, channels]
        return picked.T.astype(self.dtype, copy=False)

    def rows(
        self, start: int, end: int, into: Callable[[int], np.ndarray[Any, Any]] | None = None
    ) -> np.ndarray[Any, Any] | None:
        """Samples [start, end) of all channels, as they are stored, where they are one block of a file that lies here.

        Parameters
        ----------
        start, end : int
            Samples.
        into : callable, optional
            Gives memory for so many bytes, an array of uint8; new memory by default.

        Returns
        -------
        ndarray, shape (end - start, n_channels of the file), in the file's byte order, or None
            None where they must be read by `read`.
        """
        where = self._bytes(start, end)
        if where is None or where[1] - where[0] > AT_ONCE or self._filling is None:
            return None
        first, size = where[0], where[1] - where[0]
        held = recycled((size,), np.dtype(np.uint8)) if into is None else into(size)
        if not self._filling.fill([first], size, held.data):
            return None
        return held.view(self._stored).reshape(-1, self._n_channels)

    @contextmanager
    def lent(self, start: int, end: int) -> Iterator[np.ndarray[Any, Any] | None]:
        """As `rows`, where the page cache holds them: read-only, and to be looked at while they are lent and no longer.

        Yields
        ------
        ndarray, shape (end - start, n_channels of the file), in the file's byte order, or None
            None where they must be read by `rows` or `read`.

        Raises
        ------
        FileChangedError
            The file has changed.
        """
        where, source = self._bytes(start, end), self._source
        # To fill nothing says whether bytes may be taken that nobody notes.
        if where is None or not isinstance(source, File) or not source.fill(where[:1], 0, NOTHING):
            yield None
            return
        with lent(source.uri, source.etag, *where) as held:
            yield None if held is None else held.view(self._stored).reshape(-1, self._n_channels)

    def bytes_needed(self, channels: list[int], start: int, end: int) -> int:
        """Bytes that `read` pulls where bytes are saved: those of all channels at these times."""
        return max(end - start, 0) * self._n_channels * self._stored.itemsize if channels else 0

    def _bytes(self, start: int, end: int) -> tuple[int, int] | None:
        """First byte of samples [start, end), and the one behind them; None where they are none, or not one block."""
        block = int(np.searchsorted(self._bounds, start, side="right")) - 1
        if start >= end or block >= len(self._starts) or end > self._bounds[block + 1]:
            return None
        row = self._n_channels * self._stored.itemsize
        before = int(self._starts[block]) - int(self._bounds[block]) * row
        return before + start * row, before + end * row

    def _pieces(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Byte ranges, none larger than memory likes, and the sampling time with which each begins."""
        row = self._n_channels * self._stored.itemsize
        most = max(LARGEST // row, 1)
        first = int(np.searchsorted(self._bounds, start, side="right")) - 1
        for block in range(first, len(self._starts)):
            begin, stop = int(self._bounds[block]), int(self._bounds[block + 1])
            if begin >= end:
                return
            for at in range(max(start, begin), min(end, stop), most):
                byte = int(self._starts[block]) + (at - begin) * row
                yield byte, byte + min(most, min(end, stop) - at) * row, at

    def _fill(
        self,
        out: np.ndarray[Any, Any],
        channels: list[int],
        pieces: list[tuple[int, int, int]],
        start: int,
    ) -> None:
        pulled = self._source.read_ranges([(first, last) for first, last, _ in pieces])
        for (first, last, at), data in zip(pieces, pulled, strict=True):
            if len(data) != last - first:
                raise FormatError(
                    f"{self._source.uri} ends at byte {first + len(data):,}; its header promises samples up to byte "
                    f"{last:,}. It is cut short: fetch or write it again."
                )
            times = np.frombuffer(data, self._stored).reshape(-1, self._n_channels)
            out[:, at - start : at - start + len(times)] = times[:, channels].T
