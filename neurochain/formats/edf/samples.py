"""EdfSamples: stored samples of EDF and BDF files, by range."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from neurochain.formats.arrays.slicing import LARGEST, Blocks, gather
from neurochain.formats.edf.header import EdfHeader
from neurochain.formats.edf.signals import EdfSignal
from neurochain.storage import File
from neurochain.storage.planner import REQUEST_BYTES, Link, plan

__all__ = ["EdfSamples", "blocks_of"]

Places = tuple[int, int, tuple[int, ...]]
AT_ONCE = 2**19  # samples that are read in one piece
FEW = 2**14  # samples whose places are kept, as window after window has the same


class EdfSamples:
    """Stored samples: in each data record the channels stand one after the other.

    Parameters
    ----------
    file : File
        Of EDF or BDF.
    header : EdfHeader
        Its header.
    """

    def __init__(self, file: File, header: EdfHeader) -> None:
        self._file = file
        self._header = header
        self._known: tuple[tuple[int, ...], Places] | None = None  # of the channels that were read last
        self.dtype = np.dtype(np.int16 if header.sample_bytes == 2 else np.int32)

    def read(self, channels: list[int], start: int, end: int) -> np.ndarray[Any, Any]:
        """Samples [start, end) of channels that have the same number of samples in a record."""
        out = np.empty((len(channels), max(end - start, 0)), self.dtype)
        if not out.size:
            return out
        pieces = list(_pieces(self._header.channels[channels[0]].samples, start, end))
        if self._fill(out, tuple(channels), pieces):
            return out
        signals = [self._header.channels[i] for i in channels]
        order = sorted(range(len(signals)), key=lambda i: signals[i].offset)
        ascending = [signals[i] for i in order]
        where: Any = ... if ascending == signals else order
        blocks = [blocks_of(self._header, ascending, *piece) for piece in pieces]
        source = _OneRound(self._file, self._header.header_bytes, blocks)
        at = 0
        for (r0, r1, s0, s1), block in zip(pieces, blocks, strict=True):
            data = gather(source, self._header.header_bytes, block, np.dtype(np.uint8))
            values = _integers(data, self._header.sample_bytes).reshape(r1 - r0, len(signals), s1 - s0)
            n = (r1 - r0) * (s1 - s0)
            target = out[:, at : at + n].reshape(
                len(signals), r1 - r0, s1 - s0
            )  # a view: one axis becomes two
            target[where] = values.transpose(1, 0, 2)
            at += n
        return out

    def _fill(
        self,
        out: np.ndarray[Any, Any],
        channels: tuple[int, ...],
        pieces: Sequence[tuple[int, int, int, int]],
    ) -> bool:
        """Samples of little of a file that lies here, read in one piece with what stands between them; whether it was so."""
        header = self._header
        low, reach, offsets = self._places(channels)
        record, at = header.record_bytes // 2, 0
        spans = [
            (r0 * record + low + s0, (r1 - r0 - 1) * record + reach + s1 - s0) for r0, r1, s0, s1 in pieces
        ]
        if header.sample_bytes != 2 or sum(length for _, length in spans) > AT_ONCE:
            return False
        for (r0, r1, s0, s1), (first, length) in zip(pieces, spans, strict=True):
            held = np.empty(length, "<i2")
            if not self._file.fill([header.header_bytes + 2 * first], 2 * length, held.data.cast("B")):
                return False
            n, records = s1 - s0, r1 - r0
            target = out[:, at : at + records * n]
            if target.size <= FEW:
                held.take(_few(offsets, record, records, n), out=target, mode="clip")
            else:
                rows = np.ndarray((records, reach + n), "<i2", held, strides=(header.record_bytes, 2))
                found = rows.take(np.array(offsets)[:, None] + np.arange(n), axis=1)
                target.reshape(len(channels), records, n)[...] = found.transpose(1, 0, 2)  # a view of it
            at += records * n
        return True

    def _places(self, channels: tuple[int, ...]) -> Places:
        """First sample of these channels in a data record, how far from it the last one begins, and where each does."""
        known = self._known
        if known is None or known[0] != channels:  # another thread may ask for others meanwhile
            offsets = [self._header.channels[i].offset for i in channels]
            low = min(offsets)
            known = self._known = channels, (low, max(offsets) - low, tuple(o - low for o in offsets))
        return known[1]

    def bytes_needed(self, channels: list[int], start: int, end: int) -> int:
        """Bytes that `read` pulls where bytes are saved; nothing is read."""
        if not channels or start >= end:
            return 0
        signals = sorted((self._header.channels[i] for i in channels), key=lambda s: s.offset)
        ranges = [
            (first, last)
            for piece in _pieces(signals[0].samples, start, end)
            for first, last, *_ in blocks_of(self._header, signals, *piece).ranges(REQUEST_BYTES)
        ]
        return sum(last - first for first, last in plan(ranges, Link(), "bytes"))


def blocks_of(header: EdfHeader, signals: Sequence[EdfSignal], r0: int, r1: int, s0: int, s1: int) -> Blocks:
    """Samples [s0, s1) of each data record [r0, r1), of signals that ascend; offsets count from the first record."""
    width = header.sample_bytes
    offsets = np.array([s.offset for s in signals], np.int64) + s0
    starts = np.arange(r0, r1, dtype=np.int64)[:, None] * header.record_bytes + offsets * width
    return Blocks(starts.reshape(-1), (s1 - s0) * width, (s1 - s0, width), (width, 1))


@lru_cache(64)
def _few(offsets: tuple[int, ...], record: int, records: int, n: int) -> np.ndarray[Any, Any]:
    """Where the samples of some channels stand, counted from the first: shape (channels, records * n)."""
    within = np.arange(records)[:, None] * record + np.arange(n)
    where: np.ndarray[Any, Any] = np.array(offsets)[:, None, None] + within
    return where.reshape(len(offsets), records * n)


def _pieces(per_record: int, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Data records [r0, r1) that are wanted alike, and the samples [s0, s1) wanted of each.

    Those wanted in part stand at the ends; those between them are wanted whole.
    """
    first, last = start // per_record, (end - 1) // per_record
    middle = (first + (start % per_record > 0), last + (end % per_record == 0))
    if middle[0] > first:
        yield first, first + 1, start % per_record, min(end - first * per_record, per_record)
    if middle[0] < middle[1]:
        yield *middle, 0, per_record
    if middle[1] == last and (last > first or middle[0] == first):
        yield last, last + 1, 0, end - last * per_record


class _OneRound:
    """What several blocks need, asked for at once: one wait for the network, not one for each."""

    def __init__(self, file: File, offset: int, blocks: Sequence[Blocks]) -> None:
        self.uri, self.gap = file.uri, file.gap
        self._file = file
        self._held: dict[tuple[int, int], bytes] = {}
        if len(blocks) < 2:
            return
        ranges = [(offset + a, offset + b) for block in blocks for a, b, *_ in block.ranges(self.gap)]
        if sum(b - a for a, b in ranges) <= LARGEST:
            self._held = dict(zip(ranges, file.read_ranges(ranges), strict=True))

    def read_ranges(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Bytes of several ranges."""
        return [self._held[r] for r in ranges] if self._held else self._file.read_ranges(ranges)


def _integers(data: np.ndarray[Any, Any], width: int) -> np.ndarray[Any, Any]:
    """Little-endian integers of 2 or 3 bytes, from an array of bytes whose last axis is `width` long."""
    if width == 2:
        return data.view("<i2")[..., 0].astype(np.int16, copy=False)
    wide = np.zeros((*data.shape[:-1], 4), np.uint8)
    wide[..., 1:] = data
    # The three bytes stand high, so the shift carries the sign down.
    return wide.view("<i4")[..., 0].astype(np.int32, copy=False) >> 8
