"""Sources of recorded plans."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from neurochain.chain.run import Run, State
from neurochain.chain.sources.bids.dataset import Dataset
from neurochain.chain.sources.bids.source import BidsSource
from neurochain.chain.sources.bids.table_source import BidsTableSource
from neurochain.chain.sources.source import Source
from neurochain.chain.sources.storage import StorageSource
from neurochain.datasets.activity import Input
from neurochain.datasets.lineage import Source as Recorded
from neurochain.datasets.parts import scan_parts
from neurochain.datasets.project import Project
from neurochain.datasets.schema import Schema
from neurochain.errors import ReplayError
from neurochain.formats.identifiers import KEY, Identifiers
from neurochain.storage import Root

Json = dict[str, Any]


def input_plans(plan: Json) -> Iterator[Json]:
    """Sources in a recorded plan, in the order in which it opens them."""
    if plan["source"] == "chain":
        yield from input_plans(plan["plan"])
    else:
        yield plan
    for step in plan["steps"]:
        for inner in [step["right"]] if "right" in step else step.get("others", ()):
            yield from input_plans(inner)


@dataclass(frozen=True)
class GivenRows:
    """Rows that were given in a script, as they were written down.

    Attributes
    ----------
    project : Project
        That holds them.
    schema : Schema
    said : dict
        Reference of the input.
    identity : dict
        Source of the plan.
    parts : tuple of str
        Hashes of the parts that they lie in.
    """

    project: Project
    schema: Schema
    said: Json
    identity: Json
    parts: tuple[str, ...]

    def open(self, run: Run) -> State:
        """As in `Source`."""
        held = list(self.parts) if run.project == self.project else []
        run.activity.inputs.append(Input(self.identity["source"], self.said, parts=held))
        return State(self.frame(), self.schema)

    def frame(self) -> pl.LazyFrame:
        """The rows, with the hidden key."""
        return scan_parts(self.project, self.parts, self.schema)

    def to_json(self) -> Json:
        """As in `Source`."""
        return self.identity


def given_rows(project: Project, plan: Json, source: Recorded) -> GivenRows:
    """Rows that were given in a script.

    Raises
    ------
    ReplayError
        They were not kept.
    """
    if "schema" not in source.reference:
        raise ReplayError(
            "Values of the script were not kept by the neurochain that saved it. Save the dataset again."
        )
    schema = Schema.from_json(source.reference["schema"])
    identity = {key: value for key, value in plan.items() if key != "steps"}
    return GivenRows(project, schema, source.reference, identity, source.parts)


def storage_source(plan: Json, roots: tuple[Root, ...]) -> Source:
    """Source over files.

    Raises
    ------
    ReplayError
        Identifiers were hashed under another key.
    """
    identifiers = Identifiers.of(plan["phi"]["mode"])
    if identifiers.to_json() != plan["phi"]:
        raise ReplayError(f"Identifiers were hashed under another key than that in {KEY}.")
    if plan["source"] == "storage":
        return StorageSource(roots, plan["headers"], identifiers)
    pipelines = plan.get("derivatives", ())
    dataset = Dataset(roots[0], pipelines and tuple(pipelines), plan["validate"], identifiers)
    return (
        BidsTableSource.of(dataset, plan["table"])
        if "table" in plan
        else BidsSource(dataset, plan["headers"])
    )
