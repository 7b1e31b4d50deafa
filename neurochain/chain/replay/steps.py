"""Steps of a recorded plan, made again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from neurochain.chain.expressions.recorded import expression_of
from neurochain.chain.functions.aggregation import Agg
from neurochain.chain.functions.batching import MapBatches
from neurochain.chain.functions.generation import Gen
from neurochain.chain.functions.mapping import Map
from neurochain.chain.functions.udf import UDF
from neurochain.chain.plan import Plan
from neurochain.chain.sources.source import Source
from neurochain.chain.steps.distinct import Distinct
from neurochain.chain.steps.drop import Drop
from neurochain.chain.steps.filter import Filter
from neurochain.chain.steps.group_by import GroupBy
from neurochain.chain.steps.limit import Limit
from neurochain.chain.steps.merge import Merge
from neurochain.chain.steps.mutate import Mutate
from neurochain.chain.steps.order import OrderBy
from neurochain.chain.steps.sample import Sample
from neurochain.chain.steps.select import Select
from neurochain.chain.steps.split import SCHEME as SPLITS
from neurochain.chain.steps.split import Split
from neurochain.chain.steps.step import Step
from neurochain.chain.steps.union import Union
from neurochain.datasets.schema import Schema
from neurochain.errors import ReplayError

Json = dict[str, Any]
FUNCTIONS = {"map": Map, "gen": Gen, "agg": Agg, "map_batches": MapBatches}


@dataclass(frozen=True)
class Rebuilt:
    """A plan that was made again, with its schema as far as it is known before it runs."""

    plan: Plan
    schema: Schema


class Builder:
    """Plans from their records.

    Parameters
    ----------
    sources : iterator of Source
        In the order in which the plan opens them.
    udfs : iterator of UDF
        In the order in which the plan runs them.
    """

    def __init__(self, sources: Iterator[Source], udfs: Iterator[UDF]) -> None:
        self._sources, self._udfs = sources, udfs

    def plan(self, recorded: Json) -> Rebuilt:
        """A plan.

        Raises
        ------
        ReplayError
            A step is of no kind that is known, or its record is damaged.
        """
        if recorded["source"] == "chain":
            whole = self.plan(recorded["plan"])
            source, steps, schema = whole.plan.source, list(whole.plan.steps), whole.schema
        else:
            source = next(self._sources)
            steps, schema = [], source.schema
        for one in recorded["steps"]:
            step = self._step(one)
            schema = step.bind(schema)
            steps.append(step)
        return Rebuilt(Plan(source, tuple(steps)), schema)

    def _step(self, recorded: Json) -> Step:
        verb = recorded.get("step", "")
        make: Callable[[Json], Step] | None = getattr(self, f"_{verb}", None)
        if verb in FUNCTIONS:
            make = self._function
        if make is None or not str(verb).isidentifier():
            raise ReplayError(f"There is no step {verb!r}; a later neurochain may have recorded it.")
        try:
            return make(recorded)
        except (KeyError, TypeError, ValueError) as error:
            raise ReplayError(f"The recorded step {verb} cannot be read: {error!r}.") from error

    def _function(self, r: Json) -> Step:
        options: Json = {"on_error": r.get("on_error", "raise"), "seed": r.get("seed", 0)}
        if r["step"] == "agg":
            options["by"] = tuple(r["by"])
        if r["step"] == "map_batches":
            options["size"] = r["batch_size"]
        step: Step = FUNCTIONS[r["step"]](next(self._udfs), r["column"], **options)
        return step

    def _filter(self, r: Json) -> Step:
        return Filter(expression_of(r["condition"]))

    def _mutate(self, r: Json) -> Step:
        return Mutate(_expressions(r))

    def _group_by(self, r: Json) -> Step:
        return GroupBy(tuple(r["by"]), _expressions(r))

    def _order_by(self, r: Json) -> Step:
        return OrderBy(tuple(expression_of(c) for c in r["columns"]), r["descending"])

    def _select(self, r: Json) -> Step:
        return Select(tuple(r["columns"]))

    def _drop(self, r: Json) -> Step:
        return Drop(tuple(r["columns"]))

    def _distinct(self, r: Json) -> Step:
        return Distinct(tuple(r["columns"]))

    def _limit(self, r: Json) -> Step:
        return Limit(r["count"])

    def _sample(self, r: Json) -> Step:
        return Sample(r["count"], r["fraction"], r["seed"])

    def _split(self, r: Json) -> Step:
        if r["scheme"] != SPLITS:
            raise ReplayError(
                f"The rows were dealt out as {r['scheme']!r} says; this neurochain knows {SPLITS!r}."
            )
        layers = tuple(r["stratify"])
        return Split(tuple(r["by"]), r["shares"], r["part"], r["seed"], layers, r["allow_leakage"])

    def _merge(self, r: Json) -> Step:
        right = self.plan(r["right"])
        on = tuple((a, b) for a, b in r["on"])
        return Merge(right.plan, right.schema, on, r["how"], r["suffix"], r["many"])

    def _union(self, r: Json) -> Step:
        others = [self.plan(other) for other in r["others"]]
        return Union(tuple((o.plan, o.schema) for o in others))


def _expressions(r: Json) -> Json:
    return {name: expression_of(node) for name, node in r["columns"].items()}
