"""Sample: some of the rows, by chance."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from neurochain.chain.keys import sample_hashes, smallest
from neurochain.chain.run import Run, State, collected
from neurochain.datasets.schema import KEY, Schema
from neurochain.errors import ExpressionError


@dataclass(frozen=True)
class Sample:
    """Keep rows by the hash of seed and key, in the order that they have.

    Whether a row is taken does not depend on where it stands, nor on the machine. A larger sample of the same
    seed holds the smaller one.
    """

    count: int | None
    fraction: float | None
    seed: int
    keeps_count = False
    row_by_row = False

    def __post_init__(self) -> None:
        if (self.count is None) == (self.fraction is None):
            raise ExpressionError(
                "sample() takes a number of rows or a share of them: sample(100) or sample(fraction=0.1)."
            )
        if self.count is not None and not (_whole(self.count) and self.count >= 0):
            raise ExpressionError(
                f"sample({self.count!r}): a number of rows is a whole number, 0 or more. "
                "For a share write sample(fraction=0.1)."
            )
        if self.fraction is not None and not (_number(self.fraction) and 0 <= self.fraction <= 1):
            raise ExpressionError(f"sample(fraction={self.fraction!r}): a share is between 0 and 1.")
        if not (_whole(self.seed) and 0 <= self.seed < 2**64):
            raise ExpressionError(
                f"sample(seed={self.seed!r}): a seed is a whole number, 0 or more, below 2**64."
            )

    def bind(self, schema: Schema) -> Schema:
        return schema

    def apply(self, state: State, run: Run) -> State:
        hashes = partial(sample_hashes, seed=self.seed)
        keys = collected(state.frame.select(KEY))[KEY]
        limit = smallest(hashes(keys), self._size(len(keys)))
        if limit is None:
            return State(state.frame.head(0), state.schema)
        expr = pl.col(KEY).map_batches(hashes, return_dtype=pl.Binary, is_elementwise=True)
        return State(state.frame.filter(expr <= limit), state.schema)

    def _size(self, rows: int) -> int:
        return self.count if self.fraction is None else int(rows * self.fraction + 0.5)  # type: ignore[return-value]  # one is given

    def to_json(self) -> dict[str, Any]:
        size = f"{self.count:,} rows" if self.fraction is None else f"{self.fraction:%} of the rows"
        return {
            "step": "sample",
            "count": self.count,
            "fraction": self.fraction,
            "seed": self.seed,
            "text": f"{size}, seed {self.seed}",
        }


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: object) -> bool:
    return _whole(value) or isinstance(value, float)
