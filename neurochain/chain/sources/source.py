"""Source: where a chain's rows come from."""

from typing import Any, Protocol

from neurochain.chain.run import Run, State
from neurochain.datasets.schema import Schema


class Source(Protocol):
    """Where rows come from."""

    @property
    def schema(self) -> Schema:
        """Columns, as far as they are known before anything is read."""
        ...

    def open(self, run: Run) -> State:
        """Rows, entered in the run as an input."""
        ...

    def to_json(self) -> dict[str, Any]:
        """The source as plain JSON: its identity in lineage."""
        ...
