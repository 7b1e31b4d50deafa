"""Sums: from which means and standard deviations are made, added up block by block in one order."""

import math
from typing import Any, Protocol, TypeVar

import numpy as np

from neurochain.formats.recordings.scratch import Scratch
from neurochain.timeline.filters.block import Array, Floats

__all__ = ["FloatSums", "Sums", "WholeSums", "sums_of"]

TILE = 2**15  # values whose floats the cache holds
WIDE = 2**20  # values that are squared while the cache holds them as 32 bits
LONG = 768  # values of a row that is added to others: of shorter ones, the loops take longer than the sums
DEEP = 64  # such rows: of integers whose squares add up to less than 2**24, the sums fit into 16 bits
EXACT = 2**24  # below which float32 holds all integers
FEWEST = 32  # rows that are added at a time: of fewer, the calls take longer than the sums
MANY = 2**30  # samples whose sums surely fit into 64 bits, with as many again
SCRATCH = Scratch()

Part = TypeVar("Part")


class Sums(Protocol[Part]):
    """Sums of blocks of channels."""

    def part(self, block: Array) -> Part:
        """Sums of a block, shape (n_channels, n_samples); safe to be called from several threads."""
        ...

    def add(self, part: Part) -> None:
        """Add those of the next block."""
        ...

    def moments(self) -> tuple[Floats, Floats, Floats]:
        """Count, mean and standard deviation of each channel, shape (n_channels,)."""
        ...


def sums_of(dtype: np.dtype[Any], n_channels: int) -> "Sums[Any]":
    """Sums for numbers of a kind: exact ones for integers of up to 32 bits."""
    if dtype.kind in "iu" and dtype.itemsize <= 4:
        return WholeSums(dtype, n_channels)
    return FloatSums(n_channels)


class WholeSums:
    """Exact sums of integers and of their squares.

    Those of 32 bits are looked at as a high and a low half, whose products fit: ``(2**16 h + l)**2`` is
    ``2**32 h**2 + 2**17 h l + l**2``.

    Parameters
    ----------
    dtype : dtype
        Of the integers.
    n_channels : int
    """

    def __init__(self, dtype: np.dtype[Any], n_channels: int) -> None:
        self._weights = (1,) if dtype.itemsize <= 2 else (2**32, 2**17, 1)
        self._count = 0
        self._held = np.zeros((1 + len(self._weights), n_channels), np.int64)
        self._held_samples = 0
        self._totals = self._held.astype(object)  # Python's integers have no end

    def part(self, block: Array) -> tuple[int, Array]:
        """Samples, and the sums of their values and of the products; as in `Sums`."""
        return block.shape[1], np.stack(_small(block.T) if block.dtype.itemsize <= 2 else _large(block.T))

    def add(self, part: tuple[int, Array]) -> None:
        """As in `Sums`."""
        count, sums = part
        self._held += sums
        self._held_samples += count
        self._count += count
        if self._held_samples > MANY:
            self._empty()

    def moments(self) -> tuple[Floats, Floats, Floats]:
        """As in `Sums`; rounded once, at the end."""
        self._empty()
        count, columns = self._count, self._totals.T.tolist()
        found = np.full((3, len(columns)), np.nan)
        found[0] = count
        for i, (total, *products) in enumerate(columns if count else ()):
            squares = sum(w * p for w, p in zip(self._weights, products, strict=True))
            found[1, i] = total / count
            found[2, i] = math.sqrt((count * squares - total * total) / (count * count))
        return found[0], found[1], found[2]

    def _empty(self) -> None:
        self._totals += self._held
        self._held[:] = 0
        self._held_samples = 0


def _small(values: Array) -> list[Array]:
    """Sums of integers of up to 16 bits and of their squares, of values of shape (n_samples, n_channels)."""
    if values.dtype == np.int16 and values.flags.c_contiguous and len(values):
        if (found := _near_zero(values)) is not None:
            return found
        largest = max(int(values.max()), -int(values.min()), 1)
        if (rows := (2**32 - 1) // largest**2) >= FEWEST:
            return [_sums(values, largest), _squares(values, rows)]
    # Squares are below 2**32, so sums of a tile are exact as floats, whatever their order.
    total = np.zeros((2, values.shape[1]), np.int64)
    step = max(TILE // values.shape[1], 1)
    for at in range(0, len(values), step):
        tile = values[at : at + step].astype(np.float64)
        total += np.stack([tile.sum(axis=0), np.einsum("ij,ij->j", tile, tile)]).astype(np.int64)
    return list(total)


def _near_zero(values: Array) -> list[Array] | None:
    """As `_small`, of integers of 16 bits that are small; None where they are not.

    Squares are added in float32. A sum that stays below 2**24 was exact at every step; and then, by Cauchy and Schwarz, the
    n integers of which it is add up to less than ``sqrt(n * 2**24)``, which fits into 16 bits for n of 64.
    """
    n_channels = values.shape[1]
    many = max(LONG // n_channels, 1)
    whole = len(values) // (DEEP * many) * DEEP * many
    left = values[whole:].astype(np.int64)
    total = np.stack([left.sum(axis=0), np.square(left).sum(axis=0)])
    layers = values[:whole].reshape(-1, DEEP, many * n_channels)
    step = max(WIDE // (DEEP * many * n_channels), 1)
    memory = SCRATCH.take(4 * layers[:step].size).view(np.float32)
    for at in range(0, len(layers), step):
        some = layers[at : at + step]
        floats = memory[: some.size].reshape(some.shape)
        np.copyto(floats, some)
        squares = np.einsum("kij,kij->kj", floats, floats)
        if squares.max() >= EXACT:
            return None
        sums = np.add.reduce(some, axis=1, dtype=np.int16)
        for found, parts in zip(total, (sums, squares.astype(np.int32)), strict=True):
            found += parts.reshape(-1, n_channels).sum(axis=0, dtype=np.int64)
    return list(total)


def _sums(values: Array, largest: int) -> Array:
    """Sums of integers of 16 bits: so many are added in 16 bits as surely fit, the rest in 64."""
    many = (2**15 - 1) // largest
    if many < FEWEST:  # bytes fit
        low, high = values & 0xFF, values >> 8
        together: Array = _sums(low, 0xFF) + 256 * _sums(high, 0x80)
        return together
    n_samples, n_channels = values.shape
    apart = -(-n_samples // many)
    whole = n_samples // apart * apart
    some = np.add.reduce(values[:whole].reshape(-1, apart * n_channels), axis=0, dtype=np.int16)
    left = values[whole:].sum(axis=0, dtype=np.int64)
    total: Array = some.reshape(apart, n_channels).sum(axis=0, dtype=np.int64) + left
    return total


def _squares(values: Array, rows: int) -> Array:
    """Sums of squares of integers of 16 bits: those of so many rows fit into 32 bits."""
    total: Array = np.zeros(values.shape[1], np.int64)
    step = min(max(WIDE // values.shape[1], 1), rows)
    wide = SCRATCH.take(4 * step * values.shape[1]).view(np.int32).reshape(step, -1)
    for at in range(0, len(values), step):
        tile = values[at : at + step]
        numbers = wide[: len(tile)]
        np.copyto(numbers, tile)
        # A square is the same of a number and of what its bits are without a sign.
        total += np.einsum("ij,ij->j", numbers.view(np.uint32), numbers.view(np.uint32))
    return total


def _large(values: Array) -> list[Array]:
    """Sums of integers of 32 bits, and of the products of their halves."""
    total = np.zeros((4, values.shape[1]), np.int64)
    step = max(TILE // values.shape[1], 1)
    for at in range(0, len(values), step):
        tile = values[at : at + step].astype(np.int64)
        high, low = tile >> 16, tile & 0xFFFF
        total += np.stack(
            [tile.sum(axis=0), *((a * b).sum(axis=0) for a, b in ((high, high), (high, low), (low, low)))]
        )
    return list(total)


class FloatSums:
    """Count, mean and squared deviations of floats, joined as Chan, Golub and LeVeque (1983) do it.

    Values that are no numbers (NaN) are left out.

    Parameters
    ----------
    n_channels : int
    """

    def __init__(self, n_channels: int) -> None:
        self._sums = np.zeros((3, n_channels))

    def part(self, block: Array) -> Floats:
        """Count, mean and sum of squared deviations, shape (3, n_channels); as in `Sums`."""
        sums = np.zeros((3, len(block)))
        step = max(TILE // len(block), 1)
        with np.errstate(all="ignore"):
            for at in range(0, block.shape[1], step):
                sums = _joined(sums, _deviations(block[:, at : at + step]))
        return sums

    def add(self, part: Floats) -> None:
        """As in `Sums`."""
        with np.errstate(all="ignore"):
            self._sums = _joined(self._sums, part)

    def moments(self) -> tuple[Floats, Floats, Floats]:
        """As in `Sums`."""
        count, mean, deviations = self._sums
        with np.errstate(all="ignore"):
            return count, np.where(count > 0, mean, np.nan), np.sqrt(deviations / count)


def _deviations(block: Array) -> Floats:
    values = block.astype(np.float64)
    counted = ~np.isnan(values)
    count = counted.sum(axis=1)
    values[~counted] = 0.0
    mean = values.sum(axis=1) / np.maximum(count, 1)
    apart = values - mean[:, None]
    apart[~counted] = 0.0
    return np.stack([count.astype(np.float64), mean, np.square(apart).sum(axis=1)])


def _joined(one: Floats, other: Floats) -> Floats:
    """Count, mean and squared deviations of two parts together."""
    count = one[0] + other[0]
    share = other[0] / np.maximum(count, 1.0)
    apart = other[1] - one[1]
    mean = np.where(one[0] == 0, other[1], one[1] + apart * share)
    deviations = one[2] + other[2] + np.where(share > 0, apart * apart * one[0] * share, 0.0)
    return np.stack([count, mean, deviations])
