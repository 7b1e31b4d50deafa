"""Reproduction: a version made again, and what is different then."""

import math
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from neurochain.chain.functions.udf import UDF
from neurochain.chain.jobs import job
from neurochain.chain.plan import Plan
from neurochain.chain.progress import Progress
from neurochain.chain.replay.consent import Ask, consent
from neurochain.chain.replay.functions import function_steps, remade
from neurochain.chain.replay.inputs import Inputs
from neurochain.chain.replay.steps import Builder
from neurochain.chain.run import Run, Settings
from neurochain.chain.saving import save_state
from neurochain.datasets.diff import VersionDiff, compare
from neurochain.datasets.events import append
from neurochain.datasets.lineage import Lineage
from neurochain.datasets.project import scratch_project
from neurochain.datasets.versions import DatasetVersion
from neurochain.errors import NeurochainError, ReplayError

Outcome = Literal["identical", "within tolerance", "differs", "impossible"]
EXIT = {"identical": 0, "within tolerance": 0, "differs": 1, "impossible": 2}
ROWS = 5  # that differ and are shown
SHOWN = 12  # reasons
WORLD = ("clock", "chance", "network", "another program", "may differ between processes")


@dataclass(frozen=True)
class Reproduction:
    """What came of making a version again.

    Attributes
    ----------
    reference : str
    outcome : {"identical", "within tolerance", "differs", "impossible"}
    reasons : tuple of str
        Why it is not identical: what differs, or what is missing.
    notes : tuple of str
        What was not as it was then, and did not matter.
    rows : int
        That were made again.
    of : int or None
        Rows that it has, where not all of them were meant.
    seconds : float
    examples : DataFrame or None
        First rows that differ: their numbers (from 0) and files, and each column that differs, before (``name (old)``)
        and now.
    """

    reference: str
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rows: int = 0
    of: int | None = None
    seconds: float = 0.0
    examples: pl.DataFrame | None = field(default=None, repr=False, compare=False)

    @property
    def exit_code(self) -> int:
        """0 identical, 1 different, 2 it could not be made again."""
        return EXIT[self.outcome]

    def __bool__(self) -> bool:
        return self.exit_code == 0

    def lines(self) -> list[str]:
        """For people."""
        many = "1 row" if self.rows == 1 else f"{self.rows:,} rows"
        made = f"{many} of {self.of:,} made again" if self.of is not None else f"{many} made again"
        said = {
            "identical": f"{made}, every bit is the same" if self.rows else "as it was written",
            "within tolerance": f"{made}, the same within the declared tolerance",
            "differs": f"{made}, and not the same" if self.rows else "not what it was",
            "impossible": "it cannot be made again here",
        }
        took = f" ({self.seconds:.1f} s)" if self.rows else ""
        out = [f"{self.reference}: {said[self.outcome]}{took}"]
        more = [f"  … and {len(self.reasons) - SHOWN:,} more"] if len(self.reasons) > SHOWN else []
        out += [f"  {reason}" for reason in self.reasons[:SHOWN]] + more
        return out + [f"  note: {note}" for note in self.notes]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "version": self.reference,
            "outcome": self.outcome,
            "reasons": list(self.reasons),
            "notes": list(self.notes),
            "rows": self.rows,
            "of": self.of,
            "seconds": round(self.seconds, 3),
            "examples": self.examples.to_dicts() if self.examples is not None else [],
        }


def reproduce(
    version: DatasetVersion,
    *,
    yes: bool = False,
    roots: Mapping[str, str] | None = None,
    any_environment: bool = False,
    ask: Ask | None = None,
) -> Reproduction:
    """Make a version again; see `DatasetVersion.reproduce`."""
    with job("reproduce", version.reference, version.project) as told:
        found = _reproduced(version, yes, roots or {}, any_environment, ask)
        told.made(version.reference, False)
    note("reproduced", version, found)
    return found


def note(what: str, version: DatasetVersion, found: Reproduction) -> None:
    """Enter what came of it in the project's events."""
    detail = {
        "version": version.reference,
        "content_hash": version.content_hash,
        "outcome": found.outcome,
        "rows": found.rows,
    }
    with version.project.database.write() as connection:
        append(connection, what, detail)


def _reproduced(
    version: DatasetVersion, yes: bool, roots: Mapping[str, str], any_environment: bool, ask: Ask | None
) -> Reproduction:
    started = time.monotonic()
    version.check_rows()
    lineage = version.lineage()
    consent([lineage], yes, ask)
    with scratch_project(version.project) as scratch:
        replay = Replay(version, lineage, scratch, roots, any_environment)
        if replay.problems:
            return Reproduction(version.reference, "impossible", tuple(replay.problems), tuple(replay.notes))
        try:
            made = replay.save()
        except NeurochainError as error:
            reason = f"it ended with an error: {error}"
            return Reproduction(version.reference, "impossible", (reason,), tuple(replay.notes))
        outcome, reasons, examples = _compared(version, made)
        if outcome == "differs" and (world := replay.world()):
            outcome, reasons = "impossible", [*world, *reasons]
        seconds = time.monotonic() - started
        return Reproduction(
            version.reference,
            outcome,
            tuple(reasons),
            tuple(replay.notes),
            made.rows,
            None,
            seconds,
            examples,
        )


class Replay:
    """A version's plan, made again and ready to run in a project that knows nothing.

    Attributes
    ----------
    problems : list of str
        Why it cannot run.
    notes : list of str
        What is not as it was then.
    """

    def __init__(
        self,
        version: DatasetVersion,
        lineage: Lineage,
        scratch: Any,
        roots: Mapping[str, str],
        any_environment: bool,
    ) -> None:
        self.version, self.lineage, self.scratch = version, lineage, scratch
        self.problems: list[str] = []
        self._world: list[str] = []
        self.notes: list[str] = []
        here, then = platform.python_version(), str(lineage.activity["python"])
        if here.split(".")[:2] != then.split(".")[:2] and lineage.functions:
            text = f"Python {then} made it, and {here} runs here"
            (self.notes if any_environment else self.problems).append(text)
        inputs = Inputs(version.project, lineage, roots, scratch)
        sources = inputs.sources()
        self.problems += inputs.problems
        self.notes += inputs.notes
        udfs = list(self._functions(any_environment))
        self.plan: Plan | None = None
        if not self.problems:
            try:
                self.plan = Builder(iter(sources), iter(udfs)).plan(lineage.plan).plan
            except NeurochainError as error:
                self.problems.append(str(error))

    def _functions(self, any_environment: bool) -> list[UDF]:
        found: list[UDF] = []
        for step, used in zip(function_steps(self.lineage.plan), self.lineage.functions, strict=True):
            self._world += [
                f"{used.name}() {note}" for note in used.detail.get("notes", ()) if _of_world(note)
            ]
            self._world += [f"{used.name}() {problem}" for problem in used.detail.get("problems", ())]
            try:
                made = remade(step, used, any_environment)
            except ReplayError as error:
                self.problems.append(str(error))
                continue
            found.append(made.udf)
        return found

    def world(self) -> list[str]:
        """What functions read that no lineage holds, so that they may give something else each time."""
        return list(dict.fromkeys(self._world))

    def run(self) -> Run:
        """A run of it: nothing that is known is taken."""
        return Run(self.scratch, Settings(reuse=False), Progress())

    def save(self) -> DatasetVersion:
        """All rows, as a version of the scratch project."""
        if self.plan is None:
            raise ReplayError("; ".join(self.problems))
        return save_state(self.plan, self.run, self.version.name, None, "", (), None)


def _of_world(note: str) -> bool:
    return any(word in note for word in WORLD)


def _compared(old: DatasetVersion, new: DatasetVersion) -> tuple[Outcome, list[str], pl.DataFrame | None]:
    """What is different between the rows that were saved and those that were made now."""
    if old.content_hash == new.content_hash:
        return "identical", [], None
    diff = compare(old, new)
    reasons = columns_changed(diff)
    counts = diff.counts
    if counts["added"] or counts["removed"]:
        reasons.append(f"rows: {counts['removed']:,} were not made again, {counts['added']:,} are new")
    off = differing(diff, old.tolerances)
    if not reasons and not off and counts["changed"]:
        worst = ", ".join(f"{name} {value:.3g}" for name, value in diff.distances.items())
        return "within tolerance", [f"farthest apart: {worst}"], None
    reasons += off
    if not reasons:
        reasons.append("the rows are the same, and come in another order")
    examples = diff.first_changed(ROWS) if off else None
    return "differs", reasons, examples


def columns_changed(diff: VersionDiff) -> list[str]:
    """Columns that only one of two versions has, or that are of another type."""
    return [
        *(f"column {name} is new" for name in diff.columns_added),
        *(f"column {name} was not made again" for name in diff.columns_removed),
        *(f"column {name}: {a} became {b}" for name, (a, b) in diff.columns_changed.items()),
    ]


def differing(diff: VersionDiff, tolerances: Mapping[str, float]) -> list[str]:
    """Columns whose values differ by more than was allowed, with how many rows and by how much."""
    out = []
    for name, rows in diff.column_counts.items():
        apart = diff.distances.get(name)
        if apart is not None and apart <= tolerances.get(name, -1.0):
            continue
        far = (
            ""
            if apart is None
            else " by infinity or a null"
            if math.isinf(apart)
            else f" by {apart:.3g} at most"
        )
        allowed = f" ({tolerances[name]:g} is allowed)" if name in tolerances else ""
        out.append(f"{name} differs in {rows:,} row{'s' if rows > 1 else ''}{far}{allowed}")
    return out
