"""HeldStream: samples that lie in memory, as a table gave them back."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurochain.timeline.clocks.clock import Clock
from neurochain.timeline.streams.stream import Kind, Said, Stream

__all__ = ["HeldStream"]


@dataclass(frozen=True, eq=False)
class HeldStream(Stream):
    """Samples in memory, of any kind."""

    source: np.ndarray[Any, Any]
    what: Kind = field(kw_only=True)
    names: tuple[str, ...] = field(kw_only=True)
    channels: tuple[str, ...] = field(kw_only=True)
    channel_units: tuple[str, ...] = field(kw_only=True)

    @classmethod
    def of(
        cls,
        values: np.ndarray[Any, Any],
        clock: Clock,
        said: Said,
        kind: Kind,
        axes: tuple[str, ...],
        labels: tuple[str, ...] = (),
        units: tuple[str, ...] = (),
    ) -> "HeldStream":
        """Samples along the axis that is called ``"time"``."""
        return cls(values, clock, said, what=kind, names=axes, channels=labels, channel_units=units)

    @property
    def kind(self) -> Kind:
        return self.what

    @property
    def axes(self) -> tuple[str, ...]:
        return self.names

    @property
    def shape(self) -> tuple[int, ...]:
        shape: tuple[int, ...] = self.source.shape
        return shape

    @property
    def dtype(self) -> np.dtype[Any]:
        dtype: np.dtype[Any] = self.source.dtype
        return dtype

    @property
    def labels(self) -> tuple[str, ...]:
        return self.channels

    @property
    def units(self) -> tuple[str, ...]:
        return self.channel_units

    def read(self, first: int, last: int) -> np.ndarray[Any, Any]:
        """Samples [first, last)."""
        index = [slice(None)] * self.source.ndim
        index[self.time_axis] = slice(first, last)
        return self.source[tuple(index)]

    def cut(self, first: int, last: int) -> np.ndarray[Any, Any]:
        """As `read`."""
        return self.read(first, last)
