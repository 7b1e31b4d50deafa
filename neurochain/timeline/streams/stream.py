"""Stream: what one device recorded, with the clock that it was recorded by."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from neurochain.errors import ColumnNotFoundError, suggestion
from neurochain.storage import File
from neurochain.timeline.clocks.clock import Clock

__all__ = ["Floats", "Kind", "Pulses", "Said", "Stream"]

Kind = Literal["recording", "video", "volume", "table", "events", "spikes"]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Pulses = Mapping[str, Any]
"""Times of pulses by name: arrays of seconds, or files that hold them."""


@dataclass(frozen=True)
class Said:
    """Who says when a stream was recorded.

    Attributes
    ----------
    clock : str
        In words: ``"30000 Hz"``, ``"timestamps of frames.npy"``.
    by : str
        The file, or ``"the caller"``.
    """

    clock: str
    by: str


@dataclass(frozen=True, eq=False)
class Stream(ABC):
    """Samples of one device, read as they are asked for.

    Attributes
    ----------
    source : Any
        Recording, Video, Volume or table.
    clock : Clock
        From samples to seconds on the device's own clock.
    said : Said
        Who says so.
    files : tuple of File
        All that it depends on; empty in memory.
    on : str or None
        Stream on whose clock it was recorded, where that is not its own.
    pulses : mapping of str to array, seconds
        Lines that the device recorded beside its samples, on its own clock.
    """

    source: Any
    clock: Clock
    said: Said
    files: tuple[File, ...] = ()
    on: str | None = None
    pulses: Pulses = field(default_factory=dict)

    @property
    @abstractmethod
    def kind(self) -> Kind:
        """What is recorded."""

    @property
    @abstractmethod
    def axes(self) -> tuple[str, ...]:
        """Names of the axes of `read`; one of them is ``"time"``."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Of all samples, in the order of `axes`."""

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[Any]:
        """Of what `read` gives."""

    @abstractmethod
    def read(self, first: int, last: int) -> np.ndarray[Any, Any]:
        """Samples [first, last), with the axes of `axes`."""

    def reads(self, spans: Sequence[tuple[int, int]]) -> Iterator[np.ndarray[Any, Any]]:
        """What `read` gives of each of several ranges [first, last), one after the other.

        Neighbours may be read together, and share memory.
        """
        for first, last in spans:
            yield self.read(first, last)

    @abstractmethod
    def cut(self, first: int, last: int) -> Any:
        """Samples [first, last) as the lazy object that the source is."""

    @property
    def is_held(self) -> bool:
        """Whether a sample holds until the next one, as a volume does that takes a whole repetition time to acquire."""
        return False

    @property
    def is_bounded(self) -> bool:
        """Whether the device recorded from the clock's start to its end; events say nothing of what lies around them."""
        return True

    @property
    def time_axis(self) -> int:
        """Which axis is time."""
        return self.axes.index("time")

    @property
    def labels(self) -> tuple[str, ...]:
        """Of channels or columns; empty where there are none."""
        return ()

    @property
    def units(self) -> tuple[str, ...]:
        """One for each label, or one for all values."""
        return ()

    @property
    def name(self) -> str:
        """For messages: the file, or what it is."""
        return self.files[0].uri if self.files else f"the {self.kind} in memory"

    def bytes_needed(self, first: int, last: int) -> int:
        """Bytes of files that reading samples [first, last) takes."""
        del first, last
        return 0

    def between(self, start: float, end: float) -> tuple[int, int]:
        """Samples whose times on the device's clock lie in [start, end), or that hold at some time in it, where they do."""
        first, last = self.clock.between(start, end)
        if self.is_held and end > start and first and self.held_until(first - 1) > start:
            first -= 1
        return first, max(first, last)

    def held_until(self, sample: int) -> float:
        """When a sample that holds has ended, on the device's clock."""
        if sample + 1 < self.clock.n_samples:
            return float(self.clock.times(sample + 1, sample + 2)[0])
        return self.clock.end

    def line(self, name: str) -> Floats:
        """Times of the pulses on a line, seconds on the device's clock.

        Raises
        ------
        ColumnNotFoundError
            There is no such line; the message lists what there is.
        """
        if name in self.pulses:
            return np.sort(np.asarray(self.pulses[name], np.float64).reshape(-1))
        raise ColumnNotFoundError(
            f"{self.name} has no line of pulses {name!r}. {suggestion(name, self.lines)} Pulses that stand in another file "
            f"are named when it is opened: nc.stream(…, pulses={{{name!r}: 'pulses.csv'}})."
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """Names that `line` knows."""
        return tuple(self.pulses)
