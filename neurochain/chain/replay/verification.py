"""Verification: parts that are what they were, and some rows made again."""

import time
from collections.abc import Mapping

import polars as pl

from neurochain.chain.jobs import job
from neurochain.chain.keys import sample_hashes, smallest
from neurochain.chain.replay.consent import Ask, consent
from neurochain.chain.replay.narrowing import Narrowed, narrowed
from neurochain.chain.replay.reproduction import (
    ROWS,
    Outcome,
    Replay,
    Reproduction,
    columns_changed,
    differing,
    note,
)
from neurochain.chain.saving import save_state
from neurochain.chain.steps.step import Step
from neurochain.datasets.diff import compare
from neurochain.datasets.inspection import wrong_content
from neurochain.datasets.parts import damaged_parts
from neurochain.datasets.project import scratch_project
from neurochain.datasets.schema import KEY
from neurochain.datasets.versions import DatasetVersion
from neurochain.errors import ExpressionError, NeurochainError


def verify(
    version: DatasetVersion,
    *,
    rows: int = 100,
    seed: int = 0,
    yes: bool = False,
    roots: Mapping[str, str] | None = None,
    any_environment: bool = False,
    ask: Ask | None = None,
) -> Reproduction:
    """Check parts, and make some rows of a version again; see `DatasetVersion.verify`."""
    if rows < 0:
        raise ExpressionError(f"verify(rows={rows}): a number of rows is 0 or more.")
    with job("verify", version.reference, version.project) as told:
        found = _verified(version, rows, seed, yes, roots or {}, any_environment, ask)
        told.made(version.reference, False)
    note("verified", version, found)
    return found


def _verified(
    version: DatasetVersion,
    rows: int,
    seed: int,
    yes: bool,
    roots: Mapping[str, str],
    any_environment: bool,
    ask: Ask | None,
) -> Reproduction:
    started = time.monotonic()
    version.check_rows()
    lineage = version.lineage()
    if damage := _damage(version):
        return Reproduction(version.reference, "differs", tuple(damage))
    if not rows:
        return Reproduction(version.reference, "identical")
    consent([lineage], yes, ask)
    with scratch_project(version.project) as scratch:
        replay = Replay(version, lineage, scratch, roots, any_environment)
        if replay.plan is None:
            return Reproduction(version.reference, "impossible", tuple(replay.problems), tuple(replay.notes))
        part = narrowed(replay.plan, _chosen(version, rows, seed), rows, seed)
        notes = [*replay.notes, *map(_whole, part.whole)]
        try:
            made = save_state(part.plan, replay.run, version.name, None, "", (), None)
        except NeurochainError as error:
            reason = f"it ended with an error: {error}"
            return Reproduction(version.reference, "impossible", (reason,), tuple(notes))
        outcome, reasons, examples = _compared(version, made, part)
        if outcome == "differs" and (world := replay.world()):
            outcome, reasons = "impossible", [*world, *reasons]
        return Reproduction(
            version.reference,
            outcome,
            tuple(reasons),
            ("all its parts are what was written", *notes),
            made.rows,
            version.rows,
            time.monotonic() - started,
            examples,
        )


def _compared(
    version: DatasetVersion, made: DatasetVersion, part: Narrowed
) -> tuple[Outcome, list[str], pl.DataFrame | None]:
    """What is different between the rows that were made and those of their keys."""
    diff = compare(version, made)
    reasons = columns_changed(diff)
    lost = len(part.keys) - (made.rows - diff.counts["added"]) if part.keys is not None else 0
    if lost:
        reasons.append(f"{lost:,} rows were not made again")
    if part.keys is None and diff.counts["added"]:
        reasons.append(f"{diff.counts['added']:,} rows are new")
    off = differing(diff, version.tolerances)
    if reasons or off:
        return "differs", reasons + off, diff.first_changed(ROWS) if off else None
    return "within tolerance" if diff.counts["changed"] else "identical", [], None


def _whole(step: Step) -> str:
    return f"{step.to_json()['step']} needs all rows before it, so all of them were made"


def _chosen(version: DatasetVersion, rows: int, seed: int) -> pl.Series:
    """Keys of some rows by chance, the same each time."""
    keys = version.scan().select(KEY).collect()[KEY]
    hashes = sample_hashes(keys, seed)
    limit = smallest(hashes, rows)
    if limit is None:
        return keys.head(0)
    chosen = pl.DataFrame({KEY: keys, "hash": hashes}).filter(pl.col("hash") <= pl.lit(limit))
    return chosen[KEY]


def _damage(version: DatasetVersion) -> list[str]:
    """What of a version on disk is not what was saved."""
    lineage = version.lineage()
    hashes = [
        *version.part_hashes(),
        *(s.manifest for s in lineage.sources if s.manifest is not None),
        *(part for s in lineage.sources for part in s.parts),
        *(f.reads for f in lineage.functions if f.reads is not None),
    ]
    wrong = damaged_parts(version.project, hashes)
    if wrong:
        return wrong
    different = wrong_content(version)
    return [different] if different else []
