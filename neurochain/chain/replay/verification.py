"""Verification: parts that are what they were, and some rows made again."""

import time
from collections.abc import Mapping

import polars as pl

from neurochain.chain.keys import sample_hashes, smallest
from neurochain.chain.replay.consent import Ask, consent
from neurochain.chain.replay.narrowing import narrowed
from neurochain.chain.replay.reproduction import (
    Outcome,
    Replay,
    Reproduction,
    columns_changed,
    differing,
)
from neurochain.chain.run import batches
from neurochain.chain.saving import save_state
from neurochain.datasets.content import ContentHash
from neurochain.datasets.diff import compare
from neurochain.datasets.parts import damaged_parts, scan_parts
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
    started = time.monotonic()
    lineage = version.lineage()
    if damage := _damage(version):
        return Reproduction(version.reference, "differs", tuple(damage))
    if not rows:
        return Reproduction(
            version.reference, "identical", notes=("its parts are whole; no row was made again",)
        )
    consent([lineage], yes, ask)
    with scratch_project(version.project) as scratch:
        replay = Replay(version, lineage, scratch, roots or {}, any_environment)
        if replay.plan is None:
            return Reproduction(version.reference, "impossible", tuple(replay.problems), tuple(replay.notes))
        keys = _chosen(version, rows, seed)
        part = narrowed(replay.plan, keys, rows, seed)
        notes = [
            *replay.notes,
            *(
                f"{s.to_json()['step']} needs all rows before it, so all of them were made"
                for s in part.whole
            ),
        ]
        try:
            made = save_state(part.plan, replay.run, version.name, None, "", (), None)
        except NeurochainError as error:
            return Reproduction(
                version.reference, "impossible", (f"it ended with an error: {error}",), tuple(notes)
            )
        diff = compare(version, made)
        reasons = columns_changed(diff)
        common = made.rows - diff.counts["added"]
        if part.keys is not None and common < len(part.keys):
            reasons.append(f"{len(part.keys) - common:,} rows were not made again")
        if part.keys is None and diff.counts["added"]:
            reasons.append(f"{diff.counts['added']:,} rows are new")
        off = differing(diff, version.tolerances)
        if off and (world := replay.world()):
            return Reproduction(version.reference, "impossible", (*world, *off), tuple(notes), made.rows)
        reasons += off
        outcome: Outcome = (
            "differs" if reasons else "within tolerance" if diff.counts["changed"] else "identical"
        )
        examples = diff.changed().head(5) if off else None
        seconds = time.monotonic() - started
        return Reproduction(
            version.reference, outcome, tuple(reasons), tuple(notes), made.rows, seconds, examples
        )


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
    content = ContentHash(version.schema)
    for batch in batches(scan_parts(version.project, version.part_hashes(), version.schema)):
        content.update(batch)
    same = content.hexdigest() == version.content_hash
    return [] if same else ["its rows are not those that were saved: their content hash is another"]
