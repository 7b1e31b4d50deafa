"""Split: one of the parts that rows are dealt out to, all rows of a subject to the same one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from neurochain.chain.expressions.resolve import resolve, resolve_now
from neurochain.chain.keys import group_keys, sample_hashes
from neurochain.chain.run import Run, State, collected
from neurochain.datasets.schema import KEY, Schema
from neurochain.errors import ExpressionError

SCHEME = "neurochain split 1"
_PART = "_part"


@dataclass(frozen=True)
class Split:
    """Keep the rows of one part.

    Groups are put in the order of the hash of seed and values, and dealt out from its beginning, within each stratum; the
    parts' numbers of groups are the shares rounded so that all of them together come as near as can be. So it depends on
    nothing but the groups there are, the seed and the shares.

    Attributes
    ----------
    by : tuple of str
        Columns that tell the groups; empty where each row is one of its own.
    shares : mapping of str to float
        Of the groups, by part; together 1.
    part : str
        The one that is kept.
    seed : int
    stratify : tuple of str
        Columns whose values each part has in the same shares.
    allow_leakage : bool
        Loaders take the parts, whatever they share.
    """

    by: tuple[str, ...]
    shares: Mapping[str, float]
    part: str
    seed: int
    stratify: tuple[str, ...] = ()
    allow_leakage: bool = False
    keeps_count = False
    row_by_row = False

    def __post_init__(self) -> None:
        said = ", ".join(f"{name}={share!r}" for name, share in self.shares.items())
        if len(self.shares) < 2:
            raise ExpressionError(
                f"split({said}): name two parts at least, with their shares: train=0.8, test=0.2."
            )
        for share in self.shares.values():
            if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
                raise ExpressionError(f"split({said}): a share is between 0 and 1.")
        if abs(sum(self.shares.values()) - 1) > 1e-9:
            raise ExpressionError(f"split({said}): the shares make {sum(self.shares.values()):g}, and not 1.")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or not 0 <= self.seed < 2**64:
            raise ExpressionError(
                f"split(seed={self.seed!r}): a seed is a whole number, 0 or more, below 2**64."
            )

    def bind(self, schema: Schema) -> Schema:
        for name in (*self.by, *self.stratify):
            resolve(name, schema)
        return schema

    def apply(self, state: State, run: Run) -> State:
        by = [resolve_now(name, state.schema, "split").expression() for name in self.by] or [pl.col(KEY)]
        strata = [resolve_now(name, state.schema, "split").expression() for name in self.stratify]
        groups = [f"_by{i}" for i in range(len(by))]
        layers = [f"_stratum{i}" for i in range(len(strata))]
        columns = [e.alias(n) for e, n in zip([*by, *strata], [*groups, *layers], strict=True)]
        found = collected(state.frame.select(columns).unique())
        self._check(found, groups)
        dealt = self._dealt(found, groups, layers)
        kept = dealt.filter(pl.col(_PART) == self.part).select(groups).lazy()
        frame = state.frame.with_columns([e.alias(n) for e, n in zip(by, groups, strict=True)])
        frame = frame.join(kept, on=groups, how="semi", maintain_order="left").drop(groups)
        return State(frame, state.schema)

    def to_json(self) -> dict[str, Any]:
        shares = ", ".join(f"{name} {share:g}" for name, share in self.shares.items())
        layers = f", stratified by {', '.join(self.stratify)}" if self.stratify else ""
        return {
            "step": "split",
            "scheme": SCHEME,
            "by": list(self.by),
            "shares": dict(self.shares),
            "part": self.part,
            "seed": self.seed,
            "stratify": list(self.stratify),
            "allow_leakage": self.allow_leakage,
            "text": f"{self.part} of {shares} by {', '.join(self.by) or 'row'}{layers}, seed {self.seed}",
        }

    def _check(self, found: pl.DataFrame, groups: Sequence[str]) -> None:
        """Refuse groups that are not told by their values, or that stand in several strata."""
        for name, column in zip(self.by, groups, strict=False):
            if found[column].null_count():
                raise ExpressionError(
                    f"split(by={name!r}): some rows have no {name}, so nobody can say to whom they belong. Drop them "
                    f"with filter(nc.Column({name!r}).is_not_null())."
                )
        twice = found.group_by(groups).len().filter(pl.col("len") > 1)
        if twice.height:
            values = ", ".join(map(str, twice.select(groups).sort(groups).row(0)))
            raise ExpressionError(
                f"split(stratify={', '.join(self.stratify)!r}): {', '.join(self.by) or 'a row'} {values} has several values of "
                "it. Stratify by what is one thing for each group."
            )

    def _dealt(self, found: pl.DataFrame, groups: Sequence[str], layers: Sequence[str]) -> pl.DataFrame:
        """Groups with their parts."""
        keys = found[groups[0]] if not self.by else group_keys(found.select(groups))
        order = pl.Series("_order", sample_hashes(keys, self.seed))
        found = found.with_columns(order).sort([*layers, "_order"])
        sizes = (
            found.group_by(layers, maintain_order=True).len()["len"].to_list() if layers else [found.height]
        )
        numbers = dealt_numbers(sizes, list(self.shares.values()))
        parts = [
            name
            for row in numbers
            for name, count in zip(self.shares, row, strict=True)
            for _ in range(count)
        ]
        for name in self.shares:
            if found.height and name not in parts:
                what = self.by[0] if self.by else "row"
                raise ExpressionError(
                    f"split(): {name} ({self.shares[name]:g}) would get none of {found.height:,} groups ({what}). Give it a "
                    "greater share."
                )
        return found.with_columns(pl.Series(_PART, parts, dtype=pl.String))


def dealt_numbers(sizes: Sequence[int], shares: Sequence[float]) -> list[list[int]]:
    """How many of each stratum each part gets: its share rounded down or up, so that the sums are as near as can be.

    Examples
    --------
    >>> dealt_numbers([10], [0.8, 0.1, 0.1])
    [[8, 1, 1]]
    >>> dealt_numbers([5, 5], [0.8, 0.1, 0.1])
    [[4, 1, 0], [4, 0, 1]]
    """
    owed = [0.0] * len(shares)
    dealt = []
    for size in sizes:
        wanted = [size * share for share in shares]
        given = [math.floor(want + 1e-9) for want in wanted]
        owed = [o + w - g for o, w, g in zip(owed, wanted, given, strict=True)]
        for _ in range(size - sum(given)):
            first = max(range(len(shares)), key=lambda i: (round(owed[i], 9), -i))
            given[first] += 1
            owed[first] -= 1
        dealt.append(given)
    return dealt
