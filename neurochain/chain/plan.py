"""Plan: a source and the steps behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from neurochain.chain.run import Run, State
from neurochain.chain.sources.source import Source
from neurochain.chain.steps.limit import Limit
from neurochain.chain.steps.step import Step
from neurochain.errors import UDFError


@dataclass(frozen=True)
class Plan:
    """A chain without its verbs: source and steps."""

    source: Source
    steps: tuple[Step, ...]

    def apply(self, run: Run) -> State:
        """Rows of the chain."""
        state = self.source.open(run)
        try:
            for step in limits_first(self.steps):
                before, state = state.rows, step.apply(state, run)
                if state.rows is None and step.keeps_count:
                    state.rows = before
        except UDFError as error:
            # What the user's function did stands in the cause; how it came to be called is no news.
            raise error.with_traceback(None)  # noqa: B904 the cause is set
        return state

    def to_json(self) -> dict[str, Any]:
        """Canonical plan."""
        return {**self.source.to_json(), "steps": [s.to_json() for s in self.steps]}


def limits_first(steps: Sequence[Step]) -> list[Step]:
    """Steps with each limit before the functions that it follows: they are called for its rows alone."""
    order = list(steps)
    for i, step in enumerate(order):
        at = i
        while isinstance(step, Limit) and at and order[at - 1].row_by_row:
            order[at - 1], order[at] = order[at], order[at - 1]
            at -= 1
    return order
