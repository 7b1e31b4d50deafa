"""Refreshing: stale versions computed again from what their inputs are now, in order, with reuse."""

from dataclasses import dataclass

from neurochain.chain.replay.consent import Ask, consent
from neurochain.chain.replay.current import current_source
from neurochain.chain.replay.functions import Remade, function_steps, remade
from neurochain.chain.replay.staleness import paired, stale_versions
from neurochain.chain.replay.steps import Builder
from neurochain.chain.run import Run
from neurochain.chain.saving import save_state
from neurochain.datasets.activity import Activity
from neurochain.datasets.lineage import Lineage
from neurochain.datasets.versions import DatasetVersion


@dataclass(frozen=True)
class Refreshed:
    """A version that was computed again.

    Attributes
    ----------
    before, after : DatasetVersion
    reasons : tuple of str
        What of its inputs was not as it was.
    """

    before: DatasetVersion
    after: DatasetVersion
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        counts = self.after.lineage().activity
        return (
            f"{self.before.reference} -> {self.after.version}: {counts['computed']:,} computed, {counts['reused']:,} reused"
            f" ({'; '.join(self.reasons)})"
        )


def refresh(
    version: DatasetVersion, *, yes: bool = False, any_environment: bool = False, ask: Ask | None = None
) -> list[Refreshed]:
    """Compute a dataset again, and those that it is made of, as far as they are stale; see `DatasetVersion.refresh`."""
    stale = stale_versions(version.project, version.name)
    consent([one.version.lineage() for one in stale], yes, ask)
    done: list[Refreshed] = []
    for one in stale:
        after = _again(one.version, any_environment)
        done.append(Refreshed(one.version, after, one.reasons))
    return done


def _again(version: DatasetVersion, any_environment: bool) -> DatasetVersion:
    """A version from its recorded plan and functions, over what its inputs are now."""
    lineage = version.lineage()
    sources = [current_source(version.project, plan, source) for plan, source in paired(lineage)]
    udfs = [made.udf for made in _functions(lineage, any_environment)]
    plan = Builder(iter(sources), iter(udfs)).plan(lineage.plan).plan

    def run() -> Run:
        asked = lineage.activity["parameters"] or {}
        return Run(version.project, activity=Activity(parameters=dict(asked)))

    return save_state(
        plan, run, version.name, None, version.description, version.labels, "patch", version.tolerances
    )


def _functions(lineage: Lineage, any_environment: bool) -> list[Remade]:
    pairs = zip(function_steps(lineage.plan), lineage.functions, strict=True)
    return [remade(step, used, any_environment) for step, used in pairs]
