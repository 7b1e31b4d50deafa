"""SpikingStream: spike times of sorted units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from neurochain.errors import FormatError
from neurochain.storage import File
from neurochain.timeline.clocks.stampedclock import StampedClock
from neurochain.timeline.streams.stream import Kind, Pulses, Said, Stream

__all__ = ["SpikingStream"]


@dataclass(frozen=True, eq=False)
class SpikingStream(Stream):
    """Spikes of units, one after the other: `read` gives the number of the unit of each, shape (n_spikes,), int64.

    Attributes
    ----------
    names : tuple of str
        Name of each unit.
    """

    source: np.ndarray[Any, np.dtype[np.int64]]
    names: tuple[str, ...] = field(kw_only=True)

    @classmethod
    def of(
        cls,
        units: Mapping[str, Any] | Sequence[Any],
        said: Said,
        files: tuple[File, ...] = (),
        on: str | None = None,
        pulses: Pulses | None = None,
    ) -> "SpikingStream":
        """Spikes of several units.

        Parameters
        ----------
        units : mapping of str to array, or sequence of arrays, seconds
            Spike times of each unit, in any order.
        said, files, on, pulses
            As of `Stream`.

        Raises
        ------
        FormatError
            A time is not finite.
        """
        named = units if isinstance(units, Mapping) else {str(i): times for i, times in enumerate(units)}
        times = [np.asarray([] if t is None else t, np.float64).reshape(-1) for t in named.values()]
        for name, one in zip(named, times, strict=True):
            if not np.isfinite(one).all():
                raise FormatError(f"The spike times of unit {name!r} are not all finite numbers of seconds.")
        numbers = np.repeat(np.arange(len(times)), [len(t) for t in times])
        joined = np.concatenate(times) if times else np.empty(0)
        order = np.argsort(joined, kind="stable")
        clock = StampedClock(joined[order], float(joined[order[-1]]) if len(joined) else None)
        return cls(numbers[order], clock, said, files, on, dict(pulses or {}), names=tuple(map(str, named)))

    @classmethod
    def of_frame(
        cls,
        frame: pl.DataFrame,
        column: str,
        said: Said,
        files: tuple[File, ...],
        on: str | None,
        pulses: Pulses | None,
    ) -> "SpikingStream":
        """Spikes of a table that has a row for each unit, and their times as a list."""
        label = next((n for n in ("cluster_id", "unit_id", "id", "unit_name") if n in frame.columns), None)
        names = range(frame.height) if label is None else frame[label].to_list()
        units = {str(n): t for n, t in zip(names, frame[column].to_list(), strict=True)}
        if len(units) < frame.height:
            raise FormatError(f"{said.by}: several units have the same {label}.")
        return cls.of(units, said, files, on, pulses)

    @property
    def kind(self) -> Kind:
        return "spikes"

    @property
    def is_bounded(self) -> bool:
        return False

    @property
    def axes(self) -> tuple[str, ...]:
        return ("time",)

    @property
    def labels(self) -> tuple[str, ...]:
        return self.names

    @property
    def shape(self) -> tuple[int, ...]:
        shape: tuple[int, ...] = self.source.shape
        return shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.int64)

    def read(self, first: int, last: int) -> np.ndarray[Any, Any]:
        """Number of the unit of spikes [first, last)."""
        return self.source[first:last]

    def cut(self, first: int, last: int) -> np.ndarray[Any, Any]:
        """As `read`."""
        return self.source[first:last]
