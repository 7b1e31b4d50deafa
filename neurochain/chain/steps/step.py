"""Step: one node of a chain's plan."""

from typing import Any, Protocol

from neurochain.chain.run import Run, State
from neurochain.datasets.schema import Schema


class Step(Protocol):
    """A node: checks itself when it is added to a chain, and is applied when the chain runs."""

    @property
    def keeps_count(self) -> bool:
        """Whether as many rows come out as go in."""
        ...

    @property
    def row_by_row(self) -> bool:
        """Whether what becomes of a row depends on that row alone, so that a limit may go before."""
        ...

    def bind(self, schema: Schema) -> Schema:
        """Schema behind the step; raises where a column cannot be found."""
        ...

    def apply(self, state: State, run: Run) -> State:
        """Rows behind the step."""
        ...

    def to_json(self) -> dict[str, Any]:
        """The step as plain JSON: its identity in lineage."""
        ...
