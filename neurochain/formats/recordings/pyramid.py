"""Pyramid: extremes of a recording at levels of 16, 64, 256 … samples, made where somebody looks, and remembered.

A level is made in tiles, of which each is read once: from the level below where that is there, else from the samples. So a look
at a whole recording reads all of it the first time, and a look at ten seconds of it no more than ten seconds and what fills up a tile.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Lock
from typing import Any, NamedTuple

import numpy as np

from neurochain.formats.recordings.extremes import extremes, merged
from neurochain.formats.recordings.interleaved import Interleaved
from neurochain.formats.recordings.samples import bytes_of
from neurochain.formats.recordings.storedsamples import StoredSamples
from neurochain.storage import Memo

__all__ = ["BASE", "STEP", "Pyramid", "Tile"]

BASE, STEP = 16, 4
SAMPLES = (
    16_384,
    65_536,
    262_144,
)  # of a tile, by level; higher ones as the last: little is lost where a look ends early
TOGETHER = 64  # channels of a tile, where each lies by itself in the file
KEPT = 16 * 2**20  # bytes of tiles in memory
AT_ONCE = 16  # pieces that are looked at together, of a file elsewhere
Values = np.ndarray[Any, Any]


class Tile(NamedTuple):
    """Part of a level.

    Attributes
    ----------
    level : int
        0 for bins of 16 samples.
    number : int
        Along time.
    block : int
        Of channels.
    """

    level: int
    number: int
    block: int


class Pyramid:
    """Extremes of channels of one rate.

    Parameters
    ----------
    samples : StoredSamples
        In the numbers of the file.
    memo : Memo
        Where tiles are remembered.
    name : str
        Of the file's content: its uri and etag, and what of it was opened.
    """

    def __init__(self, samples: StoredSamples, memo: Memo, name: str) -> None:
        self._samples, self._memo = samples, memo
        every = isinstance(samples.samples, Interleaved)  # whoever reads one channel reads all
        self._width = len(samples.channels) if every else TOGETHER
        own = hashlib.blake2b(repr(samples.channels).encode(), digest_size=8).hexdigest()
        self._name = f"extremes 1: {name} {own} {samples.first}"
        self._tiles: OrderedDict[Tile, Values] = OrderedDict()
        self._lock = Lock()

    @property
    def levels(self) -> tuple[int, ...]:
        """Samples of a bin at each level; at the last one, everything is a few bins."""
        found = [BASE]
        while found[-1] * STEP * STEP < self._samples.n_samples:
            found.append(found[-1] * STEP)
        return tuple(found)

    def level_of(self, bin: int) -> int | None:
        """The highest level whose bins make up bins of so many samples; None where they are made of the samples."""
        fit = [i for i, size in enumerate(self.levels) if bin % size == 0]
        return fit[-1] if fit else None

    def missing(self, first: int, last: int, bin: int, channels: Sequence[int]) -> list[Tile]:
        """Tiles that are still to be made for `columns`."""
        level = self.level_of(bin)
        if level is None:
            return []
        begin, end = self._whole(first, last, bin)
        return [tile for tile in self._needed(level, begin, end, channels) if self._known(tile) is None]

    def count(self, first: int, last: int, bin: int, channels: Sequence[int]) -> int:
        """How many tiles `columns` needs."""
        level = self.level_of(bin)
        return (
            0 if level is None else len(list(self._needed(level, *self._whole(first, last, bin), channels)))
        )

    def bytes_of(self, tile: Tile) -> int:
        """Bytes of the file that a tile is made of, at most."""
        return bytes_of(self._samples.samples, self._file_channels(tile.block), *self._span(tile))

    def make(self, tile: Tile, check: Callable[[], None] | None = None) -> Values:
        """Extremes of a tile, shape (n_channels, n_bins, 2); it is remembered."""
        below = self._from_below(tile)
        found = self._from_samples(tile, check) if below is None else below
        self._memo.put(self._key(tile), found.tobytes())
        self._keep(tile, found)
        return found

    def columns(
        self,
        first: int,
        last: int,
        bin: int,
        channels: Sequence[int],
        check: Callable[[], None] | None = None,
    ) -> Values:
        """Extremes of the samples [first, last), those of whole bins counted from the first sample of all.

        Parameters
        ----------
        first, last : int
            Samples; what fills up the first and the last bin is looked at too.
        bin : int
            Samples. Multiples of a level's are had from that level.
        channels : sequence of int
            Among those of the pyramid.
        check : callable, optional
            Called from time to time; ends it by an error.

        Returns
        -------
        ndarray, shape (n_channels, n_bins, 2)
            In the numbers of the file.
        """
        begin, end = self._whole(first, last, bin)
        level = self.level_of(bin)
        if level is None:
            picked = replace(self._samples, channels=[self._samples.channels[c] for c in channels])
            step = max(picked.at_once // bin, 1) * bin
            parts = [
                self._reduced(picked, a, min(a + step, end), bin, check) for a in range(begin, end, step)
            ]
            return np.concatenate(parts, 1) if parts else np.empty((len(channels), 0, 2), picked.dtype)
        size = self.levels[level]
        found = np.empty((len(channels), -(-(end - begin) // size), 2), self._samples.dtype.newbyteorder("="))
        for tile in self._needed(level, begin, end, channels):
            if check is not None:
                check()
            values = self._known(tile)
            values = self.make(tile, check) if values is None else values
            a, b = self._span(tile)
            low, high = max(a, begin), min(b, end)
            mine = [i for i, c in enumerate(channels) if c // self._width == tile.block]
            rows = [channels[i] % self._width for i in mine]
            part = values[:, (low - a) // size : -(-(high - a) // size)]
            found[mine, (low - begin) // size : -(-(high - begin) // size)] = part[rows]
        return merged(found, bin // size)

    def sampled(
        self,
        first: int,
        last: int,
        bin: int,
        channels: Sequence[int],
        piece: int,
        check: Callable[[], None] | None = None,
    ) -> Values:
        """As `columns`, but of each bin only its first `piece` samples are looked at: a rough picture at once."""
        begin, end = self._whole(first, last, bin)
        picked = replace(self._samples, channels=[self._samples.channels[c] for c in channels])

        def look(a: int) -> Values:
            return self._reduced(picked, a, min(a + piece, end), piece, check)

        starts = range(begin, end, bin)
        if self._samples.is_near:
            return np.concatenate([look(a) for a in starts], 1)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return np.concatenate(list(pool.map(look, starts)), 1)

    def _whole(self, first: int, last: int, bin: int) -> tuple[int, int]:
        """Samples of whole bins around some."""
        return first // bin * bin, min(-(-last // bin) * bin, self._samples.n_samples)

    def _needed(self, level: int, first: int, last: int, channels: Sequence[int]) -> Iterator[Tile]:
        length = _samples_of(level)
        for number in range(first // length, -(-last // length)):
            for block in sorted({c // self._width for c in channels}):
                yield Tile(level, number, block)

    def _span(self, tile: Tile) -> tuple[int, int]:
        length = _samples_of(tile.level)
        return tile.number * length, min((tile.number + 1) * length, self._samples.n_samples)

    def _file_channels(self, block: int) -> list[int]:
        return self._samples.channels[block * self._width : (block + 1) * self._width]

    def _key(self, tile: Tile) -> str:
        return f"{self._name} {tile.level} {tile.number} {tile.block}"

    def _known(self, tile: Tile) -> Values | None:
        with self._lock:
            if (found := self._tiles.get(tile)) is not None:
                self._tiles.move_to_end(tile)
                return found
        kept = self._memo.get(self._key(tile))
        first, last = self._span(tile)
        shape = len(self._file_channels(tile.block)), -(-(last - first) // self.levels[tile.level]), 2
        kind = self._samples.dtype.newbyteorder("=")
        if kept is None or len(kept) != int(np.prod(shape)) * kind.itemsize:
            return None
        values = np.frombuffer(kept, kind).reshape(shape)
        self._keep(tile, values)
        return values

    def _keep(self, tile: Tile, values: Values) -> None:
        with self._lock:
            self._tiles[tile] = values
            while len(self._tiles) > 1 and sum(v.nbytes for v in self._tiles.values()) > KEPT:
                self._tiles.popitem(last=False)

    def _from_below(self, tile: Tile) -> Values | None:
        """A tile from those of the level below, where they are there."""
        if not tile.level:
            return None
        length = _samples_of(tile.level - 1)
        first, last = self._span(tile)
        parts = []
        for number in range(first // length, -(-last // length)):
            part = self._known(Tile(tile.level - 1, number, tile.block))
            if part is None:
                return None
            parts.append(part)
        return merged(np.concatenate(parts, 1), STEP)

    def _from_samples(self, tile: Tile, check: Callable[[], None] | None) -> Values:
        picked = replace(self._samples, channels=self._file_channels(tile.block))
        first, last = self._span(tile)
        size = self.levels[tile.level]
        step = max(picked.at_once // size, 1) * size
        parts = [self._reduced(picked, a, min(a + step, last), size, check) for a in range(first, last, step)]
        return np.concatenate(parts, 1)

    def _reduced(
        self, picked: StoredSamples, first: int, last: int, bin: int, check: Callable[[], None] | None
    ) -> Values:
        """Extremes of samples that are read together, or of one bin; `first` is the first of one."""
        if check is not None:
            check()
        parts = picked.each(first, last, lambda a, b, values: extremes(values, bin))
        found = np.concatenate(parts, 1)
        return merged(found, len(parts)) if len(parts) > 1 else found


def _samples_of(level: int) -> int:
    return SAMPLES[min(level, len(SAMPLES) - 1)]
