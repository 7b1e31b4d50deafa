"""TabledStream: rows of a table, each at its time."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from neurochain.errors import ColumnNotFoundError, suggestion
from neurochain.storage import File
from neurochain.timeline.clocks.clock import Clock
from neurochain.timeline.streams.stream import Floats, Kind, Pulses, Said, Stream
from neurochain.timeline.streams.timecolumn import numeric_columns

__all__ = ["TabledStream"]


@dataclass(frozen=True, eq=False)
class TabledStream(Stream):
    """Rows of a table: behaviour that is sampled, or events.

    `read` gives the columns of numbers, shape (n_rows, n_columns), float64, null as NaN; `cut` all columns.

    Attributes
    ----------
    time : str or None
        Column that says when; None where rows follow each other evenly.
    is_bounded : bool
        False for events.
    """

    source: pl.DataFrame
    time: str | None = field(kw_only=True)
    events: bool = field(kw_only=True)

    @classmethod
    def of(
        cls,
        frame: pl.DataFrame,
        time: str | None,
        clock: Clock,
        said: Said,
        files: tuple[File, ...] = (),
        on: str | None = None,
        pulses: Pulses | None = None,
        *,
        events: bool,
    ) -> "TabledStream":
        """Stream of a table whose rows stand in the order of the clock's samples."""
        return cls(frame, clock, said, files, on, dict(pulses or {}), time=time, events=events)

    @property
    def kind(self) -> Kind:
        return "events" if self.events else "table"

    @property
    def is_bounded(self) -> bool:
        return not self.events

    @property
    def axes(self) -> tuple[str, ...]:
        return "time", "column"

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(numeric_columns(self.source, [] if self.time is None else [self.time]))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.source.height, len(self.labels)

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float64)

    def read(self, first: int, last: int) -> np.ndarray[Any, Any]:
        """Columns of numbers of rows [first, last), shape (n_rows, n_columns)."""
        rows = self.source[first:last].select(
            pl.col(name).cast(pl.Float64).fill_null(np.nan) for name in self.labels
        )
        return np.ascontiguousarray(rows.to_numpy()) if self.labels else np.empty((max(last - first, 0), 0))

    def cut(self, first: int, last: int) -> pl.DataFrame:
        """Rows [first, last), all columns."""
        return self.source[first:last]

    @property
    def lines(self) -> tuple[str, ...]:
        columns = [name for name in self.source.columns if self.source[name].dtype.is_numeric()]
        return (*self.pulses, *columns)

    def line(self, name: str) -> Floats:
        """Times of the pulses on a line: of `pulses`, or a column of seconds.

        Raises
        ------
        ColumnNotFoundError
            There is none of this name.
        """
        if name in self.pulses:
            return super().line(name)
        if name not in self.lines:
            raise ColumnNotFoundError(
                f"{self.name} has no column of numbers {name!r}. {suggestion(name, self.lines)}"
            )
        found = self.source[name].drop_nulls().cast(pl.Float64).drop_nans().sort()
        return found.to_numpy()
