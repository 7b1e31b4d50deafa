"""Saving: run a plan and publish its rows as a version."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import MappingProxyType

import polars as pl

from neurochain.chain.garbage import young_garbage
from neurochain.chain.jobs import job
from neurochain.chain.parameters import asked_parameters
from neurochain.chain.plan import Plan
from neurochain.chain.run import PART_BYTES, Run, State, batches
from neurochain.datasets.activity import Activity
from neurochain.datasets.content import ContentHash
from neurochain.datasets.environment import current_environment, current_origin
from neurochain.datasets.location import strip_uris
from neurochain.datasets.numbers import LEVELS, parse_number
from neurochain.datasets.parts import Part, write_part
from neurochain.datasets.publishing import Draft, check_name, publish
from neurochain.datasets.secrets import screened
from neurochain.datasets.tolerances import check_columns, check_distances
from neurochain.datasets.versions import DatasetVersion
from neurochain.errors import VersionError


def save_state(
    plan: Plan,
    make_run: Callable[[], Run],
    name: str,
    version: str | None,
    description: str,
    labels: Sequence[str],
    bump: str | None,
    tolerance: Mapping[str, float] = MappingProxyType({}),
) -> DatasetVersion:
    """Run a plan and publish its rows; see `Chain.save`."""
    check_name(name)
    if version is not None:
        parse_number(version)
    if bump is not None and (bump not in LEVELS or version is not None):
        raise VersionError(
            f"save(bump={bump!r}) beside version={version!r}: give one of them."
            if version is not None
            else f"save(bump={bump!r}): there is 'major', 'minor' and 'patch'."
        )
    check_distances(tolerance)
    with young_garbage(), job("save", name, at_once=True) as told:
        published, new = _saved(plan, make_run(), name, version, description, labels, bump, tolerance)
        if told.title == name:  # not where a version is only made again
            told.made(published.reference, new)
    return published


def _saved(
    plan: Plan,
    run: Run,
    name: str,
    version: str | None,
    description: str,
    labels: Sequence[str],
    bump: str | None,
    tolerance: Mapping[str, float],
) -> tuple[DatasetVersion, bool]:
    """The published version, and whether it is new."""
    run.project.database.check_writable()
    said = plan.to_json()  # before it runs: a function may change what it is fingerprinted by
    canonical = screened(said)
    if canonical != said:
        run.activity.left_out.append(
            "a step holds what looks like a secret; read it from the environment instead"
        )
    with ThreadPoolExecutor(1) as pool:
        pool.submit(current_environment)  # the rows take their time meanwhile
        state = plan.apply(run)
        kept = pool.submit(run.write_kept)
        content, parts = _store(state, run, name)
        kept.result()
        run.activity.counts.rows_out = content.rows
        if run.failures:
            run.activity.failures = run.manifest(pl.concat(run.failures))
        run.activity.ended = time.time()
        run.activity.parameters |= asked_parameters()
        check_columns(tolerance, state.schema)
        draft = Draft(
            name=name,
            schema=state.schema,
            plan=canonical,
            parts=parts,
            content_hash=content.hexdigest(),
            rows=content.rows,
            manifests=run.manifests,
            activity=run.activity,
            explicit=version,
            bump=bump,
            description=description,
            labels=labels,
            tolerances=tolerance,
        )
        published, new = publish(run.project, draft, current_origin(code_files(run.activity)))
    run.progress.say(
        f"saved {published.reference}: {published.rows:,} rows"
        if new
        else f"{published.reference} is the same already: same plan, same rows; no new version"
    )
    return published, new


def _store(state: State, run: Run, name: str) -> tuple[ContentHash, list[Part]]:
    """Write the rows as parts, and hash them: each in a thread, while the next rows are computed."""
    content = ContentHash(state.schema)
    parts: list[Future[Part]] = []
    waiting: list[pl.DataFrame] = []
    hashed: Future[None] | None = None

    def write() -> None:
        if parts:
            parts[-1].result()  # one at a time, so that no more than two are held
        parts.append(writer.submit(write_part, run.project, pl.concat(waiting), state.schema))
        waiting.clear()

    with (
        run.progress.step(f"save {name}", state.rows) as progress,
        ThreadPoolExecutor(1) as writer,
        ThreadPoolExecutor(1) as hasher,
    ):
        for batch in batches(state.frame):
            stored = strip_uris(batch, state.schema)
            if hashed is not None:
                hashed.result()
            hashed = hasher.submit(content.update, stored)
            waiting.append(stored)
            progress.advance(batch.height)
            if sum(f.estimated_size() for f in waiting) > PART_BYTES:
                write()
        if waiting:
            write()
        if hashed is not None:
            hashed.result()
        return content, [part.result() for part in parts]


def code_files(activity: Activity) -> list[str]:
    """First-party files that the functions' code stands in."""
    places = [part.get("where") for f in activity.functions for part in f.detail.get("parts", ())]
    return sorted({where.rpartition(":")[0] for where in places if where})
