"""Loader: a ``DataLoader`` whose batches are taken at once, in an order that can be resumed."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from torch.utils.data import DataLoader, Dataset

from neurochain.errors import LoaderError
from neurochain.loaders.crew import Crew
from neurochain.loaders.foresight import foreseen
from neurochain.loaders.order import Indices
from neurochain.loaders.resumable import Resumable, ahead
from neurochain.loaders.tensors import tensors

if TYPE_CHECKING:
    from neurochain.loaders.dataset import TorchDataset

POSIX = os.name == "posix"
SET = ("dataset", "batch_size", "sampler", "batch_sampler", "shuffle", "collate_fn")  # by the loader itself


class Loader(Resumable, DataLoader[Any]):
    """Batches of a `TorchDataset`; made by its `loader`.

    Each pass is an epoch, and the next one has a number one higher, unless `set_epoch` or `load_state_dict` says otherwise.
    Row numbers are drawn in this process, so the batches are the same for any number of workers. Without workers, batches
    are taken as they are asked for; with some, in processes that hand them over in shared memory. Options of torch's own
    (``pin_memory``, ``worker_init_fn`` …) leave it to torch.

    Raises
    ------
    LoaderError
        A size, rank or option that cannot be.
    """

    def __init__(
        self,
        dataset: "TorchDataset",
        batch_size: int,
        num_workers: int,
        drop_last: bool,
        rank: int | None,
        ranks: int | None,
        options: dict[str, Any],
    ) -> None:
        if taken := [name for name in SET if name in options]:
            raise LoaderError(
                f"loader({taken[0]}=…): the loader sets it itself. Order and transform are asked for in to_pytorch(); for "
                "one of your own give the dataset to torch.utils.data.DataLoader."
            )
        rank, ranks = _place(rank, ranks)
        self._batches = dataset.rows.batches(
            batch_size,
            shuffle=dataset.shuffle,
            seed=dataset.seed,
            drop_last=drop_last,
            rank=rank,
            ranks=ranks,
        )
        self._data = dataset
        self._crew: Crew | None = None
        self._by_torch = any(options.values()) or bool(num_workers and not POSIX)
        super().__init__(
            _ByBatch(dataset),
            batch_size=None,
            sampler=self._batches,
            num_workers=num_workers,
            collate_fn=_as_it_is,
            **options,
        )

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]  # torch names a class of its own
        data = self._data
        if self._by_torch:
            return self._pass(super().__iter__)
        if self.num_workers:
            return self._pass(self._by_crew)
        if at_once := data.rows.at_once:
            return self._pass(lambda: ahead(data.batch, self._batches, at_once))
        return self._pass(lambda: map(data.batch, foreseen(data.rows, self._batches)))

    def _by_crew(self) -> Iterator[Any]:
        data = self._data
        arrays = data.transform is None  # which processes can take without torch, whose import takes seconds
        if self._crew is None:
            self._crew = Crew(data.rows.batch if arrays else data.batch, self.num_workers)
        batches = self._crew.batches(self._batches)
        return map(tensors, batches) if arrays else batches


class _ByBatch(Dataset[Any]):
    """A dataset whose items are batches."""

    def __init__(self, dataset: "TorchDataset") -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, rows: Indices) -> Any:
        return self.dataset.batch(rows)


def _as_it_is(batch: Any) -> Any:
    return batch


def _place(rank: int | None, ranks: int | None) -> tuple[int, int]:
    if (rank is None) != (ranks is None):
        raise LoaderError(f"loader(rank={rank}, ranks={ranks}): give both, or none.")
    if rank is not None and ranks is not None:
        return rank, ranks
    from torch import distributed  # takes a while to import, where nothing else has

    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1
