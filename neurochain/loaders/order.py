"""Order: in which rows come in an epoch, as a function of (rows, seed, epoch) that is evaluated where it is asked for.

A Feistel network is a bijection whatever its rounds compute, so every row comes exactly once, and nothing of the order is
ever held: position 90,000,000 of 100,000,000 costs what the first does. It is defined here in whole numbers, and does not
change with a version of numpy or torch:

- k is the least whole number with k * k >= rows; a position x is the pair (x // k, x % k).
- Each of 6 rounds makes (b, (a + f(b)) % k) of (a, b), where f(b) is the output of splitmix64 at state b + key. The keys
  are the 6 little-endian 64-bit words at the front of SHA-512 of ``"neurochain order 1:{seed}:{epoch}"``.
- What lies beyond the last row goes through the rounds again until it does not ("cycle walking").
"""

import hashlib
import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["SCHEME", "Order", "shares"]

SCHEME = "neurochain order 1"
SHARES = "neurochain shares 1"
ROUNDS = 6
BLOCK = 8_192  # positions drawn at a time: 45 ns each, twenty times as much one by one
MOST = 2**62  # rows; the pairs' arithmetic stays within 64 bits

Indices = NDArray[np.int64]


class Order:
    """Rows of one epoch, shuffled.

    Parameters
    ----------
    rows : int
        How many there are.
    seed, epoch : int
        Other numbers give other orders.

    Examples
    --------
    >>> order = Order(5, seed=0, epoch=0)
    >>> sorted(order.between(0, 5).tolist())
    [0, 1, 2, 3, 4]
    """

    def __init__(self, rows: int, seed: int = 0, epoch: int = 0) -> None:
        if not 0 <= rows < MOST:
            raise ValueError(f"Order({rows}): there are between 0 and 2^62 rows.")
        self.rows = rows
        side = math.isqrt(max(rows - 1, 0)) + 1
        self._side = np.uint64(side)
        digest = hashlib.sha512(f"{SCHEME}:{seed}:{epoch}".encode()).digest()
        self._keys = np.frombuffer(digest, "<u8")[:ROUNDS]
        self._block: Indices = np.empty(0, np.int64)
        self._first = 0  # position of the block's first entry

    def __len__(self) -> int:
        return self.rows

    def at(self, positions: NDArray[np.integer]) -> Indices:
        """Rows that come at some positions.

        Parameters
        ----------
        positions : ndarray of int
            From 0 to one less than `rows`; they are not checked.
        """
        found = self._rounds(positions.astype(np.uint64))
        last = np.uint64(self.rows)
        while (beyond := found >= last).any():
            found[beyond] = self._rounds(found[beyond])
        return found.view(np.int64)

    def between(self, start: int, end: int) -> Indices:
        """Rows that come from one position to before another; quick where positions are asked for one after the other."""
        end = min(end, self.rows)
        if start >= end:
            return np.empty(0, np.int64)
        held = self._first + len(self._block)
        if not self._first <= start < held:
            self._draw(start, end)
        elif end > held:
            rest = self._block[start - self._first :]
            self._draw(held, max(end, held + BLOCK))
            self._block, self._first = np.concatenate([rest, self._block]), start
        return self._block[start - self._first : end - self._first].copy()

    def _draw(self, start: int, end: int) -> None:
        end = min(max(end, start + BLOCK), self.rows)
        self._block, self._first = self.at(np.arange(start, end, dtype=np.uint64)), start

    def _rounds(self, positions: NDArray[np.uint64]) -> NDArray[np.uint64]:
        side = self._side
        a, b = positions // side, positions % side
        with np.errstate(over="ignore"):  # of 64 bits, as is meant
            for key in self._keys:
                a, b = b, (a + _splitmix64(b + key) % side) % side
            return a * side + b


def shares(numbers: Indices, seed: int) -> NDArray[np.float64]:
    """A share, from 0 to below 1, for each of some numbers: what places are drawn by.

    The first 53 bits of the output of splitmix64 at state number + key; the key is the first word of SHA-512 of
    ``"neurochain shares 1:{seed}"``.
    """
    key = np.frombuffer(hashlib.sha512(f"{SHARES}:{seed}".encode()).digest(), "<u8")[0]
    with np.errstate(over="ignore"):
        mixed = _splitmix64(numbers.astype(np.uint64) + key)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _splitmix64(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Output of splitmix64 (Steele, Lea and Flood 2014) at some states."""
    mixed = state + np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed
