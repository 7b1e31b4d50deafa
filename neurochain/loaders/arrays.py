"""NumpyBatches: the rows of a chain as batches of numpy arrays, for NumPy and JAX."""

from collections.abc import Iterator
from typing import Any

from neurochain.chain.chain import Chain
from neurochain.loaders.batches import Batches
from neurochain.loaders.foresight import foreseen
from neurochain.loaders.given import rows_of
from neurochain.loaders.resumable import Resumable, ahead
from neurochain.loaders.rows import Rows, Values
from neurochain.loaders.shapes import Ways


class NumpyBatches(Resumable):
    """Batches as dicts by column: arrays, and lists of texts. In the order of `TorchDataset`.

    Parameters
    ----------
    rows : Rows
    batches : Batches
    """

    def __init__(self, rows: Rows, batches: Batches) -> None:
        self.rows, self._batches = rows, batches

    def __len__(self) -> int:
        return len(self._batches)

    def __repr__(self) -> str:
        return (
            f"NumpyBatches({self.rows.count:,} rows in {len(self):,} batches: {', '.join(self.rows.columns)})"
        )

    def __iter__(self) -> Iterator[Values]:
        if at_once := self.rows.at_once:
            return self._pass(lambda: ahead(self.rows.batch, self._batches, at_once))
        return self._pass(lambda: map(self.rows.batch, foreseen(self.rows, self._batches)))


def to_numpy_batches(chain: Chain, batch_size: int, ragged: Ways, **options: Any) -> NumpyBatches:
    """Run a chain and give its rows in batches; see `Chain.to_numpy_batches`."""
    rows = rows_of(chain, ragged, options.get("seed", 0))
    return NumpyBatches(rows, rows.batches(batch_size, **options))
