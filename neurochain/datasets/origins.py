"""Origins: which function made a column, in the version itself or in the one whose rows it keeps."""

from collections.abc import Iterator
from dataclasses import dataclass

from neurochain.datasets.lineage import Lineage

__all__ = ["Maker", "ancestors", "makers"]

KEEPING = {
    "filter",
    "order_by",
    "limit",
    "sample",
    "distinct",
    "drop",
    "keep",
    "map",
}  # other columns stay as they are
FARTHEST = 50  # versions back


@dataclass(frozen=True)
class Maker:
    """Function that made a column.

    Attributes
    ----------
    function : str
        Its name.
    reference : str
        Version for which it ran.
    """

    function: str
    reference: str


def ancestors(lineage: Lineage) -> Iterator[Lineage]:
    """The lineage, and those before it as long as each only leaves rows of the one before out, orders them or adds columns."""
    for _ in range(FARTHEST):
        yield lineage
        before = lineage.sources[0].lineage if len(lineage.sources) == 1 else None
        steps = {step["step"] for step in lineage.plan.get("steps", [])}
        if before is None or not steps <= KEEPING:
            return
        lineage = before


def makers(lineage: Lineage) -> dict[str, Maker]:
    """Columns of a version that functions made, each with the one that made it last."""
    found: dict[str, Maker] = {}
    for one in ancestors(lineage):
        for function in one.functions:
            for column in function.columns or ():
                found.setdefault(column, Maker(function.name, f"{one.name}@{one.version}"))
    return {column: maker for column, maker in found.items() if column in lineage.columns}
