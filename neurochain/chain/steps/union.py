"""Union: the rows of several chains, one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from neurochain.chain.expressions.resolve import has_unknown_keys
from neurochain.chain.keys import branch_keys
from neurochain.chain.plan import Plan
from neurochain.chain.run import Run, State
from neurochain.datasets.conversion import conversion
from neurochain.datasets.schema import KEY, Schema, describe, unify
from neurochain.datasets.types import Field
from neurochain.errors import SchemaError


@dataclass(frozen=True)
class Union:
    """Add the rows of other chains, which have the same columns, behind those of this one."""

    others: tuple[tuple[Plan, Schema], ...]
    keeps_count = False
    row_by_row = False

    def bind(self, schema: Schema) -> Schema:
        schemas = [schema, *(s for _, s in self.others)]
        if any(s.partial for s in schemas):
            return Schema(schema.values(), partial=True)
        # A key that nobody has looked for yet may be in any of them.
        return Schema(_unified(schemas).values(), partial=any(map(has_unknown_keys, schemas)))

    def apply(self, state: State, run: Run) -> State:
        states = [state, *(plan.apply(run) for plan, _ in self.others)]
        schema = _unified([s.schema for s in states])
        return State(pl.concat([_branch(i, s, schema) for i, s in enumerate(states)]), schema)

    def to_json(self) -> dict[str, Any]:
        plans = [plan.to_json() for plan, _ in self.others]
        return {"step": "union", "others": plans, "text": ", ".join(p["source"] for p in plans)}


def _branch(number: int, state: State, schema: Schema) -> pl.LazyFrame:
    key = pl.col(KEY).map_batches(
        partial(branch_keys, branch=number), return_dtype=pl.Binary, is_elementwise=True
    )
    return state.frame.select(key, *conversion(state.schema, schema)).select(KEY, *schema.leaves())


def _unified(schemas: Sequence[Schema]) -> Schema:
    """Schema that holds the rows of all; columns in the order of the first."""
    first, *others = schemas
    fields = dict(first)
    wrong = []
    for number, other in enumerate(others, 2):
        wrong += [f"{name!r} is not in chain {number}" for name in first if name not in other]
        wrong += [f"{name!r} is in chain {number} alone" for name in other if name not in first]
        for name in other:
            if name in fields:
                fields[name] = _both(fields[name], other[name], number, wrong)
    if wrong:
        raise SchemaError(
            f"union() takes chains of the same columns. {'; '.join(wrong)}. drop() what is too much, add what is "
            "missing with mutate(name=None), cast() what is of another type."
        )
    return Schema(fields.values())


def _both(a: Field, b: Field, number: int, wrong: list[str]) -> Field:
    try:
        return unify(a, b, promote=True)
    except SchemaError:
        wrong.append(f"{a.name!r} is {describe(a)}, in chain {number} {describe(b)}")
        return a
