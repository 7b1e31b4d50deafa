"""Batches: positions of an epoch cut into batches, for all ranks of a training or for one of them.

Drawn in the main process, so that no number of workers changes them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from neurochain.errors import LoaderError
from neurochain.loaders.order import SCHEME, Indices, Order


class Batches:
    """Batches of row numbers; each pass is an epoch, and the next one has a number one higher.

    Parameters
    ----------
    rows : int
        How many there are.
    batch_size : int
        Rows of a batch of one rank.
    shuffle : bool
        By `Order`; else as they are.
    seed : int
        Of the order.
    drop_last : bool
        Leave out the rows that fill no batch of all ranks. Without, they are dealt out evenly, so that ranks differ by a
        row at most; where fewer are left than there are ranks, some ranks have one batch less.
    rank, ranks : int
        Which of how many processes this is: a batch of all ranks is a run of ``ranks * batch_size`` positions, of which
        each takes its share, so that two ranks of 32 see together what one of 64 sees.
    identity : str
        Of the rows; a state that was kept of others is refused.
    onward : bool
        Row numbers go on from one epoch to the next, as places are drawn by them: of epoch 2 they begin at ``2 * rows``.
    """

    def __init__(
        self,
        rows: int,
        batch_size: int,
        shuffle: bool = False,
        seed: int = 0,
        drop_last: bool = False,
        rank: int = 0,
        ranks: int = 1,
        identity: str = "",
        onward: bool = False,
    ) -> None:
        if batch_size < 1:
            raise LoaderError(f"batch_size={batch_size}: a batch has at least one row.")
        if not 0 <= rank < ranks:
            raise LoaderError(f"rank={rank} of {ranks}: ranks are counted from 0 to {ranks - 1}.")
        self.rows, self.batch_size = rows, batch_size
        self.shuffle, self.seed, self.drop_last = shuffle, seed, drop_last
        self.rank, self.ranks, self.identity, self.onward = rank, ranks, identity, onward
        self.epoch = 0  # of the next pass
        self.start = 0  # position at which it begins

    @property
    def together(self) -> int:
        """Rows of a batch of all ranks."""
        return self.batch_size * self.ranks

    def __len__(self) -> int:
        """Batches of a whole pass."""
        whole, rest = divmod(self.rows, self.together)
        return whole + (not self.drop_last and rest > self.rank)

    def __iter__(self) -> Iterator[Indices]:
        order = Order(self.rows, self.seed, self.epoch) if self.shuffle else None
        start, self.start = self.start, 0
        number = self.epoch * self.rows if self.onward else 0  # of the first row
        self.epoch += 1
        while start < self.rows:
            end = start + self.together
            if end > self.rows and self.drop_last:
                return
            first, last = self._share(start, min(end, self.rows))
            if first < last:
                yield number + (np.arange(first, last) if order is None else order.between(first, last))
            start = end

    def _share(self, start: int, end: int) -> tuple[int, int]:
        """What of a batch of all ranks is this one's."""
        each, more = divmod(end - start, self.ranks)
        first = start + each * self.rank + min(self.rank, more)
        return first, first + each + (self.rank < more)

    def state(self, epoch: int, done: int, start: int) -> dict[str, Any]:
        """Where a pass stands that has given some batches.

        Parameters
        ----------
        epoch : int
            Of the pass.
        done : int
            Batches that it has given.
        start : int
            Position at which it began.
        """
        position = start + done * self.together
        if position >= self.rows or (self.drop_last and position + self.together > self.rows):
            epoch, position = epoch + 1, 0
        ordered = order_state(self.rows, self.identity, self.shuffle, self.seed)
        return {**ordered, "epoch": epoch, "position": position}

    def resume(self, state: dict[str, Any]) -> None:
        """Begin the next pass where another one stood, whatever its batch size, ranks and workers.

        Raises
        ------
        LoaderError
            The state is of other rows or of another order.
        """
        known = order_state(self.rows, self.identity, self.shuffle, self.seed)
        epoch, position = checked(state, known, "epoch", "position")
        if not 0 <= position <= self.rows:
            raise LoaderError(f"The state stands at position {position:,} of {self.rows:,} rows.")
        self.epoch, self.start = epoch, position


def order_state(rows: int, identity: str, shuffle: bool, seed: int) -> dict[str, Any]:
    """What the state of every loader says of its rows and their order."""
    return {
        "order": SCHEME if shuffle else "as saved",
        "seed": seed,
        "rows": rows,
        "identity": identity,
    }


def checked(state: Mapping[str, Any], known: Mapping[str, Any], *numbers: str) -> list[int]:
    """Numbers in a state that was kept.

    Parameters
    ----------
    state : mapping
        The one that was kept.
    known : mapping
        What it must say, as `order_state` does.
    *numbers : str
        Their names.

    Raises
    ------
    LoaderError
        It is none, or of other rows or of another order.
    """
    try:
        other = [name for name in known if state[name] != known[name]]
        found = [int(state[name]) for name in numbers]
    except (KeyError, TypeError, ValueError) as error:
        raise LoaderError(f"This is no state of a loader: {error!r} is not in it or no number.") from error
    if other:
        said = ", ".join(f"{name} {state[name]!r} (here {known[name]!r})" for name in other)
        raise LoaderError(
            f"The state is of another loader: {said}. Give the same rows, shuffle and seed as when it was kept."
        )
    return found
