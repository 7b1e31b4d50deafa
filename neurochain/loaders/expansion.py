"""Expansion: the rows of a chain as columns that lie in mapped files, each made once from the parts of a version."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import polars as pl

from neurochain.chain.chain import Chain
from neurochain.chain.expressions.resolve import resolve_now
from neurochain.chain.plan import Plan
from neurochain.chain.run import Run, State, batches, collected
from neurochain.chain.sources.version import VersionSource
from neurochain.chain.steps.distinct import Distinct
from neurochain.chain.steps.drop import Drop
from neurochain.chain.steps.filter import Filter
from neurochain.chain.steps.limit import Limit
from neurochain.chain.steps.mutate import Mutate
from neurochain.chain.steps.order import OrderBy
from neurochain.chain.steps.sample import Sample
from neurochain.chain.steps.select import Select
from neurochain.chain.steps.split import Split
from neurochain.chain.steps.step import Step
from neurochain.datasets.arrays import WIDE
from neurochain.datasets.filetable import root_uris
from neurochain.datasets.location import file_columns
from neurochain.datasets.pages import ArrayPages
from neurochain.datasets.parts import part_path, scan_parts
from neurochain.datasets.schema import KEY
from neurochain.datasets.versions import DatasetVersion
from neurochain.errors import SchemaError
from neurochain.loaders.cutting import cut_rows, cutting_step
from neurochain.loaders.leaves import column_of, leaves_of
from neurochain.loaders.making import Making, MappedLeaf
from neurochain.loaders.maps import make_room
from neurochain.loaders.order import Indices
from neurochain.loaders.rows import Rows

SCHEME = "neurochain map 1"
CHOOSING = (Distinct, Filter, Limit, OrderBy, Sample, Split)  # steps that choose among rows, and order them
PROJECTING = (Drop, Mutate, Select)  # steps that keep every row


def expand(chain: Chain, seed: int = 0) -> Rows:
    """Run a chain, as far as its rows are not mapped already.

    Parameters
    ----------
    chain : Chain
        Of any kind.
    seed : int
        Of random windows.

    Raises
    ------
    SchemaError
        A column can become neither a tensor nor a text, or holds nulls.
    """
    if (cutting := cutting_step(chain)) is not None:
        return cut_rows(chain, cutting, expand, seed)
    plan, source = chain.plan, chain.plan.source
    if isinstance(source, VersionSource) and chooses(plan.steps):
        projecting = Plan(source, tuple(s for s in plan.steps if isinstance(s, PROJECTING)))
        every = len(projecting.steps) == len(plan.steps)
        chosen = None if every else _chosen(chain, source)
        if every or chosen is not None:
            state, origins = projecting.apply(Run(source.version.project)), _origins(projecting)
            known = _map(state, _names(source, projecting, origins), source.version, origins)
            return _rows(known, state, chosen, source.version.content_hash)
    state, _ = chain.execute()
    return _rows(_map(state, {}), state, None, "")


def chooses(steps: Sequence[Step]) -> bool:
    """Whether steps only choose among the rows of their source, in whatever order, and among its columns."""
    first = next((i for i, s in enumerate(steps) if isinstance(s, CHOOSING)), len(steps))
    # What is computed behind a filter may depend on the rows that are left.
    computed_late = any(isinstance(s, Mutate) for s in steps[first:])
    return all(isinstance(s, CHOOSING + PROJECTING) for s in steps) and not computed_late


def _chosen(chain: Chain, source: VersionSource) -> Indices | None:
    """Numbers of the version's rows that a chain has, in its order; None where its keys do not tell them."""
    state, _ = chain.execute()
    own = collected(state.frame.select(KEY))
    base = source.version.scan(source.roots).select(KEY).with_row_index("row")
    joined = collected(own.lazy().join(base, on=KEY, how="left", maintain_order="left"))["row"]
    if len(joined) != own.height or joined.null_count():
        return None
    return joined.to_numpy().astype(np.int64)


def _names(source: VersionSource, plan: Plan, origins: Mapping[str, str | None]) -> dict[str, str]:
    """By flat column, what its mapped files are named after: the parts it stands in, and where files lie."""
    version = source.version
    parts, files = version.part_hashes(), [f"{name}.uri" for name in file_columns(version.schema)]
    places = {**root_uris(version.project), **source.roots}
    steps = [step.to_json() for step in plan.steps]
    names = {}
    for leaf, origin in origins.items():
        said = [SCHEME, parts, origin or [leaf, steps], places if origin is None or origin in files else None]
        names[leaf] = json.dumps(said, sort_keys=True)
    return names


def _origins(plan: Plan) -> dict[str, str | None]:
    """Flat columns of the source that those of a plan are; None for what is computed."""
    schema = plan.source.schema
    known: dict[str, str | None] = {leaf: leaf for leaf in schema.leaves()}
    for step in plan.steps:
        before, schema = schema, step.bind(schema)
        if isinstance(step, Select):
            known = {
                leaf: known[name] if (name := _plain(expression)) else None
                for asked in step.names
                for leaf, expression in resolve_now(asked, before, "select").leaves()
            }
        elif isinstance(step, Mutate):
            known |= {leaf: None for name in step.columns for leaf, _ in schema[name].leaves()}
        known = {leaf: known[leaf] for leaf in schema.leaves()}
    return known


def _plain(expression: pl.Expr) -> str | None:
    """Name of a column that is taken as it is."""
    bare = expression.meta.undo_aliases()
    return bare.meta.output_name() if bare.meta.is_column() else None


def _map(
    state: State,
    names: Mapping[str, str],
    version: DatasetVersion | None = None,
    origins: Mapping[str, str | None] = MappingProxyType({}),
) -> dict[str, MappedLeaf]:
    """All leaves of all columns by their paths, mapped; those that no earlier loader has mapped in one pass."""
    leaves = [leaf for field in state.schema.values() for leaf in leaves_of(field)]
    makings = [Making(leaf, "".join(names.get(i, "") for i in leaf.inputs)) for leaf in leaves]
    known = {making.leaf.path: making.find() for making in makings}
    missing = [making for making in makings if known[making.leaf.path] is None]
    if missing:
        try:
            decoded = []
            for making in missing:
                origin = origins.get(making.leaf.path)
                if version is not None and origin is not None and making.leaf.width >= WIDE:
                    _copy(making, version, origin)
                else:
                    decoded.append(making)
            inputs = dict.fromkeys(i for making in decoded for i in making.leaf.inputs)
            for frame in batches(state.frame.select(list(inputs))) if decoded else ():
                for making in decoded:
                    making.add(frame)
            known |= {making.leaf.path: making.close() for making in missing}
        finally:
            for making in missing:
                making.discard()
        make_room([path for one in known.values() if one is not None for path in one.paths])
    return {path: one for path, one in known.items() if one is not None}


def _copy(making: Making, version: DatasetVersion, column: str) -> None:
    """Arrays of a column, as they lie in the version's parts; decoded where a part has them otherwise."""
    project, path = version.project, making.leaf.path
    for part in version.part_hashes():
        pages = ArrayPages.of(part_path(project, part), column, making.leaf.width)
        if pages is not None:
            making.copy(pages)
            continue
        frames = scan_parts(project, [part], version.schema).select(pl.col(column).alias(path))
        for frame in batches(frames):
            making.add(frame)


def _rows(known: Mapping[str, MappedLeaf], state: State, chosen: Indices | None, identity: str) -> Rows:
    for path, one in known.items():
        _refuse_nulls(path, one.nulls, chosen)
    columns = {path: one.column for path, one in known.items()}
    count = next((one.rows for one in known.values()), 0) if chosen is None else len(chosen)
    said = identity or "".join(path.stem for one in known.values() for path in one.paths)
    digest = hashlib.sha256(f"{said} {list(state.schema)}".encode())
    if chosen is not None:
        digest.update(chosen.astype("<i8").tobytes())
    built = {field.name: column_of(field, columns) for field in state.schema.values()}
    return Rows(built, count, chosen, digest.hexdigest())


def _refuse_nulls(path: str, nulls: Indices, chosen: Indices | None) -> None:
    if chosen is not None and len(nulls):
        nulls = np.flatnonzero(np.isin(chosen, nulls))
    if len(nulls):
        raise SchemaError(
            f"Column {path!r} is null in {len(nulls):,} rows, row {nulls[0]} first; a batch has no nulls. "
            f"Drop them with filter(nc.Column({path!r}).is_not_null()), fill them with mutate(), or leave the "
            "column out with select()."
        )
