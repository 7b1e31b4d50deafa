"""TorchDataset: the rows of a chain as a dataset for ``torch.utils.data.DataLoader``."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, default_collate

from neurochain.loaders.batches import checked, order_state
from neurochain.loaders.loader import Loader
from neurochain.loaders.order import Indices, Order
from neurochain.loaders.rows import Rows
from neurochain.loaders.tensors import tensors

Sample = dict[str, Any]


class TorchDataset(Dataset[Any]):
    """Rows as dicts by column; numbers and arrays are tensors, texts are texts.

    Map-style: ``dataset[i]`` is the row at position `i` of the epoch. `loader` gives the ``DataLoader`` with the fast path;
    in one of your own, leave its ``shuffle`` off.

    Parameters
    ----------
    rows : Rows
    transform : callable, optional
        Gets each row, and gives what stands in its place.
    shuffle : bool
        The positions of an epoch are those of `neurochain.loaders.order.Order`.
    seed : int
        Of the order.
    """

    def __init__(
        self,
        rows: Rows,
        transform: Callable[[Sample], Any] | None = None,
        shuffle: bool = False,
        seed: int = 0,
    ) -> None:
        self.rows, self.transform, self.shuffle, self.seed = rows, transform, shuffle, seed
        self._epoch: Any = torch.zeros((), dtype=torch.int64)
        self._epoch.share_memory_()  # type: ignore[no-untyped-call]  # workers that live on see another one too
        self._order: tuple[int, Order] | None = None

    def __len__(self) -> int:
        return self.rows.count

    def __repr__(self) -> str:
        return f"TorchDataset({len(self):,} rows: {', '.join(self.rows.columns)})"

    @property
    def epoch(self) -> int:
        """Epoch whose order positions are looked up in."""
        return int(self._epoch)

    def set_epoch(self, epoch: int) -> None:
        """Look positions up in the order of another epoch, in all workers."""
        self._epoch.fill_(epoch)

    def state_dict(self) -> dict[str, Any]:
        """Which epoch it is, of which rows in which order: what ``torchdata.StatefulDataLoader`` keeps beside its own state."""
        return {**self._ordered(), "epoch": self.epoch}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with the epoch of another dataset of the same rows.

        Raises
        ------
        LoaderError
            It is of other rows or of another order.
        """
        (epoch,) = checked(state, self._ordered(), "epoch")
        self.set_epoch(epoch)

    def __getitem__(self, index: int) -> Any:
        """The row at a position, from either end.

        Raises
        ------
        IndexError
            There is none.
        """
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        """The rows at some positions, taken together.

        Raises
        ------
        IndexError
            There is none at one of them.
        """
        found = self._samples(self._at(np.asarray(indices, np.int64)))
        return found if self.transform is None else [self.transform(sample) for sample in found]

    def batch(self, rows: Indices) -> Any:
        """Some rows, by their own numbers and not by positions, as one batch.

        Raises
        ------
        ShapeError
            Arrays have different shapes; the message names two rows.
        """
        if self.transform is not None:
            return default_collate([self.transform(sample) for sample in self._samples(rows)])
        return tensors(self.rows.batch(rows))

    def loader(
        self,
        batch_size: int = 16,
        num_workers: int = 0,
        drop_last: bool = False,
        rank: int | None = None,
        ranks: int | None = None,
        **options: Any,
    ) -> Loader:
        """The ready ``DataLoader``: batches in the order of the epoch, each taken from the columns at once.

        Parameters
        ----------
        batch_size : int
            Rows of a batch (of each rank).
        num_workers : int
            Processes that take batches. Rows that were saved come faster without; files that are read, and slow
            transforms, are worth some.
        drop_last : bool
            Leave out the rows that fill no batch of all ranks.
        rank, ranks : int, optional
            Which of how many processes of one training this is; by default as ``torch.distributed`` says, if it runs.
        **options
            Of ``torch.utils.data.DataLoader``: ``pin_memory``, ``prefetch_factor``, ``persistent_workers`` …

        Raises
        ------
        LoaderError
            A size or rank that cannot be.

        Examples
        --------
        >>> loader = nc.read_dataset("features").to_pytorch(shuffle=True).loader(batch_size=64)    # doctest: +SKIP
        >>> for batch in loader: step(batch["signal"], batch["label"])                             # doctest: +SKIP
        """
        return Loader(self, batch_size, num_workers, drop_last, rank, ranks, options)

    def _ordered(self) -> dict[str, Any]:
        return order_state(len(self), self.rows.identity, self.shuffle, self.seed)

    def _at(self, positions: Indices) -> Indices:
        count = len(self)
        outside = (positions < -count) | (positions >= count)
        if outside.any():
            raise IndexError(f"Row {positions[outside][0]} is not there: the dataset has {count:,} rows.")
        positions = np.where(positions < 0, positions + count, positions)
        epoch = self.epoch
        if not self.shuffle:
            return self.rows.numbers(positions, epoch)
        if self._order is None or self._order[0] != epoch:
            self._order = epoch, Order(count, self.seed, epoch)
        return self.rows.numbers(self._order[1].at(positions), epoch)

    def _samples(self, rows: Indices) -> list[Sample]:
        values = {name: tensors(found) for name, found in self.rows.take(rows).items()}
        return [{name: _one(found, i) for name, found in values.items()} for i in range(len(rows))]


def _one(values: Any, i: int) -> Any:
    """Those of one row."""
    return {name: _one(inner, i) for name, inner in values.items()} if isinstance(values, dict) else values[i]
