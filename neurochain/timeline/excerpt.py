"""Excerpt: what of a stream lies in a window of time."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from neurochain.errors import ShapeError
from neurochain.timeline.clocks.clockmap import ClockMap
from neurochain.timeline.filters.block import Block
from neurochain.timeline.filters.filter import Filter
from neurochain.timeline.sieves import laid, moments_of
from neurochain.timeline.streams.sampled import SampledStream
from neurochain.timeline.streams.stream import Floats, Kind, Stream

__all__ = ["Excerpt"]


@dataclass(frozen=True, eq=False)
class Excerpt:
    """What of a stream lies in the times [start, end) of a timeline; read when it is used.

    Attributes
    ----------
    stream : Stream
    name : str
        Of the stream.
    start, end : float, seconds
        On the timeline's clock.
    first, last : int
        Samples [first, last) of the stream.
    map : ClockMap
        From the device's clock to that of the timeline.
    filter : Filter or None
        Says which values count: `mask`.

    Examples
    --------
    >>> import neurochain as nc
    >>> t = nc.timeline(lfp=nc.Recording.of(np.arange(10.0)[None], 10.0))
    >>> found = t.window(0.2, 0.5)["lfp"]
    >>> found.time, found.read()[:, 0]
    (array([0.2, 0.3, 0.4]), array([2., 3., 4.]))
    """

    stream: Stream
    name: str
    start: float
    end: float
    first: int
    last: int
    map: ClockMap
    filter: Filter | None = None
    given: Floats | None = None

    @property
    def kind(self) -> Kind:
        """What is recorded: ``"recording"``, ``"video"``, ``"volume"``, ``"table"``, ``"events"`` or ``"spikes"``."""
        return self.stream.kind

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes of `read`."""
        return self.stream.axes

    @property
    def shape(self) -> tuple[int, ...]:
        """Of what `read` gives."""
        axis = self.stream.time_axis
        return tuple(self.last - self.first if i == axis else n for i, n in enumerate(self.stream.shape))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of what `read` gives."""
        return self.stream.dtype

    @property
    def labels(self) -> tuple[str, ...]:
        """Of channels, columns or units."""
        return self.stream.labels

    @property
    def units(self) -> tuple[str, ...]:
        """Of the values of each channel, where the file says."""
        return self.stream.units

    @property
    def sampling_frequency(self) -> float:
        """How often samples come on the timeline's clock, Hz: the device's own says little less or more where it drifts.

        Raises
        ------
        ShapeError
            There are fewer than two samples.
        """
        period = self.stream.clock.period
        if not period > 0:
            raise ShapeError(f"{self.name!r} has no sampling frequency: it has fewer than two samples.")
        slope = float(self.map(self.stream.clock.start + period) - self.map(self.stream.clock.start))
        return 1 / slope if slope > 0 else 1 / period

    @cached_property
    def time(self) -> Floats:
        """When each sample was taken, shape (n_samples,), float64, seconds on the timeline's clock.

        NaN where the clock jumped and nobody knows.
        """
        if self.given is not None:
            return self.given
        return self.map(self.stream.clock.times(self.first, self.last))

    def read(self) -> np.ndarray[Any, Any]:
        """Values, in memory: time first; volumes have it last.

        Raises
        ------
        FormatError
            The file does not hold what its header promises.
        StorageError
            The bytes cannot be had.
        """
        return self.stream.read(self.first, self.last)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if copy is False:
            raise ValueError("np.asarray(excerpt, copy=False): a lazy excerpt has no memory to share.")
        values = self.read()
        return values if dtype is None else values.astype(dtype, copy=False)

    def __len__(self) -> int:
        return self.last - self.first

    @property
    def source(self) -> Any:
        """The same samples as a Recording, Video, Volume or DataFrame, on the device's own clock; errors as theirs."""
        return self.stream.cut(self.first, self.last)

    @property
    def mask(self) -> np.ndarray[Any, np.dtype[np.bool_]] | None:
        """Where values count, of the shape of `read`; None where all do.

        They do not where a filter says no, and where nobody knows when they were taken.

        Raises
        ------
        ExpressionError
            The filter names what the stream has not.
        """
        return self.mask_of(None)

    def mask_of(self, values: np.ndarray[Any, Any] | None) -> np.ndarray[Any, np.dtype[np.bool_]] | None:
        """`mask` of values that were read already."""
        known = np.isfinite(self.time)
        mask = None
        if self.filter is not None:
            mask = self._filtered(self.filter, self.read() if values is None else values)
        if known.all():
            return mask
        axis = self.stream.time_axis
        lined = known.reshape([-1 if i == axis else 1 for i in range(len(self.shape))])
        whole = np.broadcast_to(lined, self.shape)
        return whole.copy() if mask is None else mask & whole

    def where(self, text: str) -> "Excerpt":
        """The same with a filter, as of `Timeline.where`."""
        return replace(self, filter=Filter.of(text))

    def bytes_needed(self) -> int:
        """Bytes of files that reading it takes."""
        return self.stream.bytes_needed(self.first, self.last)

    def _filtered(self, found: Filter, values: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        if isinstance(self.stream, SampledStream):  # compared as it is stored, where that can be
            return laid(found, self.stream, self.map).between(self.first, self.last)
        lined = np.moveaxis(values, self.stream.time_axis, 0)
        flat = lined.reshape(len(lined), -1)
        labels = self.labels if len(self.labels) == flat.shape[1] else ()
        mean, std = moments_of(self.stream) if found.needs_statistics else (None, None)
        mask = found.mask(Block(flat, labels, self.time, mean=mean, std=std))
        return np.moveaxis(mask.reshape(lined.shape), 0, self.stream.time_axis)

    def __repr__(self) -> str:
        shape = " x ".join(f"{n:,}" for n in self.shape)
        return f"<Excerpt {self.name} [{self.start:g}, {self.end:g}) s: {shape} {self.dtype}>"
