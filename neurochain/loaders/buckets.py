"""Buckets: batches of rows whose arrays have one shape."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from neurochain.errors import LoaderError
from neurochain.loaders.batches import Batches
from neurochain.loaders.order import Indices, Order

BLOCK = 65_536  # rows that are looked at together


class Buckets(Batches):
    """Batches that hold rows of one bucket each: a batch is given as soon as the epoch's order has filled it.

    What is left in the end comes bucket by bucket, in batches that are smaller. A state counts batches, so that it is
    taken up with the same batch size and number of ranks.

    Parameters
    ----------
    buckets : ndarray of int, shape (rows,)
        Which one each row is of.
    batch_size, shuffle, seed, drop_last, rank, ranks, identity
        As of `Batches`.
    """

    def __init__(self, buckets: Indices, batch_size: int, **options: Any) -> None:
        super().__init__(len(buckets), batch_size, **options)
        self._buckets = buckets
        self._counts = np.bincount(buckets) if len(buckets) else np.zeros(0, np.int64)

    def __len__(self) -> int:
        return self._number(self.rank)

    def _number(self, rank: int) -> int:
        """Batches of a rank; the first has one of each of all ranks."""
        whole, rest = np.divmod(self._counts, self.together)
        return int(whole.sum() + (0 if self.drop_last else (rest > rank).sum()))

    def __iter__(self) -> Iterator[Indices]:
        order = Order(self.rows, self.seed, self.epoch) if self.shuffle else None
        skipped, self.start = self.start, 0
        self.epoch += 1
        for number, rows in enumerate(self._filled(order)):
            if number < skipped:
                continue
            first, last = self._share(0, len(rows))
            if first < last:
                yield rows[first:last]

    def _filled(self, order: Order | None) -> Iterator[Indices]:
        """Batches of all ranks."""
        waiting: dict[int, list[Indices]] = {}
        held: dict[int, int] = {}
        for start in range(0, self.rows, BLOCK):
            end = min(start + BLOCK, self.rows)
            rows = np.arange(start, end) if order is None else order.between(start, end)
            for at, bucket in self._moments(rows, held):
                waiting.setdefault(bucket, []).append(at)
                held[bucket] = held.get(bucket, 0) + len(at)
                if held[bucket] == self.together:
                    held[bucket] = 0
                    yield np.concatenate(waiting.pop(bucket))
        if not self.drop_last:
            for bucket in sorted(waiting):
                yield np.concatenate(waiting[bucket])

    def _moments(self, rows: Indices, held: dict[int, int]) -> list[tuple[Indices, int]]:
        """Pieces of rows of one bucket each, none beyond what fills a batch, in the order in which they are filled."""
        buckets = self._buckets[rows]
        pieces: list[tuple[int, Indices, int]] = []
        for bucket in np.unique(buckets).tolist():
            places = np.flatnonzero(buckets == bucket)
            first = self.together - held.get(bucket, 0)
            for cut in np.split(places, range(first, len(places), self.together)):
                pieces.append((int(cut[-1]), rows[cut], bucket))
        return [(piece, bucket) for _, piece, bucket in sorted(pieces, key=lambda p: p[0])]

    def state(self, epoch: int, done: int, start: int) -> dict[str, Any]:
        """As of `Batches`; the position is a number of batches."""
        position = start + done
        if position >= self._number(0):
            epoch, position = epoch + 1, 0
        return {**super().state(epoch, 0, 0), "epoch": epoch, "position": position, "bucketed": self.together}

    def resume(self, state: dict[str, Any]) -> None:
        """As of `Batches`.

        Raises
        ------
        LoaderError
            Also where batches have another size.
        """
        if state.get("bucketed") != self.together:
            raise LoaderError(
                f"The state counts batches of {state.get('bucketed')} rows of all ranks, and here they have {self.together}. "
                "Buckets are taken up with the same batch size and ranks."
            )
        super().resume(state)
