"""Trial rows: windows of a timeline as the rows that a chain begins with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neurochain.chain.run import Run, State
from neurochain.chain.sources.given import ValuesSource
from neurochain.datasets.activity import Input
from neurochain.datasets.schema import Schema
from neurochain.timeline.window import Window

__all__ = ["TrialRows"]


@dataclass(frozen=True)
class TrialRows:
    """One row for each window: its number, its times, what the events table says, and an excerpt of each stream.

    Attributes
    ----------
    rows : ValuesSource
    said : dict
        What the timeline is made of, with residuals of its clocks: the lineage.
    """

    rows: ValuesSource
    said: dict[str, Any]

    @classmethod
    def of(
        cls, windows: Sequence[Window], columns: Mapping[str, Sequence[Any]], said: dict[str, Any]
    ) -> "TrialRows":
        """Rows of windows.

        Parameters
        ----------
        windows : sequence of Window
            One for each row.
        columns : mapping of str to sequence
            What else stands in each row.
        said : dict
            Of the timeline, plain JSON.
        """
        values: dict[str, Sequence[Any]] = {
            "start": [w.start for w in windows],
            "end": [w.end for w in windows],
            **columns,
        }
        names = list(windows[0]) if windows else []
        values |= {name: [w[name] for w in windows] for name in names}
        return cls(ValuesSource.of(values, None), said)

    @property
    def schema(self) -> Schema:
        """Columns."""
        return self.rows.schema

    def open(self, run: Run) -> State:
        """As in `Source`."""
        given = Input("values", {**self.to_json(), "rows": self.rows.frame.height})
        run.keep(given, self.rows.frame.lazy(), self.schema)
        return State(self.rows.frame.lazy(), self.schema, self.rows.frame.height)

    def to_json(self) -> dict[str, Any]:
        """As in `Source`."""
        return {**self.rows.to_json(), "timeline": self.said}
