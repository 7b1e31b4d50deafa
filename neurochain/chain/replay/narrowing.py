"""Narrowing: a plan that makes some rows of a version alone, as far as its steps let rows be made alone.

A row of map, filter and select depends on one row before it; a row of agg and group_by on those of its group. Where a
step needs all rows (a merge, a window expression, a batch), all rows before it are made.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from neurochain.chain.expressions.expression import is_elementwise
from neurochain.chain.expressions.resolve import Resolved, resolve
from neurochain.chain.functions.aggregation import Agg
from neurochain.chain.functions.generation import Gen
from neurochain.chain.functions.mapping import Map
from neurochain.chain.functions.step import FunctionStep
from neurochain.chain.keys import group_keys
from neurochain.chain.plan import Plan
from neurochain.chain.run import Run, State, collected
from neurochain.chain.steps.distinct import Distinct
from neurochain.chain.steps.drop import Drop
from neurochain.chain.steps.filter import Filter
from neurochain.chain.steps.group_by import GroupBy
from neurochain.chain.steps.limit import Limit
from neurochain.chain.steps.mutate import Mutate
from neurochain.chain.steps.order import OrderBy
from neurochain.chain.steps.sample import Sample
from neurochain.chain.steps.select import Select
from neurochain.chain.steps.split import Split
from neurochain.chain.steps.step import Step
from neurochain.datasets.schema import KEY, Schema

CHOOSING = (
    Limit,
    Sample,
    Split,
    OrderBy,
    Distinct,
)  # they say which rows stay and in what order, not what is in them


@dataclass(frozen=True)
class KeepKeys:
    """Keep the rows of some keys."""

    keys: pl.Series
    keeps_count = False
    row_by_row = False

    def bind(self, schema: Schema) -> Schema:
        """As in `Step`."""
        return schema

    def apply(self, state: State, run: Run) -> State:
        """As in `Step`."""
        return State(_with_keys(state.frame, self.keys, KEY), state.schema)

    def to_json(self) -> dict[str, Any]:
        """As in `Step`."""
        return {"step": "keep", "text": f"{len(self.keys):,} keys"}


@dataclass(frozen=True)
class KeepGroups:
    """Keep the rows of some groups.

    Attributes
    ----------
    by : tuple of str
        Columns that tell the groups.
    keys : Series
        Keys of the groups' rows.
    """

    by: tuple[str, ...]
    keys: pl.Series
    keeps_count = False
    row_by_row = False

    def bind(self, schema: Schema) -> Schema:
        """As in `Step`."""
        return schema

    def apply(self, state: State, run: Run) -> State:
        """As in `Step`."""
        columns = [
            e.alias(f"_by{i}.{leaf}")
            for i, r in enumerate(self._found(state.schema))
            for leaf, e in r.leaves()
        ]
        names = [c.meta.output_name() for c in columns]
        values = collected(state.frame.select(columns).unique(maintain_order=True))
        known = values.with_columns(group_keys(values).alias("_group"))
        kept = _with_keys(known.lazy(), self.keys, "_group").select(names)
        frame = state.frame.with_columns(columns).join(
            kept, on=names, how="semi", nulls_equal=True, maintain_order="left"
        )
        return State(frame.drop(names), state.schema)

    def to_json(self) -> dict[str, Any]:
        """As in `Step`."""
        return {"step": "keep", "text": f"{len(self.keys):,} groups by {', '.join(self.by)}"}

    def _found(self, schema: Schema) -> list[Resolved]:
        return [found for name in self.by if (found := resolve(name, schema)) is not None]


@dataclass(frozen=True)
class Narrowed:
    """A plan that makes some rows.

    Attributes
    ----------
    plan : Plan
    keys : Series or None
        Of the rows that must come out; None where that is not known.
    whole : tuple of Step
        Steps that need all rows before them.
    """

    plan: Plan
    keys: pl.Series | None
    whole: tuple[Step, ...]


def narrowed(plan: Plan, keys: pl.Series, count: int, seed: int) -> Narrowed:
    """Plan that makes some rows of a version.

    Parameters
    ----------
    plan : Plan
        Of the whole version.
    keys : Series
        Of the version's rows that are wanted.
    count, seed : int
        As in `Sample`: rows that are taken where the wanted ones cannot be told before their functions have run.
    """
    steps = list(plan.steps)
    at = len(steps)
    while at and _is_alone(steps[at - 1]):
        at -= 1
    before, after = steps[:at], [s for s in steps[at:] if not isinstance(s, CHOOSING)]
    if any(isinstance(s, Gen) for s in after):
        return Narrowed(_plan(plan, [*before, Sample(count, None, seed), *after]), None, tuple(before[-1:]))
    last = before[-1] if before else None
    if isinstance(last, Agg | GroupBy) and last.by:
        place = _pushed(before[:-1], last.by, plan.source.schema)
        inner = before[:-1]
        inner.insert(place, KeepGroups(last.by, keys))
        needs_all = tuple(s for s in inner[:place] if not _is_alone(s))
        return Narrowed(_plan(plan, [*inner, last, *after]), keys, needs_all[-1:])
    return Narrowed(_plan(plan, [*before, KeepKeys(keys), *after]), keys, tuple(before[-1:]))


def _plan(plan: Plan, steps: Sequence[Step]) -> Plan:
    return replace(plan, steps=tuple(steps))


def _is_alone(step: Step) -> bool:
    """Whether what is in a row depends on one row before it, and not on the others."""
    if isinstance(step, FunctionStep):
        return isinstance(step, Map)  # and Gen
    if isinstance(step, Filter):
        return is_elementwise(step.condition)
    if isinstance(step, Mutate):
        return all(is_elementwise(value) for value in step.columns.values())
    return isinstance(step, (Select, Drop, *CHOOSING))


def _pushed(steps: Sequence[Step], by: Sequence[str], schema: Schema) -> int:
    """The earliest place at which groups can be told, with nothing behind it that needs other rows."""
    schemas = [schema]
    for step in steps:
        schemas.append(step.bind(schemas[-1]))
    at = len(steps)
    while at and isinstance(steps[at - 1], Map | Filter) and not isinstance(steps[at - 1], Gen):
        if not _is_alone(steps[at - 1]) or not _same(by, schemas[at - 1], schemas[at]):
            break
        at -= 1
    return at


def _same(by: Sequence[str], before: Schema, after: Schema) -> bool:
    """Whether names mean the same columns before a step and behind it."""
    for name in by:
        a, b = resolve(name, before), resolve(name, after)
        if a is None or b is None or a.path != b.path:
            return False
    return True


def _with_keys(frame: pl.LazyFrame, keys: pl.Series, column: str) -> pl.LazyFrame:
    wanted = keys.alias(column).to_frame().lazy()
    return frame.join(wanted, on=column, how="semi", maintain_order="left")
