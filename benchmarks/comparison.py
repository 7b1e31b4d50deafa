"""Comparison: one job, those who do it, and how it was made fair."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contestant import Contestant
from benchmarks.goal import Goal, faster, seconds_at_most


@dataclass(frozen=True)
class Comparison:
    """One job. The first contestant is neurochain, and the others are compared with it.

    Attributes
    ----------
    title : str
    what : str
        What is done and how it was made fair, as a paragraph of the report.
    unit : str
        What is counted per second; empty where only the time matters.
    amount : int
        How many of them one run does.
    contestants : list of Contestant
    goals : tuple of Goal
        What was asked.
    """

    title: str
    what: str
    unit: str
    amount: int
    contestants: list[Contestant]
    goals: tuple[Goal, ...] = ()

    def __post_init__(self) -> None:
        for contestant in self.contestants:
            if contestant.amount is None:
                contestant.amount = self.amount


Comparisons = Iterator[Comparison]
"""Made one after the other: what one works on is there until the next is asked for."""


def map_and_save(ours: Path, peers: Path, rows: int) -> Comparison:
    """A trivial function over many rows."""
    return Comparison(
        "Map a trivial function and save",
        f"`read_values(x=list(range({rows})))`, `map(y=lambda x: x * 2)`, `save`. Nothing is remembered from run to run: "
        "each has a project of its own. DataChain by default sends each row through the machinery that fetches files ahead; "
        "tuned means `settings(prefetch=0)`.",
        "rows",
        rows,
        [
            Contestant("neurochain", ours, "map_neurochain", (str(rows),)),
            Contestant("DataChain, as it comes", peers, "map_datachain", (str(rows), "default")),
            Contestant("DataChain, tuned", peers, "map_datachain", (str(rows), "tuned")),
        ],
        (faster(60, "DataChain, as it comes"),),
    )


def importing(ours: Path, peers: Path) -> Comparison:
    """The import alone."""
    return Comparison(
        "Import",
        "`import neurochain` in a fresh process, without the interpreter's own start. Names are imported at their first use, so "
        "`neurochain.Chain` is what a first chain waits for.",
        "",
        1,
        [
            Contestant("import neurochain", ours, "import_module", ("neurochain",)),
            Contestant("import neurochain; neurochain.Chain", ours, "import_module", ("neurochain", "Chain")),
            Contestant("import datachain", peers, "import_module", ("datachain",)),
        ],
        (seconds_at_most(0.3, "import neurochain"),),
    )
