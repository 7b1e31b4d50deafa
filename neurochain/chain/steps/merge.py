"""Merge: join two chains on columns that mean the same."""

from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from neurochain.chain.expressions.resolve import Resolved, resolve
from neurochain.chain.keys import joined_keys
from neurochain.chain.plan import Plan
from neurochain.chain.run import Run, State, collected
from neurochain.datasets.schema import KEY, Schema
from neurochain.errors import ColumnExistsError, ExpressionError

How = Literal["inner", "left"]


@dataclass(frozen=True)
class Merge:
    """Add the columns of another chain where the keys agree.

    A left join keeps rows without a partner, with nulls. A row with several partners comes several times.
    """

    right: Plan
    right_schema: Schema
    on: tuple[tuple[str, str], ...]
    how: How
    keeps_count = False
    row_by_row = False

    def bind(self, schema: Schema) -> Schema:
        pairs = _pairs(self.on, schema, self.right_schema)
        if pairs is None or self.right_schema.partial:
            return Schema(schema.values(), partial=True)
        return _joined(schema, self.right_schema, pairs)

    def apply(self, state: State, run: Run) -> State:
        right = self.right.apply(run)
        pairs = _pairs(self.on, state.schema, right.schema)
        if pairs is None:
            raise ExpressionError(f"merge(on={self.on}) names a column that no file has.")
        schema = _joined(state.schema, right.schema, pairs)
        added = [
            leaf for name in schema if name not in state.schema for leaf, _ in right.schema[name].leaves()
        ]
        left = state.frame.with_columns(a.expression().alias(f"_on{i}") for i, (a, _) in enumerate(pairs))
        other = right.frame.select(
            pl.col(KEY).alias("_right"),
            *(b.expression().alias(f"_on{i}") for i, (_, b) in enumerate(pairs)),
            *added,
        )
        keys = [f"_on{i}" for i in range(len(pairs))]
        frame = collected(left.join(other, on=keys, how=self.how, maintain_order="left_right"))
        frame = frame.with_columns(joined_keys(frame[KEY], frame["_right"]).alias(KEY))
        return State(frame.lazy().select(KEY, *schema.leaves()), schema)

    def to_json(self) -> dict[str, Any]:
        names = [a if a == b else f"{a} = {b}" for a, b in self.on]
        return {
            "step": "merge",
            "how": self.how,
            "on": [list(p) for p in self.on],
            "right": self.right.to_json(),
            "text": f"{self.how} on {', '.join(names)}",
        }


def _pairs(
    on: tuple[tuple[str, str], ...], left: Schema, right: Schema
) -> list[tuple[Resolved, Resolved]] | None:
    pairs = []
    for a, b in on:
        mine, theirs = resolve(a, left), resolve(b, right)
        if mine is None or theirs is None:
            return None
        if str(mine.field.type) != str(theirs.field.type):
            raise ExpressionError(
                f"merge(on={a!r}): {mine.path!r} is {mine.field.type} on the left, and {theirs.path!r} is "
                f"{theirs.field.type} on the right, so nothing would match. Cast one of them first: "
                f"mutate({mine.field.name}=nc.Column({a!r}).cast('{theirs.field.type}'))."
            )
        pairs.append((mine, theirs))
    return pairs


def _joined(left: Schema, right: Schema, pairs: list[tuple[Resolved, Resolved]]) -> Schema:
    keys = {theirs.path for _, theirs in pairs}
    added = [f for f in right.values() if f.name not in keys]
    clash = [f.name for f in added if f.name in left]
    if clash:
        raise ColumnExistsError(
            f"merge() would give two columns named {clash[0]!r}. Select the columns you need on one side, "
            f"or rename: mutate({clash[0]}_right=nc.Column({clash[0]!r}))."
        )
    return Schema([*left.values(), *added], left.partial)
